"""Tables and signals in units of their own spread: the mean is 0 and the deviation 1, of what was observed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.streamed import blocks


def fit_scaler(training: Any, name: str, columns: Sequence[str] = ()) -> tuple[Any, list[str]]:
    """Fit a scikit-learn scaler to the last axis of the training items, block by block, in double precision.

    Args:
        training: (n, features) or (n, length, channels), what can be read in blocks; NaN was not observed.
        name: What the data is called, in errors.
        columns: The names of the last axis's entries, in errors.

    Returns:
        The `StandardScaler`, and what to say of the items.

    Raises:
        AenbError: Nothing was observed in a column, or its values are too large to be squared.
    """
    from sklearn.preprocessing import StandardScaler

    scaler, missing = StandardScaler(), 0
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # told below
        for block in blocks(training):
            rows = block.reshape(-1, block.shape[-1]).astype("float64")
            scaler.partial_fit(rows)
            missing += int(np.isnan(rows).sum())
            seen = np.broadcast_to(scaler.n_samples_seen_, scaler.mean_.shape)
            scaler.mean_[seen == 0] = scaler.var_[seen == 0] = 0  # NaN would stay, whatever a later block has
    named = [str(columns[place]) if len(columns) else str(place) for place in np.flatnonzero(seen == 0)]
    if named:
        raise AenbError(
            f"`{name}`: expected values in every column; received none to train on, all NaN, in {', '.join(named[:5])}"
            f"{f' and {len(named) - 5} more' if len(named) > 5 else ''}. Leave these columns out."
        )
    if not np.isfinite(scaler.var_).all():
        largest = max(float(np.fmax.reduce(np.abs(block), axis=None)) for block in blocks(training))
        raise AenbError(
            f"`{name}`: expected numbers whose squares are finite; received values up to {largest:.3g}. Scale them."
        )
    return scaler, _notes(scaler, training.shape, missing)


def to_units(scaler: Any) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function that standardises items, (n, …, columns) → the same shape, float32; NaN stays NaN."""
    return functools.partial(standardise, mean=scaler.mean_, scale=scaler.scale_)


def standardise(items: np.ndarray, mean: Sequence[float], scale: Sequence[float]) -> np.ndarray:
    """Bring raw items to units of their spread, in double precision.

    Args:
        items: (n, …, columns), NaN where nothing was observed.
        mean: (columns,), what is subtracted; none: items stay as they are.
        scale: (columns,), what they are divided by then.

    Returns:
        The same shape, float32, infinite where that is too small.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # a NaN may be of the kind that signals
        return (items if not len(mean) else (items - np.asarray(mean)) / np.asarray(scale)).astype("float32")


def to_raw(items: np.ndarray, mean: Sequence[float], scale: Sequence[float]) -> np.ndarray:
    """Bring items back from units of their spread: the same shape, float64."""
    items = items.astype("float64")
    return items if not len(mean) else items * np.asarray(scale) + np.asarray(mean)


def _notes(scaler: Any, shape: tuple[int, ...], missing: int) -> list[str]:
    what = "column" if len(shape) == 2 else "channel"
    notes = [f"Each {what} was standardised by the training items' mean and deviation; the scaler is kept."]
    constant = int((scaler.scale_ != np.sqrt(scaler.var_)).sum())  # the scaler does not divide these
    if constant:
        notes.append(f"{constant} of {shape[-1]} {what}s are constant.")
    if missing:
        share = missing / np.prod(shape)
        notes.append(f"{share:.1%} of the values to train on are missing (NaN): losses and scores pass over them.")
    return notes
