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
        AenbError: The file is truncated, or has another format.
    """
    try:
        with gzip.open(path) as stream:
            magic = stream.read(4)
            rank = magic[3] if magic[:3] == b"\0\0\x08" else 0
            shape = tuple(map(int, np.frombuffer(stream.read(4 * rank), ">u4")))
            values = np.empty(shape if len(shape) == rank else 0, np.uint8)  # read in place, to halve the memory
            is_whole = rank and stream.readinto(memoryview(values).cast("B")) == values.size and not stream.read(1)
    except (OSError, EOFError, ValueError, MemoryError, zlib.error) as error:
        raise AenbError(f"Expected a gzip-compressed IDX file at {path}; received a broken one: {error}.") from error
    if not is_whole:
        raise AenbError(f"Expected an IDX file of bytes at {path}; received another or a truncated one.")
    return values
