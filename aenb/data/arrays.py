"""Data of one's own: arrays, tables, signals and texts become Data, or an error that says why not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.foreign import as_list, reading
from aenb.data.labels import printable, read_labels
from aenb.data.numeric import measured
from aenb.data.record import STREAMED, Data
from aenb.data.scaling import BYTES, UNIT, add_channel, check_range, from_range, infer_range
from aenb.data.signals import are_ragged_signals, padded, padding_note
from aenb.data.split import LEAST, held_out_size, hold_out
from aenb.data.standardised import fit_scaler, to_units
from aenb.data.streamed import Rows, is_large
from aenb.data.texts import from_texts
from aenb.data.words import are_texts


def from_arrays(
    x: Any,
    labels: Any = None,
    name: str = "array",
    source: str = "the notebook",
    *,
    kind: str | None = None,
    class_names: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Data:
    """Make Data of an array, a table or a list, holding out a fifth, at most 10,000 items and 512 MB of float32.

    Args:
        x: (n, height, width) or (n, height, width, channels) for images, (n, features) for a table; an array, nested
            lists or a pandas DataFrame. A list of arrays (steps, channels) of different lengths for signals, a list of
            texts. The training items of a large memory map stay on the disk.
        labels: (n,), as `aenb.data.labels.read_labels` takes them, or None.
        name: What to call it.
        source: Where it came from, in words.
        kind: "signal" for an array (n, length, channels) that is not of images.
        class_names: What the labels mean.
        notes: What was done to the items before.

    Raises:
        AenbError: It is empty, ragged, not of numbers, infinite, of another shape; its pixels are missing or have no
            known range; nothing was observed in a column.
    """
    with reading(x, f"`{name}`"):
        x = as_list(x, f"`{name}`")
        is_texts, is_ragged = are_texts(x), are_ragged_signals(x)
    if is_texts:
        return from_texts(x, labels, name, source, class_names=class_names, notes=notes)
    with reading(x, f"`{name}`"):
        if is_ragged:
            x, kind, notes = padded(x, name), "signal", (*notes, padding_note(x))
        rows, ends = measured(x, name, kind)
    if len(rows) < LEAST:
        raise AenbError(f"`{name}`: expected at least {LEAST} items; received {len(rows)}.")
    y = read_labels(labels, len(rows), name)
    size, said = held_out_size(len(rows), rows[0].size)
    train, test = hold_out(len(rows), size, y)
    kind = kind or ("tabular" if rows.ndim == 2 else "image")
    columns, scaler, pixel_range = tuple(map(printable, getattr(x, "columns", ()))), None, UNIT
    if kind == "image":
        pixel_range, about = infer_range(Rows(rows, train), None if ends is None else ends[train])
        check_range(Rows(rows, test), None if ends is None else ends[test], pixel_range)
        is_ready = rows.dtype == np.uint8 and pixel_range == BYTES  # they stay bytes
        rows, convert = add_channel(rows), None if is_ready else from_range(pixel_range)
    else:
        scaler, about = fit_scaler(Rows(rows, train), name, columns)
        convert = to_units(scaler)
    streams = is_large(rows)
    items, held = Rows(rows, train, convert), Rows(rows, test, convert)[:]
    items = items if streams else items[:]
    if any(isinstance(part, np.ndarray) and part.dtype.kind == "f" and np.isinf(part).any() for part in (items, held)):
        raise AenbError(
            f"`{name}`: expected numbers that float32 can hold, standardised by the training items' mean and "
            "deviation; received larger ones. Scale them, or leave out what is far from all else."
        )
    return Data(
        items, held, *_pick(y, train, test),
        kind=kind, name=name, source=source, class_names=tuple(class_names), feature_names=columns, scaler=scaler,
        pixel_range=pixel_range, notes=(*notes, *said, *about, *(_streaming(rows) if streams else [])),
    )  # fmt: skip


def _streaming(rows: np.ndarray) -> list[str]:
    if rows.flags.c_contiguous:
        return [STREAMED]
    return [STREAMED, "An item is scattered over the file (it is in Fortran order): reading it is slow."]


def _pick(y: np.ndarray | None, train: np.ndarray, test: np.ndarray) -> tuple[Any, Any]:
    return (None, None) if y is None else (y[train], y[test])
