"""Data: built-in data sets and your own data, one module per source; preprocessing; corruptions.

Not here: metrics (`evaluation`) and plots (`figures`).
"""
