"""The steps of an epoch as compiled functions: they gather batches of a feed, and call the model's `train_step`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from aenb.core.backend import Model, Tensor, tf
from aenb.engine.feed import Resident, Streamed


class Steps:
    """The steps of a training.

    XLA compiles for one size of batches: the last, smaller step of an epoch has a function of its own. Without XLA one
    function serves both, which halves the time that tracing takes.

    Args:
        model: A compiled Keras model.
        feed: The source of batches.
        count: Steps per epoch.
        prepare: Transforms a batch, in the graph, before `train_step` takes it; None: it stays as it is.
        jit_compile: Whether XLA compiles the loop.
    """

    def __init__(
        self,
        model: Model,
        feed: Resident | Streamed,
        count: int,
        prepare: Callable[..., tuple] | None,
        jit_compile: bool,
    ):
        self._model, self._feed, self.count = model, feed, count
        self._prepare = prepare or (lambda *batch: batch)
        self._is_static = jit_compile
        self._size = feed.batch_size if jit_compile else tf.constant(feed.batch_size)
        whole = tf.TensorSpec((), "int32")
        signature = None if jit_compile else (feed.specs, tf.TensorSpec([None], "int32"), whole, whole, whole)
        self._loop = tf.function(self._run_steps, input_signature=signature, jit_compile=jit_compile, autograph=False)
        self._last = tf.function(self._run_last, autograph=False)

    def build(self) -> None:
        """Trace a step, without running it."""
        if not self._is_static:
            self._loop.get_concrete_function()
        elif self._feed.full:
            block = self._feed.at(0)
            self._loop.get_concrete_function(*block[:2], tf.constant(0), tf.constant(0), self._size)
        else:
            self._last.get_concrete_function(*self._feed.rest())

    def run(self, begin: int, end: int) -> dict[str, Tensor]:
        """Run the steps of the epoch from `begin` to before `end`, and return the logs."""
        logs: dict[str, Tensor] = {}
        full = self._feed.full
        while begin < min(end, full):
            block = self._feed.at(begin)
            last = min(end, block.last)
            place = tf.constant(begin - block.first), tf.constant(last - block.first)
            logs = self._loop(*block[:2], *place, self._size)
            begin = last
        if begin < end:
            rest = self._feed.rest()
            logs = self._last(*rest) if self._is_static else self._loop_once(rest)
        return logs

    def _loop_once(self, batch: tuple[Tensor, ...]) -> dict[str, Tensor]:
        """Run one step on a batch of any size."""
        size = tf.shape(batch[0])[0]
        return self._loop(batch, tf.range(size), tf.constant(0), tf.constant(1), size)

    def run_one(self, number: int) -> dict[str, Tensor]:
        """Run one step, by its number from the beginning of the training, and return the logs."""
        epoch, step = divmod(number, self.count)
        if step == 0:
            self._model.reset_metrics()
        self._feed.begin(epoch)
        return self.run(step, step + 1)

    def _run_steps(
        self, tensors: Sequence[Tensor], rows: Tensor, begin: Tensor, end: Tensor, size: Tensor | int
    ) -> dict[str, Tensor]:
        shapes = [[size, *tensor.shape[1:]] for tensor in tensors]
        flat = [tf.reshape(tensor, [-1, math.prod(tensor.shape[1:])]) for tensor in tensors]  # gathered faster

        def step(number: Tensor) -> tuple[Tensor]:
            here = tf.slice(rows, [number * size], [size])
            batch = (tf.reshape(tf.gather(tensor, here), shape) for tensor, shape in zip(flat, shapes, strict=True))
            self._model.train_step(self._prepare(*batch))
            return (number + 1,)

        tf.while_loop(lambda number: number < end, step, (begin,), parallel_iterations=1)
        return self._model.get_metrics_result()

    def _run_last(self, *batch: Tensor) -> dict[str, Tensor]:
        self._model.train_step(self._prepare(*batch))
        return self._model.get_metrics_result()
