"""A cache of results that depend on a data set only: they are computed once for all runs on it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from aenb.data.record import Data
from aenb.engine.checkpoint import labels_fingerprint

KEPT = 2  # data sets whose results are cached

Result = TypeVar("Result")

_known: OrderedDict[tuple[str, str | None], dict] = OrderedDict()


def known(data: Data, what: str, find: Callable[[], Result]) -> Result:
    """Return the cached result for the same examples and labels, or compute it.

    Args:
        data: The results of the last two data sets are cached.
        what: The name of the result.
        find: Computes it.
    """
    key = _key(data)
    results = _known.setdefault(key, {})
    _known.move_to_end(key)
    while len(_known) > KEPT:
        _known.popitem(last=False)
    if what not in results:
        results[what] = find()
    return results[what]


def forget() -> None:
    """Clear the cache."""
    _known.clear()


def _key(data: Data) -> tuple[str, str | None]:
    return data.fingerprint, labels_fingerprint(data)
