"""Tables in files that are too large for memory: read in chunks, twice, and streamed from a temporary file.

The first pass counts the rows, collects the labels, and samples rows, on which the kinds of columns, their levels and
their scales are found. The second writes each chunk as a model's inputs, or as numbers, to a `GrowingArray`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.labels import printable, read_labels
from aenb.data.own.arrays import from_arrays
from aenb.data.own.frames import is_numeric, kind_notes, taken_labels, without_row_numbers
from aenb.data.record import STREAMED, Data
from aenb.data.split import MIN_EXAMPLES, split
from aenb.data.tables import mixed_table
from aenb.data.tables.columns import listed, single_names
from aenb.data.tables.outliers import limited
from aenb.data.values.growing_array import GrowingArray
from aenb.data.values.numeric import as_array
from aenb.data.values.streamed import Rows, is_large

if TYPE_CHECKING:
    from pandas import DataFrame

Chunks = Callable[[], Iterator["DataFrame"]]
SAMPLE, SAMPLE_VALUES = 100_000, 2**24  # rows, and values, on which kinds, levels and scales are found


@dataclass(frozen=True, eq=False)
class Surveyed:
    """What the first pass found.

    Attributes:
        n: The number of rows.
        sample: Some of them, evenly spaced.
        places: The numbers of these rows.
        labels: (n,), the column of labels, or None.
        row_numbers: The names of columns that number the rows.
    """

    n: int
    sample: DataFrame
    places: np.ndarray
    labels: Any
    row_numbers: tuple[Any, ...]


def from_large_table(
    chunks: Chunks, name: str, source: str, labels: Any = None, columns: Mapping[Any, Any] | None = None,
    notes: tuple[str, ...] = (),
) -> Data:  # fmt: skip
    """Make `Data` from a table in chunks, whose training examples are read from disk when needed.

    Args:
        chunks: Reads the file from its start: returns DataFrames with the same columns.
        name: The name of the data, for errors.
        source: Where it came from, in words.
        labels: (n,), the labels, or the name of the column that has them; None: there are none.
        columns: Kinds of columns by their names: see `aenb.load_data`.
        notes: How the file was read.

    Raises:
        AenbError: There are too few rows, a column of numbers has text in later rows, or the disk is full.
    """
    found = _survey(chunks, name, labels)
    sample, name_notes = single_names(found.sample, name)
    sample, _, label_notes = taken_labels(sample, labels if isinstance(labels, str) else None, name)
    notes = (*notes, *name_notes, *label_notes)
    y = found.labels if isinstance(labels, str) else labels
    if columns or not is_numeric(sample):
        return _mixed(chunks, found, sample, y, name, source, columns or {}, notes)
    kept = [one for one in sample.columns if one not in found.row_numbers]
    with GrowingArray(name) as rows:
        for chunk in chunks():
            rows.append(as_array(single_names(chunk, name)[0][kept], name))
        array, note = rows.array(), rows.note
    left_out = tuple(printable(one) for one in sample.columns if one in found.row_numbers)
    numbered = [f"Columns left out, since they number the rows: {listed(left_out)}."] if left_out else []
    data = from_arrays(
        array, y, name, source, kind="tabular", notes=(*notes, *numbered, *([note] if note else [])),
    )  # fmt: skip
    return replace(data, feature_names=tuple(map(printable, kept)), left_out=left_out)


def _survey(chunks: Chunks, name: str, labels: Any) -> Surveyed:
    """Read the table once."""
    import pandas as pd

    n, stride, kept, places, classes = 0, 1, [], [], []
    row_numbers: tuple[Any, ...] = ()
    for chunk in chunks():
        if not n:
            _, row_numbers = without_row_numbers(single_names(chunk, name)[0])
            most = max(MIN_EXAMPLES, min(SAMPLE, SAMPLE_VALUES // max(1, chunk.shape[1])))
        if isinstance(labels, str):
            classes.append(taken_labels(chunk, labels, name)[1].to_numpy())
        here = np.arange(-n % stride, len(chunk), stride)
        kept.append(chunk.iloc[here])
        places.append(n + here)
        n += len(chunk)
        if sum(map(len, places)) >= 2 * most:
            stride *= 2
            which = [part % stride == 0 for part in places]
            kept = [part[one] for part, one in zip(kept, which, strict=True)]
            places = [part[one] for part, one in zip(places, which, strict=True)]
    if n < MIN_EXAMPLES:
        raise AenbError(f"`{name}`: expected at least {MIN_EXAMPLES} examples; received {n}.")
    sample = pd.concat(kept, ignore_index=True)
    return Surveyed(n, sample, np.concatenate(places), np.concatenate(classes) if classes else None, row_numbers)


def _mixed(
    chunks: Chunks, found: Surveyed, sample: DataFrame, labels: Any, name: str, source: str,
    columns: Mapping[Any, Any], notes: tuple[str, ...],
) -> Data:  # fmt: skip
    """Make `Data` of a table with other columns than numbers, or of which kinds were asked for."""
    y = read_labels(labels, found.n, name)
    train, test, split_notes = split(found.n, max(1, sample.shape[1]), y)
    asked = {one: "drop" for one in found.row_numbers if one in sample.columns} | dict(columns)
    fitted = mixed_table.fit(sample, np.flatnonzero(~np.isin(found.places, test)), asked, name)
    with GrowingArray(name) as rows:
        for chunk in chunks():
            rows.append(mixed_table.encode(single_names(chunk, name)[0][list(sample.columns)], fitted, name))
        array, note = rows.array(), rows.note
    streams = is_large(array)
    sampled = (
        [f"The columns' kinds, levels and scales were found on {len(sample):,} of {found.n:,} rows."]
        if len(sample) < found.n
        else []
    )
    kept, outliers = (Rows(array, train), []) if streams else limited(array[train], fitted)
    return Data(
        kept, np.asarray(array[test]),
        *((None, None) if y is None else (y[train], y[test])),
        kind="tabular", name=name, source=source, feature_names=mixed_table.entry_names(fitted), table=fitted,
        notes=(*notes, *split_notes, *kind_notes(fitted), *outliers, *sampled, *([note] if note else []),
               *([STREAMED] if streams else [])),
    )  # fmt: skip
