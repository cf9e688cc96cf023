"""The source of batches: examples held on the device, or blocks of them read ahead from disk.

A feed returns the block that holds a step: tensors, the rows of the epoch's next batches in them, and the steps that
it covers. Resident examples are one block, whose rows are in the epoch's order. Streamed examples come in blocks of a
few megabytes, already in the epoch's order, which a thread reads while the block before is trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from aenb.core.backend import Tensor, tf
from aenb.data.values.streamed import Examples

BLOCK = 2**23  # bytes of a streamed block
MAX_RESIDENT = 2**29  # bytes of examples held on the device; more are streamed


class Block(NamedTuple):
    """Examples of some steps: tensors (n, ...), the rows of the batches in them, the first step and the last plus 1."""

    tensors: tuple[Any, ...]
    rows: Any
    first: int
    last: int


def order_of(seed: int, epoch: int, index: np.ndarray) -> np.ndarray:
    """Return the order of the examples in an epoch: deterministic for a seed and an epoch."""
    return index[np.random.default_rng((seed, epoch)).permutation(len(index))]


def specs_of(arrays: Sequence[Any]) -> tuple[Any, ...]:
    """Return what a function of these arrays has to know: their shapes, but for the number of examples, and dtypes."""
    return tuple(tf.TensorSpec([None, *array.shape[1:]], array.dtype) for array in arrays)


def fit_in_memory(arrays: tuple[Examples, ...]) -> bool:
    """Say whether arrays are in memory, and small enough to be held on the device as well."""
    held = list({id(array): array for array in arrays}.values())
    in_memory = [one.nbytes for one in held if isinstance(one, np.ndarray) and not isinstance(one, np.memmap)]
    return len(in_memory) == len(held) and sum(in_memory) <= MAX_RESIDENT


class Resident:
    """Examples held on the device, each array once.

    Attributes:
        batch_size: Examples per step.
        full: How many steps of an epoch have a whole batch.
        specs: The shapes and dtypes of the tensors, for any number of examples.
    """

    def __init__(self, arrays: Sequence[Examples], index: np.ndarray, batch_size: int, seed: int):
        held: dict[int, Tensor] = {key: tf.constant(array) for key, array in {id(one): one for one in arrays}.items()}
        self._tensors = tuple(held[id(array)] for array in arrays)
        self.specs = specs_of(self._tensors)
        self._index, self._seed = index, seed
        self.batch_size, self.full = batch_size, len(index) // batch_size
        self._epoch, self._order, self._rows = -1, index, tf.constant(index)

    @property
    def held(self) -> tuple[np.ndarray, ...] | None:
        """Read-only views of the tensors' memory; None if they are not in the main memory."""
        if not all(tensor.device.endswith("CPU:0") for tensor in self._tensors):
            return None
        return tuple(np.asarray(memoryview(tensor)) for tensor in self._tensors)

    def begin(self, epoch: int) -> None:
        """Put the examples into the order of an epoch."""
        if epoch != self._epoch:
            self._epoch, self._order = epoch, order_of(self._seed, epoch, self._index)
            self._rows = tf.constant(self._order)

    def at(self, step: int) -> Block:
        """Return the block that holds a step: all examples."""
        return Block(self._tensors, self._rows, 0, self.full)

    def rest(self) -> tuple[Any, ...]:
        """Return the examples of the last, smaller step of an epoch."""
        rows = tf.constant(self._order[self.full * self.batch_size :])
        return tuple(tf.gather(tensor, rows) for tensor in self._tensors)

    def close(self) -> None:
        """Keep the examples: another `fit` may follow."""


class Streamed:
    """Examples read in blocks from anything that takes an array of indices, such as a memory map.

    Args:
        arrays: The parts of a batch, each with `len`, `shape` and `dtype`.
        index: (n,), int32, the examples to train on.
        batch_size: Examples per step.
        seed: The seed of the order.

    Attributes:
        batch_size: Examples per step.
        full: How many steps of an epoch have a whole batch.
        specs: The shapes and dtypes of the tensors, for any number of examples.
    """

    held = None

    def __init__(self, arrays: Sequence[Examples], index: np.ndarray, batch_size: int, seed: int):
        self._arrays, self._index, self._seed = tuple(arrays), index, seed
        self.specs = specs_of(self._arrays)
        self.batch_size, self.full = batch_size, len(index) // batch_size
        size = sum(array[:1].nbytes for array in self._arrays)
        self._span = max(1, min(BLOCK // (size * batch_size), max(1, self.full)))  # steps per block
        self._in_order = tf.range(self._span * batch_size)
        self._thread: ThreadPoolExecutor | None = None
        self._ahead: tuple[tuple[int, int], Future] | None = None
        self._block: tuple[tuple[int, int], Block] | None = None
        self._epoch, self._order = -1, index

    def begin(self, epoch: int) -> None:
        """Put the examples into the order of an epoch."""
        if epoch != self._epoch:
            self._epoch, self._order = epoch, order_of(self._seed, epoch, self._index)

    def at(self, step: int) -> Block:
        """Return the block that holds a step, and start to read the next one."""
        place = self._epoch, step // self._span
        if self._block is None or self._block[0] != place:
            self._block = place, self._take(place)
            last = (place[1] + 1) * self._span >= self.full
            self._read_ahead((place[0] + 1, 0) if last else (place[0], place[1] + 1))
        return self._block[1]

    def rest(self) -> tuple[Any, ...]:
        """Return the examples of the last, smaller step of an epoch."""
        return tuple(map(tf.constant, self._read(self._order[self.full * self.batch_size :])))

    def close(self) -> None:
        """End the reading thread."""
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)
        self._thread = self._ahead = self._block = None

    def _take(self, place: tuple[int, int]) -> Block:
        if self._ahead is not None and self._ahead[0] == place:
            return self._ahead[1].result()
        return self._make(place)

    def _read_ahead(self, place: tuple[int, int]) -> None:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="aenb-read-ahead")
        self._ahead = place, self._thread.submit(self._make, place)

    def _make(self, place: tuple[int, int]) -> Block:
        epoch, number = place
        order = self._order if epoch == self._epoch else order_of(self._seed, epoch, self._index)
        first = number * self._span
        last = min(first + self._span, self.full)
        rows = order[first * self.batch_size : last * self.batch_size]
        missing = self._span * self.batch_size - len(rows)  # blocks have one shape, so that nothing is compiled twice
        read = [np.pad(a, [(0, missing)] + [(0, 0)] * (a.ndim - 1)) if missing else a for a in self._read(rows)]
        return Block(tuple(map(tf.constant, read)), self._in_order, first, last)

    def _read(self, rows: np.ndarray) -> list[np.ndarray]:
        """Read rows in their order on disk, and return them in the requested order."""
        ascending = np.argsort(rows)
        back = np.empty_like(ascending)
        back[ascending] = np.arange(len(rows))
        return [np.asarray(array[rows[ascending]])[back] for array in self._arrays]
