"""The columns of a table: those of a DataFrame are matched by name, in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from aenb.core.errors import AenbError, nearest
from aenb.data.labels import printable

SHOWN = 5  # names listed in an error


def in_order(columns: Iterable, feature_names: Sequence[str], name: str) -> list[int]:
    """Return the position of each feature of a table among the columns of a DataFrame.

    Args:
        columns: The names of the DataFrame's columns.
        feature_names: The columns of the training table; none: the columns are taken in their own order.
        name: The name of the DataFrame, for errors.

    Returns:
        The position of each feature.

    Raises:
        AenbError: A column is missing, unknown or duplicated.

    Example:
        >>> in_order(["b", "a"], ["a", "b"], "x")
        [1, 0]
    """
    received = list(map(printable, columns))
    if not feature_names or received == list(feature_names):
        return list(range(len(received)))
    missing = [one for one in feature_names if one not in received]
    others = [one for one in received if one not in feature_names]
    twice = [one for names in (received, feature_names) for one, count in Counter(names).items() if count > 1]
    if not missing and not others and not twice:
        position = {one: number for number, one in enumerate(received)}
        return [position[one] for one in feature_names]
    problems = [
        *([f"none called {_listed(missing)}"] if missing else []),
        *([f"{_listed(others)}, which it did not have"] if others else []),
        *([f"{_listed(list(dict.fromkeys(twice)))} more than once"] if twice and not (missing or others) else []),
    ]
    similar = {one: nearest(one, others) for one in missing}
    hints = [f"`{close}` to `{one}`" for one, close in similar.items() if close][:SHOWN]
    rename = f" Rename {', '.join(hints)}?" if hints else ""
    raise AenbError(
        f"`{name}`: expected the {len(feature_names)} columns of the training table, by name; received "
        f"{', and '.join(problems)}.{rename}"
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(f"`{one}`" for one in names[:SHOWN]) + more
