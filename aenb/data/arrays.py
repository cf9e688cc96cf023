"""Data of one's own: arrays and tables become Data, or an error that says why not."""

from __future__ import annotations

from typing import Any

import numpy as np

from aenb.data.record import Data
from aenb.data.scaling import image_units
from aenb.data.split import hold_out
from aenb.errors import AenbError

LEAST = 4  # rows: training, validation and held-out items each need some
HELD_OUT = 0.2


def from_arrays(x: Any, labels: Any = None, name: str = "array", source: str = "the notebook") -> Data:
    """Make Data of an array or a table, holding out a fifth, at most 10,000.

    Args:
        x: (n, height, width) or (n, height, width, channels) for images, (n, features) for a table; an array, nested
            lists or a pandas DataFrame.
        labels: (n,) or None.
        name: What to call it.
        source: Where it came from, in words.

    Raises:
        AenbError: It is empty, ragged, not of numbers, not finite, of another shape, or its pixels have no known range.
    """
    rows = numeric(x, name)
    if len(rows) < LEAST:
        raise AenbError(f"`{name}`: expected at least {LEAST} items; received {len(rows)}.")
    y = None if labels is None else np.asarray(labels)
    if y is not None and y.shape != (len(rows),):
        raise AenbError(f"Labels of `{name}`: expected the shape ({len(rows)},); received {y.shape}.")
    size = min(10_000, max(1, round(len(rows) * HELD_OUT)))
    train, test = hold_out(len(rows), size, y)
    notes = [f"Every fifth item is held out: {size:,} of {len(rows):,}."] if size < 10_000 else []
    if rows.ndim == 2:
        return _table(rows, y, train, test, name, source, tuple(map(str, getattr(x, "columns", ()))), notes)
    images, scaled = image_units(rows)
    return Data(
        images[train], images[test], *_pick(y, train, test),
        name=name, source=source, notes=(*notes, *([scaled] if scaled else [])),
    )  # fmt: skip


def _table(rows, y, train, test, name, source, columns, notes) -> Data:
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(rows[train].astype("float64"))
    x_train, x_test = (scaler.transform(rows[part].astype("float64")).astype("float32") for part in (train, test))
    constant = int((scaler.var_ == 0).sum())
    notes = [
        *notes,
        "Each column was standardised by the training rows' mean and deviation; the scaler is kept.",
    ]
    if constant:
        notes.append(f"{constant} of {rows.shape[1]} columns are constant.")
    return Data(
        x_train, x_test, *_pick(y, train, test), kind="tabular",
        name=name, source=source, feature_names=columns, scaler=scaler, notes=tuple(notes),
    )  # fmt: skip


def _pick(y, train, test):
    return (None, None) if y is None else (y[train], y[test])


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
