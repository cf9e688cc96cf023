"""Reading listed files in threads: files that cannot be read are left out, and named."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np

from aenb.core.errors import AenbError
from aenb.core.files import named
from aenb.data.files.listing import Listing
from aenb.data.labels import printable

CHUNK = 64  # files given to threads at a time
SHOWN = 3  # files named in a message
Result = TypeVar("Result")


class FileReader:
    """Reads the files of a listing, as often as needed, and remembers which cannot be read.

    Args:
        listing: The files.

    Attributes:
        broken: Why files cannot be read, by their place in the listing.
    """

    def __init__(self, listing: Listing):
        self._listing = listing
        self.broken: dict[int, str] = {}

    def each(self, work: Callable[[Path], Result], what: str) -> Iterator[Result]:
        """Process the files in threads, and yield the results in order; broken files are left out from now on.

        Args:
            work: Called with each path.
            what: What it does, for the progress bar.
        """
        from tqdm import tqdm

        def attempt(path: Path) -> Result | Exception:
            try:
                if not path.is_file():  # a pipe or a device would block
                    return FileNotFoundError("there is no such file")
                return work(path)
            except MemoryError:
                raise
            except Exception as error:  # Pillow raises anything for a broken file
                return error

        kept, paths = self.kept.tolist(), self._listing.paths
        bar = tqdm(
            total=len(kept), desc=f"{what} {self._listing.source}", unit=f" {self._listing.kind}s", file=sys.stdout,
            leave=False, delay=1,
        )  # fmt: skip
        with bar, ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            for start in range(0, len(kept), CHUNK):
                part = kept[start : start + CHUNK]
                for place, result in zip(part, pool.map(attempt, [paths[one] for one in part]), strict=True):
                    bar.update()
                    if isinstance(result, Exception):
                        self.broken[place] = _reason(result, paths[place])
                    else:
                        yield result

    @property
    def kept(self) -> np.ndarray:
        """The places of the files that could be read so far: (m,)."""
        return np.array([place for place in range(len(self._listing.paths)) if place not in self.broken], int)

    @property
    def notes(self) -> list[str]:
        """A sentence that names the files that were left out; none if all could be read."""
        return [f"Files left out, since they cannot be read: {self._shown}."] if self.broken else []

    def expect(self, least: int) -> None:
        """Raise an error if fewer files than `least` could be read, because others could not.

        Raises:
            AenbError: That is so.
        """
        n = len(self._listing.paths)
        if self.broken and n - len(self.broken) < least:
            raise AenbError(
                f"`{self._listing.origin}`: expected {self._listing.kind}s that can be read; {len(self.broken)} of {n} "
                f"cannot: {self._shown}. Take them out, or save them anew."
            )

    @property
    def _shown(self) -> str:
        places = sorted(self.broken)
        words = [f"{_within(self._listing, place)} ({self.broken[place]})" for place in places[:SHOWN]]
        more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
        return f"{', '.join(words)}{more}"


def _within(listing: Listing, place: int) -> str:
    """Return the name of a file for a message: with the file's own, if the name is an index."""
    name, path = str(listing.names[place]), listing.paths[place]
    return named(name if Path(name).name == printable(path.name) else f"{name}: {path.name}")


def _reason(error: Exception, path: Path) -> str:
    if path.is_file() and not path.stat().st_size:
        return "it is empty"
    text = str(getattr(error, "strerror", None) or error).replace(f" {str(path)!r}", "")
    return printable(text.splitlines()[0]) if text else type(error).__name__
