"""What any model must beat: the mean item, and PCA with as many dimensions."""

from __future__ import annotations

import numpy as np


def mean_reconstruction(x_train: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Reconstruct every item as the mean of the training items: a code of no dimensions.

    Args:
        x_train: (n, ...), to take the mean of.
        x: (m, ...), to reconstruct.

    Returns:
        (m, ...), the same item m times.
    """
    return np.broadcast_to(x_train.mean(axis=0, dtype="float64").astype("float32"), x.shape)


def pca_reconstruction(x_train: np.ndarray, x: np.ndarray, dimensions: int) -> np.ndarray:
    """Reconstruct items from their first principal components (Pearson 1901), as scikit-learn computes them.

    Args:
        x_train: (n, ...), to fit on; flattened.
        x: (m, ...), to reconstruct.
        dimensions: How many components; no more than min(n, features) are used.

    Returns:
        (m, ...), float32.
    """
    from sklearn.decomposition import PCA

    flat = x_train.reshape(len(x_train), -1)
    pca = PCA(min(dimensions, *flat.shape), random_state=0).fit(flat)
    codes = pca.transform(x.reshape(len(x), -1))
    return pca.inverse_transform(codes).reshape(x.shape).astype("float32")
