"""The convolutional autoencoder: the same small filters everywhere, coarser and richer step by step.

Masci et al. (2011), "Stacked convolutional auto-encoders for hierarchical feature extraction", ICANN. Each level
halves height and width with a strided convolution; a dense layer makes the code. The decoder goes back by
transposed convolutions. A side that does not halve evenly is rounded up on the way in and cropped on the way out,
so any height, width and number of channels work.

    (H, W, C) → (⌈H/2⌉, ⌈W/2⌉, f₁) → (⌈H/4⌉, ⌈W/4⌉, f₂) → z ∈ ℝᵏ → … → (H, W, C)
"""

from __future__ import annotations

import math
from typing import Annotated

from aenb.backend import keras
from aenb.errors import AenbError
from aenb.fields import Field
from aenb.models import layers
from aenb.models.hyperparameters import Activation, LatentDim, Loss, OutputActivation, Part
from aenb.models.registry import family


@family(
    order=3,
    summary="strided convolutions down to a code and transposed ones back, for images of any size",
    paper="Masci et al. 2011",
)
def conv(
    input_shape: tuple[int, ...],
    *,
    latent_dim: LatentDim = 32,
    filters: Annotated[
        tuple[int, ...], Field("filters of each level; each level halves the image", low=1, high=4096)
    ] = (32, 64),
    kernel_size: Annotated[int, Field("side of the filters, in pixels", low=1, high=31)] = 3,
    activation: Activation = "relu",
    output_activation: OutputActivation = None,
    loss: Loss = "mse",
    encoder: Part = None,
    decoder: Part = None,
):
    """Build a convolutional autoencoder for images, compiled.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("conv", (27, 31, 3), filters=(16, 32), latent_dim=10)
        >>> model.output_shape
        (None, 27, 31, 3)
    """
    if len(input_shape) != 3:
        raise AenbError(f"Family `conv` takes images, (height, width, channels); received items of {input_shape}.")
    if not filters:
        raise AenbError("`filters` of family `conv`: expected at least one level; received none.")
    last = layers.output_activation(input_shape, output_activation)
    return layers.autoencoder(
        "conv",
        input_shape,
        encoder or _encoder(input_shape, filters, kernel_size, activation, latent_dim),
        decoder or (lambda size: _decoder(input_shape, filters, kernel_size, activation, size, last)),
        loss=loss,
    )


def _sides(input_shape, levels: int) -> list[tuple[int, int]]:
    """List height and width from the image down: each level halves, rounding up."""
    sides = [input_shape[:2]]
    for _ in range(levels):
        sides.append(tuple(math.ceil(side / 2) for side in sides[-1]))
    return sides


def _encoder(input_shape, filters, kernel_size, activation, latent_dim):
    inputs = x = keras.Input(input_shape, name="input")
    for level, count in enumerate(filters, 1):  # (batch, ⌈H/2ˡ⌉, ⌈W/2ˡ⌉, count)
        x = keras.layers.Conv2D(
            count, kernel_size, strides=2, padding="same", activation=activation,
            kernel_initializer="he_normal", name=f"conv_{level}",
        )(x)  # fmt: skip
    x = keras.layers.Flatten(name="flatten")(x)
    return keras.Model(inputs, layers.dense(latent_dim, "linear", "code")(x), name="encoder")


def _decoder(output_shape, filters, kernel_size, activation, latent_dim, last):
    *larger, smallest = _sides(output_shape, len(filters))
    code = keras.Input((latent_dim,), name="code")
    x = layers.dense(math.prod(smallest) * filters[-1], activation, "spread")(code)
    x = keras.layers.Reshape((*smallest, filters[-1]), name="reshape")(x)
    channels = (output_shape[-1], *filters[:-1])
    for level in range(len(filters), 0, -1):
        end = level == 1
        x = keras.layers.Conv2DTranspose(
            channels[level - 1], kernel_size, strides=2, padding="same", activation=last if end else activation,
            kernel_initializer="glorot_uniform" if end else "he_normal", name=f"conv_{level}",
        )(x)  # fmt: skip
        spare = tuple((0, x.shape[axis + 1] - larger[level - 1][axis]) for axis in (0, 1))
        if any(over for _, over in spare):
            x = keras.layers.Cropping2D(spare, name=f"crop_{level}")(x)
    return keras.Model(code, x, name="decoder")
