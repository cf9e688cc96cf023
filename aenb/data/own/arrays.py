"""Your own data: arrays, tables, signals and texts become `Data`, or raise an error that says why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.foreign import as_list, reading
from aenb.data.labels import printable, read_labels
from aenb.data.own.frames import from_mixed, is_numeric, taken_labels, without_row_numbers
from aenb.data.own.texts import from_texts
from aenb.data.record import STREAMED, Data, named_parts
from aenb.data.split import MIN_EXAMPLES, split
from aenb.data.tables.columns import listed, single_names
from aenb.data.values.numeric import is_frame, measured
from aenb.data.values.scaling import BYTES, UNIT, add_channel, check_range, from_range, infer_range
from aenb.data.values.signals import are_ragged_signals, padded, padding_note
from aenb.data.values.standardised import fit_scaler, to_units
from aenb.data.values.streamed import Rows, is_large
from aenb.data.values.words import are_texts

SERIES = "An array (n, length, 1) was taken for signals of one channel; x[..., None] makes images of it."


def from_arrays(
    x: Any,
    labels: Any = None,
    name: str = "array",
    source: str = "the notebook",
    *,
    kind: str | None = None,
    class_names: Sequence[str] = (),
    notes: Sequence[str] = (),
    columns: Mapping[Any, Any] | None = None,
    names: Any = None,
    is_held: np.ndarray | None = None,
) -> Data:
    """Make `Data` from an array, a table or a list; hold out a fifth, at most 10,000 examples and 512 MB of float32.

    Args:
        x: (n, height, width) or (n, height, width, channels) for images, (n, features) for a table; an array, nested
            lists or a pandas DataFrame. For signals, a list of arrays (steps, channels) of different lengths; for
            texts, a list of str. The training examples of a large memory map stay on disk.
        labels: (n,), any that `aenb.data.labels.read_labels` accepts, or None.
        name: The name of the data.
        source: Where it came from, in words.
        kind: "signal" for an array (n, length, channels) that does not hold images; (n, length, 1) never does.
        class_names: The name of each class.
        notes: What was done to the examples before.
        columns: Kinds of a table's columns by their names: see `aenb.load_data`.
        names: (n,), what each example is called, such as its file; None: nothing.
        is_held: (n,), which examples are held out; None: a fifth.

    Raises:
        AenbError: It is empty, ragged, not numeric, infinite or of another shape; pixels are missing or have an
            unknown range; a column has no observed value.
    """
    left_out: tuple[str, ...] = ()
    if is_frame(x):
        with reading(x, f"`{name}`"):
            x, name_notes = single_names(x, name)
            x, labels, label_notes = taken_labels(x, labels, name)
            notes = (*notes, *name_notes, *label_notes)
            if columns or not is_numeric(x):
                return from_mixed(x, labels, name, source, columns=columns, class_names=class_names, notes=notes)
            x, left_out = without_row_numbers(x)
            notes = (
                *notes,
                *([f"Columns left out, since they number the rows: {listed(left_out)}."] if left_out else []),
            )
    elif columns:
        raise AenbError(f"`columns`: expected a table with named columns, a DataFrame; received a {type(x).__name__}.")
    with reading(x, f"`{name}`"):
        x = as_list(x, f"`{name}`")
        is_texts, is_ragged = are_texts(x), are_ragged_signals(x)
    if is_texts:
        return from_texts(x, labels, name, source, class_names=class_names, notes=notes)
    if kind is None and isinstance(x, np.ndarray) and x.ndim == 3 and x.shape[1] > x.shape[2] == 1:
        kind, notes = "signal", (*notes, SERIES)
    with reading(x, f"`{name}`"):
        if is_ragged:
            x, kind, notes = padded(x, name), "signal", (*notes, padding_note(x))
        rows, ends = measured(x, name, kind)
    if len(rows) < MIN_EXAMPLES:
        raise AenbError(f"`{name}`: expected at least {MIN_EXAMPLES} examples; received {len(rows)}.")
    y = read_labels(labels, len(rows), name)
    train, test, split_notes = split(len(rows), rows[0].size, y, is_held)
    kind = kind or ("tabular" if rows.ndim == 2 else "image")
    features, scaler, pixel_range = tuple(map(printable, getattr(x, "columns", ()))), None, UNIT
    if kind == "image":
        pixel_range, unit_notes = infer_range(Rows(rows, train), None if ends is None else ends[train])
        check_range(Rows(rows, test), None if ends is None else ends[test], pixel_range)
        is_ready = rows.dtype == np.uint8 and pixel_range == BYTES  # they stay bytes
        rows, convert = add_channel(rows), None if is_ready else from_range(pixel_range)
    else:
        scaler, unit_notes = fit_scaler(Rows(rows, train), name, features)
        convert = to_units(scaler)
    streams = is_large(rows)
    kept_rows, held = Rows(rows, train, convert), Rows(rows, test, convert)[:]
    kept = kept_rows if streams else kept_rows[:]
    if any(isinstance(part, np.ndarray) and part.dtype.kind == "f" and np.isinf(part).any() for part in (kept, held)):
        raise AenbError(
            f"`{name}`: expected numbers that float32 can hold after standardisation by the mean and standard "
            "deviation of the training examples; received larger ones. Scale them, or remove outliers."
        )
    return Data(
        kept, held, *_pick(y, train, test), **named_parts(names, train, test),
        kind=kind, name=name, source=source, class_names=tuple(class_names), feature_names=features, scaler=scaler,
        left_out=left_out, pixel_range=pixel_range,
        notes=(*notes, *split_notes, *unit_notes, *(_streaming(rows) if streams else [])),
    )  # fmt: skip


def _streaming(rows: np.ndarray) -> list[str]:
    if rows.flags.c_contiguous:
        return [STREAMED]
    return [STREAMED, "The file is in Fortran order: each example is scattered over it, so reading is slow."]


def _pick(y: np.ndarray | None, train: np.ndarray, test: np.ndarray) -> tuple[Any, Any]:
    return (None, None) if y is None else (y[train], y[test])
