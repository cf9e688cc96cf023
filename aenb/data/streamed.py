"""Items that stay where they are, in memory or on a disk, and are read when they are asked for."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

LIMIT = 2**29  # bytes of items that are held in memory; more are streamed from the disk
BLOCK = 2**22  # bytes of items that are worked on at a time
TOUCHED = 2**31  # bytes of a memory map that scattered reading may bring into memory before they are given back
PAGES = 2**16  # bytes that the system brings into memory around what is read


def blocks(items: Any) -> Iterator[np.ndarray]:
    """Go through items in blocks of some megabytes, as they came."""
    size = max(1, BLOCK // max(1, items[:1].nbytes))
    for number, start in enumerate(range(0, len(items), size), 1):
        yield items[start : start + size]
        if number % 32 == 0:
            release(items)


def release(array: Any) -> None:
    """Take what was read of a memory map out of this process's memory; the system still has it at hand."""
    array = getattr(array, "_map", array)  # of Rows
    if getattr(array, "mode", "") == "r" and hasattr(mmap, "MADV_DONTNEED"):  # in other modes changes could be lost
        array._mmap.madvise(mmap.MADV_DONTNEED)


class Rows:
    """A view on some rows of an array, such as a memory map, that reads them when they are asked for.

    It has what a training needs of an array: `shape`, `dtype`, `len`, and indexing by a number, a slice or an array of
    numbers, which gives arrays in memory.

    Args:
        source: (n, ...), what to read.
        index: (m,), which rows of it, ascending.
        to_units: Brings rows to a model's units, float32 of the same shape; None where they stay as they are.
    """

    def __init__(self, source: np.ndarray, index: np.ndarray, to_units: Callable | None = None):
        self._source, self._index, self._to_units = np.asarray(source), index, to_units
        self._map, self._touched = source, 0
        self._touches = max(PAGES, source[:1].nbytes)  # bytes that come into memory with a row
        self.shape = (len(index), *source.shape[1:])
        self.dtype = source.dtype if to_units is None else np.dtype("float32")

    def __len__(self) -> int:
        return len(self._index)

    def __getitem__(self, key: Any) -> np.ndarray:
        rows = self._index[key]
        read = self._read(np.atleast_1d(rows))
        return read if np.ndim(rows) else read[0]

    def __repr__(self) -> str:
        return f"Rows of shape {self.shape} and dtype {self.dtype}, read when they are asked for"

    def only(self, rows: np.ndarray) -> Rows:
        """Return a view on some of these rows."""
        return Rows(self._map, self._index[rows], self._to_units)

    def then(self, convert: Callable) -> Rows:
        """Return the same rows, brought from the units that they are in to others of the same shape."""
        before = self._to_units or (lambda rows: rows)
        return Rows(self._map, self._index, lambda rows: convert(before(rows)))

    def _read(self, rows: np.ndarray) -> np.ndarray:
        read = np.empty((len(rows), *self.shape[1:]), self.dtype)
        step = max(1, BLOCK // max(1, self._source[:1].nbytes))
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            found = self._source[rows[part]]
            read[part] = found if self._to_units is None else self._to_units(found)
            self._touched += len(found) * self._touches
            if self._touched > TOUCHED:
                release(self._map)
                self._touched = 0
        return read


def select(items: Any, rows: np.ndarray) -> Any:
    """Return some of the items: an array in memory, or where it would be large a view that reads them."""
    if isinstance(items, Rows) and items[:1].nbytes * len(rows) > LIMIT:
        return items.only(rows)
    return items[rows]


def is_large(array: Any) -> bool:
    """Say whether an array lies on a disk, and is too large to be read into memory."""
    return isinstance(array, np.memmap) and array.nbytes > LIMIT
