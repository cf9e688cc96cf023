"""Measurements as JSON lines, each written as soon as it is known: a command that was cut off goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

Key = tuple[Any, ...]


class Lines:
    """A file of measurements.

    Args:
        file: Where it is, or will be.
        names: The fields that tell which measurement a line is.
    """

    def __init__(self, file: Path, names: tuple[str, ...]):
        self.file, self.names = file, names

    def measured(self) -> dict[Key, dict[str, Any]]:
        """Return what the file has, by key; a line that was cut off is left out."""
        found = {}
        for line in self.file.read_text(encoding="utf-8").splitlines() if self.file.exists() else ():
            try:
                one = json.loads(line)
            except json.JSONDecodeError:
                continue
            found[tuple(one[name] for name in self.names)] = one
        return found

    def missing(self, keys: Iterable[Key]) -> Iterator[Key]:
        """Yield each key that the file does not have yet."""
        known = self.measured()
        yield from (key for key in keys if key not in known)

    def complete(self, keys: Iterable[Key], measure: Callable[..., dict[str, Any]]) -> list[dict[str, Any]]:
        """Measure what is missing, print and write each line, and return the lines of all keys."""
        keys = list(keys)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        for key in self.missing(keys):
            line = json.dumps(measure(*key))
            print(line, flush=True)
            start = "\n" if self._is_cut_off() else ""
            with self.file.open("a", encoding="utf-8") as lines:
                lines.write(f"{start}{line}\n")
        return [one for key, one in self.measured().items() if key in set(keys)]

    def _is_cut_off(self) -> bool:
        return self.file.exists() and self.file.stat().st_size > 0 and not self.file.read_bytes().endswith(b"\n")
