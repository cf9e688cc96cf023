"""Densities over latent codes: an autoencoder without a prior needs such a distribution to generate samples.

Here are the mixtures of Gaussians; `flow.py` has the density that a network learns.

Ghosh, Sajjadi, Vergari, Black & Schölkopf (2020), "From variational to deterministic autoencoders", ICLR, arXiv
1903.12436: samples of a plain autoencoder are poor from a single Gaussian fitted on its codes, and good from a mixture.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from aenb.core.errors import AenbError

if TYPE_CHECKING:
    from sklearn.mixture import GaussianMixture

COMPONENTS, FULL = (10, 30), 128  # mixture components to try; largest dimension with full covariances
HELD_OUT, SPARSE = 0.1, 20  # the share of codes to choose by, and the fewest codes for each component
ENOUGH = 10_000  # codes to fit on
FLOOR = 1e-3  # least variance of a component, relative to that of all codes: with less, held-out codes are less likely
NEARLY = 1e-2  # tolerance in nats per example; 1e-3 takes four times as long, and samples are no better
DENSITIES = ("prior", "flow", "gmm", "gaussian")
PARAMETERS = ("weights", "means", "covariances", "precisions_cholesky")  # of a fitted density


def fit_density(kind: str, codes: np.ndarray) -> GaussianMixture:
    """Fit a density on latent codes by maximum likelihood.

    Args:
        kind: "gmm", a mixture of 10 or 30 Gaussians, whichever gives a held-out tenth of the codes the higher
            likelihood, or "gaussian", a single one.
        codes: (n, latent_dim), float, in any order; 10,000 of them are used.

    Returns:
        A fitted `sklearn.mixture.GaussianMixture`, for `draw`.

    Example:
        >>> import numpy as np
        >>> codes = np.random.default_rng(0).normal(size=(500, 2)) + [5, 0]
        >>> draw(fit_density("gmm", codes), 3, np.random.default_rng(0)).shape
        (3, 2)
    """
    shuffled = np.random.default_rng(0).permutation(len(codes))[:ENOUGH]  # data may be sorted by class
    codes = codes[shuffled].reshape(len(shuffled), -1)
    if kind == "gaussian":
        return _mixture(codes, 1)
    few = [n for n in COMPONENTS if n * SPARSE <= len(codes)]
    if len(few) < 2:
        return _mixture(codes, min(COMPONENTS[0], len(codes)))
    held, rest = np.split(codes, [int(HELD_OUT * len(codes))])
    best, likelihood = None, -np.inf
    for components in few:
        mixture = _mixture(rest, components)
        if (score := mixture.score(held)) < likelihood + NEARLY:
            break  # more components would fit the codes at hand better, and others worse
        best, likelihood = mixture, score
    return best


def _mixture(codes: np.ndarray, components: int) -> GaussianMixture:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    covariance = "full" if codes.shape[1] <= FULL else "diag"
    scale = float(codes.var()) or 1.0
    mixture = GaussianMixture(
        components, covariance_type=covariance, reg_covar=FLOOR * scale, tol=NEARLY, random_state=0
    )
    with warnings.catch_warnings():  # an approximate fit is good enough to sample from
        warnings.simplefilter("ignore", ConvergenceWarning)
        return mixture.fit(codes.astype("float64"))


def draw(density: GaussianMixture, n: int, generator: np.random.Generator) -> np.ndarray:
    """Draw latent codes from a fitted mixture: (n, latent_dim), float32, deterministic for a generator."""
    density.random_state = int(generator.integers(2**31))
    codes, _ = density.sample(n)  # sorted by component
    return generator.permutation(codes).astype("float32")


def parameters(density: GaussianMixture) -> dict[str, np.ndarray]:
    """Return the parameters of a fitted density by their names, for `from_parameters`."""
    return {name: getattr(density, f"{name}_") for name in PARAMETERS}


def from_parameters(arrays: Mapping[str, np.ndarray], size: int) -> GaussianMixture:
    """Rebuild a density from its parameters.

    Args:
        arrays: The parameters by name, as in `PARAMETERS`.
        size: The dimensions of a code.

    Returns:
        A fitted `sklearn.mixture.GaussianMixture`.

    Raises:
        AenbError: They do not define a density over codes of this size.

    Example:
        >>> import numpy as np
        >>> fitted = fit_density("gaussian", np.random.default_rng(0).normal(size=(50, 2)))
        >>> again = from_parameters(parameters(fitted), 2)
        >>> bool((draw(again, 3, np.random.default_rng(0)) == draw(fitted, 3, np.random.default_rng(0))).all())
        True
    """
    from sklearn.mixture import GaussianMixture

    n = arrays["weights"].shape[0] if arrays.get("weights", np.zeros(())).ndim == 1 else 0
    full = arrays.get("covariances", np.zeros(())).ndim == 3
    square = (n, size, size) if full else (n, size)
    shapes = {"weights": (n,), "means": (n, size), "covariances": square, "precisions_cholesky": square}
    for name, shape in shapes.items():
        array = arrays.get(name, np.zeros(0))
        if not n or array.shape != shape or array.dtype.kind != "f" or not np.isfinite(array).all():
            raise AenbError(f"A density: expected finite {name} of the shape {shape}; received {array.shape}.")
    if (arrays["weights"] < 0).any() or not np.isclose(arrays["weights"].sum(), 1):
        raise AenbError("A density: expected weights with the sum 1; received others.")
    mixture = GaussianMixture(n, covariance_type="full" if full else "diag", random_state=0)
    for name, array in arrays.items():
        setattr(mixture, f"{name}_", array.astype("float64"))
    mixture.n_features_in_, mixture.converged_ = size, True
    return mixture
