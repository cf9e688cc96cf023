"""A tf.data.Dataset: read once, and kept as an array."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from aenb.core.backend import tf
from aenb.core.errors import AenbError
from aenb.data.own.arrays import from_arrays
from aenb.data.record import Data
from aenb.data.values.growing_array import GrowingArray
from aenb.data.values.streamed import BLOCK

if TYPE_CHECKING:
    from tensorflow import TensorSpec
    from tensorflow.data import Dataset

MAX_EXAMPLES = 10_000_000  # a generator does not say whether it ends
ONE_SHAPE = "Give its examples one shape: .map(lambda x: tf.image.resize(x, (64, 64))), or tf.ensure_shape."


def is_pipeline(x: Any) -> bool:
    """Say whether something is a `tf.data.Dataset`, without importing TensorFlow."""
    tensorflow = sys.modules.get("tensorflow")
    return hasattr(tensorflow, "data") and isinstance(x, tensorflow.data.Dataset)


def from_pipeline(dataset: Dataset, labels: Any = None, name: str = "array") -> Data:
    """Make `Data` from a finite `tf.data.Dataset`, reading it once.

    Elements count as batches if their first axis has no fixed length, if they have more axes than an example, or if
    they have several labels; otherwise as single examples.

    Args:
        dataset: Its elements are x or (x, label), of one shape: x is (features,), (height, width) or (height, width,
            channels), or a batch of these.
        labels: (n,), to use instead of its own.
        name: The name to give it.

    Raises:
        AenbError: It is infinite (or does not say whether it ends, and has more than ten million examples), has other
            elements, or raises an error; the disk for temporary files is full.
    """
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise AenbError(f"`{name}`: expected a finite tf.data.Dataset; received an infinite one. Use .take(n).")
    x, y = _parts(dataset.element_spec, name)
    batched = _is_batched(x, y)
    shape = tuple(x.shape[1:] if batched else x.shape)
    if None in shape or 0 in shape or not 1 <= len(shape) <= 3:
        raise AenbError(
            f"`{name}`: expected examples (features,), (height, width) or (height, width, channels) of one known "
            f"shape; received a tf.data.Dataset of elements {tuple(x.shape)}. {ONE_SHAPE}"
        )
    notes = [
        f"The tf.data.Dataset was read once: its elements {_shown(x)} were taken for "
        f"{'batches' if batched else 'single examples'}."
    ]
    has_labels = y is not None and tuple(y.shape[batched:]) in ((), (1,))
    if y is not None and not has_labels:
        notes.append(f"The second part of its elements, {_shown(y)}, is not one label per example: it was left out.")
    if not batched:
        dataset = dataset.batch(max(1, BLOCK // max(1, np.prod(shape) * x.dtype.size)))
    try:
        array, own_labels, note = _read_all(dataset, name, has_labels)
    except tf.errors.OpError as error:
        raise AenbError(
            f"`{name}`: expected a tf.data.Dataset that can be read; received: {_first_line(error.message)}"
        ) from error
    notes += [note] if note else []
    return from_arrays(
        array, own_labels if labels is None else labels, name=name, source="a tf.data.Dataset", notes=notes
    )


def _read_all(dataset: Dataset, name: str, has_labels: bool) -> tuple[np.ndarray, np.ndarray | None, str]:
    """Return the examples, their labels or None, and a note on where the examples are, or an empty one."""
    labels, seen = [], 0
    with GrowingArray(name) as rows:
        for block, block_labels in _blocks(dataset):
            seen += max(1, len(block))
            if seen > MAX_EXAMPLES:
                raise AenbError(
                    f"`{name}`: expected a tf.data.Dataset of up to {MAX_EXAMPLES:,} examples; received a longer one. "
                    "If it is infinite, use .take(n)."
                )
            rows.append(block)
            labels += [block_labels] if has_labels else []
        return rows.array(), _labels(labels) if labels else None, rows.note


def _parts(spec: Any, name: str) -> tuple[TensorSpec, TensorSpec | None]:
    """Return the specs of the examples and of their labels, or None."""
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


def _is_batched(x: TensorSpec, y: TensorSpec | None) -> bool:
    shape = tuple(x.shape)
    if not shape or shape[0] is None or len(shape) == 4:
        return True
    if y is not None and len(y.shape) < 2:  # one label, or one per example
        return len(y.shape) == 1 and y.shape[0] in (None, shape[0]) and len(shape) > 1
    return len(shape) == 3 and shape[-1] > 4  # batches of grey images; otherwise colour channels come last


def _shown(spec: TensorSpec) -> str:
    return "×".join("?" if size is None else str(size) for size in spec.shape) or "()"


def _blocks(dataset: Dataset) -> Iterator[tuple[np.ndarray, Any]]:
    """Yield the batches of a dataset, with a progress bar if that takes more than a second."""
    from tqdm import tqdm

    total = int(dataset.cardinality())  # negative if unknown
    for element in tqdm(
        dataset.as_numpy_iterator(), desc="Reading the tf.data.Dataset", total=total if total >= 0 else None,
        unit=" batches", file=sys.stdout, leave=False, delay=1,
    ):  # fmt: skip
        yield (element[0], element[1] if len(element) > 1 else None) if isinstance(element, tuple) else (element, None)


def _labels(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.asarray(part).reshape(-1) for part in parts])


def _first_line(message: str) -> str:
    return message.strip().splitlines()[0] if message.strip() else "an error without a message"
