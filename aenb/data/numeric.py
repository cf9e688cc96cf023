"""Arrays of numbers, finite or in tables and signals missing, or an error that says why not."""

from __future__ import annotations

from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.foreign import reading
from aenb.data.labels import printable
from aenb.data.streamed import blocks

SIGNALS = ' Signals (n, length, channels) are loaded with aenb.load_data(x, kind="signal").'


def measured(x: Any, name: str, kind: str | None = None) -> tuple[np.ndarray, np.ndarray | None]:
    """Return an array of numbers with 2, 3 or 4 axes, and the extents of its examples; a memory map stays one.

    Args:
        x: An array, nested lists or a DataFrame.
        name: What to call it.
        kind: "signal" where it is (n, length, channels); else two axes are a table, more are images. Tables and signals
            may have missing values, NaN.

    Returns:
        The array, and (n, 2), float64: the least and the greatest value of each example, not finite where one is
        missing; None of bytes and of booleans, which are not looked through.

    Raises:
        AenbError: It is empty, too short, ragged, of objects, not finite, or of another number of axes.
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
        raise AenbError(f"`{name}`: expected items; received none (the shape {array.shape}).")
    if array.dtype in (bool, np.uint8):
        return array, None
    ends = _extents(array)
    if not np.isfinite(ends).all():
        _check_finite(array, name, may_miss=array.ndim == 2 or kind == "signal")
    return array, ends


def _extents(array: np.ndarray) -> np.ndarray:
    """Return the least and the greatest value of each example: (n, 2), float64, not finite where any value is not."""
    ends = np.empty((len(array), 2))
    begin = 0
    with np.errstate(invalid="ignore", over="ignore"):  # a long double may be larger
        for block in blocks(array):
            rows = block.reshape(len(block), -1)
            here = ends[begin : begin + len(block)]
            here[:, 0], here[:, 1] = rows.min(axis=1), rows.max(axis=1)
            begin += len(block)
    return ends


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


def is_frame(x: Any) -> bool:
    """Say whether something is a pandas DataFrame, without importing pandas."""
    return all(hasattr(x, name) for name in ("columns", "dtypes", "iloc"))


def is_masked(x: Any) -> bool:
    """Say whether something is a masked array in which a value is masked."""
    return isinstance(x, np.ma.MaskedArray) and bool(np.ma.getmaskarray(x).any())


def as_array(x: Any, name: str) -> np.ndarray:
    """Return an array of numbers, of any shape; what is masked is NaN.

    Args:
        x: An array, nested lists or a DataFrame.
        name: What to call it, in errors.

    Raises:
        AenbError: It is ragged, or not of numbers.
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
                f"`{name}`: expected items of one shape, or signals (steps, channels); received ragged ones. Pad or "
                "crop them."
            ) from error
    if array.dtype.kind not in "buif":
        raise AenbError(
            f"`{name}`: expected numbers; received dtype {printable(array.dtype)}. Convert it with "
            ".astype('float32'), and make items of different lengths one length."
        )
    return array


def _of_frame(frame: Any, name: str) -> np.ndarray:
    dtypes = zip(frame.columns, frame.dtypes, strict=True)
    words = [printable(column) for column, dtype in dtypes if getattr(dtype, "kind", "O") not in "buif"]
    if words:
        raise AenbError(
            f"`{name}`: expected columns of numbers; received text or objects in {', '.join(words[:5])}. "
            "Drop them, or encode them with pandas.get_dummies."
        )
    return frame.to_numpy("float64", na_value=np.nan)
