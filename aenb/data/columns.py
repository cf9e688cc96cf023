"""The columns of a table: a DataFrame's are matched by their names, whatever their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from aenb.core.errors import AenbError, nearest
from aenb.data.labels import printable

SHOWN = 5  # names in an error


def in_order(columns: Iterable, feature_names: Sequence[str], name: str) -> list[int]:
    """Return where the features of a table stand among the columns of a DataFrame.

    Args:
        columns: The names of the DataFrame's columns.
        feature_names: Those of the table that was trained on; none: columns are taken as they stand.
        name: What to call the DataFrame, in errors.

    Returns:
        The place of each feature.

    Raises:
        AenbError: A column is missing, unknown or there twice.

    Example:
        >>> in_order(["b", "a"], ["a", "b"], "x")
        [1, 0]
    """
    found = list(map(printable, columns))
    if not feature_names or found == list(feature_names):
        return list(range(len(found)))
    missing = [one for one in feature_names if one not in found]
    others = [one for one in found if one not in feature_names]
    twice = [one for names in (found, feature_names) for one, count in Counter(names).items() if count > 1]
    if not missing and not others and not twice:
        place = {one: number for number, one in enumerate(found)}
        return [place[one] for one in feature_names]
    received = [
        *([f"none called {_listed(missing)}"] if missing else []),
        *([f"{_listed(others)}, which it did not have"] if others else []),
        *([f"{_listed(list(dict.fromkeys(twice)))} more than once"] if twice and not (missing or others) else []),
    ]
    alike = {one: nearest(one, others) for one in missing}
    hints = [f"`{close}` to `{one}`" for one, close in alike.items() if close][:SHOWN]
    rename = f" Rename {', '.join(hints)}?" if hints else ""
    raise AenbError(
        f"`{name}`: expected the {len(feature_names)} columns of the training table, by their names; received "
        f"{', and '.join(received)}.{rename}"
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(f"`{one}`" for one in names[:SHOWN]) + more
