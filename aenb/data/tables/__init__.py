"""Tables with columns of several kinds: each kind, how it is inferred, and the way to a model's inputs and back.

Not here: reading DataFrames and files of tables (`own`, `files`), and the losses of the kinds (`models/losses`).
"""
