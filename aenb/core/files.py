"""Untrusted files: checked before they are read, and refused with a one-line error that names them.

    with regular(path, "a readable .csv file") as stream:   # a file, open for its bytes: no FIFO, device or folder
        pandas.read_csv(stream)                              # any exception in the block becomes an AenbError
    read_bytes(path, what, max_bytes)  # its content, of at most `max_bytes`
    members(archive, file, max_bytes)  # of a zip: none is encrypted, nor expands beyond a limit
    expanded(path)                     # a Path without "~"
    named(path), reason(error)         # a path and an error as one line of text, for messages

`json_files` reads plain values, `array_files` arrays; `atomic_write` writes files.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from aenb.core.errors import AenbError, escaped

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
