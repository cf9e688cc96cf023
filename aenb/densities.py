"""Densities of codes: what a plain autoencoder lacks to make new items is a distribution to draw its codes from.

Ghosh, Sajjadi, Vergari, Black & Schölkopf (2020), "From variational to deterministic autoencoders", ICLR, arXiv
1903.12436: samples of a plain autoencoder are poor from one Gaussian and good from a mixture fitted on its codes.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

COMPONENTS, FULL = 10, 128  # of the mixture; dimensions up to which it has full covariances
ENOUGH = 10_000  # codes to fit it on
NEARLY = 1e-2  # nats an item, the gain at which a fit ends; 1e-3 takes four times as long, for no better items
DENSITIES = ("prior", "gmm", "gaussian")


def fit_density(kind: str, codes: np.ndarray) -> Any:
    """Fit a density on codes by maximum likelihood.

    Args:
        kind: "gmm", a mixture of ten Gaussians, or "gaussian", one.
        codes: (n, latent_dim), float; the first 10,000 are used.

    Returns:
        A fitted `sklearn.mixture.GaussianMixture`, for `draw`.

    Example:
        >>> import numpy as np
        >>> codes = np.random.default_rng(0).normal(size=(500, 2)) + [5, 0]
        >>> draw(fit_density("gmm", codes), 3, np.random.default_rng(0)).shape
        (3, 2)
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    codes = codes[:ENOUGH].reshape(len(codes[:ENOUGH]), -1)
    components = min(COMPONENTS, len(codes)) if kind == "gmm" else 1
    covariance = "full" if codes.shape[1] <= FULL else "diag"
    scale = float(codes.var()) or 1.0
    mixture = GaussianMixture(
        components, covariance_type=covariance, reg_covar=1e-6 * scale, tol=NEARLY, random_state=0
    )
    with warnings.catch_warnings():  # nearly fitted is good enough to draw from
        warnings.simplefilter("ignore", ConvergenceWarning)
        return mixture.fit(codes.astype("float64"))


def draw(density: Any, n: int, generator: np.random.Generator) -> np.ndarray:
    """Draw codes from a fitted density: (n, latent_dim), float32, always the same for the same generator."""
    density.random_state = int(generator.integers(2**31))
    codes, _ = density.sample(n)  # one component after the other
    return generator.permutation(codes).astype("float32")
