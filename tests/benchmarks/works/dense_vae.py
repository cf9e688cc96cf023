"""A variational autoencoder of dense layers; `widths` are those from the pixels to the code."""

from __future__ import annotations

from itertools import pairwise

from tests.benchmarks.works import products as counted
from tests.benchmarks.works import vae
from tests.benchmarks.works.layers import jax_layer, torch_dense


def family(widths):
    return vae.family(widths[-1], hidden_units=widths[1:-1])


def products(batch, widths):
    down, up = list(pairwise(widths)), list(pairwise(widths[::-1]))
    heads = [down[-1], down[-1]]
    return counted.layers((batch, *size) for size in (*down[:-1], *heads, *up))


def torch_bodies(widths):
    """Make PyTorch's layers from images to features, and from codes to logits."""
    from torch import nn

    down = [torch_dense(*size, nn.ReLU()) for size in pairwise(widths[:-1])]
    up = [torch_dense(*size, nn.ReLU()) for size in pairwise(widths[:0:-1])] + [torch_dense(*widths[1::-1])]
    return (
        nn.Sequential(nn.Flatten(), *(module for layer in down for module in layer)),
        nn.Sequential(*(module for layer in up for module in layer), nn.Unflatten(1, (28, 28, 1))),
    )


def torch(widths):
    down, up = torch_bodies(widths)
    return vae.torch(down, widths[-2], widths[-1], up)


def jax(widths):
    import numpy as np
    from jax import nn

    draw = np.random.default_rng(0)
    to_features = [jax_layer(draw, *size) for size in pairwise(widths[:-1])]
    to_pixels = [jax_layer(draw, *size, rectified=size[1] != widths[0]) for size in pairwise(widths[::-1])]

    def down(weights, x):
        h = x.reshape(len(x), -1)
        for kernel, bias in weights:
            h = nn.relu(h @ kernel + bias)
        return h

    def up(weights, z):
        for kernel, bias in weights[:-1]:
            z = nn.relu(z @ kernel + bias)
        kernel, bias = weights[-1]
        return (z @ kernel + bias).reshape(-1, 28, 28, 1)

    return vae.jax(draw, widths[-2], widths[-1], (to_features, down), (to_pixels, up))


def pythae(widths):
    import torch
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder

    down, up = torch_bodies(widths)

    class Encoder(BaseEncoder):
        def __init__(self):
            super().__init__()
            self.layers = vae.torch_encoder(down, widths[-2], widths[-1])

        def forward(self, x):
            mean, log_var = self.layers(x)
            return ModelOutput(embedding=mean, log_covariance=log_var)

    class Decoder(BaseDecoder):
        def __init__(self):
            super().__init__()
            self.layers = up

        def forward(self, z):
            return ModelOutput(reconstruction=torch.sigmoid(self.layers(z)))

    config = VAEConfig(input_dim=(28, 28, 1), latent_dim=widths[-1], reconstruction_loss="bce")
    return VAE(config, Encoder(), Decoder())
