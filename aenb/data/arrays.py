"""Data of one's own: arrays and tables become Data, or an error that says why not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from aenb.data.numeric import measured
from aenb.data.record import STREAMED, Data
from aenb.data.scaling import add_channel, image_rule
from aenb.data.split import hold_out
from aenb.data.streamed import Rows, blocks, is_large
from aenb.errors import AenbError

LEAST = 4  # rows: training, validation and held-out items each need some
HELD_OUT = 0.2
HELD_OUT_BYTES = 2**29  # at most, as float32: the items held out are in memory, and scored at once


class _Scaling(NamedTuple):
    """How rows come to a model's units: a function or None, the scaler of a table, and what to say."""

    to_units: Callable | None
    scaler: Any
    notes: list[str]


def from_arrays(
    x: Any,
    labels: Any = None,
    name: str = "array",
    source: str = "the notebook",
    *,
    class_names: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Data:
    """Make Data of an array or a table, holding out a fifth, at most 10,000 items and 512 MB of float32.

    Args:
        x: (n, height, width) or (n, height, width, channels) for images, (n, features) for a table; an array, nested
            lists or a pandas DataFrame. The training items of a large memory map stay on the disk.
        labels: (n,) or None.
        name: What to call it.
        source: Where it came from, in words.
        class_names: What the labels mean.
        notes: What was done to the items before.

    Raises:
        AenbError: It is empty, ragged, not of numbers, not finite, of another shape, or its pixels have no known range.
    """
    rows, ends = measured(x, name)
    if len(rows) < LEAST:
        raise AenbError(f"`{name}`: expected at least {LEAST} items; received {len(rows)}.")
    y = None if labels is None else np.asarray(labels)
    if y is not None and y.shape != (len(rows),):
        raise AenbError(f"Labels of `{name}`: expected the shape ({len(rows)},); received {y.shape}.")
    size, said = _held_out(rows)
    train, test = hold_out(len(rows), size, y)
    is_table, streams = rows.ndim == 2, is_large(rows)
    scaling = _standardised(Rows(rows, train), ends, name) if is_table else _images(rows, ends)
    rows = add_channel(rows)
    items = Rows(rows, train, scaling.to_units)
    return Data(
        items if streams else items[:], Rows(rows, test, scaling.to_units)[:], *_pick(y, train, test),
        kind="tabular" if is_table else "image", name=name, source=source, class_names=tuple(class_names),
        feature_names=tuple(map(str, getattr(x, "columns", ()))), scaler=scaling.scaler,
        notes=(*notes, *said, *scaling.notes, *(_streaming(rows) if streams else [])),
    )  # fmt: skip


def _held_out(rows: np.ndarray) -> tuple[int, list[str]]:
    """Return how many items to hold out, and what to say of it."""
    wanted = min(10_000, max(1, round(len(rows) * HELD_OUT)))
    room = max(100, HELD_OUT_BYTES // (4 * rows[0].size))
    if wanted > room:
        return room, [f"{room:,} of {len(rows):,} items are held out: more of this size would crowd the memory."]
    return wanted, [f"Every fifth item is held out: {wanted:,} of {len(rows):,}."] if wanted < 10_000 else []


def _images(rows: np.ndarray, ends: tuple[float, float]) -> _Scaling:
    to_units, said = image_rule(rows.dtype, *ends)
    return _Scaling(to_units, None, [said] if said else [])


def _standardised(training: Rows, ends: tuple[float, float], name: str) -> _Scaling:
    """Fit a scaler to the training rows of a table, block by block, in double precision."""
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler()
    with np.errstate(over="ignore", invalid="ignore"):  # told below
        for block in blocks(training):
            scaler.partial_fit(block.astype("float64"))
    if not np.isfinite(scaler.var_).all():
        raise AenbError(
            f"`{name}`: expected numbers whose squares are finite; received values up to {max(map(abs, ends)):.3g}."
        )
    notes = ["Each column was standardised by the training rows' mean and deviation; the scaler is kept."]
    constant = int((scaler.scale_ != np.sqrt(scaler.var_)).sum())  # the scaler does not divide these
    if constant:
        notes.append(f"{constant} of {training.shape[1]} columns are constant.")
    return _Scaling(lambda rows: scaler.transform(rows.astype("float64")).astype("float32"), scaler, notes)


def _streaming(rows: np.ndarray) -> list[str]:
    if rows.flags.c_contiguous:
        return [STREAMED]
    return [STREAMED, "An item is scattered over the file (it is in Fortran order): reading it is slow."]


def _pick(y: np.ndarray | None, train: np.ndarray, test: np.ndarray) -> tuple[Any, Any]:
    return (None, None) if y is None else (y[train], y[test])
