"""Dense autoencoders: rectified linear units, a linear code, a sigmoid at the end, the mean squared error.

`widths` are those of all layers, pixels to pixels; `linear` is the number of the layer that makes the code.
"""

from __future__ import annotations

from itertools import pairwise

from tests.benchmarks.works import products as counted
from tests.benchmarks.works.layers import jax_layer, torch_dense, torch_reshape
from tests.benchmarks.works.steps import BETA_1, BETA_2, EPSILON, LEARNING_RATE, jax_move, jax_start, torch_step


def family(hidden, code):
    return "deep", {"hidden_units": hidden, "latent_dim": code}


def products(batch, widths):
    return counted.layers((batch, inner, columns) for inner, columns in pairwise(widths))


def torch_parts(widths, linear):
    """Make PyTorch's encoder, of flat images, and decoder, to them."""
    from torch import nn

    last = len(widths) - 2
    activations = [None if n == linear else nn.Sigmoid() if n == last else nn.ReLU() for n in range(last + 1)]
    layers = [torch_dense(*sizes, activation) for sizes, activation in zip(pairwise(widths), activations, strict=True)]
    parts = layers[: linear + 1], layers[linear + 1 :]
    return [nn.Sequential(*(module for layer in part for module in layer)) for part in parts]


def torch(widths, linear):
    from torch import nn

    model = nn.Sequential(nn.Flatten(), *torch_parts(widths, linear), *torch_reshape(28, 28, 1)[1:])

    def loss(x):
        return nn.functional.mse_loss(model(x), x)

    return torch_step(model.parameters(), loss), loss, model


def jax(widths, linear):
    import numpy as np
    from jax import nn
    from jax import numpy as jnp

    draw, last = np.random.default_rng(0), len(widths) - 2
    start = [jax_layer(draw, *sizes, rectified=n not in (linear, last)) for n, sizes in enumerate(pairwise(widths))]

    def reconstruct(weights, x):
        z = x.reshape(len(x), -1)
        for number, (kernel, bias) in enumerate(weights):
            z = z @ kernel + bias
            z = nn.sigmoid(z) if number == last else z if number == linear else nn.relu(z)
        return z.reshape(x.shape)

    def error(weights, x):
        return jnp.mean((reconstruct(weights, x) - x) ** 2)

    def step(state, x):
        return jax_move(state, lambda weights: error(weights, x))

    return jax_start(start), step, lambda state, x: error(state[0], x), lambda state, x: reconstruct(state[0], x)


def pythae(widths, linear):
    from pythae.models import AE, AEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder

    to_code, from_code = torch_parts(widths, linear)

    class Encoder(BaseEncoder):
        def __init__(self):
            super().__init__()
            self.layers = to_code

        def forward(self, x):
            return ModelOutput(embedding=self.layers(x.flatten(1)))

    class Decoder(BaseDecoder):
        def __init__(self):
            super().__init__()
            self.layers = from_code

        def forward(self, z):
            return ModelOutput(reconstruction=self.layers(z).reshape(-1, 28, 28, 1))

    config = AEConfig(input_dim=(28, 28, 1), latent_dim=widths[linear + 1])
    return AE(config, Encoder(), Decoder())


def sklearn(widths, linear):
    """As near as `MLPRegressor` comes: its code is rectified too, and its last layer is linear."""
    from sklearn.neural_network import MLPRegressor

    return MLPRegressor(
        hidden_layer_sizes=widths[1:-1], activation="relu", solver="adam", alpha=0.0, learning_rate_init=LEARNING_RATE,
        beta_1=BETA_1, beta_2=BETA_2, epsilon=EPSILON,
    )  # fmt: skip
