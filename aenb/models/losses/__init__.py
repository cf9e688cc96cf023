"""Losses: log-likelihoods of each kind of values, distances of images and of samples, and penalties on latent codes.

Not here: the losses of a discriminator and its generator (`players`), and metrics (`evaluation/metrics`).
"""
