"""Model families: one file a family, found by the registry; the layers, losses and likelihoods that they share.

Not here: how they are trained (`engine`, `training`), and whatever shows itself in a notebook.
"""
