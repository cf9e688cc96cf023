"""Arrays of numbers, finite or in tables and signals missing, or an error that says why not."""

from __future__ import annotations

from typing import Any

import numpy as np

from aenb.data.streamed import blocks
from aenb.errors import AenbError

SIGNALS = ' Signals (n, length, channels) are loaded with aenb.load_data(x, kind="signal").'


def numeric(x: Any, name: str, kind: str | None = None) -> np.ndarray:
    """Return an array of numbers with 2, 3 or 4 axes, or say what is wrong with it.

    Args:
        x: An array, nested lists or a DataFrame.
        name: What to call it.
        kind: "signal" where it is (n, length, channels); else two axes are a table, more are images. Tables and signals
            may have missing values, NaN.

    Raises:
        AenbError: It is empty, too short, ragged, of objects, not finite, or of another number of axes.
    """
    return measured(x, name, kind)[0]


def measured(x: Any, name: str, kind: str | None = None) -> tuple[np.ndarray, tuple[float, float]]:
    """Return an array as `numeric` does, and its extent, not finite where values are missing; a memory map stays one.

    Raises:
        AenbError: As `numeric`.
    """
    array = _as_array(x, name)
    axes = (3,) if kind == "signal" else (2, 3, 4)
    if array.ndim not in axes:
        expected = ["(n, features)", "(n, height, width) or (n, height, width, channels)"]
        raise AenbError(
            f"`{name}`: expected {'(n, length, channels)' if kind == 'signal' else ', '.join(expected)}; "
            f"received the shape {array.shape}."
        )
    if array.size == 0:
        raise AenbError(f"`{name}`: expected items; received none (the shape {array.shape}).")
    ends = extent(array)
    if not np.isfinite(ends).all():
        _check_finite(array, name, may_miss=array.ndim == 2 or kind == "signal")
    return array, ends


def extent(array: np.ndarray) -> tuple[float, float]:
    """Return the least and the greatest value that an array has, or may have if it is of bytes.

    One of them is not finite where any value is not.
    """
    if array.dtype in (bool, np.uint8):
        return 0.0, 1.0 if array.dtype == bool else 255.0
    with np.errstate(invalid="ignore", over="ignore"):  # a long double may be larger
        ends = np.array([(block.min(), block.max()) for block in blocks(array)], "float64")
    return float(ends[:, 0].min()), float(ends[:, 1].max())


def _check_finite(array: np.ndarray, name: str, *, may_miss: bool) -> None:
    """Say which items have infinite values, or NaN where nothing may be missing."""
    is_broken = np.isinf if may_miss else lambda block: ~np.isfinite(block)

    def broken(block: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            return is_broken(block.astype("float64"))

    bad = np.concatenate([broken(block).reshape(len(block), -1).any(axis=1) for block in blocks(array)])
    if not bad.any():
        return
    received, remedy = "NaN or infinity", f"Remove those items, or fill in what is missing.{SIGNALS}"
    if may_miss:
        received, remedy = "infinity", "Remove those items, or put NaN there, which stands for a missing value."
    raise AenbError(
        f"`{name}`: expected finite numbers; received {received} in {bad.sum():,} of {len(array):,} items, "
        f"the first at index {int(bad.argmax())}. {remedy}"
    )


def _as_array(x: Any, name: str) -> np.ndarray:
    if hasattr(x, "dtypes") and hasattr(x, "columns"):  # a DataFrame
        words = [str(column) for column, dtype in zip(x.columns, x.dtypes, strict=True) if dtype.kind not in "buif"]
        if words:
            raise AenbError(
                f"`{name}`: expected columns of numbers; received text or objects in {', '.join(words[:5])}. "
                "Drop them, or encode them with pandas.get_dummies."
            )
        return x.to_numpy("float64", na_value=np.nan)
    try:
        array = np.asanyarray(x) if isinstance(x, np.memmap) else np.asarray(x)
    except ValueError as error:
        raise AenbError(
            f"`{name}`: expected items of one shape, or signals (steps, channels); received ragged ones. Pad or crop "
            "them."
        ) from error
    if array.dtype.kind not in "buif":
        raise AenbError(
            f"`{name}`: expected numbers; received dtype {array.dtype}. Convert it with .astype('float32'), "
            "and make items of different lengths one length."
        )
    return array
