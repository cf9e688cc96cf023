"""Model families: one file per family, found by the registry; and the layers, losses and likelihoods that they share.

Not here: training (`engine`, `training`), and what is displayed in a notebook (`notebook`, `figures`).
"""
