"""What a benchmark has measured, kept as JSON lines: stopped, it continues where it was."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Key = tuple[Any, ...]


class KeptLines:
    """A file with one JSON line for each measurement, written as soon as it is known.

    Args:
        file: The file; it need not exist.
        keys: The entries of a line that say what was measured: ("set", "seed").
    """

    def __init__(self, file: Path, keys: tuple[str, ...]):
        self.file, self._keys = file, keys

    def read(self) -> dict[Key, dict[str, Any]]:
        """Return the measurements by their keys; a line that was cut off is left out."""
        found = {}
        for line in self.file.read_text(encoding="utf-8").splitlines() if self.file.exists() else ():
            try:
                one = json.loads(line)
            except json.JSONDecodeError:
                continue
            found[tuple(one[key] for key in self._keys)] = one
        return found

    def missing(self, wanted: Iterable[Key]) -> Iterator[Key]:
        """Yield the wanted keys that the file does not have yet."""
        known = self.read()
        yield from (key for key in wanted if key not in known)

    def add(self, measurement: dict[str, Any]) -> None:
        """Write and print a measurement, on a line of its own even if the last one was cut off."""
        line = json.dumps(measurement)
        print(line, flush=True)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as lines:
            lines.write(f"\n{line}\n" if self._is_cut_off() else f"{line}\n")

    def _is_cut_off(self) -> bool:
        return self.file.exists() and self.file.stat().st_size > 0 and not self.file.read_bytes().endswith(b"\n")
