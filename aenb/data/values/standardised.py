"""Standardised tables and signals: the observed values have mean 0 and standard deviation 1."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.values.streamed import Examples, blocks

if TYPE_CHECKING:
    from sklearn.preprocessing import StandardScaler

JUDGED = 10_000  # rows by which units are judged
CERTAIN, UNLIKE = math.log(1000), 0.5  # nats by which original units have to be more likely, in all and for each value


def fit_scaler(training: Examples, name: str, columns: Sequence[str] = ()) -> tuple[StandardScaler, list[str]]:
    """Fit a scikit-learn scaler to the last axis of the training examples, block by block, in double precision.

    Args:
        training: (n, features) or (n, length, channels), readable in blocks; NaN is a missing value.
        name: The name of the data, for errors.
        columns: The names of the last axis's entries, for errors.

    Returns:
        The `StandardScaler`, and notes on the data.

    Raises:
        AenbError: A column has no observed value, or its values are too large to be squared.
    """
    from sklearn.preprocessing import StandardScaler

    scaler, missing = StandardScaler(), 0
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # reported below
        for block in blocks(training):
            rows = block.reshape(-1, block.shape[-1]).astype("float64")
            scaler.partial_fit(rows)
            missing += int(np.isnan(rows).sum())
            counts = np.broadcast_to(scaler.n_samples_seen_, scaler.mean_.shape)
            scaler.mean_[counts == 0] = scaler.var_[counts == 0] = 0  # NaN would stay, whatever a later block has
    empty = [str(columns[place]) if len(columns) else str(place) for place in np.flatnonzero(counts == 0).tolist()]
    if empty:
        raise AenbError(
            f"`{name}`: expected values in every column; received only NaN to train on in {', '.join(empty[:5])}"
            f"{f' and {len(empty) - 5} more' if len(empty) > 5 else ''}. Leave these columns out."
        )
    if not np.isfinite(scaler.var_).all():
        largest = max(float(np.fmax.reduce(np.abs(block), axis=None)) for block in blocks(training))
        raise AenbError(
            f"`{name}`: expected numbers whose squares are finite; received values up to {largest:.3g}. Scale them."
        )
    return scaler, _notes(scaler, training.shape, missing)


def to_units(scaler: StandardScaler) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function that standardises examples, (n, …, columns) → the same shape, float32; NaN stays NaN."""
    return functools.partial(standardise, mean=scaler.mean_, scale=scaler.scale_)


def standardise(examples: np.ndarray, mean: Sequence[float], scale: Sequence[float]) -> np.ndarray:
    """Standardise raw examples, in double precision.

    Args:
        examples: (n, …, columns), NaN for missing values.
        mean: (columns,), subtracted from the examples; none: they are not changed.
        scale: (columns,), the divisors.

    Returns:
        The same shape, float32, infinite where a value overflows.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # a NaN may be a signalling one
        return (examples if not len(mean) else (examples - np.asarray(mean)) / np.asarray(scale)).astype("float32")


def to_raw(examples: np.ndarray, mean: Sequence[float], scale: Sequence[float]) -> np.ndarray:
    """Undo the standardisation of examples: the same shape, float64."""
    examples = examples.astype("float64")
    return examples if not len(mean) else examples * np.asarray(scale) + np.asarray(mean)


def is_likelier_raw(examples: np.ndarray, mean: Sequence[float], scale: Sequence[float]) -> bool:
    """Say whether examples are far more likely as raw values than as standardised ones.

    A Student distribution keeps outliers from deciding. If both are alike, since the training data nearly had the mean
    0 and the deviation 1, this is False.

    Args:
        examples: (n, …, columns), floats, NaN for missing values.
        mean: (columns,), the means of the raw training data.
        scale: (columns,), their standard deviations.
    """
    values = examples.reshape(-1, len(mean))[:JUDGED].astype("float64")
    with np.errstate(over="ignore", invalid="ignore"):
        gains = _log_student((values - np.asarray(mean)) / np.asarray(scale)) - np.log(scale) - _log_student(values)
    observed = np.isfinite(gains)
    total = float(gains[observed].sum())
    return total > CERTAIN and total > UNLIKE * observed.sum()


def _log_student(values: np.ndarray) -> np.ndarray:
    """Return the log density of a Student distribution with four degrees of freedom, up to a constant."""
    return -2.5 * np.log1p(values**2 / 4)


def _notes(scaler: StandardScaler, shape: tuple[int, ...], missing: int) -> list[str]:
    what = "column" if len(shape) == 2 else "channel"
    notes = [f"Each {what} was standardised by the training examples' mean and standard deviation; the scaler is kept."]
    constant = int((scaler.scale_ != np.sqrt(scaler.var_)).sum())  # the scaler does not divide these
    if constant:
        notes.append(f"{constant} of {shape[-1]} {what}s are constant.")
    if missing:
        share = missing / np.prod(shape)
        notes.append(f"{share:.1%} of the training values are missing (NaN): losses and scores ignore them.")
    return notes
