"""How near reconstructions are to the originals."""

from __future__ import annotations

import numpy as np

CHUNK = 1000  # images in one call of scikit-image, to bound the memory


def mse(x: np.ndarray, reconstructed: np.ndarray) -> float:
    """Return the mean squared error over all items and features, in [0, ∞); 0 is perfect.

    Args:
        x: (n, ...), the originals; what is NaN was not observed, and does not count.
        reconstructed: The same shape.

    Example:
        >>> import numpy as np
        >>> mse(np.zeros((2, 3)), np.ones((2, 3)))
        1.0
    """
    mean = float(np.mean(_squares(x, reconstructed)))
    if not np.isnan(mean):  # of images, say: it is told from the result, without a pass over the items
        return mean
    observed = ~np.isnan(x)
    return float(np.mean(_squares(x[observed], reconstructed[observed])))


def reconstruction_errors(x: np.ndarray, reconstructed: np.ndarray) -> np.ndarray:
    """Return the mean squared error of each item: (n, ...) twice → (n,); what is NaN was not observed.

    Example:
        >>> import numpy as np
        >>> reconstruction_errors(np.zeros((2, 2)), np.array([[0.0, 2.0], [1.0, 1.0]])).tolist()
        [2.0, 1.0]
    """
    return np.nanmean(_squares(x, reconstructed).reshape(len(x), -1), axis=1)


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
    errors = _squares(x, reconstructed).reshape(len(x), -1).mean(axis=1)
    with np.errstate(divide="ignore"):
        return float(np.mean(-10 * np.log10(errors)))


def ssim(x: np.ndarray, reconstructed: np.ndarray) -> float | None:
    """Return the mean structural similarity of images in [0, 1], in [−1, 1]; 1 is perfect.

    Wang, Bovik, Sheikh & Simoncelli 2004, IEEE Transactions on Image Processing 13(4), as scikit-image computes
    it: windows of 7×7, or the largest odd size that fits, the mean over channels.

    Images are laid in tall columns, so that one call serves many; windows that cross from one image into the
    next are left out, as scikit-image leaves out those that cross the border.

    Args:
        x: (n, height, width, channels) in [0, 1].
        reconstructed: The same shape.

    Returns:
        The mean over the images, or None where a side is under 3 pixels.
    """
    window = min(7, *(side - 1 + side % 2 for side in x.shape[1:3]))
    if window < 3:
        return None
    chunks = [slice(start, start + CHUNK) for start in range(0, len(x), CHUNK)]
    return float(np.concatenate([_similarities(x[part], reconstructed[part], window) for part in chunks]).mean())


def _similarities(x: np.ndarray, reconstructed: np.ndarray, window: int) -> np.ndarray:
    """Return the structural similarity of each image of a chunk."""
    from skimage.metrics import structural_similarity

    n, height, width, channels = x.shape
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


def _squares(x: np.ndarray, reconstructed: np.ndarray) -> np.ndarray:
    return np.square(np.asarray(x, "float64") - np.asarray(reconstructed, "float64"))
