"""A Gaussian fitted to rows with missing values, and what it expects of these.

    E[x_m | x_o] = µ_m + Σ_mo Σ_oo⁻¹ (x_o − µ_o),     m: missing, o: observed

It is what a linear autoencoder with a wide enough code fills in: probabilistic PCA (Tipping & Bishop 1999, J. R. Stat.
Soc. B 61) with its exact posterior. µ and Σ are found by expectation maximisation (Dempster, Laird & Rubin 1977, J. R.
Stat. Soc. B 39), with a few pseudo-rows of uncorrelated columns, and few iterations: with more, rare columns overfit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

ITERATIONS, TOLERANCE = 10, 1e-4  # at most, and the change of Σ at which they end before
PSEUDO_ROWS = 3.0  # their weight: a standard deviation of 1, no correlation
WIDEST = 100  # columns: for more, the columns count as uncorrelated, since the cost grows with their cube
ROOM = 4e8  # rows × columns³ of a fit
BLOCK = 2**22  # entries of matrices at a time


@dataclass(frozen=True)
class ConditionalGaussian:
    """A Gaussian over rows.

    Attributes:
        mean: (features,).
        covariance: (features, features); None if the columns count as uncorrelated.
    """

    mean: np.ndarray
    covariance: np.ndarray | None

    def fill(self, x: np.ndarray) -> np.ndarray:
        """Replace missing values (NaN) by their conditional mean: (n, features) → (n, features), float64.

        Example:
            >>> import numpy as np
            >>> gaussian = ConditionalGaussian(np.zeros(2), np.array([[1.0, 0.5], [0.5, 1.0]]))
            >>> gaussian.fill(np.array([[2.0, np.nan]])).tolist()
            [[2.0, 1.0]]
        """
        if self.covariance is None:
            return np.where(np.isnan(x), self.mean, x)
        filled = np.array(x, "float64")
        for rows, observed, inverse in _inverses(x, self.covariance):
            filled[rows] = np.where(observed, x[rows], self._expected(x[rows], inverse))
        return filled

    def _expected(self, x: np.ndarray, inverse: np.ndarray) -> np.ndarray:
        centred = np.nan_to_num(x - self.mean)  # the entries of missing values meet zeros of the inverse
        return self.mean + (inverse @ centred[..., None])[..., 0] @ self.covariance


def fit_gaussian(x: np.ndarray, generator: np.random.Generator) -> ConditionalGaussian:
    """Fit a Gaussian to standardised rows with missing values (NaN).

    Args:
        x: (n, features), standardised: over observed values, the columns have mean 0 and standard deviation 1.
        generator: Draws the rows to fit to, if there are too many.

    Example:
        >>> import numpy as np
        >>> draw = np.random.default_rng(0)
        >>> x = draw.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], size=2000)
        >>> x[:1000, 0] = np.nan
        >>> bool(abs(fit_gaussian(x, draw).covariance[0, 1] - 0.9) < 0.05)
        True
    """
    features = x.shape[1]
    gaussian = ConditionalGaussian(np.zeros(features), None)
    if features > WIDEST:
        return gaussian
    most = max(1, int(ROOM / features**3))
    if len(x) > most:
        x = x[np.sort(generator.choice(len(x), most, replace=False))]
    gaussian = ConditionalGaussian(np.zeros(features), np.eye(features))
    for _ in range(ITERATIONS):
        before, gaussian = gaussian, _step(x, gaussian)
        if np.abs(gaussian.covariance - before.covariance).max() < TOLERANCE:
            break
    return gaussian


def _step(x: np.ndarray, gaussian: ConditionalGaussian) -> ConditionalGaussian:
    """Return the Gaussian after one iteration of expectation maximisation."""
    n, features = x.shape
    covariance = gaussian.covariance
    filled, inverses = np.empty((n, features)), np.zeros((features, features))
    for rows, observed, inverse in _inverses(x, covariance):
        filled[rows] = np.where(observed, x[rows], gaussian._expected(x[rows], inverse))
        inverses += inverse.sum(axis=0)
    uncertain = n * covariance - covariance @ inverses @ covariance  # Σ_mm − Σ_mo Σ_oo⁻¹ Σ_om of all rows
    mean = filled.mean(axis=0)
    centred = filled - mean
    total = centred.T @ centred + uncertain + PSEUDO_ROWS * np.eye(features)
    return ConditionalGaussian(mean, (total + total.T) / (2 * (n + PSEUDO_ROWS)))


def _inverses(x: np.ndarray, covariance: np.ndarray) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Yield rows, whether their values are observed, and the inverses of Σ_oo, 0 elsewhere: (rows, features, features).

    The matrix of a row has the diagonal 1 and 0 beside it in place of missing values, so all have the same size.
    """
    features = x.shape[1]
    diagonal = np.arange(features)
    size = max(1, BLOCK // features**2)
    for begin in range(0, len(x), size):
        rows = slice(begin, begin + size)
        observed = ~np.isnan(x[rows])
        there = observed.astype("float64")
        both = there[:, :, None] * there[:, None, :]
        matrices = both * covariance
        matrices[:, diagonal, diagonal] += 1 - there
        yield rows, observed, np.linalg.inv(matrices) * both
