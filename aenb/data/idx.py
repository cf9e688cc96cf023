"""The IDX format of the MNIST family: a magic number, the sizes, the bytes."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import numpy as np

from aenb.errors import AenbError


def read_idx(path: Path) -> np.ndarray:
    """Read a gzip-compressed IDX file of unsigned bytes.

    Returns:
        uint8, of the shape that the file declares.

    Raises:
        AenbError: The file is truncated, or not of this format.
    """
    try:
        content = gzip.decompress(Path(path).read_bytes())
    except (OSError, EOFError) as error:
        raise AenbError(
            f"Expected a gzip-compressed IDX file at {path}; received one that is broken: {error}."
        ) from error
    rank = content[3] if content[:3] == b"\0\0\x08" else 0
    shape = tuple(np.frombuffer(content, ">u4", count=rank, offset=4)) if len(content) >= 4 + 4 * rank else ()
    start = 4 + 4 * rank
    if not rank or math.prod(shape) != len(content) - start:
        raise AenbError(f"Expected an IDX file of bytes at {path}; received another or a truncated one.")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
