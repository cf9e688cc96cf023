"""Training: a spec becomes a run; the model is built, one training is carried out, several seeds are tried.

Not here: the loop of steps inside Keras's `fit`, and its checkpoints (`engine`).
"""
