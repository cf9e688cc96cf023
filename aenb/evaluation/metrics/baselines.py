"""Baselines of reconstruction: the mean example, and PCA with as many dimensions.

Both are fitted block by block, so that the training examples need not all be in memory: the principal axes are the
eigenvectors of the covariance, which is summed over the blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

WIDE = 4096  # features above which the covariance is larger than a sample of the examples
SAMPLE = 2**26  # numbers in that sample

Blocks = Callable[[], Iterator[np.ndarray]]


@dataclass(frozen=True)
class Subspace:
    """A mean and orthonormal axes, such as the principal subspace.

    Attributes:
        mean: (features,).
        axes: (dimensions, features), sorted by variance, largest first.
    """

    mean: np.ndarray
    axes: np.ndarray

    def codes(self, x: np.ndarray) -> np.ndarray:
        """Return the coordinates of examples along the axes: (m, ...) → (m, dimensions), float32."""
        return ((x.reshape(len(x), -1) - self.mean) @ self.axes.T).astype("float32")

    def reconstruct(self, x: np.ndarray, dimensions: int) -> np.ndarray:
        """Reconstruct examples from their first `dimensions` coordinates: (m, ...) → (m, ...), float32."""
        axes = self.axes[:dimensions]
        centred = x.reshape(len(x), -1) - self.mean
        return (centred @ axes.T @ axes + self.mean).reshape(x.shape).astype("float32")


def principal_subspace(blocks: Blocks, dimensions: int) -> Subspace:
    """Fit PCA (Pearson 1901) on all examples, or on an evenly spaced sample if they have more than 4,096 features.

    Args:
        blocks: A function that iterates over the training examples in blocks (n, ...), float32, without NaN.
        dimensions: How many axes; there are at most min(n, features), and 0 gives the mean alone.

    Returns:
        The `Subspace`.

    Example:
        >>> import numpy as np
        >>> x = np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 1.0]], "float32")
        >>> principal_subspace(lambda: iter([x]), 1).reconstruct(x, 1).round(3).tolist()
        [[0.0, 1.0], [2.0, 1.0], [4.0, 1.0]]
    """
    first = next(blocks())
    features = first[0].size
    if features > WIDE:
        return _from_sample(blocks, dimensions, features)
    from scipy.linalg import eigh

    exact = "float64" if features <= 256 else "float32"  # a large covariance takes many seconds in double precision
    origin = first.reshape(len(first), -1).mean(axis=0, dtype="float64")
    total, products, n = np.zeros(features), np.zeros((features, features)), 0
    for block in blocks():
        flat = block.reshape(len(block), -1)
        rows = np.subtract(flat, origin, out=np.empty(flat.shape, exact), casting="same_kind")  # in double precision
        total += rows.sum(axis=0, dtype="float64")
        products += rows.T @ rows
        n += len(rows)
    shift = total / n
    kept = min(dimensions, n, features)
    if kept == 0:
        return Subspace(origin + shift, np.zeros((0, features)))
    covariance = products / n - np.outer(shift, shift)
    _, vectors = eigh(covariance, subset_by_index=(features - kept, features - 1))
    return Subspace(origin + shift, vectors.T[::-1])


def _from_sample(blocks: Blocks, dimensions: int, features: int) -> Subspace:
    from sklearn.decomposition import PCA

    n = sum(len(block) for block in blocks())
    step = -(-n * features // SAMPLE)
    parts = [block.reshape(len(block), -1)[::step] for block in blocks()]
    sample = np.concatenate(parts)
    with np.errstate(divide="ignore", invalid="ignore"):  # identical examples have no variance to explain
        pca = PCA(min(dimensions, len(sample)), random_state=0).fit(sample)
    return Subspace(pca.mean_, pca.components_)
