"""How far what a model makes is from images that it has not seen: the same formulas for all contenders."""

from __future__ import annotations

import numpy as np


def squared_error(made, images) -> float:
    """Return the mean squared error of reconstructions."""
    return float(np.mean((np.asarray(made, "float64") - images) ** 2))


def nearest(made, images) -> float:
    """Return the mean squared error of the best that was made for each image, of images made from noise.

    It falls as they get to look like images, and does not fall below what each kind of image is apart.
    """
    made, images = (np.asarray(some, "float64").reshape(len(some), -1) for some in (made, images))
    squares = (images**2).sum(1)[:, None] - 2 * images @ made.T + (made**2).sum(1)
    return float(squares.min(axis=1).mean() / images.shape[1])
