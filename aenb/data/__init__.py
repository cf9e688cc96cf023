"""Data: data sets and your own data, one module per source, become `Data`; preprocessing; labels; corruptions.

Begin with `load` and `record`. In folders, from what stands on its own to what uses the others:

    values/  arrays of numbers: scaled, standardised, streamed
    tables/  tables with columns of several kinds
    own/     your own data, in memory
    files/   your own data, on disk
    sets/    data sets that are known by name

Not here: metrics (`evaluation`) and plots (`figures`).
"""
