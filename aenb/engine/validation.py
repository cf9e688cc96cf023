"""The validation after each epoch: examples on the device, and the test function that the engine passes to `fit`.

Keras's own reads the examples from a pipeline in each epoch, which takes longer than a small model's arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from aenb.core.backend import Callback, Model, Tensor, keras, tf


class Validation:
    """Validation examples.

    Args:
        arrays: The parts of a batch, each (n, ...), as for the engine.
        batch_size: Examples per batch.
        prepare: Transforms a batch, in the graph, before `test_step` takes it: from the batch's number and the tensors
            of the arrays, each (batch, ...), to a tuple of tensors.
    """

    def __init__(self, arrays: Sequence[np.ndarray], *, batch_size: int, prepare: Callable[..., tuple]):
        self._tensors = tuple(map(tf.constant, arrays))
        self._batch_size, self._prepare = batch_size, prepare
        self.steps = -(-len(arrays[0]) // batch_size)
        self._model: Model | None = None
        self._run: Callable[..., dict[str, Tensor]] | None = None
        self._before: Callable | None = None
        self._number = 0

    def build(self, model: Model) -> None:
        """Trace one validation batch of a model, without running it."""

        def run(tensors: Sequence[Tensor], number: Tensor) -> dict[str, Tensor]:
            model.test_step(self._prepare(number, *self._batch(tensors, number)))
            return model.get_metrics_result()

        self._model, compiled = model, tf.function(run, autograph=False)
        self._run = compiled
        compiled.get_concrete_function(self._tensors, tf.constant(0))

    def batches(self) -> Iterator[tuple]:
        """Yield the batches as `test_step` takes them."""
        for number in range(self.steps):
            yield self._prepare(tf.constant(number), *self._batch(self._tensors, number))

    def _batch(self, tensors: Sequence[Tensor], number: int | Tensor) -> Iterator[Tensor]:
        start = number * self._batch_size
        return (tensor[start : start + self._batch_size] for tensor in tensors)

    def callback(self) -> Callback:
        """Return the callback that makes `fit` validate on these examples, in `steps` batches.

        Keras's test function is replaced only while `fit` validates: a callback may call `evaluate` on other data.
        """
        callback = keras.callbacks.Callback()
        callback.on_test_begin, callback.on_test_end = self._begin, self._end
        return callback

    def _begin(self, logs: dict | None = None) -> None:
        self._number, self._before, self._model.test_function = 0, self._model.test_function, self._step

    def _end(self, logs: dict | None = None) -> None:
        self._model.test_function = self._before

    def _step(self, _: object) -> dict[str, Any]:
        """Evaluate the next batch."""
        self._number += 1
        return self._run(self._tensors, tf.constant(self._number - 1))
