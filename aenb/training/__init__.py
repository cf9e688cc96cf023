"""Training: turns a spec into a run; builds the model, trains it, and restarts from several seeds.

Not here: the loop of steps inside Keras's `fit`, and its checkpoints (`engine`).
"""
