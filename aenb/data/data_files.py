"""Your own data in a file: none of it is unpickled, and none may take more memory than there is."""

from __future__ import annotations

import contextlib
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import psutil

from aenb.core.errors import AenbError
from aenb.core.files import members, named, read_array, read_header, read_npy, regular, size
from aenb.data import streamed
from aenb.data.arrays import from_arrays
from aenb.data.record import Data

FORMATS = (".npy", ".npz", ".csv", ".parquet", ".txt")
COLUMNS = 100_000  # of a table, at most


def from_file(path: Path, labels: Any = None, kind: str | None = None) -> Data:
    """Make Data of a file.

    Args:
        path: A `.npy` array, which stays on the disk if it is large; a `.npz` with `x` (and `y`) or a single array; a
            `.csv` or `.parquet` table of numbers; a `.txt` in UTF-8 with a text in each line.
        labels: (n,), in the place of the file's own.
        kind: "signal" for an array (n, length, channels) that is not of images.

    Raises:
        AenbError: There is no such file, it is none (a pipe, a device), it is broken, of another format, or declares
            or needs more than there is, in the file or in memory.
    """
    if path.suffix not in FORMATS:
        raise AenbError(
            f"`{named(path)}`: expected one of {', '.join(FORMATS)}, or a folder of images; received "
            f"`{named(path.suffix or path.name)}`."
        )
    reader = dict(zip(FORMATS, (_npy, _npz, _csv, _parquet, _txt), strict=True))[path.suffix]
    x, own = reader(path, f"a readable {path.suffix} file")
    labels = own if labels is None else labels
    return from_arrays(x, labels, name=named(path.stem), source=f"the file {named(path.name)}", kind=kind)


def _npy(path: Path, what: str) -> tuple[Any, None]:
    return read_npy(path, what, streamed.LIMIT), None


def _npz(path: Path, what: str) -> tuple[np.ndarray, np.ndarray | None]:
    with regular(path, what) as stream, zipfile.ZipFile(stream) as archive:
        found = {one.filename.removesuffix(".npy"): one for one in members(archive, size(stream), _room())}
        x = "x" if "x" in found else next(iter(found)) if len(found) == 1 else None
        if x is None:
            names = named(", ".join(found)) or "none"
            raise AenbError(f"`{named(path)}`: expected an array `x`, and `y` for labels; received {names}.")
        return _member(archive, found[x]), _member(archive, found["y"]) if "y" in found else None


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as part:
        read_header(part, member.file_size)
    with archive.open(member) as part:
        return read_array(part)


def _csv(path: Path, what: str) -> tuple[Any, None]:
    import pandas as pd

    with _in_memory(path, what) as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.DtypeWarning)  # a column of numbers and words is refused below
        columns = stream.readline().count(b",") + 1
        if columns > COLUMNS:
            raise ValueError(f"{columns:,} columns, more than {COLUMNS:,}")
        stream.seek(0)
        return pd.read_csv(stream), None


def _parquet(path: Path, what: str) -> tuple[Any, None]:
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise AenbError(
            f"`{named(path)}`: expected pyarrow, which reads .parquet files; received none. "
            "Install it (pip install pyarrow), or save the table as .csv."
        ) from error
    with regular(path, what) as stream, parquet.ParquetFile(stream) as file:
        about = file.metadata
        if about.num_columns > COLUMNS:
            raise ValueError(f"{about.num_columns:,} columns, more than {COLUMNS:,}")
        needed = 8 * about.num_rows * about.num_columns
        if needed > _room():
            raise ValueError(f"a table of {needed / 2**20:,.0f} MB, more than the memory at hand")
        return file.read().to_pandas(), None


def _txt(path: Path, what: str) -> tuple[list[str], None]:
    with _in_memory(path, what) as stream:
        lines = stream.read().decode("utf-8-sig").splitlines()
        if not lines:
            raise ValueError("it is empty")
    return lines, None


@contextlib.contextmanager
def _in_memory(path: Path, what: str) -> Iterator[BinaryIO]:
    """Open a file that is read as a whole."""
    with regular(path, what) as stream:
        if size(stream) > _room():
            raise ValueError(f"{size(stream) / 2**20:,.0f} MB, more than the memory at hand")
        yield stream


def _room() -> int:
    """Return how many bytes of memory are at hand."""
    return psutil.virtual_memory().available
