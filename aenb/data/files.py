"""Data of one's own in a file: .npy, .npz, .csv and .parquet, none of it unpickled."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from aenb.data.arrays import from_arrays
from aenb.data.record import Data
from aenb.errors import AenbError


def from_file(path: Path) -> Data:
    """Make Data of a file.

    Args:
        path: A `.npy` array; a `.npz` with `x` (and `y`) or a single array; a `.csv` or `.parquet` table of numbers.

    Raises:
        AenbError: There is no such file, it is broken, or of another format.
    """
    readers = {".npy": _npy, ".npz": _npz, ".csv": _csv, ".parquet": _parquet}
    if path.suffix not in readers:
        raise AenbError(f"`{path}`: expected one of {', '.join(readers)}; received `{path.suffix or path.name}`.")
    try:
        x, labels = readers[path.suffix](path)
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, ImportError) as error:
        raise AenbError(f"`{path}`: expected a readable {path.suffix} file; received: {error}") from error
    return from_arrays(x, labels, name=path.stem, source=f"the file {path.name}")


def _npy(path):
    return np.load(path, allow_pickle=False), None


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
