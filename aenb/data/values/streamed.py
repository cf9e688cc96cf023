"""Examples that stay in memory or on disk, and are read when they are needed."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np

LIMIT = 2**29  # bytes of examples held in memory; more are streamed from disk
BLOCK = 2**22  # bytes of examples processed at a time
MAX_TOUCHED = 2**31  # bytes of a memory map that scattered reads may load before they are released
PAGES = 2**16  # bytes that the system loads around each read

Examples: TypeAlias = "np.ndarray | Rows"


def blocks(examples: Examples) -> Iterator[np.ndarray]:
    """Yield examples in blocks of a few megabytes, without conversion."""
    size = max(1, BLOCK // max(1, examples[:1].nbytes))
    for number, start in enumerate(range(0, len(examples), size), 1):
        yield examples[start : start + size]
        if number % 32 == 0:
            release(examples)


def release(array: Any) -> None:
    """Remove the pages of a memory map from this process's memory; the system still has them cached."""
    array = getattr(array, "_map", array)  # if it is a `Rows`
    if getattr(array, "mode", "") == "r" and hasattr(mmap, "MADV_DONTNEED"):  # in other modes changes could be lost
        array._mmap.madvise(mmap.MADV_DONTNEED)


class Rows:
    """A view of some rows of an array, such as a memory map, that reads them when it is indexed.

    It has what a training needs from an array: `shape`, `dtype`, `len`, and indexing by a number, a slice or an array
    of numbers, which returns arrays in memory.

    Args:
        source: (n, ...), the array to read from.
        index: (m,), the rows to read, ascending.
        to_units: Converts rows to a model's units, float32 of the same shape; None: they are not converted.
    """

    def __init__(self, source: np.ndarray, index: np.ndarray, to_units: Callable | None = None):
        self._source, self._index, self._to_units = np.asarray(source), index, to_units
        self._map, self._touched = source, 0
        self._touches = max(PAGES, source[:1].nbytes)  # bytes that reading a row loads into memory
        self.shape = (len(index), *source.shape[1:])
        self.dtype = source.dtype if to_units is None else np.dtype("float32")

    def __len__(self) -> int:
        return len(self._index)

    def __getitem__(self, key: int | slice | np.ndarray) -> np.ndarray:
        rows = self._index[key]
        read = self._read(np.atleast_1d(rows))
        return read if np.ndim(rows) else read[0]

    def __repr__(self) -> str:
        return f"Rows of shape {self.shape} and dtype {self.dtype}, read when they are needed"

    def only(self, rows: np.ndarray) -> Rows:
        """Return a view of some of these rows."""
        return Rows(self._map, self._index[rows], self._to_units)

    def then(self, convert: Callable) -> Rows:
        """Return the same rows with a further conversion, which keeps their shape."""
        before = self._to_units or (lambda rows: rows)
        return Rows(self._map, self._index, lambda rows: convert(before(rows)))

    def _read(self, rows: np.ndarray) -> np.ndarray:
        read = np.empty((len(rows), *self.shape[1:]), self.dtype)
        step = max(1, BLOCK // max(1, self._source[:1].nbytes))
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            raw = self._source[rows[part]]
            read[part] = raw if self._to_units is None else self._to_units(raw)
            self._touched += len(raw) * self._touches
            if self._touched > MAX_TOUCHED:
                release(self._map)
                self._touched = 0
        return read


def select(examples: Examples, rows: np.ndarray) -> Examples:
    """Return some of the examples: an array in memory, or a view that reads them if that would be large."""
    if isinstance(examples, Rows) and examples[:1].nbytes * len(rows) > LIMIT:
        return examples.only(rows)
    return examples[rows]


def is_large(array: Examples) -> bool:
    """Say whether an array is on disk, and too large to load into memory."""
    return isinstance(array, np.memmap) and array.nbytes > LIMIT
