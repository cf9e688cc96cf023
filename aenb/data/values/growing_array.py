"""Examples that arrive block by block: kept in memory while they are few, else in a temporary file."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from typing import IO

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.values import streamed

MAX_SHARE = 0.9  # of the free space on the temporary disk


class GrowingArray:
    """Collects blocks of examples of one shape, in a `with` block, and returns them as an array.

    The temporary file has no name: it disappears when nothing maps it any more, at the latest when Python ends.

    Args:
        name: The name of the data, for errors.
    """

    def __init__(self, name: str):
        self._name = name
        self._blocks: list[np.ndarray] = []
        self._file: IO[bytes] | None = None
        self._length = self._bytes = 0

    def __enter__(self) -> GrowingArray:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # on a full disk, closing would try to write the rest
                self._file.close()

    def append(self, block: np.ndarray) -> None:
        """Add examples, (n, ...), all of one shape and dtype.

        Raises:
            AenbError: The file would fill more than nine tenths of the free space on its disk.
        """
        self._blocks.append(np.ascontiguousarray(block))
        self._length += len(block)
        self._bytes += block.nbytes
        if self._bytes > streamed.LIMIT:
            self._write()

    def array(self) -> np.ndarray:
        """Return the examples: an array in memory, or a memory map of the temporary file."""
        if self._file is None:
            return np.concatenate(self._blocks) if self._blocks else np.empty((0, 1))
        shape = (self._length, *self._like.shape[1:])
        return np.memmap(self._file, self._like.dtype, mode="r", shape=shape)

    @property
    def note(self) -> str:
        """A sentence that says where the examples are; empty if they are in memory."""
        if self._file is None:
            return ""
        return f"They take {self._bytes / 2**20:,.0f} MB, in a temporary file that is gone when Python ends."

    def _write(self) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="aenb-")  # noqa: SIM115, it must live as long as its map
                self._room = MAX_SHARE * shutil.disk_usage(tempfile.gettempdir()).free
                self._like = self._blocks[0][:0]
            if self._bytes > self._room:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            for block in self._blocks:
                self._file.write(block)
            self._file.flush()  # a map of a file that is too short would kill the process
        except OSError as error:
            raise AenbError(
                f"`{self._name}`: expected room for a temporary file of more than {self._bytes / 2**20:,.0f} MB in "
                f"{tempfile.tempdir or 'the temporary folder'}; received: {error.strerror or error}. Make room, or set "
                "the environment variable TMPDIR to another folder before Python starts."
            ) from error
        self._blocks.clear()
