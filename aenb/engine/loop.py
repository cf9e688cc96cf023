"""The train function that the engine passes to `fit`, and its chunks of steps."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from aenb.core.backend import Callback, Model, Tensor, gradients_forgotten, keras, tf
from aenb.core.errors import AenbError
from aenb.data.streamed import Examples
from aenb.engine.adam import one_pass_adam
from aenb.engine.fair_lock import FairLock
from aenb.engine.feed import Resident, Streamed
from aenb.engine.state import Diverged, State, broken_terms, capture, fits, restore
from aenb.engine.validation import Validation

CHUNK_SECONDS = 0.1
KEPT_SECONDS = 1.0  # minimum between two copies of the state; it is also at least 100 times the time of a copy
MIN_COMPILED = 5_000  # training examples from which compiling saves time on a CPU
MAX_RESIDENT = 2**29  # bytes of examples held on the device; more are streamed


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
        turns: A lock held while a chunk runs; threads that read the weights take it too.
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
        turns: FairLock | None = None,
    ):
        index = np.asarray(index, "int32")
        self.model, self.batch_size = model, min(batch_size, len(index))
        self.steps = -(-len(index) // self.batch_size)
        self.jit_compile = compiles_well(model, len(index)) if jit_compile is None else jit_compile
        self.is_resident = _fits_in_memory(arrays)
        feed = Resident if self.is_resident else Streamed
        self._feed = feed(arrays, index, self.batch_size, seed)
        self._prepare = prepare or (lambda *batch: batch)
        self._turns = turns or FairLock()
        self._full = len(index) // self.batch_size  # steps with a whole batch
        self._chunk, self._epoch, self._done, self._asked = 1, 0, 0, 0
        self._logs: dict[str, float] | None = None
        self._warm = self._running = False
        self._first_loss: float | None = None
        self._kept: list[State] = []
        self._keep_next = 0.0
        self._start: State | None = None
        self._on_chunk: Callable[[Engine], object] | None = None
        self._loop = tf.function(self._run_steps, jit_compile=self.jit_compile, autograph=False)
        self._last = tf.function(self._run_last, autograph=False)

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
        **arguments: Any,
    ) -> keras.callbacks.History:
        """Run `model.fit` on the engine.

        Args:
            epochs: Passes over the examples.
            callbacks: Keras callbacks.
            start: The state to resume from, as `state` returned it.
            on_chunk: Called after each chunk, when all variables of the training are consistent.
            validation: The data to validate on after each epoch; Keras's alternative is `validation_data`.
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
        self._start, self._on_chunk, self._kept = start, on_chunk, []
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
        if self._full:
            block = self._feed.at(0)
            self._loop.get_concrete_function(*block[:2], tf.constant(0), tf.constant(0))
        else:
            self._last.get_concrete_function(*self._feed.rest())
        if validation is not None:
            validation.build(self.model)

    def state(self) -> State:
        """Copy the state of the training between two chunks, for `fit` to resume from.

        After an interrupt within a chunk, this is the last copy taken between two chunks.
        """
        if self._running and self._kept:
            return self._kept[-1]
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
        self._keep()

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
            logs = _numbers(self._run_to(self._asked))  # once per chunk, not for each callback
            if broken := broken_terms(logs, self._first_loss):
                self._find_the_step(broken)
        self._logs, self._done, self._running = logs, self._asked, False
        if self._first_loss is None:
            self._first_loss = logs.get("loss")
        self._adapt(self._done - before, time.perf_counter() - start)
        self._keep()

    def _run_to(self, step: int, begin: int | None = None) -> dict[str, Any]:
        """Run the steps of the epoch up to `step`, and return the logs."""
        done = self._done if begin is None else begin
        logs = self._logs
        while done < min(step, self._full):
            block = self._feed.at(done)
            end = min(step, block.last)
            logs = self._loop(*block[:2], tf.constant(done - block.first), tf.constant(end - block.first))
            done = end
        if step > self._full and done < step:
            logs = self._last(*self._feed.rest())
        return logs

    def _adapt(self, steps: int, seconds: float) -> None:
        """Set the length of the next chunk from the time of this one; the first chunk's time went into compiling."""
        if self._warm:
            wanted = steps * CHUNK_SECONDS / max(seconds, 1e-6)
            self._chunk = max(1, min(int(wanted), 4 * self._chunk))
        self._warm = True

    def _keep(self) -> None:
        """Copy the state from time to time, in case the loss diverges: keep the last copy and the one before."""
        now = time.perf_counter()
        if now >= self._keep_next or not self._kept:
            oldest = self._kept.pop(0).values if len(self._kept) == 2 else None
            self._kept.append(State(self._epoch, self._done, capture(self.model, into=oldest)))
            cost = time.perf_counter() - now
            self._keep_next = now + max(KEPT_SECONDS, 100 * cost)

    def _find_the_step(self, broken: dict[str, float]) -> None:
        """Repeat the steps since the last copy one by one, and restore the weights of the last good loss.

        A step's loss is that of the weights before it, so these weights are from before the last good step.

        Raises:
            Diverged: Always.
        """
        kept, end = self._kept[-1], self._number(self._epoch, self._asked)
        restore(self.model, kept.values)
        for number in range(self._number(kept.epoch, kept.step), end):
            if terms := broken_terms(self._run_one(number), self._first_loss):
                self._rewind(number - 1)
                raise Diverged(*divmod(number, self.steps), terms)
        restore(self.model, kept.values)
        raise Diverged(self._epoch, None, broken)

    def _rewind(self, number: int) -> None:
        """Restore the model to just before a step, from the last copy that is not later; else to the first copy."""
        numbers = [self._number(kept.epoch, kept.step) for kept in self._kept]
        index = max((i for i, place in enumerate(numbers) if place <= number), default=0)
        restore(self.model, self._kept[index].values)
        for step in range(numbers[index], number):
            self._run_one(step)
        self._epoch, self._done = divmod(max(number, numbers[index]), self.steps)
        self._running = False

    def _number(self, epoch: int, step: int) -> int:
        """Return a step's number, counted from the beginning of the training."""
        return epoch * self.steps + step

    def _run_one(self, number: int) -> dict[str, Any]:
        """Run one step, by its number from the beginning of the training."""
        epoch, step = divmod(number, self.steps)
        if step == 0:
            self.model.reset_metrics()
        self._feed.begin(epoch)
        return self._run_to(step + 1, begin=step)

    def _run_steps(self, tensors: Sequence[Tensor], rows: Tensor, begin: Tensor, end: Tensor) -> dict[str, Tensor]:
        shapes = [[self.batch_size, *tensor.shape[1:]] for tensor in tensors]
        flat = [tf.reshape(tensor, [tensor.shape[0], -1]) for tensor in tensors]  # flat rows are gathered faster

        def step(number: Tensor) -> tuple[Tensor]:
            here = tf.slice(rows, [number * self.batch_size], [self.batch_size])
            batch = (tf.reshape(tf.gather(tensor, here), shape) for tensor, shape in zip(flat, shapes, strict=True))
            self.model.train_step(self._prepare(*batch))
            return (number + 1,)

        tf.while_loop(lambda number: number < end, step, (begin,), parallel_iterations=1)
        return self.model.get_metrics_result()

    def _run_last(self, *batch: Tensor) -> dict[str, Tensor]:
        self.model.train_step(self._prepare(*batch))
        return self.model.get_metrics_result()


