"""Data of one's own in a file: none of it is unpickled."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from aenb.data import streamed
from aenb.data.arrays import from_arrays
from aenb.data.record import Data
from aenb.errors import AenbError

FORMATS = (".npy", ".npz", ".csv", ".parquet", ".txt")


def from_file(path: Path, labels: Any = None, kind: str | None = None) -> Data:
    """Make Data of a file.

    Args:
        path: A `.npy` array, which stays on the disk if it is large; a `.npz` with `x` (and `y`) or a single array; a
            `.csv` or `.parquet` table of numbers; a `.txt` in UTF-8 with a text in each line.
        labels: (n,), in the place of the file's own.
        kind: "signal" for an array (n, length, channels) that is not of images.

    Raises:
        AenbError: There is no such file, it is broken, or of another format.
    """
    if path.suffix not in FORMATS:
        raise AenbError(
            f"`{path}`: expected one of {', '.join(FORMATS)}, or a folder of images; received "
            f"`{path.suffix or path.name}`."
        )
    reader = dict(zip(FORMATS, (_npy, _npz, _csv, _parquet, _txt), strict=True))[path.suffix]
    try:
        x, own = reader(path)
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, ImportError) as error:
        raise AenbError(f"`{path}`: expected a readable {path.suffix} file; received: {error}") from error
    labels = own if labels is None else labels
    return from_arrays(x, labels, name=path.stem, source=f"the file {path.name}", kind=kind)


def _npy(path):
    is_large = path.stat().st_size > streamed.LIMIT
    return np.load(path, mmap_mode="r" if is_large else None, allow_pickle=False), None


def _npz(path):
    with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
        names = file.files
        x = "x" if "x" in names else names[0] if len(names) == 1 else None
        if x is None:
            raise AenbError(f"`{path}`: expected an array `x`, and `y` for labels; received {', '.join(names)}.")
        return file[x], file["y"] if "y" in names else None


def _csv(path):
    import pandas as pd

    return pd.read_csv(path), None


def _parquet(path):
    import pandas as pd

    return pd.read_parquet(path), None


def _txt(path):
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    if not lines:
        raise ValueError("it is empty")
    return lines, None
