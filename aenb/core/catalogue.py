"""A catalogue: named entries that register themselves, from aenb's own modules and from plug-ins."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import threading
import warnings
from collections.abc import Callable, Collection
from typing import Protocol, TypeVar

from aenb.core.errors import AenbError, unknown
from aenb.core.tables import html_table

LAST = 1000  # the order of entries that don't say where they belong


class Entry(Protocol):
    """What a catalogue lists."""

    @property
    def order(self) -> int:
        """Its place among the others."""

    def row(self) -> dict[str, str]:
        """Return its cells by column."""


E = TypeVar("E", bound=Entry)


class Catalogue(dict[str, E]):
    """A dict from names to entries that shows itself as a table.

    Each entry has an `order`, a number, and a method `row`, which returns its cells by column. Iterating gives the
    names, as a dict does; `lookup` raises an error that names the nearest entry if there is none.

    Args:
        what: What an entry is called, in errors: "family".
        package: The package of aenb whose modules register entries when they are imported.
        group: The entry-point group of plug-ins: "aenb.families".
        leave_out: Modules of the package that are not imported.
    """

    def __init__(self, what: str, package: str, group: str, leave_out: Collection[str] = ()):
        super().__init__()
        self.what = what
        self._package, self._group, self._leave_out = package, group, leave_out
        self._homes: dict[str, str] = {}
        self._unlisted: dict[str, E] = {}
        self._is_complete, self._lock = False, threading.RLock()

    def __missing__(self, name: str) -> E:
        return self._unlisted[name]

    def add(self, name: str, entry: E, home: str, *, is_listed: bool = True) -> None:
        """Add an entry; one of the same module is replaced, as when a notebook's cell is run again.

        Args:
            name: What it is called.
            entry: The entry.
            home: The module that defines it.
            is_listed: Whether it is among the names; if not, only `lookup` finds it.

        Raises:
            AenbError: Another module has an entry of that name.
        """
        if home.partition(".")[0] != "aenb":
            self.discover()  # aenb's own names are taken, whether they have been asked for or not
        if name in self._homes and self._homes[name] != home:
            raise AenbError(
                f"The {self.what} `{name}`: expected a name that is free; received one that `{self._homes[name]}` has "
                "taken. Choose another."
            )
        (self if is_listed else self._unlisted)[name] = entry
        self._homes[name] = home

    def discover(self) -> Catalogue[E]:
        """Import aenb's own modules, then the plug-ins, so that their entries register themselves; only once.

        A plug-in that can't be imported, or whose name is taken, is left out with a warning that names it.
        """
        with self._lock:
            if self._is_complete:
                return self
            self._is_complete = True  # a plug-in's own `add` comes back here
            for module in pkgutil.iter_modules(importlib.import_module(self._package).__path__):
                if module.name not in self._leave_out:
                    importlib.import_module(f"{self._package}.{module.name}")
            load_plugins(self._group)
            for name in sorted(self, key=lambda n: self[n].order):
                self[name] = self.pop(name)
        return self

    def lookup(self, name: str) -> E:
        """Return the entry called `name`.

        Raises:
            AenbError: There is none; the message suggests the nearest.
        """
        if not isinstance(name, str) or name not in self._homes:
            raise unknown(self.what, name, self)
        return self[name]

    def rows(self) -> list[list[str]]:
        """Return the catalogue as a table: a header, then one entry per row."""
        entries = [entry.row() for entry in self.values()]
        return [[self.what, *entries[0]], *([name, *row.values()] for name, row in zip(self, entries, strict=True))]

    def __repr__(self) -> str:
        return "\n".join(
            f"{name}\n" + "\n".join(f"  {head}: {word}" for head, word in self[name].row().items()) for name in self
        )

    def _repr_html_(self) -> str:
        return html_table(self.rows(), values="left")


def summary_of(function: Callable) -> str:
    """Return the first line of a function's docstring; empty if it has none."""
    return (inspect.getdoc(function) or "").partition("\n")[0]


def load_plugins(group: str) -> None:
    """Import what installed packages name in an entry-point group; warn of each that can't be imported."""
    from importlib import metadata  # takes time, which loading the extension should not

    for plugin in metadata.entry_points(group=group):
        try:
            plugin.load()
        except Exception as error:  # anything at all: the others, and aenb itself, go on working
            package = plugin.dist.name if plugin.dist else "an unnamed package"
            words = " ".join(str(error).split())[:200]
            warnings.warn(
                f"The plug-in `{plugin.value}` of {package} ({group}) was left out: {type(error).__name__}: {words}",
                stacklevel=2,
            )
