"""Your own data in a file: pickles are never loaded, and no file may take more memory than is available."""

from __future__ import annotations

import contextlib
import functools
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import psutil

from aenb.core.array_files import read_array, read_header, read_npy
from aenb.core.errors import AenbError
from aenb.core.files import members, named, regular, size
from aenb.data.files.csv_format import MAX_COLUMNS, csv_format
from aenb.data.files.large_tables import Chunks, from_large_table
from aenb.data.files.listed_examples import from_listing
from aenb.data.files.listing import listed_files
from aenb.data.own.arrays import from_arrays
from aenb.data.record import Data
from aenb.data.values import streamed
from aenb.data.values.numeric import is_frame

FORMATS = (".npy", ".npz", ".csv", ".tsv", ".parquet", ".txt")
CHUNK = 2**25  # bytes of a large table that are read at a time, as numbers


class FileContents(NamedTuple):
    """What a file holds: its examples, its labels or None, and notes on how it was read."""

    x: Any
    labels: Any = None
    notes: tuple[str, ...] = ()


def from_file(
    path: Path, labels: Any = None, kind: str | None = None, columns: Mapping[Any, Any] | None = None
) -> Data:
    """Make `Data` from a file.

    Args:
        path: A `.npy` array; a `.npz` with `x` (and `y`) or a single array; a `.csv`, `.tsv` or `.parquet` table, which
            may also be one of file names and labels, relative to its folder; a `.txt` in UTF-8 with one text per line.
            A `.npy` file or a table that is large is streamed.
        labels: (n,), to use instead of the file's own.
        kind: "signal" for an array (n, length, channels) that does not hold images.
        columns: Kinds of a table's columns by their names: see `aenb.load_data`.

    Raises:
        AenbError: The file does not exist, is not a regular file (a pipe, a device), is broken, has another format,
            declares more than it holds, or needs more memory than is available.
    """
    if large := _chunks(path):
        chunks, notes = large
        return from_large_table(chunks, named(path.stem), f"the file {named(path.name)}", labels, columns, notes)
    found = read_file(path)
    listing = None if columns else listed_files(found.x, str(path), path.parent, labels)
    if listing is not None and is_frame(found.x):
        source = f"the files that {named(path.name)} lists"
        return from_listing(replace(listing, source=source, notes=(*found.notes, *listing.notes)), labels)
    return from_arrays(
        found.x, found.labels if labels is None else labels, name=named(path.stem),
        source=f"the file {named(path.name)}", kind=kind, columns=columns, notes=found.notes,
    )  # fmt: skip


def read_file(path: Path) -> FileContents:
    """Read the examples of a file.

    Raises:
        AenbError: As for `from_file`.
    """
    if path.suffix not in FORMATS:
        raise AenbError(
            f"`{named(path)}`: expected one of {', '.join(FORMATS)}, or a folder of images, sounds or texts; received "
            f"`{named(path.suffix or path.name)}`."
        )
    readers: tuple[Callable[[Path, str], tuple], ...] = (_npy, _npz, _csv, _csv, _parquet, _txt)
    reader = dict(zip(FORMATS, readers, strict=True))[path.suffix]
    return FileContents(*reader(path, f"a readable {path.suffix} file"))


def _npy(path: Path, what: str) -> tuple[Any, None]:
    return read_npy(path, what, streamed.LIMIT), None


def _npz(path: Path, what: str) -> tuple[np.ndarray, np.ndarray | None]:
    with regular(path, what) as stream, zipfile.ZipFile(stream) as archive:
        arrays = {one.filename.removesuffix(".npy"): one for one in members(archive, size(stream), _free_memory())}
        x = "x" if "x" in arrays else next(iter(arrays)) if len(arrays) == 1 else None
        if x is None:
            names = named(", ".join(arrays)) or "none"
            raise AenbError(f"`{named(path)}`: expected an array `x`, and `y` for labels; received {names}.")
        return _member(archive, arrays[x]), _member(archive, arrays["y"]) if "y" in arrays else None


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as part:
        read_header(part, member.file_size)
    with archive.open(member) as part:
        return read_array(part)


