"""Data of one's own: arrays and tables become Data, or an error that says why not."""

from __future__ import annotations

from typing import Any

import numpy as np

from aenb.data.numeric import numeric
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

    with np.errstate(over="ignore", invalid="ignore"):  # told below
        scaler = StandardScaler().fit(rows[train].astype("float64"))
    if not np.isfinite(scaler.var_).all():
        raise AenbError(
            f"`{name}`: expected numbers whose squares are finite; received values up to {np.abs(rows).max():.3g}."
        )
    scaled = (scaler.transform(rows[part].astype("float64")).astype("float32") for part in (train, test))
    constant = int((scaler.var_ == 0).sum())
    notes = [
        *notes,
        "Each column was standardised by the training rows' mean and deviation; the scaler is kept.",
    ]
    if constant:
        notes.append(f"{constant} of {rows.shape[1]} columns are constant.")
    return Data(
        *scaled, *_pick(y, train, test), kind="tabular",
        name=name, source=source, feature_names=columns, scaler=scaler, notes=tuple(notes),
    )  # fmt: skip


def _pick(y, train, test):
    return (None, None) if y is None else (y[train], y[test])
