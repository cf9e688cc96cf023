"""Data: the data sets and your own data, one file a source; how raw data becomes a model's inputs; corruptions.

Not here: what is computed of examples (`evaluation`) and drawn of them (`figures`).
"""
