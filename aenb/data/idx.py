"""The IDX format of the MNIST family: a magic number, the sizes, the bytes."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np

from aenb.core.errors import AenbError


def read_idx(path: Path) -> np.ndarray:
    """Read a gzip-compressed IDX file of unsigned bytes.

    Returns:
        uint8, of the shape that the file declares.

    Raises:
        AenbError: The file is truncated, or not of this format.
    """
    try:
        with gzip.open(path) as stream:
            head = stream.read(4)
            rank = head[3] if head[:3] == b"\0\0\x08" else 0
            shape = tuple(map(int, np.frombuffer(stream.read(4 * rank), ">u4")))
            items = np.empty(shape if len(shape) == rank else 0, np.uint8)  # read in place: the file is half the memory
            whole = rank and stream.readinto(memoryview(items).cast("B")) == items.size and not stream.read(1)
    except (OSError, EOFError, ValueError, MemoryError, zlib.error) as error:
        raise AenbError(
            f"Expected a gzip-compressed IDX file at {path}; received one that is broken: {error}."
        ) from error
    if not whole:
        raise AenbError(f"Expected an IDX file of bytes at {path}; received another or a truncated one.")
    return items
