"""Your own data, in memory: arrays, DataFrames, texts, pipelines and other containers become `Data`.

Not here: data in files and folders (`files`), and data sets with a name (`sets`).
"""
