"""Autoregressive models of texts: encoders and decoders, their bounds, and writing from latent codes.

Not here: the families that use them (`attention`, `vae`), and vocabularies (`data/text`).
"""
