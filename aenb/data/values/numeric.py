"""Arrays of finite numbers, with missing values in tables and signals; anything else raises an error that says why."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.foreign import reading
from aenb.data.labels import printable
from aenb.data.values.streamed import blocks

SIGNALS = ' Signals (n, length, channels) are loaded with aenb.load_data(x, kind="signal").'


def measured(x: Any, name: str, kind: str | None = None) -> tuple[np.ndarray, np.ndarray | None]:
    """Return an array of numbers with 2, 3 or 4 axes, and the range of each example; a memory map stays one.

    Args:
        x: An array, nested lists or a DataFrame.
        name: Its name, for errors.
        kind: "signal" if it is (n, length, channels); otherwise two axes are a table, more are images. Tables and
            signals may have missing values, NaN.

    Returns:
        The array, and (n, 2), float64: the smallest and the largest value of each example, not finite if one is
        missing; None for bytes and booleans, which are not scanned.

    Raises:
        AenbError: It is empty, too short, ragged, of objects, not finite, or has another number of axes.
    """
    array = as_array(x, name)
    axes = (3,) if kind == "signal" else (2, 3, 4)
    if array.ndim not in axes:
        expected = ["(n, features)", "(n, height, width) or (n, height, width, channels)"]
        raise AenbError(
            f"`{name}`: expected {'(n, length, channels)' if kind == 'signal' else ', '.join(expected)}; "
            f"received the shape {array.shape}."
        )
    if array.size == 0:
        raise AenbError(f"`{name}`: expected examples; received none (the shape {array.shape}).")
    if array.dtype in (bool, np.uint8):
        return array, None
    ends = _extents(array)
    if not np.isfinite(ends).all():
        _check_finite(array, name, may_miss=array.ndim == 2 or kind == "signal")
    return array, ends


def _extents(array: np.ndarray) -> np.ndarray:
    """Return the smallest and the largest value of each example: (n, 2), float64, not finite if any value is not."""
    ends = np.empty((len(array), 2))
    start = 0
    with np.errstate(invalid="ignore", over="ignore"):  # a long double may overflow
        for block in blocks(array):
            rows = block.reshape(len(block), -1)
            here = ends[start : start + len(block)]
            here[:, 0], here[:, 1] = rows.min(axis=1), rows.max(axis=1)
            start += len(block)
    return ends


def _check_finite(array: np.ndarray, name: str, *, may_miss: bool) -> None:
    """Raise an error that says which examples have infinite values, or NaN if no value may be missing."""
    is_broken = np.isinf if may_miss else lambda block: ~np.isfinite(block)

    def broken(block: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            return is_broken(block.astype("float64"))

    is_bad = np.concatenate([broken(block).reshape(len(block), -1).any(axis=1) for block in blocks(array)])
    if not is_bad.any():
        return
    received, remedy = "NaN or infinity", f"Remove those examples, or fill in the missing values.{SIGNALS}"
    if may_miss:
        received, remedy = "infinity", "Remove those examples, or put NaN there, which stands for a missing value."
    raise AenbError(
        f"`{name}`: expected finite numbers; received {received} in {is_bad.sum():,} of {len(array):,} examples, "
        f"the first at index {int(is_bad.argmax())}. {remedy}"
    )


def extent(array: np.ndarray, name: str) -> tuple[float, float]:
    """Return the smallest and the largest observed value; (0, 0) if there is none.

    Raises:
        AenbError: A value is infinite.
    """
    if not array.size:
        return 0.0, 0.0
    low, high = np.fmin.reduce(array, axis=None), np.fmax.reduce(array, axis=None)
    if np.isnan(low):
        return 0.0, 0.0
    if not (math.isfinite(low) and math.isfinite(high)):
        raise AenbError(f"`{name}`: expected finite numbers, or NaN for a missing value; received infinity.")
    return float(low), float(high)


def is_frame(x: Any) -> bool:
    """Say by its type whether something is a pandas DataFrame, without importing pandas or running foreign code."""
    return all(hasattr(type(x), name) for name in ("columns", "dtypes", "iloc"))


def is_masked(x: Any) -> bool:
    """Say whether something is a masked array in which a value is masked."""
    return isinstance(x, np.ma.MaskedArray) and bool(np.ma.getmaskarray(x).any())


def as_array(x: Any, name: str) -> np.ndarray:
    """Return an array of numbers, of any shape; masked values become NaN.

    Args:
        x: An array, nested lists or a DataFrame.
        name: Its name, for errors.

    Raises:
        AenbError: It is ragged, or not numeric.
    """
    if is_frame(x):
        return _of_frame(x, name)
    if is_masked(x) and x.dtype.kind in "buif":
        return np.ma.filled(x.astype("float64"), np.nan)
    with reading(x, f"`{name}`"):
        try:
            array = np.asanyarray(x) if isinstance(x, np.memmap) else np.asarray(x)
        except ValueError as error:
            raise AenbError(
                f"`{name}`: expected examples of one shape, or signals (steps, channels); received ragged ones. Pad or "
                "crop them."
            ) from error
    if array.dtype.kind not in "buif":
        raise AenbError(
            f"`{name}`: expected numbers; received dtype {printable(str(array.dtype))}. Convert it with "
            ".astype('float32'), and pad or crop examples to one length."
        )
    return array


def _of_frame(frame: Any, name: str) -> np.ndarray:
    dtypes = zip(frame.columns, frame.dtypes, strict=True)
    not_numeric = [printable(column) for column, dtype in dtypes if getattr(dtype, "kind", "O") not in "buif"]
    if not_numeric:
        raise AenbError(
            f"`{name}`: expected columns of numbers; received text or objects in {', '.join(not_numeric[:5])}. "
            "Drop them, or encode them with pandas.get_dummies."
        )
    return frame.to_numpy("float64", na_value=np.nan)
