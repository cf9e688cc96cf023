"""Arrays of finite numbers, or an error that says why not."""

from __future__ import annotations

from typing import Any

import numpy as np

from aenb.errors import AenbError


def numeric(x: Any, name: str) -> np.ndarray:
    """Return an array of finite numbers with 2, 3 or 4 axes, or say what is wrong with it.

    Raises:
        AenbError: It is empty, too short, ragged, of objects, not finite, or of another number of axes.
    """
    array = _as_array(x, name)
    if array.ndim not in (2, 3, 4):
        raise AenbError(
            f"`{name}`: expected (n, features), (n, height, width) or (n, height, width, channels); "
            f"received the shape {array.shape}."
        )
    if array.size == 0:
        raise AenbError(f"`{name}`: expected items; received none (the shape {array.shape}).")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        bad = ~np.isfinite(array).reshape(len(array), -1).all(axis=1)
        raise AenbError(
            f"`{name}`: expected finite numbers; received NaN or infinity in {bad.sum():,} of {len(array):,} items, "
            f"the first at index {int(bad.argmax())}. Remove those items, or fill in what is missing."
        )
    return array


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
        array = np.asarray(x)
    except ValueError as error:
        raise AenbError(f"`{name}`: expected items of one shape; received ragged ones. Pad or crop them.") from error
    if array.dtype.kind not in "buif":
        raise AenbError(
            f"`{name}`: expected numbers; received dtype {array.dtype}. Convert it with .astype('float32'), "
            "and make items of different lengths one length."
        )
    return array
