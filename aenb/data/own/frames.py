"""DataFrames become `Data`: row numbers are left out, labels are found, and columns of other kinds are coded.

A table of numbers alone goes on as an array, as it always did. Any other, and any of which `columns` says more, is a
mixed table (`tables.mixed_table`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.labels import printable, read_labels
from aenb.data.record import Data
from aenb.data.split import MIN_EXAMPLES, split
from aenb.data.tables import mixed_table
from aenb.data.tables.column import Column
from aenb.data.tables.columns import listed
from aenb.data.tables.kind_inference import is_row_number
from aenb.data.tables.outliers import limited
from aenb.data.tables.unseen_levels import unseen

if TYPE_CHECKING:
    from pandas import DataFrame

LABELS = ("target", "label", "labels", "class", "y")  # names of columns that are likely to be labels
MAX_SEARCHED = 1000  # columns that are searched for labels


def is_numeric(frame: DataFrame) -> bool:
    """Say whether all columns are numbers: not text, categories, dates, or True and False."""
    return all(getattr(dtype, "kind", "O") in "uif" for dtype in frame.dtypes)


def without_row_numbers(frame: DataFrame) -> tuple[DataFrame, tuple[str, ...]]:
    """Return a table of numbers without the columns that number its rows, and the names of these."""
    if frame.shape[1] > mixed_table.MAX_COLUMNS or len(frame) < MIN_EXAMPLES:
        return frame, ()
    left_out = [
        place
        for place, dtype in enumerate(frame.dtypes)
        if getattr(dtype, "kind", "O") in "ui" and _numbers_rows(frame.iloc[:, place].to_numpy(), frame.columns[place])
    ]
    if not left_out or len(left_out) == frame.shape[1]:
        return frame, ()
    kept = [place for place in range(frame.shape[1]) if place not in left_out]
    return frame.iloc[:, kept], tuple(printable(frame.columns[place]) for place in left_out)


def _numbers_rows(x: np.ndarray, name: Any) -> bool:
    return x.dtype.kind in "ui" and x[0] != x[1] and is_row_number(x, name)


def taken_labels(frame: DataFrame, labels: Any, name: str) -> tuple[DataFrame, Any, list[str]]:
    """Take the labels out of a table if they are given by the name of a column, and report labels among the features.

    Returns:
        The table, the labels, and notes.

    Raises:
        AenbError: There is no such column.
    """
    if isinstance(labels, str):
        names = list(map(printable, frame.columns))
        if labels not in names:
            raise AenbError(f"`labels`: expected labels, or the name of a column of `{name}`; received {labels!r}.")
        place = names.index(labels)
        others = [one for one in range(frame.shape[1]) if one != place]
        return frame.iloc[:, others], frame.iloc[:, place], [f"The column `{labels}` was taken for the labels."]
    within = _labels_within(frame, labels, name)
    if within is None:
        return frame, labels, []
    advice = (
        f'columns={{"{within}": "drop"}} leaves it out' if labels is not None else f'labels="{within}" takes it out'
    )
    what = "holds the labels" if labels is not None else "looks like labels"
    return frame, labels, [f"The column `{within}` {what}, and is a feature like the others: {advice}."]


def _labels_within(frame: DataFrame, labels: Any, name: str) -> str | None:
    """Return the name of the first column that has the same value for each class and another for any other class."""
    import pandas as pd

    if frame.shape[1] > MAX_SEARCHED:
        return None
    if labels is None:
        return next((printable(column) for column in frame.columns if str(column).lower() in LABELS), None)
    classes = pd.factorize(read_labels(labels, len(frame), name))[0]
    number = classes.max() + 1
    for place, column in enumerate(frame.columns):
        codes = pd.factorize(frame.iloc[:, place].astype(object))[0]
        if codes.max() + 1 == number and len(np.unique(codes * number + classes)) == number and (codes >= 0).all():
            return printable(column)
    return None


def from_mixed(
    frame: DataFrame,
    labels: Any = None,
    name: str = "array",
    source: str = "the notebook",
    *,
    columns: Mapping[Any, Any] | None = None,
    class_names: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Data:
    """Make `Data` from a mixed table, and hold out a fifth.

    Args:
        frame: A DataFrame of numbers, text, categories, True and False, or dates; values may be missing.
        labels: (n,), any that `aenb.data.labels.read_labels` accepts, or None.
        name: The name of the data.
        source: Where it came from, in words.
        columns: Kinds of columns by their names: see `aenb.load_data`.
        class_names: The name of each class.
        notes: What was done to it before.

    Raises:
        AenbError: There are too few rows, or no column to learn from; a column is not of the kind asked for.
    """
    if len(frame) < MIN_EXAMPLES:
        raise AenbError(f"`{name}`: expected at least {MIN_EXAMPLES} examples; received {len(frame)}.")
    y = read_labels(labels, len(frame), name)
    train, test, split_notes = split(len(frame), max(1, frame.shape[1]), y)
    fitted = mixed_table.fit(frame, train, columns or {}, name)
    encoded, held = (mixed_table.encode(frame.iloc[rows], fitted, name) for rows in (train, test))
    kept, outliers = limited(encoded, fitted)
    return Data(
        kept, held, *((None, None) if y is None else (y[train], y[test])),
        kind="tabular", name=name, source=source, class_names=tuple(class_names),
        feature_names=mixed_table.entry_names(fitted), table=fitted,
        notes=(*notes, *split_notes, *kind_notes(fitted), *_unseen(frame.iloc[test], fitted), *outliers),
    )  # fmt: skip


def _unseen(held: DataFrame, columns: mixed_table.Columns) -> list[str]:
    found = unseen(held, columns)
    return [f"The held-out rows have levels that no training row has: {'; '.join(found)}."] if found else []


def kind_notes(columns: Sequence[Column]) -> list[str]:
    """Report the kinds of a mixed table's columns, and what was changed."""
    counts = Counter(column.kind for column in columns if column.is_modelled)
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
    notes = [
        f"The columns are of these kinds: {kinds}. `data.columns` is the table of them, and "
        'load_data(df, columns={"name": "kind"}) asks for others.'
    ]
    if left_out := [column for column in columns if column.kind == "drop"]:
        reasons = [f"`{column.name}` ({column.why or 'asked for'})" for column in left_out[:5]]
        more = f" and {len(left_out) - 5} more" if len(left_out) > 5 else ""
        notes.append(f"Columns left out: {', '.join(reasons)}{more}.")
    if constant := [str(column.name) for column in columns if column.kind == "constant"]:
        notes.append(f"Columns with one value, which outputs have too: {listed(constant)}.")
    if pooled := [column for column in columns if column.pooled]:
        counted = [f"{len(column.pooled):,} of `{column.name}`" for column in pooled[:5]]
        notes.append(f"Rare levels count as one level: {', '.join(counted)}.")
    missing = [column.missing for column in columns if column.is_modelled]
    if share := sum(missing) / len(missing):
        notes.append(f"{share:.1%} of the training values are missing: losses and scores ignore them.")
    return notes
