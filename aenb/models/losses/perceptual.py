"""A perceptual distance of images: the squared error of features, to which a blurred edge is a missing one.

Johnson, Alahi & Fei-Fei (2016), "Perceptual losses for real-time style transfer and super-resolution", arXiv
1603.08155; with features of unit length at each position, as in Zhang et al. (2018), "The unreasonable effectiveness of
deep features as a perceptual metric", arXiv 1801.03924. With f₀ = x,

    f_l = relu(W_l ∗ f_{l−1}),   φ_l = f_l / √(‖f_l‖² + ε)  at each position,   l = 1 … 3, each of half the size
    d(x, y) = ⅓ Σ_l mean over positions ‖φ_l(x) − φ_l(y)‖²,  in [0, 2]

The filters W are random and fixed. Zhang et al. find that even untrained networks compare images much as people do.
Features that are trained on labels would bring these into models that are scored by how little they need of them, and
would resemble those of the scorer's own extractor, which has another architecture and other weights. The filters of the
first level have the mean 0, so that an even area has no features.

It costs time: on two cores without a GPU an epoch of `deep` on Fashion-MNIST took seven times as long (10.3 s against
1.5 s of both cores). After 7 epochs the Fréchet distance of reconstructions was 10.6 with λ = 0.1, 11.6 with 0.5, and
11.8 without; in the same 80 s it was 12.2 with λ = 0.1, and 4.1 without (2026-11-28, seed 0).
"""

from __future__ import annotations

import functools
from typing import Annotated

import numpy as np

from aenb.core.backend import Tensor, keras
from aenb.core.errors import AenbError
from aenb.core.fields import Field

FILTERS, SIDE, SEED = (16, 32, 64), 4, 20_160  # of each level; pixels; of the filters' weights
EPSILON = 0.01  # ε: below a length of 0.1, features fade rather than being scaled up

Perceptual = Annotated[
    float,
    Field("weight of a perceptual distance, added to the squared error (Johnson et al. 2016)", low=0, only_for="image"),
]


def check_images(weight: float, item_shape: tuple[int, ...]) -> None:
    """Check that examples are images, if the perceptual distance has a weight.

    Raises:
        AenbError: They are not.
    """
    if weight and len(item_shape) != 3:
        raise AenbError(f"`perceptual`: expected 0 for examples that are not images; received {weight:g}.")


@functools.lru_cache(maxsize=8)
def filters(channels: int) -> tuple[np.ndarray, ...]:
    """Return the filters of each level for images of some channels, (4, 4, channels, filters): always the same."""
    draw, found = np.random.default_rng(SEED), list[np.ndarray]()
    for count in FILTERS:
        weights = draw.normal(size=(SIDE * SIDE * channels, count))
        if not found:
            weights -= weights.mean(axis=0)
        weights *= np.sqrt(2 / len(weights))  # He et al. 2015: features stay about as large as pixels
        found.append(weights.reshape(SIDE, SIDE, channels, count).astype("float32"))
        channels = count
    return tuple(found)


def features(x: Tensor) -> list[Tensor]:
    """Return the features φ of each level: (batch, H, W, channels) → (batch, ⌈H/2ˡ⌉, ⌈W/2ˡ⌉, filters), float32."""
    ops, found = keras.ops, []
    x = ops.cast(x, "float32")
    for weights in filters(x.shape[-1]):
        x = ops.relu(ops.conv(x, weights, strides=2, padding="same"))
        found.append(x / ops.sqrt(ops.sum(ops.square(x), axis=-1, keepdims=True) + EPSILON))
    return found


def distance(x: Tensor, y: Tensor) -> Tensor:
    """Return the perceptual distance of images: (batch, H, W, channels) twice, in [0, 1] → (batch,), float32.

    Example:
        >>> import numpy as np
        >>> sharp = np.zeros((1, 8, 8, 1), "float32")
        >>> sharp[:, :, 4:] = 1
        >>> blurred = np.linspace(0, 1, 8, dtype="float32")[None, None, :, None] * np.ones((1, 8, 1, 1), "float32")
        >>> float(distance(sharp, sharp)[0]), bool(distance(sharp, blurred)[0] > 0.1)
        (0.0, True)
    """
    ops = keras.ops
    pairs = zip(features(x), features(y), strict=True)
    of_levels = [ops.mean(ops.sum(ops.square(a - b), axis=-1), axis=(1, 2)) for a, b in pairs]
    return sum(of_levels) / len(of_levels)
