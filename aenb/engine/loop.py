"""The train function that the engine passes to `fit`, and its chunks of steps."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from aenb.core.backend import Callback, Model, gradients_forgotten, keras, tf
from aenb.core.errors import AenbError
from aenb.data.values.streamed import Examples
from aenb.engine.adam import one_pass_adam
from aenb.engine.divergence import Copies, broken_terms
from aenb.engine.fair_lock import FairLock
from aenb.engine.feed import Resident, Streamed, fit_in_memory
from aenb.engine.state import State, capture, fits, restore
from aenb.engine.steps import Steps
from aenb.engine.validation import Validation
from aenb.engine.xla import compiles_well

CHUNK_SECONDS = 0.1


class Engine:
    """A train function for `fit`.

    Args:
        model: A compiled Keras model with any `train_step`.
        arrays: The parts of a batch, each (n, ...): inputs, targets and optionally sample weights. An array that occurs
            twice is held once. Arrays of up to 512 MB are held on the device; larger ones, and those that are not NumPy
            arrays in memory, are streamed.
        index: (n,), the examples to train on.
        batch_size: Examples per step; the last step of an epoch takes the rest.
        seed: Together with the epoch's number, it determines the order of the examples.
        jit_compile: Whether XLA compiles the loop; None: if it is faster, see `compiles_well`.
        prepare: Transforms a batch, in the graph, before `train_step` takes it: from the tensors of the arrays, each
            (batch, ...), to a tuple of tensors.
    """

    def __init__(
        self,
        model: Model,
        arrays: tuple[Examples, ...],
        index: np.ndarray,
        *,
        batch_size: int,
        seed: int = 0,
        jit_compile: bool | None = None,
        prepare: Callable[..., tuple] | None = None,
    ):
        index = np.asarray(index, "int32")
        self.model, self.batch_size = model, min(batch_size, len(index))
        self.steps = -(-len(index) // self.batch_size)
        self.jit_compile = compiles_well(model, len(index)) if jit_compile is None else jit_compile
        self.is_resident = fit_in_memory(arrays)
        feed = Resident if self.is_resident else Streamed
        self._feed = feed(arrays, index, self.batch_size, seed)
        self._compiled = Steps(model, self._feed, self.steps, prepare, self.jit_compile)
        self._copies = Copies(model, self._compiled)
        self._turns = FairLock()
        self._chunk, self._epoch, self._done, self._asked = 1, 0, 0, 0
        self._logs: dict[str, float] | None = None
        self._warm = self._running = False
        self._first_loss: float | None = None
        self._start: State | None = None
        self._on_chunk: Callable[[Engine], object] | None = None

    @property
    def held(self) -> tuple[np.ndarray, ...] | None:
        """The examples as the device holds them, without a copy; None if they are streamed, or not in main memory."""
        return self._feed.held

    @property
    def epoch(self) -> int:
        """The epoch that the training is in, from 0."""
        return self._epoch

    @property
    def step(self) -> int:
        """How many steps of the epoch are done."""
        return self._done

    @property
    def logs(self) -> dict[str, Any]:
        """The model's metrics of the epoch so far."""
        return self._logs or {}

    def fit(
        self,
        *,
        epochs: int,
        callbacks: list[Callback],
        start: State | None = None,
        on_chunk: Callable[[Engine], object] | None = None,
        validation: Validation | None = None,
        turns: FairLock | None = None,
        **arguments: Any,
    ) -> keras.callbacks.History:
        """Run `model.fit` on the engine.

        Args:
            epochs: Passes over the examples.
            callbacks: Keras callbacks.
            start: The state to resume from, as `state` returned it.
            on_chunk: Called after each chunk, when all variables of the training are consistent.
            validation: The data to validate on after each epoch; Keras's alternative is `validation_data`.
            turns: A lock held while a chunk runs; threads that read the weights take it too.
            **arguments: Further arguments of `fit`: `validation_data`, `initial_epoch`.

        Raises:
            AenbError: `start` belongs to another model.
            Halt: `on_chunk` raised it. The callbacks' `on_train_end` was not called.
            Diverged: The loss is not finite or has exploded; the weights are those of the last good loss.
        """
        ours = [keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs=None: self._begin(epoch))]
        if validation is not None:
            ours.append(validation.callback())
            arguments["validation_data"] = tf.data.Dataset.range(validation.steps)  # only counted, as the steps are
        self._start, self._on_chunk, self._turns = start, on_chunk, turns or FairLock()
        self._copies = Copies(self.model, self._compiled)
        self._epoch, self._done = arguments.get("initial_epoch", 0), 0
        with gradients_forgotten(), one_pass_adam(self.model), self._in_place_of_the_train_function():
            self.build(validation)
            if start is not None:
                if not fits(self.model, start.values):
                    raise AenbError("A checkpoint: expected the variables of this model; received those of another.")
                arguments["initial_epoch"] = self._epoch = start.epoch
                self._done = start.step
                restore(self.model, start.values)
            return self.model.fit(
                tf.data.Dataset.range(self.steps),  # only counted: the batches come from the feed
                epochs=epochs, callbacks=[*ours, *callbacks], shuffle=False, verbose=0, **arguments,
            )  # fmt: skip

    @contextlib.contextmanager
    def _in_place_of_the_train_function(self) -> Iterator[None]:
        before = self.model.train_function, self.model.test_function, self.model.jit_compile
        self.model.train_function = self._step
        self.model.jit_compile = False  # for validation: XLA does not pay for its few batches
        try:
            yield
        finally:
            self.model.train_function, self.model.test_function, self.model.jit_compile = before
            self._feed.close()

    def build(self, validation: Validation | None = None) -> None:
        """Create all variables of the training, by tracing a step and a validation batch without running them.

        The optimiser's are created first: a function whose first trace creates variables is traced a second time.
        """
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is not None and not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        self._compiled.build()
        if validation is not None:
            validation.build(self.model)

    def state(self) -> State:
        """Copy the state of the training between two chunks, for `fit` to resume from.

        After an interrupt within a chunk, this is the last copy taken between two chunks.
        """
        if self._running and self._copies.last is not None:
            return self._copies.last
        return State(self._epoch, self._done, capture(self.model))

    def _begin(self, epoch: int) -> None:
        """Put the examples into the order of an epoch; if the training is resumed, start in the middle of it."""
        self._feed.begin(epoch)
        self._epoch, self._done, self._asked = epoch, 0, 0
        self._logs = None  # the first step of an epoch runs alone, to get logs
        if self._start is not None:
            self._done, values, self._start = self._start.step, self._start.values, None
            if self._done:  # restore again: `fit` has reset the metrics
                restore(self.model, values)
                self._logs = _numbers(self.model.get_metrics_result())
        self._copies.keep(self._epoch, self._done)

    def _step(self, _: object) -> dict[str, Any]:
        """Take a call for one step: run the due steps once they fill a chunk or end the epoch."""
        self._asked += 1
        due = self._asked - self._done
        is_last = self._asked == self.steps or self.model.stop_training
        if due >= self._chunk or (due > 0 and (is_last or self._logs is None)):
            self._run_due()
            if self._on_chunk is not None:
                self._on_chunk(self)
        return self._logs

    def _run_due(self) -> None:
        start, before = time.perf_counter(), self._done
        self._running = True
        with self._turns:
            logs = _numbers(self._compiled.run(before, self._asked))  # once per chunk, not for each callback
            if broken := broken_terms(logs, self._first_loss):
                self._rewind(broken)
        self._logs, self._done, self._running = logs, self._asked, False
        if self._first_loss is None:
            self._first_loss = logs.get("loss")
        self._adapt(self._done - before, time.perf_counter() - start)
        self._copies.keep(self._epoch, self._done)

    def _rewind(self, broken: dict[str, float]) -> None:
        """Restore the weights of the last good loss.

        Raises:
            Diverged: Always.
        """
        error, done = self._copies.find(self._epoch * self.steps + self._asked, broken, self._first_loss)
        if done is not None:
            self._epoch, self._done = divmod(done, self.steps)
            self._running = False
        raise error

    def _adapt(self, steps: int, seconds: float) -> None:
        """Set the length of the next chunk from the time of this one; the first chunk's time went into compiling."""
        if self._warm:
            wanted = steps * CHUNK_SECONDS / max(seconds, 1e-6)
            self._chunk = max(1, min(int(wanted), 4 * self._chunk))
        self._warm = True


def _numbers(logs: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in logs.items()}
