"""What the estimators fit: small autoencoders with the mean and the standard deviation of each column."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval

from aenb.core.backend import Model
from aenb.engine.dense_training import Settings, train_ensemble
from aenb.models.architecture.dense_ensemble import Sizes, Weights, as_model, decode, encode, initial_weights, member_of

LARGEST = 1e15  # standardised value that is distinguished: squares stay finite
BLOCK = 2**22  # numbers at a time
TRAINING: dict[str, list[Any]] = {  # what scikit-learn's check of parameters allows those of a training
    "hidden_units": [Interval(Integral, 1, None, closed="left")],
    "steps": [Interval(Integral, 1, None, closed="left")],
    "batch_size": [Interval(Integral, 1, None, closed="left")],
    "learning_rate": [Interval(Real, 0, None, closed="neither")],
    "random_state": ["random_state"],
}


@dataclass
class FittedEnsemble:
    """Trained autoencoders, with the units of their columns; only arrays, so it can be pickled.

    Attributes:
        weights: As `aenb.models.architecture.dense_ensemble` has them.
        mean: (features,), the mean of each column.
        scale: (features,), the standard deviation of each column, 1 where it is constant.
    """

    weights: Weights
    mean: np.ndarray
    scale: np.ndarray

    @property
    def members(self) -> int:
        """How many autoencoders there are."""
        return len(self.weights[0])

    def standardise(self, x: np.ndarray) -> np.ndarray:
        """Standardise rows: (n, features), float64, NaN for missing values."""
        return np.clip((np.asarray(x, "float64") - self.mean) / self.scale, -LARGEST, LARGEST)

    def restore(self, x: np.ndarray) -> np.ndarray:
        """Undo the standardisation: (…, features)."""
        return x * self.scale + self.mean

    def codes(self, x: np.ndarray) -> np.ndarray:
        """Return the latent codes of the first member: (n, features) → (n, latent)."""
        return encode(member_of(self.weights, 0), self.standardise(x))[0]

    def decoded(self, z: np.ndarray) -> np.ndarray:
        """Return the rows that the first member decodes codes to: (n, latent) → (n, features)."""
        return self.restore(decode(member_of(self.weights, 0), z[None])[0])

    def residuals(self, x: np.ndarray) -> Iterator[tuple[int, slice, np.ndarray]]:
        """Yield the errors of each member: its number, the rows, and their standardised values less the reconstruction.

        Args:
            x: (n, features), standardised.
        """
        for number, rows, outputs in self.outputs(x):
            yield number, rows, x[rows] - outputs

    def mean_output(self, x: np.ndarray) -> np.ndarray:
        """Return the mean of what the members compute: (n, inputs) → (n, features)."""
        total = np.zeros((len(x), self.weights[-1].shape[-1]))
        for _, rows, outputs in self.outputs(x):
            total[rows] += outputs / self.members
        return total

    def member(self, number: int) -> FittedEnsemble:
        """Return one member, as an ensemble of one."""
        return FittedEnsemble(member_of(self.weights, number), self.mean, self.scale)

    def outputs(self, x: np.ndarray) -> Iterator[tuple[int, slice, np.ndarray]]:
        """Yield what each member computes: its number, the rows, and its outputs for them, (rows, features).

        Args:
            x: (n, inputs), as the members were trained on.
        """
        widest = max(array.shape[-1] for array in self.weights)
        size = max(1, BLOCK // widest)
        for number in range(self.members):
            one = member_of(self.weights, number)
            for begin in range(0, len(x), size):
                rows = slice(begin, begin + size)
                yield number, rows, decode(one, encode(one, x[rows]))[0]

    def keras_model(self) -> Model:
        """Build the Keras model, from standardised rows to their reconstructions."""
        return as_model(self.weights, 0 if self.members == 1 else None)


def column_units(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the standard deviation of each column, over observed values: 0 and 1 if it has none."""
    with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # an empty column
        mean = np.nan_to_num(np.nanmean(np.asarray(x, "float64"), axis=0))
        scale = np.nanstd(np.asarray(x, "float64"), axis=0)
    tiny = ~(scale > 1e-12 * np.maximum(1.0, np.abs(mean))) | ~np.isfinite(scale)
    return mean, np.where(tiny, 1.0, scale)


def fit_ensemble(
    x: np.ndarray, sizes: Sizes, settings: Settings, generator: np.random.Generator, rows: np.ndarray | None = None
) -> FittedEnsemble:
    """Standardise rows, and train autoencoders on them.

    Args:
        x: (n, features), NaN for missing values.
        sizes: Of the ensemble.
        settings: Of the training.
        generator: Draws the initial weights.
        rows: (members, m), the rows that each member is trained on; None: all.
    """
    fitted = FittedEnsemble(initial_weights(sizes, generator), *column_units(x))
    if rows is None:
        rows = np.tile(np.arange(len(x)), (sizes.members, 1))
    fitted.weights = train_ensemble(fitted.weights, fitted.standardise(x).astype("float32"), rows, settings)
    return fitted


def random_generator(random_state: Any) -> np.random.Generator:
    """Return a generator for a scikit-learn `random_state`: None, a seed, or a `RandomState`."""
    from sklearn.utils import check_random_state

    return np.random.default_rng(check_random_state(random_state).randint(2**31 - 1))
