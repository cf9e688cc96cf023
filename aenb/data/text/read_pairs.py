"""Pairs of texts, from a list of them, two columns of a table, or a file of such a table."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aenb.core.errors import AenbError, shown
from aenb.core.files import expanded, named
from aenb.data.files.data_files import read_file
from aenb.data.foreign import reading
from aenb.data.labels import printable
from aenb.data.record import Data
from aenb.data.text.pairs import are_pairs, from_pairs, usual_units
from aenb.data.values.numeric import is_frame

if TYPE_CHECKING:
    from pandas import DataFrame

SIDES = ("source", "target")


def load_pairs(
    data: Any, labels: Any, name: str, tokens: str | None = None, columns: Mapping[Any, Any] | None = None
) -> Data:
    """Load pairs of texts.

    Args:
        data: A list or an array of pairs (source, target), a DataFrame, or the path of a `.csv`, `.tsv` or `.parquet`
            table: its two columns of text are the sources and the targets.
        labels: None: the targets take their place.
        name: The name of a list or a table.
        tokens: "subwords" or "bytes"; None: subwords if the library `tokenizers` is installed.
        columns: Which column has the sources and which the targets: {"english": "source", "spanish": "target"}.

    Raises:
        AenbError: It holds no pairs of texts, or can't be read.

    Example:
        >>> data = load_pairs([("a cat", "un gato"), ("a dog", "un perro")] * 3, None, "pets", "bytes")
        >>> data.describe()
        'pets: 5 training and 1 held-out pairs of texts of up to 5 and 8 bytes (the notebook)'
    """
    if labels is not None:
        raise AenbError("`labels`: expected none with pairs of texts; received some. Leave them out.")
    if tokens not in (None, "subwords", "bytes"):
        raise AenbError(
            f'`tokens`: expected "subwords" or "bytes" of pairs, which stay as they are written; received {tokens!r}.'
        )
    tokens = tokens or usual_units()
    source, notes = "the notebook", tuple[str, ...]()
    if isinstance(data, str | os.PathLike):
        path = expanded(os.fsdecode(data))
        found = read_file(path)
        name, source, notes, data = os.fsdecode(data), f"the file {named(path.name)}", found.notes, found.x
    with reading(data, f"`{name}`"):
        if is_frame(data):
            data, more = _of_table(data, name, columns or {})
            notes = (*notes, *more)
        elif not are_pairs(data):
            raise AenbError(
                f"`{name}`: expected pairs of texts, a list of (source, target) or a table with two columns of text; "
                f"received {shown(data)}."
            )
    return from_pairs(data, printable(name), source, tokens=tokens, notes=notes)


def _of_table(frame: DataFrame, name: str, columns: Mapping[Any, Any]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the pairs of a table, "" for missing texts, and a note on which columns they are."""
    words = list(frame.columns)
    chosen = [next((one for one, side in columns.items() if side == wanted), None) for wanted in SIDES]
    if not columns:
        chosen = [one for place, one in enumerate(words) if _is_text(frame.iloc[:, place])]
    if len(chosen) != 2 or any(one not in words or words.count(one) > 1 for one in chosen):
        raise AenbError(
            f"`{name}`: expected a table with two columns of text; received {shown(words)}. Name them: "
            'columns={"english": "source", "spanish": "target"}.'
        )
    sides = [frame[one].map(lambda text: text if isinstance(text, str) else "").tolist() for one in chosen]
    note = f"The column `{printable(chosen[0])}` has the sources, and `{printable(chosen[1])}` the targets."
    return list(zip(*sides, strict=True)), [note]


def _is_text(column: Any) -> bool:
    return column.map(lambda value: isinstance(value, str)).mean() > 0.5 if len(column) else False
