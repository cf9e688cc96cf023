"""A linear path beside the layers of an autoencoder: what they learn is the difference from PCA.

    z = A x + a + f(x),     x̂ = B z + b + g(z)

A, a, B and b are PCA's and stay as they are; A divides by the standard deviation of each component, and B multiplies by
it. The last layers of f and g begin at 0, so that the model begins as PCA: a residual connection (He et al. 2016, arXiv
1512.03385) around encoder and decoder. Few examples are not enough to learn the principal subspace by gradient descent
(Baldi & Hornik 1989: it is the best linear code). Pixels are clipped to [0, 1].
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from aenb.core.backend import Model, keras
from aenb.core.errors import AenbError
from aenb.models.architecture import backbones
from aenb.models.autoencoder import parts

CODE, OUTPUT = "linear_code", "linear_output"
LEAST = 1e-3  # standard deviation of a component, as a share of the largest: below it, a code would be noise


def check(*, loss: str, output_activation: str | None, vocabulary: int = 0, is_mixed: bool = False) -> None:
    """Refuse a linear path if PCA is not the best linear model for the loss.

    Raises:
        AenbError: The examples are texts or rows of a mixed table, or the loss is not the squared error, or an output
            activation is given.
    """
    wrong = {
        "texts": vocabulary > 0, "a mixed table": is_mixed, f"the loss {loss}": loss != "mse",
        f"the output activation {output_activation}": output_activation not in (None, "linear"),
    }  # fmt: skip
    if found := [name for name, is_wrong in wrong.items() if is_wrong]:
        raise AenbError(
            f"`linear_path`: expected numbers with the squared error, which PCA minimises; received {found[0]}. "
            "Leave it out."
        )


def encoder(body: backbones.Body, item_shape: tuple[int, ...], latent_dim: int) -> Model:
    """Build an encoder z = A x + a + f(x): (batch, *item_shape) → (batch, latent_dim)."""
    inputs = body.input(item_shape)
    flat = keras.layers.Flatten(name="linear_flatten")(inputs) if len(item_shape) > 1 else inputs
    linear = keras.layers.Dense(latent_dim, trainable=False, name=CODE)(flat)
    learned = keras.layers.Dense(latent_dim, kernel_initializer="zeros", name="learned_code")(body.down(inputs))
    return keras.Model(inputs, keras.layers.Add(name="code")([linear, learned]), name="encoder")


def decoder(body: backbones.Body, latent_dim: int, item_shape: tuple[int, ...]) -> Model:
    """Build a decoder x̂ = B z + b + g(z), clipped to [0, 1] for images: (batch, latent_dim) → (batch, *item_shape)."""
    code = keras.Input((latent_dim,), name="code")
    linear = keras.layers.Dense(math.prod(item_shape), trainable=False, name=OUTPUT)(code)
    if len(item_shape) > 1:
        linear = keras.layers.Reshape(item_shape, name="linear_reshape")(linear)
    learned = replace(body, begins_at_zero=True).up(code, item_shape)
    output = keras.layers.Add(name="sum")([linear, learned])
    if len(item_shape) == 3:
        output = keras.layers.ReLU(max_value=1.0, name="clip")(output)
    return keras.Model(code, output, name="decoder")


def has_linear_path(model: Model) -> bool:
    """Say whether a model has a linear path."""
    names = {layer.name for part in parts(model).values() for layer in part.layers}
    return {CODE, OUTPUT} <= names


def begin_at(model: Model, mean: np.ndarray, axes: np.ndarray, deviations: np.ndarray) -> None:
    """Set the linear path of a model to a subspace; dimensions beyond its axes are left to the learned layers.

    Args:
        model: A model with a linear path.
        mean: (features,).
        axes: (dimensions, features), orthonormal; at most as many as the code has.
        deviations: (dimensions,), the standard deviation of the examples along each axis.

    Example:
        >>> import numpy as np, aenb
        >>> model = aenb.build_model("deep", (2,), latent_dim=1, hidden_units=(4,), linear_path=True)
        >>> begin_at(model, np.array([1.0, 0.0]), np.array([[0.6, 0.8]]), np.array([2.0]))
        >>> x = np.array([[1.6, 0.8], [1.8, -0.6]], "float32")
        >>> np.allclose(model(x), [[1.6, 0.8], [1.0, 0.0]], atol=1e-6)
        True
    """
    scale = np.maximum(deviations, max(LEAST * float(deviations.max(initial=0.0)), 1e-12))[:, None]
    own = parts(model)
    code, output = own["encoder"].get_layer(CODE), own["decoder"].get_layer(OUTPUT)
    spare = ((0, code.units - len(axes)), (0, 0))
    down, up = np.pad(axes / scale, spare), np.pad(axes * scale, spare)
    code.set_weights([down.T, -down @ mean])
    output.set_weights([up, mean])
