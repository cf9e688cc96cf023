"""Whether XLA compiles the steps of a training."""

from __future__ import annotations

from aenb.core.backend import Model, tf

MIN_COMPILED = 5_000  # training examples from which compiling saves time on a CPU


def compiles_well(model: Model, examples: int) -> bool:
    """Say whether XLA makes a training faster: always on a GPU; on a CPU not with convolutions, nor on little data.

    On a CPU a convolution inside an XLA loop does not use the fast kernels. With fewer than 5,000 examples, compiling
    takes longer than twenty epochs gain; and compiled code stays in memory until the process ends, 12 MB or more.

    Args:
        model: A Keras model.
        examples: The number of training examples.
    """
    if tf.config.list_physical_devices("GPU"):
        return True
    return examples >= MIN_COMPILED and not has_convolutions(model)


def has_convolutions(model: Model) -> bool:
    """Say whether a model has convolutions at any depth, including layers inside wrappers."""
    layers = [*getattr(model, "layers", ()), *filter(None, [getattr(model, "layer", None)])]
    return "Conv" in type(model).__name__ or any(has_convolutions(layer) for layer in layers)
