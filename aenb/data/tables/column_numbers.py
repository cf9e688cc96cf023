"""Columns of numbers: standardised, as ranks, or as counts; `column_kinds` says what each function does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.tables.column import Column

if TYPE_CHECKING:
    from pandas import Series

KNOTS = 1000  # quantiles that are kept
DECIMALS = 6
TAIL = 1e-4  # least quantile: that of 3.7 standard deviations


def numbers(values: Series) -> np.ndarray:
    """Return values as float64: (n,), NaN for missing ones and for words."""
    import pandas as pd

    if values.dtype.kind == "m":
        return values.dt.total_seconds().to_numpy("float64")
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    return pd.to_numeric(values, errors="coerce").to_numpy("float64", na_value=np.nan)


def spread_of(values: np.ndarray, column: Column) -> Column:
    """Return a column with the mean and the deviation of numbers; the deviation of a constant counts as 1."""
    observed = values[~np.isnan(values)]
    if not len(observed):
        raise AenbError(f"`{column.name}`: expected numbers; received none to train on. Leave the column out.")
    scale = float(observed.std())
    if not np.isfinite(scale):
        raise AenbError(
            f"`{column.name}`: expected numbers whose squares are finite; received up to {observed.max():g}."
        )
    return replace(column, mean=float(observed.mean()), scale=scale if scale > 1e-12 * abs(observed).max() else 1.0)


def fit_numeric(values: Series, column: Column) -> Column:
    """Find mean, deviation, range and decimals of numbers."""
    x = numbers(values)
    observed = x[~np.isnan(x)]
    column = spread_of(x, column)
    return replace(column, low=float(observed.min()), high=float(observed.max()), decimals=_decimals(observed))


def _decimals(x: np.ndarray) -> int | None:
    """Return how many decimals numbers have; None if they have more than six, or none that floats can hold."""
    tolerance = 1e-12 * np.abs(x).max()
    return next(
        (digits for digits in range(DECIMALS + 1) if (np.abs(np.round(x, digits) - x) <= tolerance).all()), None
    )


def encode_numeric(values: Series, column: Column) -> np.ndarray:
    """Return standardised numbers."""
    return ((numbers(values) - column.mean) / column.scale)[:, None]


def _bounded(x: np.ndarray, column: Column) -> np.ndarray:
    x = np.clip(x, column.low, column.high)
    return x if column.decimals is None else np.round(x, column.decimals)


def decode_numeric(entries: np.ndarray, column: Column) -> np.ndarray:
    """Return numbers within the range of the training values, rounded to their decimals."""
    return _bounded(entries[:, 0] * column.scale + column.mean, column)


def half_variance(entries: np.ndarray, column: Column) -> float:
    """Return half the variance: the mean loss of a prediction by the mean."""
    return float(0.5 * np.nanvar(entries, axis=0).sum())


def fit_quantile(values: Series, column: Column) -> Column:
    """Find the quantiles of numbers."""
    column = fit_numeric(values, column)
    x = numbers(values)
    knots = np.nanquantile(x, np.linspace(0, 1, min(KNOTS, int((~np.isnan(x)).sum()))))
    return replace(column, knots=tuple(knots.tolist()), mean=0.0, scale=1.0)


def encode_quantile(values: Series, column: Column) -> np.ndarray:
    """Return the ranks of numbers, as a standard normal distribution."""
    from scipy.stats import norm

    x, knots = numbers(values), np.asarray(column.knots)
    shares = np.linspace(0, 1, len(knots))
    share = 0.5 * (np.interp(x, knots, shares) - np.interp(-x, -knots[::-1], -shares[::-1]))  # the middle of equal ones
    return norm.ppf(np.clip(share, TAIL, 1 - TAIL))[:, None]


def decode_quantile(entries: np.ndarray, column: Column) -> np.ndarray:
    """Return the numbers of ranks."""
    from scipy.stats import norm

    return _bounded(np.interp(norm.cdf(entries[:, 0]), np.linspace(0, 1, len(column.knots)), column.knots), column)


def fit_count(values: Series, column: Column) -> Column:
    """Find mean and deviation of the logarithm of counts, and their dispersion by the method of moments."""
    x = numbers(values)
    observed = x[~np.isnan(x)]
    if (observed < 0).any() or (observed % 1).any():
        raise AenbError(f"`{column.name}`: expected counts, whole numbers from 0; received others. Ask for numeric.")
    mean, variance = float(observed.mean()), float(observed.var())
    dispersion = max(0.0, (variance - mean) / mean**2) if mean else 0.0
    column = replace(spread_of(np.log1p(x), column), low=0.0, high=float(observed.max()), decimals=0)
    return replace(column, dispersion=dispersion if dispersion > 1e-3 else 0.0)


def encode_count(values: Series, column: Column) -> np.ndarray:
    """Return log(1 + count), standardised."""
    with np.errstate(invalid="ignore"):
        return ((np.log1p(np.maximum(numbers(values), 0.0)) - column.mean) / column.scale)[:, None]


def _rates(entries: np.ndarray, column: Column) -> np.ndarray:
    return np.expm1(np.clip(entries[:, 0] * column.scale + column.mean, 0.0, 50.0))


def decode_count(entries: np.ndarray, column: Column) -> np.ndarray:
    """Return mean counts, rounded."""
    return _bounded(_rates(entries, column), column)


def draw_count(entries: np.ndarray, column: Column, draw: np.random.Generator) -> np.ndarray:
    """Draw counts from their negative binomial or Poisson distributions."""
    rates = _rates(entries, column)
    if column.dispersion:  # a negative binomial is a Poisson distribution whose rate has a gamma distribution
        rates = rates * draw.gamma(1 / column.dispersion, column.dispersion, len(rates))
    return _bounded(draw.poisson(rates).astype("float64"), column)


def count_baseline(entries: np.ndarray, column: Column) -> float:
    """Return half the mean deviance of a prediction by the mean."""
    counts = np.rint(_rates(entries[~np.isnan(entries[:, 0])], column))
    mean, size = max(float(counts.mean()), 1e-4), 1 / max(column.dispersion, 1e-8)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_ratio = np.where(counts > 0, np.log(counts / mean), 0.0)
    return float((counts * log_ratio + (counts + size) * np.log1p((mean - counts) / (counts + size))).mean())
