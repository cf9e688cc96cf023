"""Columns of dates: a trend, and the sine and cosine of cycles; `column_kinds` says what each function does."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from aenb.data.tables.column import Column
from aenb.data.tables.column_numbers import spread_of

if TYPE_CHECKING:
    from pandas import Series

CYCLES = {"year": 365.2425, "week": 7.0, "day": 1.0}  # in days
DAY = 86_400.0  # seconds


def seconds(values: Series, format: str = "") -> np.ndarray:
    """Return dates as seconds since 1970: (n,), float64, NaN for missing ones and for other words."""
    import pandas as pd

    if isinstance(values.dtype, pd.PeriodDtype):
        values = values.dt.to_timestamp()
    with warnings.catch_warnings():  # one on a format that it could not infer
        warnings.simplefilter("ignore", UserWarning)
        dates = pd.to_datetime(values, errors="coerce", format=format or None, utc=True)
    dates = dates.dt.tz_localize(None)
    return ((dates - pd.Timestamp(0)) / pd.Timedelta(seconds=1)).to_numpy("float64", na_value=np.nan)


def fit_date(values: Series, column: Column) -> Column:
    """Find the trend, the cycles and the step of dates."""
    x = seconds(values, column.format)
    column = spread_of(x, column)
    observed = x[~np.isnan(x)]
    step = DAY if not (observed % DAY).any() else 60.0 if not (observed % 60).any() else 1.0
    days = (observed.max() - observed.min()) / DAY
    cycles = tuple(name for name, length in CYCLES.items() if days > 2 * length and (name != "day" or step < DAY))
    return replace(column, low=float(observed.min()), high=float(observed.max()), step=step, cycles=cycles)


def encode_date(values: Series, column: Column) -> np.ndarray:
    """Return the standardised day, then sine and cosine of each cycle."""
    x = seconds(values, column.format)
    turns = [2 * np.pi * x / (CYCLES[name] * DAY) for name in column.cycles]
    waves = [wave(turn) for turn in turns for wave in (np.sin, np.cos)]
    return np.stack([(x - column.mean) / column.scale, *waves], axis=1)


def decode_date(entries: np.ndarray, column: Column) -> np.ndarray:
    """Return seconds since 1970, from the trend alone, rounded to the column's step."""
    x = np.clip(entries[:, 0].astype("float64") * column.scale + column.mean, column.low, column.high)
    return np.rint(x / column.step) * column.step
