"""A tf.data.Dataset: run through once, and kept as an array."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from aenb.core.backend import tf
from aenb.core.errors import AenbError
from aenb.data.arrays import from_arrays
from aenb.data.growing_array import GrowingArray
from aenb.data.record import Data
from aenb.data.streamed import BLOCK

MOST = 10_000_000  # items: a generator does not say whether it has an end
ONE_SHAPE = "Give its items one shape: .map(lambda x: tf.image.resize(x, (64, 64))), or tf.ensure_shape."


def is_pipeline(x: Any) -> bool:
    """Say whether something is a `tf.data.Dataset`, without importing TensorFlow."""
    tensorflow = sys.modules.get("tensorflow")
    return hasattr(tensorflow, "data") and isinstance(x, tensorflow.data.Dataset)


def from_pipeline(dataset: Any, labels: Any = None, name: str = "array") -> Data:
    """Make Data of a finite `tf.data.Dataset`, running through it once.

    Elements are taken for batches where their first axis has no fixed length, where they have more axes than an item,
    or where they have several labels; else for single items.

    Args:
        dataset: Its elements are x or (x, label), of one shape: x is (features,), (height, width) or (height, width,
            channels), or a batch of these.
        labels: (n,), in the place of its own.
        name: What to call it.

    Raises:
        AenbError: It has no end (or does not say so, and has more than ten million items), is of other elements, or
            fails under way; the temporary disk is full.
    """
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise AenbError(f"`{name}`: expected a finite tf.data.Dataset; received one without an end. Use .take(n).")
    x, y = _parts(dataset.element_spec, name)
    batched = _is_batched(x, y)
    item = tuple(x.shape[1:] if batched else x.shape)
    if None in item or 0 in item or not 1 <= len(item) <= 3:
        raise AenbError(
            f"`{name}`: expected items (features,), (height, width) or (height, width, channels) of one known shape; "
            f"received a tf.data.Dataset of elements {tuple(x.shape)}. {ONE_SHAPE}"
        )
    notes = [
        f"The tf.data.Dataset was run through once: its elements {_shown(x)} were taken for "
        f"{'batches' if batched else 'single items'}."
    ]
    has_labels = y is not None and tuple(y.shape[batched:]) in ((), (1,))
    if y is not None and not has_labels:
        notes.append(f"The second part of its elements, {_shown(y)}, is not one label an item: it was left out.")
    if not batched:
        dataset = dataset.batch(max(1, BLOCK // max(1, np.prod(item) * x.dtype.size)))
    try:
        array, own, note = _run_through(dataset, name, has_labels)
    except tf.errors.OpError as error:
        raise AenbError(
            f"`{name}`: expected a tf.data.Dataset that can be run through; received: {_first_line(error.message)}"
        ) from error
    notes += [note] if note else []
    return from_arrays(array, own if labels is None else labels, name=name, source="a tf.data.Dataset", notes=notes)


def _run_through(dataset: Any, name: str, has_labels: bool) -> tuple[np.ndarray, np.ndarray | None, str]:
    """Return the items, their labels or None, and a sentence that says where the items are, or none."""
    labels, seen = [], 0
    with GrowingArray(name) as rows:
        for block, own in _blocks(dataset):
            seen += max(1, len(block))
            if seen > MOST:
                raise AenbError(
                    f"`{name}`: expected a tf.data.Dataset of up to {MOST:,} items; received one that goes on. If it "
                    "has no end, use .take(n)."
                )
            rows.append(block)
            labels += [own] if has_labels else []
        return rows.array(), _labels(labels) if labels else None, rows.note


def _parts(spec: Any, name: str) -> tuple[Any, Any]:
    """Return the specs of the items and of their labels, or None."""
    x, *rest = spec if isinstance(spec, tuple) else (spec,)
    if len(rest) > 1 or not all(isinstance(part, tf.TensorSpec) for part in (x, *rest)):
        raise AenbError(
            f"`{name}`: expected a tf.data.Dataset of tensors x, or of pairs (x, label); received elements of {spec}. "
            "Choose and pad them with .map(...)."
        )
    if any(part.shape.rank is None for part in (x, *rest)):
        raise AenbError(f"`{name}`: expected elements of a known shape; received {spec}. {ONE_SHAPE}")
    if np.dtype(x.dtype.as_numpy_dtype).kind not in "buif":
        raise AenbError(f"`{name}`: expected numbers; received a tf.data.Dataset of {x.dtype.name}.")
    return x, rest[0] if rest else None


def _is_batched(x: Any, y: Any) -> bool:
    shape = tuple(x.shape)
    if not shape or shape[0] is None or len(shape) == 4:
        return True
    if y is not None and len(y.shape) < 2:  # one label, or as many as items
        return len(y.shape) == 1 and y.shape[0] in (None, shape[0]) and len(shape) > 1
    return len(shape) == 3 and shape[-1] > 4  # batches of grey images; else colour channels come last


def _shown(spec: Any) -> str:
    return "×".join("?" if size is None else str(size) for size in spec.shape) or "()"


def _blocks(dataset: Any) -> Iterator[tuple[np.ndarray, Any]]:
    """Go through a dataset of batches, with a bar where that takes more than a second."""
    from tqdm import tqdm

    total = int(dataset.cardinality())  # negative where it is unknown
    for element in tqdm(
        dataset.as_numpy_iterator(), desc="Running through the tf.data.Dataset", total=total if total >= 0 else None,
        unit=" batches", file=sys.stdout, leave=False, delay=1,
    ):  # fmt: skip
        yield (element[0], element[1] if len(element) > 1 else None) if isinstance(element, tuple) else (element, None)


def _labels(found: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.asarray(part).reshape(-1) for part in found])


def _first_line(message: str) -> str:
    return message.strip().splitlines()[0] if message.strip() else "an error without a message"
