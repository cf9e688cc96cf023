"""A variational autoencoder of two convolutions of 3×3 that halve an image, and two transposed ones back."""

from __future__ import annotations

from tests.benchmarks.works import products as counted
from tests.benchmarks.works import vae
from tests.benchmarks.works.layers import jax_layer, torch_dense, torch_double, torch_halve, torch_reshape

FILTERS, CODE, SMALLEST = (32, 64), 32, (7, 7, 64)
FLAT = 7 * 7 * 64


def family():
    return vae.family(CODE, filters=FILTERS, hidden_units=())


def products(batch):
    """List the convolutions as the products that they are: positions × patch × filters."""
    return counted.layers([
        (batch * 196, 9 * 1, 32),
        (batch * 49, 9 * 32, 64),
        (batch, FLAT, CODE),
        (batch, FLAT, CODE),
        (batch, CODE, FLAT),
        (batch * 49, 64, 9 * 32),
        (batch * 196, 32, 9 * 1),
    ])  # fmt: skip


def torch():
    import torch
    from torch import nn

    down = nn.Sequential(
        *torch_reshape(1, 28, 28), *torch_halve(1, 32, 3, nn.ReLU()), *torch_halve(32, 64, 3, nn.ReLU()), nn.Flatten()
    )
    up = nn.Sequential(
        *torch_dense(CODE, FLAT, nn.ReLU()), nn.Unflatten(1, (64, 7, 7)),
        *torch_double(64, 32, 3, nn.ReLU()), *torch_double(32, 1, 3), *torch_reshape(28, 28, 1),
    )  # fmt: skip
    down, up = (body.to(memory_format=torch.channels_last) for body in (down, up))
    return vae.torch(down, FLAT, CODE, up)


def jax():
    import numpy as np
    from jax import lax, nn

    draw = np.random.default_rng(0)
    filters = [jax_layer(draw, 3, 3, 1, 32), jax_layer(draw, 3, 3, 32, 64)]
    back = [jax_layer(draw, CODE, FLAT), jax_layer(draw, 3, 3, 64, 32), jax_layer(draw, 3, 3, 32, 1, rectified=False)]
    layout = {"dimension_numbers": ("NHWC", "HWIO", "NHWC")}

    def down(weights, x):
        for kernel, bias in weights:
            x = nn.relu(lax.conv_general_dilated(x, kernel, (2, 2), "SAME", **layout) + bias)
        return x.reshape(len(x), -1)

    def up(weights, z):
        (spread, start), (first, bias), (last, end) = weights
        z = nn.relu(z @ spread + start).reshape(-1, *SMALLEST)
        z = nn.relu(lax.conv_transpose(z, first, (2, 2), "SAME", **layout) + bias)
        return lax.conv_transpose(z, last, (2, 2), "SAME", **layout) + end

    return vae.jax(draw, FLAT, CODE, (filters, down), (back, up))