def _csv(path: Path, what: str) -> tuple[Any, None, tuple[str, ...]]:
    import pandas as pd

    with _in_memory(path, what) as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.DtypeWarning)  # a column of numbers and words is refused below
        found, notes = csv_format(stream), []
        how: dict[str, Any] = {"sep": found.separator, "decimal": found.decimal}
        try:
            frame = pd.read_csv(stream, **how)
        except UnicodeDecodeError:
            stream.seek(0)
            frame = pd.read_csv(stream, encoding="cp1252", **how)
            notes.append("It is not in UTF-8, and was read as Windows-1252.")
    return frame, None, (*found.notes, *notes)


def _parquet(path: Path, what: str) -> tuple[Any, None]:
    with regular(path, what) as stream, _opened_parquet(path, stream) as file:
        needed = 8 * file.metadata.num_rows * file.metadata.num_columns
        if needed > _free_memory():
            raise ValueError(f"a table of {needed / 2**20:,.0f} MB, more than the available memory")
        return file.read().to_pandas(), None


def _opened_parquet(path: Path, stream: BinaryIO) -> Any:
    """Open a .parquet file, whose metadata is read, and refuse one of too many columns."""
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise AenbError(
            f"`{named(path)}`: expected pyarrow, which reads .parquet files; received none. "
            "Install it (pip install pyarrow), or save the table as .csv."
        ) from error
    file = parquet.ParquetFile(stream)
    if file.metadata.num_columns > MAX_COLUMNS:
        raise ValueError(f"{file.metadata.num_columns:,} columns, more than {MAX_COLUMNS:,}")
    return file


def _chunks(path: Path) -> tuple[Chunks, tuple[str, ...]] | None:
    """Return how to read a table in chunks, and notes; None if it fits into memory, or is no table."""
    what, notes = f"a readable {path.suffix} file", tuple[str, ...]()
    if path.suffix in (".csv", ".tsv"):
        with regular(path, what) as stream:
            if size(stream) <= streamed.LIMIT:
                return None
            found = csv_format(stream)
        width, notes, read = found.columns, found.notes, _csv_chunks
    elif path.suffix == ".parquet":
        with regular(path, what) as stream, _opened_parquet(path, stream) as file:
            width = file.metadata.num_columns
            if 8 * file.metadata.num_rows * width <= streamed.LIMIT:
                return None
        read = _parquet_chunks
    else:
        return None
    return functools.partial(read, path, what, max(1, CHUNK // (8 * max(1, width)))), notes


def _csv_chunks(path: Path, what: str, rows: int) -> Iterator[Any]:
    import pandas as pd

    with regular(path, what) as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.DtypeWarning)
        found = csv_format(stream)
        yield from pd.read_csv(stream, sep=found.separator, decimal=found.decimal, chunksize=rows)


def _parquet_chunks(path: Path, what: str, rows: int) -> Iterator[Any]:
    with regular(path, what) as stream, _opened_parquet(path, stream) as file:
        for group in range(file.metadata.num_row_groups):  # of several groups, pyarrow reads ahead without a limit
            for batch in file.iter_batches(batch_size=rows, row_groups=[group], use_threads=False):
                yield batch.to_pandas()


def _txt(path: Path, what: str) -> tuple[list[str], None]:
    with _in_memory(path, what) as stream:
        lines = stream.read().decode("utf-8-sig").splitlines()
        if not lines:
            raise ValueError("it is empty")
    return lines, None


@contextlib.contextmanager
def _in_memory(path: Path, what: str) -> Iterator[BinaryIO]:
    """Open a file that will be read as a whole."""
    with regular(path, what) as stream:
        if size(stream) > _free_memory():
            raise ValueError(f"{size(stream) / 2**20:,.0f} MB, more than the available memory")
        yield stream


def _free_memory() -> int:
    """Return how many bytes of memory are available."""
    return psutil.virtual_memory().available
