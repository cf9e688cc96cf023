"""The times of a series: sorted, on a grid of regular steps, with what was repaired as sentences to report.

Times become numbers of steps since the first one. Two neighbours are ⌊d / s⌉ steps apart, at least one, if d is the
time between them and s the usual step. So months, which differ in length, stay one step each, and a gap keeps its true
length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from aenb.core.errors import AenbError

UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}  # of times, in a second
NEAR = 0.25  # how far a time may be from the grid, in steps, to count as regular
USUAL = 0.5  # share of the steps that have to be the most frequent one, or else the median is the usual step


@dataclass(frozen=True, eq=False)
class TimeAxis:
    """When the rows of a series were recorded.

    Attributes:
        order: (rows,), the rows in the order of time.
        places: (rows,), the step that each row belongs to, ascending from 0, in that order; equal for equal times.
        step: The usual time between two steps, in seconds; 0 if there are no times.
        notes: What was found, in sentences.
    """

    order: np.ndarray
    places: np.ndarray
    step: float = 0.0
    notes: tuple[str, ...] = ()


def are_times(index: Any) -> bool:
    """Say whether the labels of a pandas index, or the values of a column, are dates, periods or durations."""
    dtype = getattr(index, "dtype", None)
    return getattr(dtype, "kind", "O") in "mM" or type(dtype).__name__ in ("DatetimeTZDtype", "PeriodDtype")


def time_axis(index: Any, rows: int, name: str, step: float = 0.0) -> TimeAxis:
    """Find out in which order, and in which steps, the rows of a series were recorded.

    Args:
        index: A pandas index of times; None: the rows are in order, without times.
        rows: How many rows there are.
        name: The name of the series, for errors.
        step: The step to use, in seconds; 0: the usual one of these times.

    Returns:
        The `TimeAxis`.

    Raises:
        AenbError: A time is missing.

    Example:
        >>> import pandas as pd
        >>> axis = time_axis(pd.to_datetime(["2024-01-01", "2024-01-05", "2024-01-02", "2024-01-03"]), 4, "x")
        >>> axis.places.tolist(), axis.notes[0]
        ([0, 1, 2, 4], 'The rows were not in the order of time, and were sorted.')
    """
    if index is None:
        return TimeAxis(np.arange(rows), np.arange(rows))
    times, per_second, notes = _numbers(index, name)
    order = np.argsort(times, kind="stable")
    if (order[1:] < order[:-1]).any():
        notes.append("The rows were not in the order of time, and were sorted.")
    gaps = np.diff(times[order])
    apart = gaps[gaps > 0]
    if not len(apart):
        raise AenbError(f"`{name}`: expected rows at different times; received {rows:,} at one.")
    usual = step * per_second or _usual(apart)
    steps = np.where(gaps > 0, np.maximum(1, np.rint(gaps / usual)), 0).astype("int64")
    notes += _found(gaps / usual, steps, usual / per_second)
    return TimeAxis(order, np.concatenate([[0], np.cumsum(steps)]), usual / per_second, tuple(notes))


def _numbers(index: Any, name: str) -> tuple[np.ndarray, float, list[str]]:
    """Return times as numbers, (rows,), int64, in UTC if they have a time zone; how many are a second; and notes."""
    import pandas as pd

    index, notes = pd.Index(index), []
    if bool(index.isna().any()):
        raise AenbError(
            f"`{name}`: expected a time for each row; received {int(index.isna().sum()):,} without. Leave these out."
        )
    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp()
    if getattr(index, "tz", None) is not None:
        notes.append(f"Times are in the time zone {index.tz}; steps are counted in UTC, so clock changes are no gaps.")
        index = index.tz_convert("UTC").tz_localize(None)
    times = index.to_numpy()
    return times.astype("int64"), UNITS[np.datetime_data(times.dtype)[0]], notes


def _usual(apart: np.ndarray) -> float:
    """Return the most frequent time between two steps, or the median if none is frequent."""
    values, counts = np.unique(apart, return_counts=True)
    best = int(counts.argmax())
    return float(values[best]) if counts[best] >= USUAL * len(apart) else float(np.median(apart))


def _found(exact: np.ndarray, steps: np.ndarray, usual: float) -> list[str]:
    """Report duplicate times, irregular steps and gaps, from exact and whole numbers of steps of `usual` seconds."""
    notes = []
    if repeated := int((steps == 0).sum()):
        words = "row has" if repeated == 1 else "rows have"
        notes.append(f"{repeated:,} {words} the time of another row; their values were averaged.")
    is_off = (steps > 0) & (np.abs(exact - steps) > NEAR)
    if is_off.any():
        notes.append(
            f"{is_off.mean():.1%} of the steps are irregular: not a multiple of the usual step, {_worded(usual)}. The "
            "rows were taken for the nearest steps; if that is too coarse, resample the series first."
        )
    is_gap = steps > 1
    if is_gap.any():
        missing, gaps = int((steps[is_gap] - 1).sum()), int(is_gap.sum())
        word = "gap" if gaps == 1 else "gaps"
        notes.append(
            f"{missing:,} steps are missing in {gaps:,} {word}, of {_worded(usual)} each; they count as missing values."
        )
    return notes


def _worded(seconds: float) -> str:
    import pandas as pd

    return str(pd.Timedelta(seconds=seconds)).removeprefix("0 days ").removesuffix(" 00:00:00")
