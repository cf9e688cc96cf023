"""A recording: what was given for a series, as numbers on a grid of regular steps.

a 1-D array, a list of numbers, a pandas Series      one channel
an array (steps, channels)                           several channels
a DataFrame, with times as its index or a column     the other columns are channels
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aenb.core.errors import AenbError, shown
from aenb.data.series.time_axis import are_times, time_axis
from aenb.data.tables.columns import in_order, single_names
from aenb.data.values.numeric import as_array, is_frame

NAME = re.compile(r"^(time|times|timestamp|timestamps|date|dates|datetime|ts|t)$", re.IGNORECASE)
SURE = 0.95  # share of the texts of a column that have to be times


@dataclass(frozen=True, eq=False)
class Recording:
    """A series on a grid of regular steps.

    Attributes:
        values: (steps, channels), float64, in the original units; NaN for missing values. A gap that is longer than
            a window is shortened to one.
        places: (rows,), the step of each row that was given, in the order of the rows.
        index: The times of the rows, or the index of the table; None if an array was given.
        has_times: Whether the index has times.
        channels: The name of each channel; none for an array.
        step: The usual time between two steps, in seconds; 0 without times.
        notes: What was found and repaired, in sentences.
    """

    values: np.ndarray
    places: np.ndarray
    index: Any
    has_times: bool
    channels: tuple[str, ...]
    step: float
    notes: tuple[str, ...]

    def rows(self, by_step: np.ndarray) -> np.ndarray:
        """Return what was computed for each step, (steps, …), for each row that was given: (rows, …)."""
        return by_step[self.places]


def is_series(x: Any) -> bool:
    """Say whether something is a series by its type: 1-D numbers, a pandas Series of them, or a table of times.

    A list of numbers is not, nor is an array (steps, channels): they could be something else, and are asked for.

    Example:
        >>> import numpy as np
        >>> is_series(np.zeros(5)), is_series(np.zeros((5, 2)))
        (True, False)
    """
    if isinstance(x, np.ndarray):
        return x.ndim == 1 and x.dtype.kind in "buif" and x.dtype.names is None
    if is_frame(x):
        return are_times(x.index) and all(getattr(dtype, "kind", "O") in "buif" for dtype in x.dtypes)
    is_pandas = hasattr(x, "to_frame") and hasattr(x, "index") and getattr(x, "ndim", 0) == 1
    return is_pandas and getattr(x.dtype, "kind", "O") in "uif"


def read(x: Any, name: str, *, longest_gap: int, channels: Sequence[str] | None = None, step: float = 0.0) -> Recording:
    """Put what was given for a series on a grid of regular steps.

    Args:
        x: An array, nested lists, a pandas Series or DataFrame.
        name: Its name, for errors.
        longest_gap: Steps to which longer gaps are shortened.
        channels: The names that a DataFrame's columns must have; None: any.
        step: The time between two steps, in seconds; 0: as `time_axis` finds it.

    Raises:
        AenbError: It is empty or not numeric, has more than two axes, an infinite value, or a row without a time.

    Example:
        >>> import pandas as pd
        >>> hours = pd.date_range("2024-01-01", periods=4, freq="h").delete(1)
        >>> read(pd.Series([1.0, 3.0, 4.0], hours), "x", longest_gap=10).values.ravel().tolist()
        [1.0, nan, 3.0, 4.0]
    """
    rows, index, has_times, names = _taken(x, name, channels)
    if not rows.size:
        raise AenbError(f"`{name}`: expected the values of a series; received none (the shape {rows.shape}).")
    if np.isinf(rows).any():
        first = int(np.isinf(rows).any(axis=1).argmax())
        raise AenbError(
            f"`{name}`: expected finite numbers, or NaN for a missing value; received infinity, first at row {first}."
        )
    axis = time_axis(_as_times(index) if has_times else None, len(rows), name, step)
    places = _shortened(axis.places, longest_gap)
    notes = [*axis.notes]
    values = _averaged(rows[axis.order], places)
    missing = np.isnan(rows).any(axis=1)
    if missing.any():
        runs = _runs(missing[axis.order])  # in time
        word = "run" if runs == 1 else "runs"
        notes.append(f"{missing.mean():.1%} of the rows have missing values (NaN), {runs:,} {word} of them.")
    by_row = np.empty(len(rows), "int64")
    by_row[axis.order] = places
    return Recording(values, by_row, index, has_times, names, axis.step, tuple(notes))


def _taken(x: Any, name: str, channels: Sequence[str] | None) -> tuple[np.ndarray, Any, bool, tuple[str, ...]]:
    """Return the values, (rows, channels), the index, whether it has times, and the names of the channels."""
    if hasattr(x, "to_frame") and not is_frame(x) and hasattr(x, "dtype"):
        x = x.to_frame(name=channels[0] if channels and len(channels) == 1 else x.name or "value")
    if not is_frame(x):
        array = as_array(x, name).astype("float64")
        array = array[:, None] if array.ndim == 1 else array
        if array.ndim != 2:
            raise AenbError(f"`{name}`: expected a series, (steps,) or (steps, channels); received {array.shape}.")
        return array, None, False, ()
    frame, _ = single_names(x, name)
    times, frame = _times(frame, name)
    if channels:
        frame = frame.iloc[:, in_order(frame.columns, channels, name)]
    if not frame.shape[1]:
        raise AenbError(f"`{name}`: expected columns of numbers besides the times; received none.")
    values, names = as_array(frame, name), tuple(map(str, frame.columns))
    return values, frame.index if times is None else times, times is not None, names


def _times(frame: Any, name: str) -> tuple[Any, Any]:
    """Return the times of a table, its index or a column of it, and the other columns; None if it has no times."""
    import pandas as pd

    if are_times(frame.index):
        return frame.index, frame
    for place, (column, values) in enumerate(frame.items()):
        found = None
        if are_times(values):
            found = values
        elif getattr(values.dtype, "kind", "O") in "OUT" or isinstance(values.dtype, pd.StringDtype):
            found = _parsed(values, name, column)
        elif NAME.match(str(column)) and values.is_monotonic_increasing and values.notna().all():
            found = values
        if found is not None:
            return pd.Index(found, name=column), frame.drop(columns=frame.columns[place])
    return None, frame


def _as_times(index: Any) -> Any:
    """Return numbers as so many seconds, other times as they are."""
    import pandas as pd

    return index if are_times(index) else pd.to_timedelta(index.to_numpy("float64"), unit="s")


def _parsed(values: Any, name: str, column: Any) -> Any:
    """Return texts as times, in UTC if they have time zones.

    Raises:
        AenbError: Most of them are no times.
    """
    import pandas as pd

    texts = values.dropna().astype(str)
    has_zone = texts.str.contains(r"\d(?:Z|[+-]\d{2}:?\d{2})$").any()
    try:
        times = pd.to_datetime(values, errors="coerce", format="mixed", utc=bool(has_zone))
    except (TypeError, ValueError):
        times = pd.to_datetime(values.where(False))
    if times.notna().sum() < SURE * len(values):
        example = shown(str(texts.iloc[0])) if len(texts) else "nothing"
        raise AenbError(
            f"`{name}`: expected columns of numbers, and one of times; received {example!r} in `{column}`. "
            "Leave this column out."
        )
    return times


def _shortened(places: np.ndarray, longest: int) -> np.ndarray:
    """Shorten the gaps between ascending steps to at most `longest` missing ones."""
    return np.concatenate([places[:1], places[0] + np.cumsum(np.minimum(np.diff(places), longest + 1))])


def _averaged(rows: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the mean of the observed values of each step, (steps, channels), NaN without any."""
    steps = int(places[-1]) + 1
    if steps == len(rows):
        return rows
    sums, counts = np.zeros((steps, rows.shape[1])), np.zeros((steps, rows.shape[1]))
    np.add.at(sums, places, np.nan_to_num(rows))
    np.add.at(counts, places, ~np.isnan(rows))
    return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)


def _runs(is_true: np.ndarray) -> int:
    return int((np.diff(is_true.astype("int8"), prepend=0) == 1).sum())
