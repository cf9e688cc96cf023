"""Untrusted files: checked before they are read, and refused with a one-line error that names them.

    with regular(path, "a readable .csv file") as stream:   # a file, open for its bytes: no FIFO, device or folder
        pandas.read_csv(stream)                              # any exception in the block becomes an AenbError
    read_bytes(path, what, max_bytes)  # its content, of at most `max_bytes`
    read_json(path, what, max_bytes)   # plain values, not nested deeply; NaN and infinities are strings
    plain(value)                       # values that `json.dumps` takes and `read_json` can read back
    read_npy(path, what, max_bytes)    # an array of numbers or text; a larger one stays on disk
    read_npz(path, what, max_bytes)    # arrays by name; `npz_headers` returns only shapes and dtypes
    expanded(path)                     # a Path without "~"
    named(path), reason(error)         # a path and an error as one line of text, for messages

The sizes that a header declares are checked against the file's size before memory is allocated. Pickles are never
loaded; members of a zip must not be encrypted, nor expand beyond a limit. `aenb.core.atomic_write` writes files.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import stat
import sys
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal

import numpy as np

from aenb.core.errors import AenbError, escaped

JSON, DEPTH, CONTAINERS = 2**26, 100, 300_000  # limits of JSON: bytes, depth, number of lists and objects
LARGEST = sys.float_info.max  # number
HEADER = 10_000  # characters of the header of an array
MIN_LIMIT, RATIO = 2**26, 20  # expanded bytes that any zip may have; and as a multiple of the file's size
MAX_LINE = 160  # characters of a path or a reason in a message


@contextlib.contextmanager
def regular(path: str | os.PathLike, what: str) -> Iterator[BinaryIO]:
    """Open a regular file to read its bytes.

    Args:
        path: The file, or a link to one.
        what: What it is expected to be, for the message: "a readable .npy file".

    Yields:
        The stream.

    Raises:
        AenbError: The file does not exist, is not a regular file (a folder, a FIFO, a device) or cannot be read, or the
            block raised an exception.
    """
    try:
        with _open(expanded(path)) as stream:
            yield stream
    except AenbError:
        raise
    except RecursionError:
        raise _refused(path, what, "it is nested too deeply") from None
    except MemoryError:
        raise _refused(path, what, "it does not fit into memory") from None
    except FileNotFoundError as error:
        raise _refused(path, what, "there is no such file") from error
    except Exception as error:  # a parser of untrusted content may raise anything
        raise _refused(path, what, reason(error)) from error


def _open(path: Path) -> BinaryIO:
    if not stat.S_ISREG(os.stat(path).st_mode):  # check before opening: opening a device may have effects
        raise ValueError(f"it is {_kind(path)}, not a file")
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    stream = os.fdopen(handle, "rb")
    if not stat.S_ISREG(os.fstat(handle).st_mode):  # it was replaced in between
        stream.close()
        raise ValueError("it is not a file")
    return stream


def _kind(path: Path) -> str:
    mode = os.stat(path).st_mode
    kinds = {"a folder": stat.S_ISDIR, "a pipe": stat.S_ISFIFO, "a socket": stat.S_ISSOCK}
    return next((words for words, holds in kinds.items() if holds(mode)), "a device")


def _refused(path: str | os.PathLike, what: str, words: str) -> AenbError:
    return AenbError(f"`{named(path)}`: expected {what}; received: {words}.")


def size(stream: BinaryIO) -> int:
    """Return how many bytes a file has."""
    return os.fstat(stream.fileno()).st_size


def expanded(path: str | os.PathLike) -> Path:
    """Return a path with "~" replaced by the home folder.

    Raises:
        AenbError: There is no such user, or it is not a path.
    """
    try:
        return Path(path).expanduser()
    except (RuntimeError, TypeError, ValueError) as error:
        raise AenbError(f"Expected a path; received {named(path)}: {reason(error)}.") from error


def named(path: Any) -> str:
    """Return a path as text for a message: on one line, printable, not too long."""
    try:
        text = os.fsdecode(path)
    except (TypeError, ValueError):
        text = f"an object of type {type(path).__name__}"
    return _line(text)


def reason(error: BaseException) -> str:
    """Say in one line why a file could not be read or written."""
    if getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error):
        return "no space left on the disk"
    text = getattr(error, "strerror", None) or next(iter(str(error).strip().splitlines()), "")
    return _line(str(text)).rstrip(".") or type(error).__name__


def _line(text: str) -> str:
    text = text if len(text) <= MAX_LINE else f"{text[: MAX_LINE - 60]}…{text[-59:]}"
    return escaped(text)


def read_bytes(path: str | os.PathLike, what: str, max_bytes: int) -> bytes:
    """Return a file's content.

    Raises:
        AenbError: As `regular` does, or it has more than `max_bytes`.
    """
    with regular(path, what) as stream:
        if size(stream) > max_bytes:
            raise ValueError(f"{size(stream):,} bytes, more than {max_bytes:,}")
        return stream.read(max_bytes)


def read_json(path: str | os.PathLike, what: str, max_bytes: int = JSON) -> Any:
    """Return the plain values of a JSON file.

    JSON has no NaN: such numbers are the strings "NaN", "Infinity" and "-Infinity", which `float` and pydantic read.
    The bare words that Python writes become these strings.

    Raises:
        AenbError: As `regular` does, or it is not JSON in UTF-8, is nested deeply, or holds what JSON can't.
    """
    content = read_bytes(path, what, max_bytes)
    with regular(path, what):
        return parse_json(content)


def parse_json(content: bytes, depth: int = DEPTH) -> Any:
    """Return the plain values of JSON in UTF-8, nested at most `depth` levels deep, as `read_json` does.

    Raises:
        ValueError: It is broken.
        RecursionError: It is nested too deeply.
    """
    if content.count(b"[") + content.count(b"{") > CONTAINERS:
        raise ValueError(f"more than {CONTAINERS:,} lists and objects")
    values = json.loads(content.decode("utf-8"), parse_constant=str)
    _check_plain(values, depth)
    return values


def _check_plain(values: Any, depth: int) -> None:
    """Raise an error if plain values cannot be shown and written again."""
    level = [values]
    for _ in range(depth):
        if not level:
            return
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += value
                below += value.values()
            elif isinstance(value, list):
                below += value
            elif isinstance(value, str) and not value.isascii():
                value.encode("utf-8")  # a lone surrogate raises UnicodeEncodeError
            elif isinstance(value, (int, float)) and not abs(value) <= LARGEST:
                raise ValueError("a number that is too large")
        level = below
    raise RecursionError


def plain(value: Any) -> Any:
    """Return plain values for JSON: NumPy's numbers as Python's, NaN and infinities as text."""
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


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
            raise ValueError(f"a member that is not an array, or a duplicate: {_line(member.filename)}")
        header = _member_header(archive, member)
        if header.offset + header.nbytes != member.file_size:
            raise ValueError(f"{name}: an array of {header.nbytes:,} bytes in {member.file_size:,}")
        arrays[name] = member
    return arrays


def members(archive: zipfile.ZipFile, file: int, max_bytes: int | None = None) -> list[zipfile.ZipInfo]:
    """Return the members of a zip, after a check that none is encrypted, of unknown compression, or too large.

    Args:
        archive: The open zip.
        file: The size of its file in bytes.
        max_bytes: The limit for all members together; None: 64 MB, or 20 times the file.

    Raises:
        ValueError: One of them is.
    """
    infos = archive.infolist()
    total = sum(member.file_size for member in infos)
    if total > (max_bytes := max(MIN_LIMIT, RATIO * file) if max_bytes is None else max_bytes):
        raise ValueError(f"{total:,} bytes, compressed into {file:,}: more than {max_bytes:,}")
    for member in infos:
        if member.flag_bits & 0x1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{_line(member.filename)}: encrypted, or compressed in an unknown way")
        if member.compress_size > file or (member.compress_type == zipfile.ZIP_STORED and member.file_size > file):
            raise ValueError(f"{_line(member.filename)}: more bytes than the file has")
    return infos


def _member_header(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Header:
    with archive.open(member) as part:
        return read_header(part, member.file_size)
