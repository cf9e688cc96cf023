"""The registry of data sets: what each is, and which function loads it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

from aenb.core.catalogue import Catalogue


@dataclass(frozen=True)
class DataSet:
    """A data set that `--data` knows by name.

    Attributes:
        name: What one types.
        load: The function that returns its `Data`.
        summary: What it is, in a line.
        where: Where it is found, in order.
        at_hand: A function that says whether it can be loaded without a download.
        order: Its place in the list.
    """

    name: str
    load: Callable
    summary: str
    where: str
    at_hand: Callable[[], bool]
    order: int

    def row(self) -> dict[str, str]:
        """Return the set's row in the catalogue."""
        return {
            "at hand": "yes" if self.at_hand() else "to download",
            "what": self.summary,
            "found in": self.where,
        }


_sets: Catalogue = Catalogue("data set")


def dataset(*, summary: str, where: str, order: int, at_hand: Callable[[], bool] = lambda: True):
    """Register the decorated function as the loader of the data set of its name."""

    def register(load: Callable) -> Callable:
        _sets[load.__name__] = DataSet(load.__name__, load, summary, where, at_hand, order)
        return load

    return register


@functools.cache
def datasets() -> Catalogue:
    """List the data sets, by name.

    Returns:
        A dict from name to `DataSet` that shows itself as a table, with what is at hand on this machine.

    Example:
        >>> import aenb
        >>> "fashion_mnist" in aenb.datasets()
        True
    """
    return _sets.discover("aenb.data", leave_out=set())
