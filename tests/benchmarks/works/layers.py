"""Layers for PyTorch and JAX with the initial weights of aenb's: He's before a rectifier, else Glorot's; biases of 0.

PyTorch fills an image up on both sides where Keras does at the end. For a filter of 3×3 that halves, that is what Keras
does to the mirror image: the same model, of mirrored filters. Of 4×4 both fill up alike.
"""

from __future__ import annotations

import math


def torch_dense(inner, columns, activation=None):
    """Make a list of modules: a dense layer, and its activation."""
    from torch import nn

    return _begun(nn.Linear(inner, columns), activation)


def torch_halve(channels, filters, side, activation=None):
    """Make a list of modules: a convolution that halves an image, and its activation."""
    from torch import nn

    return _begun(nn.Conv2d(channels, filters, side, stride=2, padding=1), activation)


def torch_double(channels, filters, side, activation=None):
    """Make a list of modules: a transposed convolution that doubles an image, and its activation."""
    from torch import nn

    layer = nn.ConvTranspose2d(channels, filters, side, stride=2, padding=1, output_padding=side % 2)
    return _begun(layer, activation)


def _begun(layer, activation):
    from torch import nn

    he = isinstance(activation, nn.ReLU | nn.LeakyReLU)
    (nn.init.kaiming_normal_ if he else nn.init.xavier_uniform_)(layer.weight)
    nn.init.zeros_(layer.bias)
    return [layer] if activation is None else [layer, activation]


def torch_reshape(*shape):
    """Make a list of modules that give each item of a batch a shape."""
    from torch import nn

    return [nn.Flatten(), nn.Unflatten(1, shape)]


def jax_layer(draw, *shape, rectified=True):
    """Draw a layer's (kernel, bias); the shape is (inner, columns), or (height, width, channels, filters)."""
    from jax import numpy as jnp

    fan_in, fan_out = (math.prod(shape[:-2]) * size for size in shape[-2:])
    spread = math.sqrt(2 / fan_in if rectified else 2 / (fan_in + fan_out))
    return jnp.asarray(draw.normal(0, spread, shape).astype("float32")), jnp.zeros(shape[-1])
