"""Latent codes: encoding and decoding, densities over codes and sampling, restoration, attention maps.

Not here: how a model learns its codes (`models`), and what they are worth (`evaluation`).
"""
