"""Levels that the training table did not have: listed, with what they are taken for, and warned of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from aenb.core.errors import shown, warn
from aenb.data.labels import printable
from aenb.data.tables.column import Column
from aenb.data.tables.column_levels import unknown_levels
from aenb.data.tables.columns import listed

if TYPE_CHECKING:
    from pandas import DataFrame


def unseen(frame: DataFrame, columns: Iterable[Column]) -> list[str]:
    """Return the levels of a table that the training table did not have, in words, with what they are taken for."""
    with_levels = {str(column.name): column for column in columns if column.is_modelled and column.levels}
    found = []
    for place, label in enumerate(map(printable, frame.columns)):
        if label in with_levels and (words := unknown_levels(frame.iloc[:, place], with_levels[label])):
            found.append(_unseen(with_levels[label], words))
    return found


def warn_of_unseen(frame: DataFrame, columns: Iterable[Column], name: str) -> None:
    """Warn of levels that the training table did not have."""
    if found := unseen(frame, columns):
        warn(f"`{name}` has levels that the training table did not have: {'; '.join(found)}.")


def _unseen(column: Column, words: Sequence[str]) -> str:
    is_number = column.kind == "ordinal" and not any(isinstance(level, str) for level in column.levels)
    taken = "as the nearest level" if is_number else "as a rare level" if column.pooled else "as missing"
    return f"{listed([shown(word, 40) for word in words])} in `{column.name}`, taken {taken}"
