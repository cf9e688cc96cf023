"""A run, from its spec to its folder: what was asked for, what happened, how it is shown, saved and loaded.

Not here: training, which is in `training`.
"""
