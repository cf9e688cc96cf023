"""Sprites: images drawn from known factors of variation, to see what a latent code disentangles.

Like dSprites (Matthey, Higgins, Hassabis & Lerchner 2017), each image shows one white shape on black, and all
combinations of the factors occur once. These are drawn here, from formulas, and are fewer: 6,144 of 32×32 pixels.

    shape         square, ellipse, heart
    scale         4 radii, from 4 to 7 pixels
    orientation   8 angles, from 0° to 78.75°
    x, y          8 positions each, 2 pixels apart

A square looks the same after 90°, and an ellipse after 180°; the angles stay below, so that no two images are equal.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from aenb.core.errors import AenbError, shown
from aenb.data.record import Data
from aenb.data.sets.data_sets import dataset
from aenb.data.split import hold_out

SHAPES = ("square", "ellipse", "heart")
FACTORS = ("shape", "scale", "orientation", "x", "y")
LEVELS = (len(SHAPES), 4, 8, 8, 8)
SIDE, PATCH, STEP, FIRST = 32, 16, 2, 1  # pixels: of an image, of a sprite, between positions, the first position
SMALLEST = 4  # the smallest radius, in pixels
FINE = 8  # points along a pixel's side, over which its grey is the mean
HELD_OUT = 1024


@dataset(order=5, summary="6,144 images of one shape, 32×32, from five known factors", where="drawn here, offline")
def sprites() -> Data:
    """Draw the sprites, in a split of 5,120 and 1,024; the labels are the shapes, and `factors` returns all factors."""
    levels = np.array(list(itertools.product(*map(range, LEVELS))))
    images, names = draw_sprites(levels), np.array([name_of(row) for row in levels])
    train, test = hold_out(len(levels), HELD_OUT, levels[:, 0])
    return Data(
        images[train], images[test], levels[train, 0], levels[test, 0],
        name="sprites", source="drawn from known factors", class_names=SHAPES,
        names_train=names[train], names_test=names[test],
    )  # fmt: skip


def factors(data: Data) -> tuple[np.ndarray, np.ndarray]:
    """Return the levels of the factors of sprites: of the training and of the held-out examples.

    Args:
        data: The sprites, or a part of them.

    Returns:
        (n, 5) and (m, 5), int64, from 0, in the order of `FACTORS`: shape, scale, orientation, x, y.

    Raises:
        AenbError: The data is not sprites.

    Example:
        >>> import aenb
        >>> train, test = factors(aenb.load_data("sprites"))
        >>> train.shape, test.shape, train.max(axis=0).tolist()
        ((5120, 5), (1024, 5), [2, 3, 7, 7, 7])
    """
    return _levels(data.names_train, data), _levels(data.names_test, data)


def name_of(levels: Sequence[int] | np.ndarray) -> str:
    """Return the name of an example from the levels of its factors: "heart, scale 2, orientation 0, x 3, y 7"."""
    rest = (f"{factor} {level}" for factor, level in zip(FACTORS[1:], levels[1:], strict=True))
    return ", ".join([SHAPES[levels[0]], *rest])


def _levels(names: np.ndarray | None, data: Data) -> np.ndarray:
    try:
        words = [str(name).replace(",", "").split() for name in ([] if names is None else names)]
        found = np.array([[SHAPES.index(shape), *map(int, rest[1::2])] for shape, *rest in words], "int64")
    except (ValueError, IndexError):
        found = np.zeros((0, 0), "int64")
    if found.ndim != 2 or found.shape[1] != len(FACTORS):
        raise AenbError(f'`data`: expected sprites, as aenb.load_data("sprites"); received {shown(data.name)}.')
    return found


def draw_sprites(levels: np.ndarray) -> np.ndarray:
    """Draw images of some levels of the factors: (n, 5), int → (n, 32, 32, 1), uint8.

    Example:
        >>> image = draw_sprites(np.array([[0, 3, 0, 0, 0]]))[0, :, :, 0]
        >>> int(image.max()), np.argwhere(image).min(axis=0).tolist(), np.argwhere(image).max(axis=0).tolist()
        (255, [3, 3], [14, 14])
    """
    images = np.zeros((len(levels), SIDE, SIDE, 1), "uint8")
    patches = {key: _patch(*key) for key in sorted({tuple(row[:3]) for row in np.asarray(levels).tolist()})}
    for image, (shape, scale, orientation, x, y) in zip(images, np.asarray(levels).tolist(), strict=True):
        left, top = FIRST + STEP * x, FIRST + STEP * y
        image[top : top + PATCH, left : left + PATCH, 0] = patches[shape, scale, orientation]
    return images


def _patch(shape: int, scale: int, orientation: int) -> np.ndarray:
    """Draw a sprite in the middle of a patch, each pixel the mean over a grid of points: (16, 16), uint8."""
    points = (np.arange(PATCH * FINE) + 0.5) / FINE - PATCH / 2
    across, down = np.meshgrid(points, points)
    angle, radius = np.pi / 2 * orientation / LEVELS[2], SMALLEST + scale
    u = (np.cos(angle) * across + np.sin(angle) * down) / radius
    v = (np.cos(angle) * down - np.sin(angle) * across) / radius
    inside = _inside(SHAPES[shape], u, v)
    return np.round(255 * inside.reshape(PATCH, FINE, PATCH, FINE).mean(axis=(1, 3))).astype("uint8")


def _inside(shape: str, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Say which points are inside a shape of radius 1, with v downwards."""
    if shape == "square":
        return np.maximum(np.abs(u), np.abs(v)) <= 0.8
    if shape == "ellipse":
        return u**2 + (v / 0.55) ** 2 <= 1
    u, v = 1.2 * u, 0.2935 - 1.2 * v  # the heart (u² + v² − 1)³ = u² v³, turned about its centre of mass
    return (u**2 + v**2 - 1) ** 3 <= u**2 * v**3
