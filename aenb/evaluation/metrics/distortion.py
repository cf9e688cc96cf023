"""Distortion: how close reconstructions are to the originals.

Everything is computed in blocks: in double precision, and with the intermediate arrays of scikit-image, whole arrays
would take many times the memory of the examples.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

BLOCK = 2**18  # numbers at a time; scikit-image makes about fifteen arrays of them


def mse(x: np.ndarray, reconstructed: np.ndarray) -> float:
    """Return the mean squared error over all examples and features, in [0, ∞); 0 is perfect.

    Args:
        x: (n, ...), the originals; NaN marks missing values, which do not count.
        reconstructed: The same shape.

    Example:
        >>> import numpy as np
        >>> mse(np.zeros((2, 3)), np.ones((2, 3)))
        1.0
    """
    total, count = 0.0, 0
    for here in slices(x):
        part, observed = squared_error(x[here], reconstructed[here])
        total, count = total + part, count + observed
    return total / count if count else float("nan")


def squared_error(x: np.ndarray, reconstructed: np.ndarray) -> tuple[float, int]:
    """Return the sum of the squared errors of observed values, and the number of observed values."""
    squares = _squares(x, reconstructed)
    total = float(squares.sum())
    if not np.isnan(total):  # no missing values: the result shows it, without a pass over the examples
        return total, squares.size
    observed = ~np.isnan(x)
    return float(squares[observed].sum()), int(observed.sum())


def reconstruction_errors(x: np.ndarray, reconstructed: np.ndarray) -> np.ndarray:
    """Return the mean squared error of each example: (n, ...) twice → (n,); NaN marks missing values.

    Example:
        >>> import numpy as np
        >>> reconstruction_errors(np.zeros((2, 2)), np.array([[0.0, 2.0], [1.0, 1.0]])).tolist()
        [2.0, 1.0]
    """
    parts = [_squares(x[here], reconstructed[here]).reshape(len(x[here]), -1) for here in slices(x)]
    return np.concatenate([np.zeros(0), *map(_mean_observed, parts)])


def _mean_observed(squares: np.ndarray) -> np.ndarray:
    """Return the mean of each row without NaN: (n, m) → (n,); NaN for a row of missing values only."""
    observed = ~np.isnan(squares)
    count = observed.sum(axis=1)
    total = np.where(observed, squares, 0.0).sum(axis=1)
    return np.divide(total, count, out=np.full(len(squares), np.nan), where=count > 0)


def psnr(x: np.ndarray, reconstructed: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio of images in [0, 1], in decibels; higher is better.

    The mean over the images of 10 log₁₀(1 / MSE of the image), infinite if one is reproduced exactly.

    Args:
        x: (n, height, width, channels) in [0, 1].
        reconstructed: The same shape.

    Example:
        >>> import numpy as np
        >>> round(psnr(np.zeros((1, 8, 8, 1)), np.full((1, 8, 8, 1), 0.1)), 6)
        20.0
    """
    return float(
        np.mean(np.concatenate([np.zeros(0), *(decibels(x[here], reconstructed[here]) for here in slices(x))]))
    )


def decibels(x: np.ndarray, reconstructed: np.ndarray) -> np.ndarray:
    """Return the peak signal-to-noise ratio of each image: (n, height, width, channels) twice → (n,)."""
    errors = _squares(x, reconstructed).reshape(len(x), -1).mean(axis=1)
    with np.errstate(divide="ignore"):
        return -10 * np.log10(errors)


def ssim(x: np.ndarray, reconstructed: np.ndarray) -> float | None:
    """Return the mean structural similarity of images in [0, 1], in [−1, 1]; 1 is perfect.

    Wang, Bovik, Sheikh & Simoncelli 2004, IEEE Transactions on Image Processing 13(4), as scikit-image computes
    it: windows of 7×7, or the largest odd size that fits, the mean over channels.

    Images are stacked in tall columns, so that one call computes many of them. Windows that cross from one image into
    the next are left out, as scikit-image leaves out those that cross the border.

    Args:
        x: (n, height, width, channels) in [0, 1].
        reconstructed: The same shape.

    Returns:
        The mean over the images, or None if a side is under 3 pixels.
    """
    parts = [similarities(x[here], reconstructed[here]) for here in slices(x)]
    return None if parts[0] is None else float(np.concatenate(parts).mean())


def similarities(x: np.ndarray, reconstructed: np.ndarray) -> np.ndarray | None:
    """Return the structural similarity of each image of a block: (n,); None if a side is under 3 pixels."""
    from skimage.metrics import structural_similarity

    n, height, width, channels = x.shape
    window = min(7, *(side - 1 + side % 2 for side in (height, width)))
    if window < 3:
        return None
    column = (n * height, width, channels)
    _, similarity = structural_similarity(
        np.asarray(x, "float64").reshape(column),
        np.asarray(reconstructed, "float64").reshape(column),
        win_size=window,
        data_range=1.0,
        channel_axis=-1,
        full=True,
    )
    edge = window // 2
    inside = similarity.reshape(x.shape)[:, edge : height - edge, edge : width - edge]
    return inside.mean(axis=(1, 2, 3))


def slices(x: np.ndarray) -> Iterator[slice]:
    """Yield slices of examples (n, ...), in blocks of about 260,000 numbers."""
    size = max(1, BLOCK // max(1, math.prod(x.shape[1:])))
    return (slice(begin, begin + size) for begin in range(0, len(x), size))


def _squares(x: np.ndarray, reconstructed: np.ndarray) -> np.ndarray:
    difference = np.subtract(x, reconstructed, dtype="float64")
    return np.square(difference, out=difference)
