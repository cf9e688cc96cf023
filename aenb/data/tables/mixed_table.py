"""Mixed tables: a DataFrame of numbers, categories and dates becomes rows of numbers, and outputs become a DataFrame.

`fit` finds the kind of each column and what its entries need, from the training rows; `encode` turns a DataFrame into a
model's inputs, and `decode` turns a model's outputs into a DataFrame with the same names, dtypes and units:

    DataFrame (n, columns) ──encode──▶ (n, entries) float32, NaN for missing values ──model──▶ (n, entries)
    DataFrame (n, columns) ◀──────────────────────────decode──────────────────────────────────────┘

A column is a `Column` (`column`); `column_kinds` has the code of each kind, `kind_inference` chooses it, and
`column_dtypes` gives decoded values their dtype.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from aenb.core.errors import AenbError
from aenb.core.layout import Layout
from aenb.data.labels import printable
from aenb.data.tables.column import Column, in_layout, plain_level
from aenb.data.tables.column_dtypes import merged, typed
from aenb.data.tables.column_kinds import KINDS
from aenb.data.tables.columns import SHOWN, in_order
from aenb.data.tables.kind_inference import check_names, infer

if TYPE_CHECKING:
    from pandas import DataFrame, Series

Columns = tuple[Column, ...]
MAX_COLUMNS, MAX_ENTRIES = 10_000, 100_000
LEAST_BASELINE = 0.1  # nats, below which a column's weight does not rise


def fit(frame: DataFrame, train: np.ndarray, asked: Mapping[Any, Any], name: str) -> Columns:
    """Find the kinds of a table's columns, and fit them to the training rows.

    Args:
        frame: The table; its column names are different.
        train: The positions of the training rows.
        asked: The kinds asked for, by the names of columns.
        name: The name of the table, for errors.

    Returns:
        A `Column` for each column.

    Raises:
        AenbError: A column can't be of its kind, or none is left to model.
    """
    if frame.shape[1] > MAX_COLUMNS:
        raise AenbError(
            f"`{name}`: expected up to {MAX_COLUMNS:,} columns in a table that is not all numbers; received "
            f"{frame.shape[1]:,}. Choose columns, or turn it into numbers."
        )
    names = [_name(label) for label in frame.columns]
    check_names(asked, names)
    wanted = {str(label): kind for label, kind in asked.items()}
    columns = []
    for place, label in enumerate(names):
        values = frame.iloc[:, place]
        _check_finite(values, label, name)
        columns.append(_fitted(values.iloc[train], infer(values, label, wanted.get(str(label))), name))
    if not any(column.is_modelled for column in columns):
        reasons = "; ".join(f"`{column.name}`: {column.why or column.kind}" for column in columns[:SHOWN])
        raise AenbError(f"`{name}`: expected columns to learn from; received none ({reasons}).")
    return _weighted(tuple(columns), frame.iloc[train])


def _name(label: Any) -> int | str:
    return int(label) if isinstance(label, int | np.integer) and not isinstance(label, bool) else printable(str(label))


def _fitted(values: Series, column: Column, name: str) -> Column:
    observed = values.dropna()
    column = replace(column, missing=float(values.isna().mean()))
    if not len(observed) and column.kind != "drop":
        return replace(column, kind="drop", why="no value is observed in the training rows")
    if column.kind == "constant" or (column.is_modelled and not column.is_asked and observed.nunique() == 1):
        return replace(column, kind="constant", why="one value", levels=(_constant(observed.iloc[0]),))
    if not column.is_modelled:
        return column
    try:
        return KINDS[column.kind].fit(values, column)
    except AenbError as error:
        if column.is_asked:
            raise AenbError(f"`{name}`: {error}") from None
        return replace(column, kind="drop", why=str(error).partition(": ")[2].rstrip("."))


def _constant(value: Any) -> bool | int | float | str:
    return value.isoformat() if hasattr(value, "isoformat") else plain_level(value)


def _check_finite(values: Series, label: int | str, name: str) -> None:
    is_float = getattr(values.dtype, "kind", "O") == "f"
    infinite = np.isinf(values.to_numpy("float64", na_value=np.nan)) if is_float else np.zeros(1, bool)
    if infinite.any():
        raise AenbError(
            f"`{name}`: expected finite numbers; received infinity in {infinite.sum():,} of {len(values):,} examples, "
            f"the first at index {int(infinite.argmax())}, in column `{label}`. Remove those examples, or put NaN "
            "there, which stands for a missing value."
        )


def _weighted(columns: Columns, training: DataFrame) -> Columns:
    """Give each column the weight of its loss: see `aenb.models.losses.mixed`."""
    losses = {}
    for place, column in enumerate(columns):
        if column.is_modelled:
            kind = KINDS[column.kind]
            losses[place] = max(0.0, kind.baseline(kind.encode(training.iloc[:, place], column), column))
    weights = {place: 1 / max(loss, LEAST_BASELINE) for place, loss in losses.items()}
    total = sum(weights[place] * loss for place, loss in losses.items())
    unit = sum(losses.values()) / total if total else 1.0
    return tuple(
        replace(column, weight=weights[place] * unit) if place in weights else column
        for place, column in enumerate(columns)
    )


def layout(columns: Columns) -> Layout:
    """Return the layout of a model's inputs."""
    return Layout(tuple(columns[place].block for place in in_layout(columns)))


