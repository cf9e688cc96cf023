"""Encoder and decoder of signals: strided convolutions along time down to a few vectors, and transposed ones back.

The shape of a neural audio codec's (SoundStream, Zeghidour et al. 2021, arXiv 2107.03312), at a smaller size: each
level shortens the signal by its stride, with a kernel of twice that, and has a residual convolution at the lower rate.
The length is rounded up on the way down, and cropped on the way up.

    (T, C) → (⌈T/s₁⌉, f₁) → (⌈⌈T/s₁⌉/s₂⌉, f₂) → … → (vectors, embedding_dim)
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from aenb.core.backend import Model, Tensor, keras
from aenb.core.errors import AenbError

STRIDE, KERNEL, OUTER = 4, 7, 8  # OUTER: channels at the rate of the signal, where each one is expensive


def lengths(length: int, strides: Sequence[int]) -> list[int]:
    """List how many steps there are at each level, from the signal down."""
    found = [length]
    for stride in strides:
        found.append(math.ceil(found[-1] / stride))
    return found


def checked_strides(filters: Sequence[int], strides: Sequence[int]) -> tuple[int, ...]:
    """Return a stride for each level, 4 by default.

    Raises:
        AenbError: There are not as many as filters.
    """
    if strides and len(strides) != len(filters):
        raise AenbError(f"`strides`: expected one for each of the {len(filters)} filters; received {tuple(strides)}.")
    return tuple(strides) or (STRIDE,) * len(filters)


def encoder(
    input_shape: tuple[int, ...], filters: Sequence[int], strides: Sequence[int], embedding_dim: int, activation: str
) -> Model:
    """Build the encoder.

    Args:
        input_shape: (length, channels).
        filters: Of each level.
        strides: Of each level.
        embedding_dim: Dimensions of a vector.
        activation: Of all layers but the last.

    Returns:
        A `keras.Model` named "encoder", (batch, length, channels) → (batch, vectors, embedding_dim).

    Example:
        >>> encoder((5312, 1), (8, 16), (4, 4), 6, "relu").output_shape
        (None, 332, 6)
    """
    x = inputs = keras.Input(input_shape, name="input")
    for level, (count, stride) in enumerate(zip(filters, strides, strict=True), 1):
        x = keras.layers.Conv1D(
            count, 2 * stride, strides=stride, padding="same", activation=activation, name=f"conv_{level}"
        )(x)
        x = _residual(x, activation, f"level_{level}")
    return keras.Model(inputs, keras.layers.Conv1D(embedding_dim, 3, padding="same", name="vectors")(x), name="encoder")


def decoder(
    grid: tuple[int, ...], filters: Sequence[int], strides: Sequence[int], input_shape: tuple[int, ...], activation: str
) -> Model:
    """Build the decoder, the encoder's mirror: (batch, vectors, embedding_dim) → (batch, length, channels)."""
    steps = lengths(input_shape[0], strides)
    inputs = keras.Input(grid, name="vectors")
    x = keras.layers.Conv1D(filters[-1], KERNEL, padding="same", activation=activation, name="conv")(inputs)
    for level in range(len(filters), 0, -1):
        count, stride = filters[level - 2] if level > 1 else OUTER, strides[level - 1]
        x = _residual(x, activation, f"level_{level}")
        x = keras.layers.Conv1DTranspose(
            count, 2 * stride, strides=stride, padding="same", activation=activation, name=f"conv_{level}"
        )(x)
        if over := x.shape[1] - steps[level - 1]:
            x = keras.layers.Cropping1D((0, over), name=f"crop_{level}")(x)
    return keras.Model(
        inputs, keras.layers.Conv1D(input_shape[-1], KERNEL, padding="same", name="mean")(x), name="decoder"
    )


def _residual(x: Tensor, activation: str, name: str) -> Tensor:
    """Add a dilated convolution, followed by a pointwise one: the same shape."""
    y = keras.layers.Conv1D(
        x.shape[-1], 3, padding="same", dilation_rate=3, activation=activation, name=f"{name}_dilated"
    )(x)
    y = keras.layers.Conv1D(x.shape[-1], 1, name=f"{name}_pointwise")(y)
    return keras.layers.Add(name=f"{name}_sum")([x, y])