def _numbers(logs: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in logs.items()}


def _fits_in_memory(arrays: tuple[Examples, ...]) -> bool:
    """Say whether arrays are in memory, and small enough to be held on the device as well."""
    held = list({id(array): array for array in arrays}.values())
    in_memory = [one.nbytes for one in held if isinstance(one, np.ndarray) and not isinstance(one, np.memmap)]
    return len(in_memory) == len(held) and sum(in_memory) <= MAX_RESIDENT


def compiles_well(model: Model, examples: int) -> bool:
    """Say whether XLA makes a training faster: always on a GPU; on a CPU not with convolutions, nor on little data.

    On a CPU a convolution inside an XLA loop does not use the fast kernels. With fewer than 5,000 examples, compiling
    takes longer than twenty epochs gain; and compiled code stays in memory until the process ends, 12 MB or more.

    Args:
        model: A Keras model.
        examples: The number of training examples.
    """
    if tf.config.list_physical_devices("GPU"):
        return True
    return examples >= MIN_COMPILED and not has_convolutions(model)


def has_convolutions(model: Model) -> bool:
    """Say whether a model has convolutions at any depth, including layers inside wrappers."""
    layers = [*getattr(model, "layers", ()), *filter(None, [getattr(model, "layer", None)])]
    return "Conv" in type(model).__name__ or any(has_convolutions(layer) for layer in layers)