def entry_names(columns: Columns) -> tuple[str, ...]:
    """Return the names of a model's inputs."""
    return tuple(name for place in in_layout(columns) for name in columns[place].entries)


def by_column(values: np.ndarray, columns: Columns) -> DataFrame:
    """Add up values of a model's inputs, such as parts of a score, by column: (n, entries) → a DataFrame of n rows."""
    import pandas as pd

    owners = np.array(layout(columns).owners)
    places = in_layout(columns)
    sums = {places[owner]: values[:, owners == owner].sum(axis=1) for owner in range(len(places))}
    return pd.DataFrame({columns[place].name: sums[place] for place in sorted(sums)})


def encode(frame: DataFrame, columns: Columns, name: str) -> np.ndarray:
    """Turn a table into a model's inputs.

    Args:
        frame: A DataFrame with the columns that are modelled, in any order. Others are ignored, with a warning unless
            the training table had them. A level that the training table did not have counts as a rare one if there are
            any, else as missing: `unseen_levels` lists them.
        columns: What was fitted.
        name: The name of the table, for errors.

    Returns:
        (n, entries), float32, NaN for missing values.

    Raises:
        AenbError: A column is missing or occurs twice; a number is infinite; the entries need too much memory.
    """
    modelled = [columns[place] for place in in_layout(columns)]
    width = sum(len(column.entries) for column in modelled)
    if width > MAX_ENTRIES or len(frame) * width * 8 > psutil.virtual_memory().available:
        raise AenbError(
            f"`{name}`: expected a table that fits into memory; received {len(frame):,} rows that become {width:,} "
            "numbers each. Leave out columns with many levels."
        )
    known = [str(column.name) for column in columns]
    places = in_order(frame.columns, [str(column.name) for column in modelled], name, known)
    entries, start = np.empty((len(frame), width), "float32"), 0
    for column, place in zip(modelled, places, strict=True):
        values = frame.iloc[:, place]
        _check_finite(values, column.name, name)
        stop = start + len(column.entries)
        with np.errstate(over="ignore"):
            entries[:, start:stop] = KINDS[column.kind].encode(values, column)
        start = stop
    return entries


def decode(
    entries: np.ndarray,
    columns: Columns,
    index: Any = None,
    *,
    draw: np.random.Generator | None = None,
    noise: np.ndarray | None = None,
) -> DataFrame:
    """Turn a model's outputs, or its inputs, into a table in the original units, dtypes and order of columns.

    Args:
        entries: (n, entries).
        columns: What was fitted. Columns of the kind "drop" are left out.
        index: The index of the table; None: 0, 1, 2, ….
        draw: A generator to draw levels and counts with; None: the most probable levels and mean counts are taken.
        noise: With `draw`: (entries,), the standard deviation of the noise that is added to numbers; None: none.

    Returns:
        A DataFrame of n rows.
    """
    import pandas as pd

    places = in_layout(columns)
    starts = np.cumsum([0, *(len(columns[place].entries) for place in places)])
    index, entries = pd.RangeIndex(len(entries)) if index is None else index, entries.astype("float64")
    if draw is not None and noise is not None:
        entries = entries + noise * draw.standard_normal(entries.shape)
    series = {}
    for place, column in enumerate(columns):
        if column.kind == "constant":
            series[column.name] = typed(np.zeros(len(entries), "int64"), column, index)
        elif column.is_modelled:
            at = places.index(place)
            own, kind = entries[:, starts[at] : starts[at + 1]], KINDS[column.kind]
            values = kind.decode(own, column) if draw is None else kind.draw(own, column, draw)
            values = np.where(np.isnan(own).any(axis=1), np.nan, values)
            series[column.name] = typed(values, column, index)
    return pd.DataFrame(series, index=index)


def fill(frame: DataFrame, decoded: DataFrame) -> DataFrame:
    """Fill in the missing values of a table from a decoded one with the same index; its own order and columns stay."""
    filled = frame.copy()
    names = {str(_name(label)): place for place, label in enumerate(frame.columns)}
    for label in decoded.columns:
        place = names.get(str(label))
        if place is None or frame.iloc[:, place].notna().all():
            continue
        values = frame.iloc[:, place]
        filled.isetitem(place, merged(values, decoded[label]))
    return filled


def same_units(columns: Columns, others: Columns) -> bool:
    """Say whether two tables have the same entries, in the same units."""
    plain = [[replace(one, why="", is_asked=False, missing=0.0) for one in table] for table in (columns, others)]
    return plain[0] == plain[1]


def asked_again(columns: Iterable[Column], *, every: bool) -> dict[Any, Any]:
    """Return the kinds to ask for, to read a table as this one was read.

    Args:
        columns: Those of this table.
        every: Whether the kinds are for another table, in which others could be inferred; otherwise those that were
            asked for are enough.
    """
    return {one.name: one.asked for one in columns if one.is_asked or (every and one.is_modelled)}
