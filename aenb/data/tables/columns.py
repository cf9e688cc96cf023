"""The columns of a table: those of a DataFrame are matched by name, in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from aenb.core.errors import AenbError, nearest, warn
from aenb.data.labels import printable

if TYPE_CHECKING:
    from pandas import DataFrame

SHOWN = 5  # names listed in an error


def in_order(columns: Iterable, feature_names: Sequence[str], name: str, known: Sequence[str] = ()) -> list[int]:
    """Return the position of each feature of a table among the columns of a DataFrame.

    Columns that the training table did not have are ignored, with a warning.

    Args:
        columns: The names of the DataFrame's columns.
        feature_names: The columns of the training table; none: the columns are taken in their own order.
        name: The name of the DataFrame, for errors.
        known: Columns of the training table that were left out: they are ignored without a warning.

    Returns:
        The position of each feature.

    Raises:
        AenbError: A column is missing or duplicated.

    Example:
        >>> in_order(["b", "a"], ["a", "b"], "x")
        [1, 0]
    """
    received = list(map(printable, columns))
    if not feature_names or received == list(feature_names):
        return list(range(len(received)))
    position = {one: number for number, one in enumerate(received)}
    features = set(feature_names)
    missing = [one for one in feature_names if one not in position]
    others = [one for one in position if one not in features and one not in known]
    twice = [one for names in (received, feature_names) for one, count in Counter(names).items() if count > 1]
    twice = [one for one in dict.fromkeys(twice) if one in features]
    if missing or twice:
        raise _unfit(missing, others, twice, feature_names, name)
    if others:
        warn(f"`{name}`: columns that the training table did not have are ignored: {listed(others)}.")
    return [position[one] for one in feature_names]


def _unfit(
    missing: Sequence[str], others: Sequence[str], twice: Sequence[str], feature_names: Sequence[str], name: str
) -> AenbError:
    """Return the error for a DataFrame in which a column is missing or duplicated."""
    problems = [
        *([f"none called {listed(missing)}"] if missing else []),
        *([f"{listed(others)}, which it did not have"] if others and missing else []),
        *([f"{listed(twice)} more than once"] if twice and not missing else []),
    ]
    similar = {one: nearest(one, others) for one in missing[:SHOWN]}
    hints = [f"`{close}` to `{one}`" for one, close in similar.items() if close]
    rename = f" Rename {', '.join(hints)}?" if hints else ""
    return AenbError(
        f"`{name}`: expected the {len(feature_names)} columns of the training table, by name; received "
        f"{', and '.join(problems)}.{rename}"
    )


def listed(names: Sequence[str]) -> str:
    """Return names as a list in words: the first five, and how many more."""
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(f"`{one}`" for one in names[:SHOWN]) + more


def single_names(frame: DataFrame, name: str) -> tuple[DataFrame, list[str]]:
    """Return a table whose columns have names of their own, without levels of names; and a note if that was changed.

    Raises:
        AenbError: Two columns have one name.
    """
    notes = []
    if getattr(frame.columns, "nlevels", 1) > 1:
        names = ["_".join(str(part) for part in label if str(part)) for label in frame.columns]
        frame = frame.set_axis(names, axis=1)
        notes.append(f"The levels of the columns' names were joined: {listed(list(map(printable, names)))}.")
    counts = Counter(map(printable, frame.columns))
    if twice := [one for one, count in counts.items() if count > 1]:
        raise AenbError(
            f"`{name}`: expected columns of different names; received {listed(twice)} more than once. Rename them, or "
            "keep the first of each: df.loc[:, ~df.columns.duplicated()]."
        )
    return frame, notes
