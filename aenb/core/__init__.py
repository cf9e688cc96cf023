"""What knows nothing of autoencoders: errors, settings, registries, the door to Keras, files, queue, progress.

Not here: whatever asks what an example, a latent code or a model is.
"""
