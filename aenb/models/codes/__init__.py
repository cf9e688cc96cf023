"""Latent codes: how they are quantised, the priors that are learnt along with a model, and codes found by inversion.

Not here: densities that are fitted to the codes of a trained model (`latent`).
"""
