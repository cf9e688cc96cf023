"""The latent plane: two coordinates of each latent code, and the way back from a point to a code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from aenb.core.errors import AenbError

NEAREST = 8  # codes between which a point of a curved plane lies


@dataclass(frozen=True)
class Plane:
    """A flat plane through the latent codes.

    Attributes:
        origin: (latent_dim,), the code at (0, 0).
        axes: (2, latent_dim), orthonormal.
        names: What the two coordinates are.
    """

    origin: np.ndarray
    axes: np.ndarray
    names: tuple[str, str]

    def points(self, codes: np.ndarray) -> np.ndarray:
        """Return the coordinates of codes: (n, latent_dim) → (n, 2), float32."""
        return ((codes - self.origin) @ self.axes.T).astype("float32")

    def codes(self, points: np.ndarray) -> np.ndarray:
        """Return the codes in the plane at points: (n, 2) → (n, latent_dim), float32."""
        return (self.origin + np.asarray(points) @ self.axes).astype("float32")


def principal_plane(codes: np.ndarray) -> Plane:
    """Return the plane of largest variance; for codes of one or two dimensions, their own axes.

    Args:
        codes: (n, latent_dim), float.

    Example:
        >>> plane = principal_plane(np.array([[0.0, 0, 1], [4, 0, 1], [2, 1, 1], [2, -1, 1]]))
        >>> abs(plane.axes).round(3).tolist()
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    size = codes.shape[1]
    if size <= 2:
        return Plane(np.zeros(size), np.eye(2, size), ("z₁", "z₂" if size == 2 else ""))
    mean = codes.mean(axis=0)
    rows = np.pad(codes - mean, ((0, max(0, 2 - len(codes))), (0, 0)))  # a single code allows any two axes
    _, values, axes = np.linalg.svd(rows, full_matrices=False)
    turned = (
        axes[:2] * np.sign(axes[:2, np.abs(axes[:2]).argmax(axis=1)].diagonal())[:, None]
    )  # signs are deterministic
    share = (values**2 / max((values**2).sum(), 1e-12))[:2]
    first, second = (f"principal axis {number} ({part:.0%} of the variance)" for number, part in enumerate(share, 1))
    return Plane(mean, turned, (first, second))


def umap_points(codes: np.ndarray, seed: int = 0) -> np.ndarray:
    """Lay codes out so that neighbours stay neighbours (McInnes et al. 2018, arXiv 1802.03426): (n, d) → (n, 2).

    Raises:
        AenbError: The package umap-learn is not installed.
    """
    try:
        import umap
    except ImportError:
        raise AenbError('`plane`: "umap" needs the package umap-learn: pip install umap-learn.') from None
    layout: Any = umap.UMAP(n_components=2, random_state=seed, n_jobs=1)
    return layout.fit_transform(codes).astype("float32")
