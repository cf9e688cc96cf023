"""The engine: many training steps in one call, inside Keras's `fit`.

Keras's `fit` calls `model.train_function` once a step, and a call costs milliseconds where a small model's
arithmetic costs a tenth of that. The engine puts its own train function there. It holds the items on the device once,
and runs a chunk of steps as one `tf.while_loop`, which gathers each batch by the epoch's order and gives it to the
model's own `train_step`: several optimisers, named losses, metrics, sample weights and masks are the model's business.

`fit` still sees every step: callbacks, history, validation and `stop_training` stay Keras's. The steps of a chunk are
run when the last of them is asked for, so that what a callback sees at the end of a chunk and of an epoch is exact, and
steps that were not yet run when a callback stops the training are never run. A chunk takes about a tenth of a second.
Its length changes neither the weights nor the logs, and compiles nothing anew.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from aenb.backend import keras, tf

CHUNK_SECONDS = 0.1


class Engine:
    """A train function for `fit`, over items that are held on the device.

    Args:
        model: A compiled Keras model; any `train_step` will do.
        arrays: What a batch is made of: the inputs, the targets and, if there are, the sample weights, each (n, ...).
            The same array twice is held once.
        index: (n,), which items to train on.
        batch_size: Items a step; the last step of an epoch takes what remains.
        seed: Of the order of the items, together with the epoch's number: an epoch's order can be had again.
        jit_compile: Whether XLA compiles the loop; None: where it is faster, see `compiles_well`.
    """

    def __init__(
        self,
        model: Any,
        arrays: tuple[np.ndarray, ...],
        index: np.ndarray,
        *,
        batch_size: int,
        seed: int = 0,
        jit_compile: bool | None = None,
    ):
        held = {id(array): array for array in arrays}
        held = {key: tf.constant(array) for key, array in held.items()}
        self._arrays = tuple(held[id(array)] for array in arrays)
        self.model, self.index, self.seed = model, np.asarray(index, "int32"), seed
        self.batch_size = min(batch_size, len(index))
        self.steps = -(-len(index) // self.batch_size)
        self.jit_compile = compiles_well(model) if jit_compile is None else jit_compile
        self._order = tf.Variable(self.index, trainable=False)
        self._full = len(index) // self.batch_size  # steps with a whole batch
        self._chunk, self._done, self._asked, self._logs = 1, 0, 0, None
        self._warm = False
        self._loop = tf.function(self._run_steps, jit_compile=self.jit_compile, autograph=False)
        self._last = tf.function(self._run_last, autograph=False)

    def fit(self, *, epochs: int, callbacks: list[Any], **arguments: Any) -> Any:
        """Run `model.fit` on the engine.

        Args:
            epochs: Passes over the items.
            callbacks: Keras callbacks.
            **arguments: What else `fit` takes: `validation_data`, `initial_epoch`.
        """
        begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs=None: self._begin(epoch))
        before = self.model.train_function
        self.model.train_function = self._step
        try:
            return self.model.fit(
                tf.data.Dataset.range(self.steps),  # only counted: the batches come from the held items
                epochs=epochs, callbacks=[begin, *callbacks], shuffle=False, verbose=0, **arguments,
            )  # fmt: skip
        finally:
            self.model.train_function = before

    def _begin(self, epoch: int) -> None:
        """Put the items into the order of an epoch."""
        order = np.random.default_rng((self.seed, epoch)).permutation(len(self.index))
        self._order.assign(self.index[order])
        self._done = self._asked = 0
        self._logs = None  # the first step of an epoch is run alone, and gives its logs

    def _step(self, _) -> dict[str, Any]:
        """Be asked for a step: run those that are due once they make a chunk, or end the epoch."""
        self._asked += 1
        if self._asked - self._done >= self._chunk or self._asked == self.steps or self._logs is None:
            self._run_due()
        return self._logs

    def _run_due(self) -> None:
        begin = time.perf_counter()
        until = min(self._asked, self._full)
        if until > self._done:
            self._logs = self._loop(tf.constant(self._done), tf.constant(until))
            self._adapt(until - self._done, time.perf_counter() - begin)
        if self._asked > self._full:
            self._logs = self._last()
        self._done = self._asked

    def _adapt(self, steps: int, seconds: float) -> None:
        """Set the length of the next chunk by the time that this one took; the first one's was spent compiling."""
        if self._warm:
            wanted = steps * CHUNK_SECONDS / max(seconds, 1e-6)
            self._chunk = max(1, min(int(wanted), 4 * self._chunk))
        self._warm = True

    def _run_steps(self, begin, end):
        def step(number):
            index = tf.slice(self._order, [number * self.batch_size], [self.batch_size])
            self.model.train_step(self.batch(index))
            return (number + 1,)

        tf.while_loop(lambda number: number < end, step, (begin,), parallel_iterations=1)
        return self.model.get_metrics_result()

    def _run_last(self):
        self.model.train_step(self.batch(self._order[self._full * self.batch_size :]))
        return self.model.get_metrics_result()

    def batch(self, index):
        """Gather a batch from the held items: index (batch,), int32 → inputs, targets, …, each (batch, ...)."""
        return tuple(tf.gather(array, index) for array in self._arrays)


def compiles_well(model: Any) -> bool:
    """Say whether XLA makes a model's training faster: on a GPU yes; on a CPU not where there are convolutions.

    On a CPU a convolution inside an XLA loop leaves the fast kernels that it has outside of one.
    """
    if tf.config.list_physical_devices("GPU"):
        return True
    layers = [layer for part in model.layers for layer in getattr(part, "layers", [part])]
    return not any("Conv" in type(layer).__name__ for layer in layers)
