"""Untrusted files of arrays, `.npy` and `.npz`.

    read_npy(path, what, max_bytes)    # an array of numbers or text; a larger one stays on disk
    read_npz(path, what, max_bytes)    # arrays by name; `npz_headers` returns only shapes and dtypes

The sizes that a header declares are checked against the file's size before memory is allocated. Pickles are never
loaded.
"""

from __future__ import annotations

import math
import os
import sys
import warnings
import zipfile
from dataclasses import dataclass
from typing import IO, Literal

import numpy as np

from aenb.core.files import members, named, regular, size

HEADER = 10_000  # characters of the header of an array


@dataclass(frozen=True)
class Header:
    """The header of an array.

    Attributes:
        shape: The shape.
        dtype: The dtype; no part of it is a Python object.
        fortran: Whether the first axis changes fastest.
        offset: The number of bytes before the content.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    fortran: bool
    offset: int

    @property
    def nbytes(self) -> int:
        """The number of bytes of the content."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(stream: IO[bytes], available: int) -> Header:
    """Read the header of an array in the format of `.npy`.

    Args:
        stream: A stream at the start of the header; afterwards it is at the start of the content.
        available: The number of available bytes, header included.

    Raises:
        ValueError: It is not such a header, its dtype has Python objects, or it declares more than there is. Other
            exceptions are possible too: catch them, as `regular` does.
    """
    kinds = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    version = np.lib.format.read_magic(stream)
    if version not in kinds:
        raise ValueError(f"an array in version {version} of its format")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about headers that Python 2 wrote
        shape, fortran, dtype = kinds[version](stream, max_header_size=HEADER)
    header = Header(tuple(shape), dtype, bool(fortran), stream.tell())
    if dtype.hasobject:
        raise ValueError("an array of Python objects, which would have to be unpickled")
    if any(isinstance(length, bool) or length < 0 for length in shape) or (not dtype.itemsize and 0 not in shape):
        raise ValueError(f"an array of the shape {shape}")
    if header.nbytes > (left := available - header.offset):
        raise ValueError(f"an array of the shape {shape}, {header.nbytes:,} bytes, of which {left:,} are there")
    return header


def read_npy(path: str | os.PathLike, what: str, max_bytes: int | None = None) -> np.ndarray:
    """Return the array of a `.npy` file.

    Args:
        path: The file.
        what: What it is expected to be, for messages.
        max_bytes: The largest size to read into memory: a larger file is returned as a `numpy.memmap`.

    Raises:
        AenbError: As `regular` does, or the file is broken or smaller than its header declares.
    """
    with regular(path, what) as stream:
        header = read_header(stream, size(stream))
        if max_bytes is not None and header.nbytes > max_bytes:
            order: Literal["F", "C"] = "F" if header.fortran else "C"
            return _with_text(np.memmap(stream, header.dtype, "r", header.offset, header.shape, order))
        stream.seek(0)
        return read_array(stream)


def read_array(stream: IO[bytes]) -> np.ndarray:
    """Read an array in the format of `.npy`, whose header `read_header` has checked.

    Raises:
        ValueError: It is broken, or its text is not Unicode. Other exceptions are possible too: see `regular`.
    """
    return _with_text(np.lib.format.read_array(stream, allow_pickle=False, max_header_size=HEADER))


def _with_text(array: np.ndarray) -> np.ndarray:
    """Return the array unchanged, or raise an error if its text is not Unicode: Python would make broken strings."""
    if array.dtype.kind == "U" and array.size and array.dtype.itemsize:
        letters = array.ravel("K").view(np.dtype("u4").newbyteorder(array.dtype.byteorder))
        if int(letters.max()) > sys.maxunicode:
            raise ValueError("text that is not Unicode")
    return array


def read_npz(path: str | os.PathLike, what: str, max_bytes: int | None = None) -> dict[str, np.ndarray]:
    """Return the arrays of a `.npz` file by name.

    Args:
        path: The file.
        what: What it is expected to be, for messages.
        max_bytes: The limit for all arrays together; None: 64 MB, or 20 times the file.

    Raises:
        AenbError: As `regular` does, or the file is broken or declares more than it can hold.
    """
    with regular(path, what) as stream, zipfile.ZipFile(stream) as archive:
        arrays = {}
        for name, member in npz_members(archive, size(stream), max_bytes).items():
            with archive.open(member) as part:
                arrays[name] = read_array(part)
        return arrays


def npz_headers(path: str | os.PathLike, what: str, max_bytes: int | None = None) -> dict[str, Header]:
    """Return the headers of the arrays of a `.npz` file, by name; see `read_npz`."""
    with regular(path, what) as stream, zipfile.ZipFile(stream) as archive:
        arrays = npz_members(archive, size(stream), max_bytes)
        return {name: _member_header(archive, member) for name, member in arrays.items()}


def npz_members(archive: zipfile.ZipFile, file: int, max_bytes: int | None) -> dict[str, zipfile.ZipInfo]:
    """Return the members of a `.npz` by array name, after a check of their headers; `file` is its size."""
    arrays = {}
    for member in members(archive, file, max_bytes):
        name = member.filename.removesuffix(".npy")
        if name == member.filename or not name.isprintable() or name in arrays:
            raise ValueError(f"a member that is not an array, or a duplicate: {named(member.filename)}")
        header = _member_header(archive, member)
        if header.offset + header.nbytes != member.file_size:
            raise ValueError(f"{name}: an array of {header.nbytes:,} bytes in {member.file_size:,}")
        arrays[name] = member
    return arrays


def _member_header(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Header:
    with archive.open(member) as part:
        return read_header(part, member.file_size)
