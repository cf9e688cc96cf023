"""The registry of data sets: what each is, and which function loads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from aenb.core.catalogue import LAST, Catalogue, summary_of

L = TypeVar("L", bound=Callable[[], Any])


@dataclass(frozen=True)
class DataSet:
    """A data set that `--data` knows by name.

    Attributes:
        name: What you type.
        load: The function that returns its `Data`, or anything else that `aenb.load_data` takes.
        summary: What it is, in a line.
        where: Where it is found, in order.
        at_hand: A function that says whether it can be loaded without a download.
        order: Its place in the list.
    """

    name: str
    load: Callable[[], Any]
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


_sets: Catalogue[DataSet] = Catalogue("data set", "aenb.data.sets", "aenb.datasets")


@overload
def dataset(load: L) -> L: ...
@overload
def dataset(
    *, summary: str = "", where: str = "", order: int = LAST, at_hand: Callable[[], bool] = ...
) -> Callable[[L], L]: ...
def dataset(
    load: L | None = None,
    *,
    summary: str = "",
    where: str = "",
    order: int = LAST,
    at_hand: Callable[[], bool] = lambda: True,
) -> L | Callable[[L], L]:
    """Register the decorated function as the loader of the data set of its name.

    A package registers its own by naming its module in the entry-point group `aenb.datasets`.

    Args:
        load: A function without arguments that returns what `aenb.load_data` takes: `Data`, an array, or a pair of
            examples and labels.
        summary: What the data set is, in a line; by default the first line of the function's docstring.
        where: Where it is found.
        order: Its place in the list.
        at_hand: Says whether it can be loaded without a download.

    Returns:
        The function as it was.

    Raises:
        AenbError: Another module has a data set of that name.

    Example:
        >>> import aenb, numpy as np
        >>> @aenb.dataset(summary="20 points on a line")
        ... def line():
        ...     return np.linspace(0, 1, 20)[:, None] * [1.0, 2.0]
        >>> aenb.load_data("line").input_shape
        (2,)
    """

    def register(load: L) -> L:
        entry = DataSet(load.__name__, load, summary or summary_of(load), where, at_hand, order)
        _sets.add(entry.name, entry, load.__module__)
        return load

    return register if load is None else register(load)


def datasets() -> Catalogue[DataSet]:
    """List the data sets, by name.

    Returns:
        A dict from name to `DataSet` that shows itself as a table, with what is at hand on this machine.

    Example:
        >>> import aenb
        >>> "fashion_mnist" in aenb.datasets()
        True
    """
    return _sets.discover()
