"""Code that is independent of autoencoders: errors, settings, registries, Keras imports, files, queue, progress.

Not here: anything that depends on examples, latent codes or model families.
"""
