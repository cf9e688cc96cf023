"""Dense autoencoders: rectified linear units, a linear code, a sigmoid at the end, the mean squared error.

`widths` are those of all layers, pixels to pixels; `linear` is the number of the layer that makes the code.
"""

from __future__ import annotations

from itertools import pairwise

from tests.benchmarks.works.steps import BETA_1, BETA_2, EPSILON, LEARNING_RATE, jax_steps, torch_step


def keras(hidden, code):
    import aenb

    return aenb.build_model("deep", (28, 28, 1), hidden_units=hidden, latent_dim=code)


def products(batch, widths):
    return [(batch, inner, columns) for inner, columns in pairwise(widths)]


def torch_layers(widths, linear):
    """List PyTorch's modules, with the initial weights that aenb's layers have, one list a dense layer."""
    from torch import nn

    layers = []
    for number, (inner, columns) in enumerate(pairwise(widths)):
        dense, last = nn.Linear(inner, columns), number == len(widths) - 2
        nn.init.zeros_(dense.bias)
        if number == linear or last:
            nn.init.xavier_uniform_(dense.weight)
            layers.append([dense, nn.Sigmoid()] if last else [dense])
        else:
            nn.init.kaiming_normal_(dense.weight, nonlinearity="relu")
            layers.append([dense, nn.ReLU()])
    return layers


def torch(widths, linear):
    from torch import nn

    layers = [module for layer in torch_layers(widths, linear) for module in layer]
    model = nn.Sequential(nn.Flatten(), *layers, nn.Unflatten(1, (28, 28, 1)))
    return model, torch_step(model)


def jax(widths, linear):
    import numpy as np
    from jax import nn
    from jax import numpy as jnp

    draw, weights, last = np.random.default_rng(0), [], len(widths) - 2
    for number, (inner, columns) in enumerate(pairwise(widths)):
        spread = np.sqrt(2 / (inner + columns) if number in (linear, last) else 2 / inner)
        kernel = draw.normal(0, spread, (inner, columns)).astype("float32")
        weights.append((jnp.asarray(kernel), jnp.zeros(columns)))

    def reconstruct(weights, x):
        z = x.reshape(len(x), -1)
        for number, (kernel, bias) in enumerate(weights):
            z = z @ kernel + bias
            z = nn.sigmoid(z) if number == last else z if number == linear else nn.relu(z)
        return z.reshape(x.shape)

    return jax_steps(weights, reconstruct)


def pythae(widths, linear):
    from pythae.models import AE, AEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from torch import nn

    layers = torch_layers(widths, linear)
    parts = layers[: linear + 1], layers[linear + 1 :]
    to_code, from_code = (nn.Sequential(*(module for layer in part for module in layer)) for part in parts)

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
