"""load_data: one door for data sets by name, arrays, tables and files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from aenb.data.arrays import LEAST, from_arrays
from aenb.data.files import from_file
from aenb.data.record import Data
from aenb.data.registry import datasets
from aenb.errors import AenbError


def load_data(data: Any = "mnist_5k", labels: Any = None, *, limit: int | None = None, name: str = "array") -> Data:
    """Load data, by the name of a data set or from what is given.

    Args:
        data: A name of `aenb.datasets()`; an array or nested lists, (n, features), (n, height, width) or (n, height,
            width, channels); a pandas DataFrame of numbers; a pair (x, labels); a path to a `.npy`, `.npz`, `.csv`
            or `.parquet` file; or `Data`, which comes back as it is.
        labels: Labels of an array's items, (n,).
        limit: Keep this many training items, and as large a part of those held out.
        name: What to call an array.

    Returns:
        `Data`: images float32 in [0, 1], tables standardised, with a part held out.

    Raises:
        AenbError: The name is unknown, the file is broken, or the array is not one that a model can learn from.

    Example:
        >>> import aenb
        >>> data = aenb.load_data("digits")
        >>> data.x_train.shape
        (1437, 8, 8, 1)
    """
    if limit is not None and limit < LEAST:
        raise AenbError(f"`limit`: expected at least {LEAST} training items; received {limit}.")
    return _find(data, labels, name).limit(limit)


def _find(data: Any, labels: Any, name: str) -> Data:
    if isinstance(data, Data):
        return data
    if isinstance(data, str | Path):
        return _by_name(str(data))
    if isinstance(data, tuple) and len(data) == 2:
        data, labels = data
    return from_arrays(data, labels, name)


def _by_name(name: str) -> Data:
    if name in datasets():
        return datasets()[name].load()
    path = Path(name).expanduser()
    if path.exists():
        return replace(from_file(path), name=name)
    if path.suffix or len(path.parts) > 1:
        raise AenbError(f"`--data`: expected a data set or a file; there is no file {name}.")
    return datasets().lookup(name).load()
