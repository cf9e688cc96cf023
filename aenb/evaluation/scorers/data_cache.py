"""What is known of a data set: found once for all runs on it, since it does not depend on them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from aenb.data.record import Data
from aenb.engine.checkpoint import labels_fingerprint

KEPT = 2  # data sets

Found = TypeVar("Found")

_known: OrderedDict[tuple[str, str | None], dict] = OrderedDict()


def known(data: Data, what: str, find: Callable[[], Found]) -> Found:
    """Return what was found before of the same items and labels, or find it.

    Args:
        data: What was found of the last two data sets is kept.
        what: What it is called.
        find: Finds it.
    """
    key = _key(data)
    found = _known.setdefault(key, {})
    _known.move_to_end(key)
    while len(_known) > KEPT:
        _known.popitem(last=False)
    if what not in found:
        found[what] = find()
    return found[what]


def forget() -> None:
    """Let go of all that was found."""
    _known.clear()


def _key(data: Data) -> tuple[str, str | None]:
    return data.fingerprint, labels_fingerprint(data)
