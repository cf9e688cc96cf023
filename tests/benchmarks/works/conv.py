"""A convolutional autoencoder: two strided convolutions to a code of 32, and two transposed ones back."""

from __future__ import annotations

from tests.benchmarks.works.steps import jax_steps, torch_step

CODE, FLAT = 32, 7 * 7 * 64


def keras():
    import aenb

    return aenb.build_model("conv", (28, 28, 1), filters=(32, 64), latent_dim=CODE)


def products(batch):
    """List the convolutions as the products that they are: positions × patch × filters."""
    return [
        (batch * 196, 9 * 1, 32),
        (batch * 49, 9 * 32, 64),
        (batch, FLAT, CODE),
        (batch, CODE, FLAT),
        (batch * 49, 64, 9 * 32),
        (batch * 196, 32, 9 * 1),
    ]


def torch():
    import torch
    from torch import nn

    class Channels(nn.Module):  # (batch, 28, 28, 1) ↔ (batch, 1, 28, 28): of one channel, the same bytes
        def __init__(self, *shape):
            super().__init__()
            self.shape = shape

        def forward(self, x):
            return x.reshape(-1, *self.shape)

    model = nn.Sequential(
        Channels(1, 28, 28),
        nn.Conv2d(1, 32, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Linear(FLAT, CODE), nn.Linear(CODE, FLAT), nn.ReLU(), nn.Unflatten(1, (64, 7, 7)),
        nn.ConvTranspose2d(64, 32, 3, stride=2, padding=1, output_padding=1), nn.ReLU(),
        nn.ConvTranspose2d(32, 1, 3, stride=2, padding=1, output_padding=1), nn.Sigmoid(),
        Channels(28, 28, 1),
    )  # fmt: skip
    for number, layer in enumerate(layer for layer in model if hasattr(layer, "weight")):
        (nn.init.xavier_uniform_ if number in (2, 5) else nn.init.kaiming_normal_)(layer.weight)
        nn.init.zeros_(layer.bias)
    model = model.to(memory_format=torch.channels_last)
    return model, torch_step(model)


def jax():
    import numpy as np
    from jax import lax, nn
    from jax import numpy as jnp

    draw = np.random.default_rng(0)
    shapes = [(3, 3, 1, 32), (3, 3, 32, 64), (FLAT, CODE), (CODE, FLAT), (3, 3, 64, 32), (3, 3, 32, 1)]
    kernels = [draw.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape).astype("float32") for shape in shapes]
    weights = [(jnp.asarray(kernel), jnp.zeros(kernel.shape[-1])) for kernel in kernels]
    layout = {"dimension_numbers": ("NHWC", "HWIO", "NHWC")}

    def reconstruct(weights, x):
        z = x
        for kernel, bias in weights[:2]:
            z = nn.relu(lax.conv_general_dilated(z, kernel, (2, 2), "SAME", **layout) + bias)
        z = z.reshape(len(z), -1) @ weights[2][0] + weights[2][1]
        z = nn.relu(z @ weights[3][0] + weights[3][1]).reshape(-1, 7, 7, 64)
        z = nn.relu(lax.conv_transpose(z, weights[4][0], (2, 2), "SAME", **layout) + weights[4][1])
        return nn.sigmoid(lax.conv_transpose(z, weights[5][0], (2, 2), "SAME", **layout) + weights[5][1])

    return jax_steps(weights, reconstruct)
