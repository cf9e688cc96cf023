"""Items that come one block after the other: in memory while they are few, else in a temporary file."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile

import numpy as np

from aenb.core.errors import AenbError
from aenb.data import streamed

FREE = 0.9  # of what is free on the temporary disk, at most


class GrowingArray:
    """Collects blocks of items of one shape, in a `with` block, and gives them as an array.

    The temporary file has no name: it is gone when nothing maps it any more, at the latest when Python ends.

    Args:
        name: What the items are called, in errors.
    """

    def __init__(self, name: str):
        self._name, self._blocks, self._file = name, [], None
        self._length = self._bytes = 0

    def __enter__(self) -> GrowingArray:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # on a full disk it would write what is left
                self._file.close()

    def append(self, block: np.ndarray) -> None:
        """Add items, (n, ...), all of one shape and dtype.

        Raises:
            AenbError: The disk of the temporary file is full, but for a tenth of what was free.
        """
        self._blocks.append(np.ascontiguousarray(block))
        self._length += len(block)
        self._bytes += block.nbytes
        if self._bytes > streamed.LIMIT:
            self._write()

    def array(self) -> np.ndarray:
        """Return the items: an array in memory, or a memory map of the temporary file."""
        if self._file is None:
            return np.concatenate(self._blocks) if self._blocks else np.empty((0, 1))
        shape = (self._length, *self._like.shape[1:])
        return np.memmap(self._file, self._like.dtype, mode="r", shape=shape)

    @property
    def note(self) -> str:
        """A sentence that says where the items are, empty where they are in memory."""
        if self._file is None:
            return ""
        return f"They take {self._bytes / 2**20:,.0f} MB, in a temporary file that is gone when Python ends."

    def _write(self) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="aenb-")  # noqa: SIM115, it lives as long as its map
                self._room = FREE * shutil.disk_usage(tempfile.gettempdir()).free
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
