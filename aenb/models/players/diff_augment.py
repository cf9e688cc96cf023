"""DiffAugment: what a discriminator sees is augmented, real and generated images alike, and gradients pass through.

Zhao, Liu, Lin, Zhu & Han (2020), "Differentiable augmentation for data-efficient GAN training", arXiv 2006.10738. A
discriminator that sees the same training images again and again memorises them. Augmenting only these would teach the
generator to draw augmented images; with a random transformation T of both, it can't tell the two apart by T, and

    D sees T(x) and T(G(z)),     G minimises its loss of D(T(G(z))), with the gradient through T

The transformations are the paper's, each drawn anew for each image:

    translation   by up to an eighth of height and width; pixels from outside are 0
    cutout        a square with sides of half the image, centred anywhere in it, is 0
    brightness    a constant from [−¼, ¼] is added to pixels in [0, 1] (the paper: from [−½, ½] to those in [−1, 1])
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Annotated

from aenb.core.backend import Tensor, keras
from aenb.core.errors import AenbError
from aenb.core.fields import Field

SHIFT, CUT, BRIGHTER = 1 / 8, 1 / 2, 1 / 4  # shares of a side, of a side, and of the range of pixels
KINDS = ("translation", "cutout", "brightness")
POLICIES = tuple(",".join(some) for count in (1, 2, 3) for some in itertools.combinations(KINDS, count))

DiffAugment = Annotated[
    str | None,
    Field("how the images that the discriminator sees are augmented (Zhao et al. 2020)", choices=POLICIES,
          unset="not at all"),
]  # fmt: skip
Transformation = Callable[[Tensor], Tensor]


def check_augmented(policy: str | None, item_shape: tuple[int, ...]) -> None:
    """Check that examples are images, if they are to be augmented.

    Raises:
        AenbError: They are not.
    """
    if policy and len(item_shape) != 3:
        raise AenbError(f'`diff_augment`: expected None for examples that are not images; received "{policy}".')


def augment(policy: str | None, seeds: keras.random.SeedGenerator, *batches: Tensor) -> list[Tensor]:
    """Transform batches of images; all batches get the same random transformations, image by image.

    Args:
        policy: One of `POLICIES`; None: nothing is drawn, and the batches are returned as they are.
        seeds: A `keras.random.SeedGenerator` to draw the transformations with.
        *batches: (batch, H, W, channels) each, float32 in [0, 1], of the same shape.

    Returns:
        The transformed batches, of the same shape; gradients pass through.

    Example:
        >>> import keras, numpy as np
        >>> x = np.ones((2, 8, 8, 1), "float32")
        >>> (cut,) = augment("cutout", keras.random.SeedGenerator(0), x)
        >>> tuple(cut.shape), float(keras.ops.min(cut)), float(keras.ops.max(cut))
        ((2, 8, 8, 1), 0.0, 1.0)
    """
    found = list(batches)
    for kind in policy.split(",") if policy else ():
        transform = _DRAWS[kind](keras.ops.shape(batches[0]), seeds)
        found = [transform(x) for x in found]
    return found


def _translation(shape: tuple, seeds: keras.random.SeedGenerator) -> Transformation:
    """Draw a shift of whole pixels for each image."""
    rows, columns = (_shift(shape[0], side, seeds) for side in shape[1:3])

    def translate(x: Tensor) -> Tensor:
        shifted = keras.ops.einsum("bij,bjlc->bilc", rows, x)
        return keras.ops.einsum("bkl,bilc->bikc", columns, shifted)

    return translate


def _shift(n: int | Tensor, side: int, seeds: keras.random.SeedGenerator) -> Tensor:
    """Draw shifts along one side, as the matrices that make them: (batch, side, side) of 0 and 1."""
    ops, most = keras.ops, math.floor(side * SHIFT + 0.5)
    by = keras.random.randint((n, 1, 1), -most, most + 1, seed=seeds)
    places = ops.arange(side, dtype="int32")
    return ops.cast(places[None, None, :] == places[None, :, None] + by, "float32")


def _cutout(shape: tuple, seeds: keras.random.SeedGenerator) -> Transformation:
    """Draw a square for each image; near an edge, the image has only a part of it."""
    rows, columns = (_cut(shape[0], side, seeds) for side in shape[1:3])
    kept = 1 - rows[:, :, None, None] * columns[:, None, :, None]
    return lambda x: x * kept


def _cut(n: int | Tensor, side: int, seeds: keras.random.SeedGenerator) -> Tensor:
    """Draw intervals along one side: (batch, side), 1 inside and 0 outside."""
    ops, size = keras.ops, math.floor(side * CUT + 0.5)
    begin = keras.random.randint((n, 1), 0, side + 1 - size % 2, seed=seeds) - size // 2
    places = ops.arange(side, dtype="int32")[None]
    return ops.cast(ops.logical_and(places >= begin, places < begin + size), "float32")


def _brightness(shape: tuple, seeds: keras.random.SeedGenerator) -> Transformation:
    """Draw what is added to each image."""
    added = keras.random.uniform((shape[0], 1, 1, 1), -BRIGHTER, BRIGHTER, seed=seeds)
    return lambda x: x + added


_DRAWS = {"translation": _translation, "cutout": _cutout, "brightness": _brightness}
