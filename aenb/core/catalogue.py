"""A catalogue: a registry of named entries, each added by its own module and discovered by import."""

from __future__ import annotations

import importlib
import pkgutil

from aenb.core.errors import unknown
from aenb.core.tables import html_table


class Catalogue(dict):
    """A dict from names to entries that shows itself as a table.

    Iterating yields the names, as in a dict; `lookup` suggests the nearest name for an unknown one.
    """

    def __init__(self, what: str):
        super().__init__()
        self.what = what

    def lookup(self, name: str):
        """Return the entry called `name`.

        Raises:
            AenbError: There is none; the message suggests the nearest.
        """
        if not isinstance(name, str) or name not in self:
            raise unknown(self.what, name, self)
        return self[name]

    def discover(self, package: str, leave_out: set[str]) -> Catalogue:
        """Import each module of a package except `leave_out`, so that its entries register themselves."""
        path = importlib.import_module(package).__path__
        for module in pkgutil.iter_modules(path):
            if module.name not in leave_out:
                importlib.import_module(f"{package}.{module.name}")
        for name in sorted(self, key=lambda n: self[n].order):
            self[name] = self.pop(name)
        return self

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
