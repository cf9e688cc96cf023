"""Arrays of finite numbers, or an error that says why not."""

from __future__ import annotations

from typing import Any

import numpy as np

from aenb.data.streamed import blocks
from aenb.errors import AenbError


def numeric(x: Any, name: str) -> np.ndarray:
    """Return an array of finite numbers with 2, 3 or 4 axes, or say what is wrong with it.

    Raises:
        AenbError: It is empty, too short, ragged, of objects, not finite, or of another number of axes.
    """
    return measured(x, name)[0]


def measured(x: Any, name: str) -> tuple[np.ndarray, tuple[float, float]]:
    """Return an array as `numeric` does, and its extent; a memory map stays one, and is gone through once.

    Raises:
        AenbError: As `numeric`.
    """
    array = _as_array(x, name)
    if array.ndim not in (2, 3, 4):
        raise AenbError(
            f"`{name}`: expected (n, features), (n, height, width) or (n, height, width, channels); "
            f"received the shape {array.shape}."
        )
    if array.size == 0:
        raise AenbError(f"`{name}`: expected items; received none (the shape {array.shape}).")
    ends = extent(array)
    if not np.isfinite(ends).all():
        bad = np.concatenate([~np.isfinite(block).reshape(len(block), -1).all(axis=1) for block in blocks(array)])
        raise AenbError(
            f"`{name}`: expected finite numbers; received NaN or infinity in {bad.sum():,} of {len(array):,} items, "
            f"the first at index {int(bad.argmax())}. Remove those items, or fill in what is missing."
        )
    return array, ends


def extent(array: np.ndarray) -> tuple[float, float]:
    """Return the least and the greatest value that an array has, or may have if it is of bytes.

    One of them is not finite where any value is not.
    """
    if array.dtype in (bool, np.uint8):
        return 0.0, 1.0 if array.dtype == bool else 255.0
    with np.errstate(invalid="ignore"):
        ends = np.array([(block.min(), block.max()) for block in blocks(array)], "float64")
    return float(ends[:, 0].min()), float(ends[:, 1].max())


def _as_array(x: Any, name: str) -> np.ndarray:
    if hasattr(x, "dtypes") and hasattr(x, "columns"):  # a DataFrame
        words = [str(column) for column in x.columns if x[column].dtype.kind not in "buif"]
        if words:
            raise AenbError(
                f"`{name}`: expected columns of numbers; received text or objects in {', '.join(words[:5])}. "
                "Drop them, or encode them with pandas.get_dummies."
            )
        return x.to_numpy("float64")
    try:
        array = np.asanyarray(x) if isinstance(x, np.memmap) else np.asarray(x)
    except ValueError as error:
        raise AenbError(f"`{name}`: expected items of one shape; received ragged ones. Pad or crop them.") from error
    if array.dtype.kind not in "buif":
        raise AenbError(
            f"`{name}`: expected numbers; received dtype {array.dtype}. Convert it with .astype('float32'), "
            "and make items of different lengths one length."
        )
    return array
