"""The train function that the engine gives to `fit`, and its chunks."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from aenb.core.backend import gradients_forgotten, keras, tf
from aenb.core.errors import AenbError
from aenb.engine.adam import one_pass_adam
from aenb.engine.fair_lock import FairLock
from aenb.engine.feed import Resident, Streamed
from aenb.engine.state import Diverged, State, broken_terms, capture, fits, restore
from aenb.engine.validation import Validation

CHUNK_SECONDS = 0.1
KEPT_SECONDS = 1.0  # at least so long between two copies of the state, and a hundred times as long as a copy takes
COMPILED = 5_000  # examples to train on, from which on compiling takes less time than it saves on a CPU
RESIDENT = 2**29  # bytes of items that are held on the device; more are streamed


class Engine:
    """A train function for `fit`.

    Args:
        model: A compiled Keras model; any `train_step` will do.
        arrays: What a batch is made of, each (n, ...): the inputs, the targets and, if there are, the sample weights.
            The same array twice is held once. Arrays of up to 512 MB are held on the device; larger ones, and what
            is not a NumPy array in memory, are streamed.
        index: (n,), which items to train on.
        batch_size: Items a step; the last step of an epoch takes what remains.
        seed: Of the order of the items, together with the epoch's number: an epoch's order can be had again.
        jit_compile: Whether XLA compiles the loop; None: where it is faster, see `compiles_well`.
        prepare: What becomes of a batch, in the graph, before `train_step` takes it: from the tensors of the arrays,
            each (batch, ...), to a tuple of tensors.
        turns: Taken while a chunk runs, by whoever must not read weights that are being changed.
    """

    def __init__(
        self,
        model: Any,
        arrays: tuple[Any, ...],
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
        self._chunk, self._epoch, self._done, self._asked, self._logs = 1, 0, 0, 0, None
        self._warm = self._running = False
        self._first_loss: float | None = None
        self._kept: list[State] = []
        self._keep_next = 0.0
        self._start: State | None = None
        self._on_chunk: Callable[[Engine], None] | None = None
        self._loop = tf.function(self._run_steps, jit_compile=self.jit_compile, autograph=False)
        self._last = tf.function(self._run_last, autograph=False)

    @property
    def held(self) -> tuple[np.ndarray, ...] | None:
        """The items as the device holds them, without a copy; None where they are streamed, or not in this memory."""
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
        """What the model reports of the epoch so far."""
        return self._logs or {}

    def fit(
        self,
        *,
        epochs: int,
        callbacks: list[Any],
        start: State | None = None,
        on_chunk: Callable[[Engine], None] | None = None,
        validation: Validation | None = None,
        **arguments: Any,
    ) -> Any:
        """Run `model.fit` on the engine.

        Args:
            epochs: Passes over the items.
            callbacks: Keras callbacks.
            start: Where to go on from, as `state` gave it.
            on_chunk: Called after each chunk, when all of the training's variables are in step.
            validation: What to validate on after each epoch; `validation_data` is Keras's way to say it.
            **arguments: What else `fit` takes: `validation_data`, `initial_epoch`.

        Raises:
            AenbError: `start` is of another model.
            Halt: `on_chunk` raised it. The callbacks' `on_train_end` was not called.
            Diverged: The loss is not finite or has no bounds; the weights are those of the last good loss.
        """
        ours = [keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs=None: self._begin(epoch))]
        if validation is not None:
            ours.append(validation.callback())
            arguments["validation_data"] = tf.data.Dataset.range(validation.steps)  # counted, as the steps are
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
        self.model.jit_compile = False  # of the validation, whose few batches don't pay for being compiled by XLA
        try:
            yield
        finally:
            self.model.train_function, self.model.test_function, self.model.jit_compile = before
            self._feed.close()

    def build(self, validation: Validation | None = None) -> None:
        """Make all variables of the training, by tracing a step and a batch of the validation without running them.

        The optimiser's are made before: a function whose first trace makes variables is traced a second time.
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
        """Copy the training as it is between two chunks: what `fit` can start from.

        After an interrupt within a chunk it is the last copy that was taken between two.
        """
        if self._running and self._kept:
            return self._kept[-1]
        return State(self._epoch, self._done, capture(self.model))

    def _begin(self, epoch: int) -> None:
        """Put the items into the order of an epoch; go on in its middle where that was asked."""
        self._feed.begin(epoch)
        self._epoch, self._done, self._asked = epoch, 0, 0
        self._logs = None  # the first step of an epoch is run alone, and gives its logs
        if self._start is not None:
            self._done, values, self._start = self._start.step, self._start.values, None
            if self._done:  # once more: `fit` has reset the metrics, which are those of the middle of the epoch
                restore(self.model, values)
                self._logs = _numbers(self.model.get_metrics_result())
        self._keep()

    def _step(self, _) -> dict[str, Any]:
        """Be asked for a step: run those that are due once they make a chunk, or end the epoch."""
        self._asked += 1
        due = self._asked - self._done
        is_last = self._asked == self.steps or self.model.stop_training
        if due >= self._chunk or (due > 0 and (is_last or self._logs is None)):
            self._run_due()
            if self._on_chunk is not None:
                self._on_chunk(self)
        return self._logs

    def _run_due(self) -> None:
        begin, before = time.perf_counter(), self._done
        self._running = True
        with self._turns:
            logs = _numbers(self._run_to(self._asked))  # once a chunk, not for each callback's call
            if broken := broken_terms(logs, self._first_loss):
                self._find_the_step(broken)
        self._logs, self._done, self._running = logs, self._asked, False
        if self._first_loss is None:
            self._first_loss = logs.get("loss")
        self._adapt(self._done - before, time.perf_counter() - begin)
        self._keep()

    def _run_to(self, step: int, begin: int | None = None) -> dict[str, Any]:
        """Run the steps of the epoch up to one, and return the logs."""
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
        """Set the length of the next chunk by the time that this one took; the first one's was spent compiling."""
        if self._warm:
            wanted = steps * CHUNK_SECONDS / max(seconds, 1e-6)
            self._chunk = max(1, min(int(wanted), 4 * self._chunk))
        self._warm = True

    def _keep(self) -> None:
        """Copy the state from time to time, to have it when the loss breaks: the last copy, and the one before it."""
        now = time.perf_counter()
        if now >= self._keep_next or not self._kept:
            room = self._kept.pop(0).values if len(self._kept) == 2 else None
            self._kept.append(State(self._epoch, self._done, capture(self.model, into=room)))
            cost = time.perf_counter() - now
            self._keep_next = now + max(KEPT_SECONDS, 100 * cost)

    def _find_the_step(self, broken: dict[str, float]) -> None:
        """Run the steps since the last copy again, one by one, and give back the weights of the last good loss.

        A step's loss is that of the weights before it: those that gave a finite one are from before the last good step.

        Raises:
            Diverged: Always.
        """
        kept, end = self._kept[-1], self._number(self._epoch, self._asked)
        restore(self.model, kept.values)
        for number in range(self._number(kept.epoch, kept.step), end):
            if found := broken_terms(self._run_one(number), self._first_loss):
                self._rewind(number - 1)
                raise Diverged(*divmod(number, self.steps), found)
        restore(self.model, kept.values)
        raise Diverged(self._epoch, None, broken)

    def _rewind(self, number: int) -> None:
        """Bring the model to the place before a step, from the last copy that is not later; else to the first copy."""
        places = [self._number(kept.epoch, kept.step) for kept in self._kept]
        which = max((i for i, place in enumerate(places) if place <= number), default=0)
        restore(self.model, self._kept[which].values)
        for step in range(places[which], number):
            self._run_one(step)
        self._epoch, self._done = divmod(max(number, places[which]), self.steps)
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

    def _run_steps(self, tensors, rows, begin, end):
        shapes = [[self.batch_size, *tensor.shape[1:]] for tensor in tensors]
        flat = [tf.reshape(tensor, [tensor.shape[0], -1]) for tensor in tensors]  # rows of numbers: gathered faster

        def step(number):
            here = tf.slice(rows, [number * self.batch_size], [self.batch_size])
            batch = (tf.reshape(tf.gather(some, here), shape) for some, shape in zip(flat, shapes, strict=True))
            self.model.train_step(self._prepare(*batch))
            return (number + 1,)

        tf.while_loop(lambda number: number < end, step, (begin,), parallel_iterations=1)
        return self.model.get_metrics_result()

    def _run_last(self, *batch):
        self.model.train_step(self._prepare(*batch))
        return self.model.get_metrics_result()


def _numbers(logs: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in logs.items()}


def _fits_in_memory(arrays: tuple[Any, ...]) -> bool:
    """Say whether arrays are in memory, and small enough to be held on the device too."""
    held = {id(array): array for array in arrays}.values()
    plain = all(isinstance(array, np.ndarray) and not isinstance(array, np.memmap) for array in held)
    return plain and sum(array.nbytes for array in held) <= RESIDENT


def compiles_well(model: Any, examples: int) -> bool:
    """Say whether XLA makes a training faster: on a GPU yes; on a CPU not with convolutions, nor on little data.

    On a CPU a convolution inside an XLA loop leaves the fast kernels that it has outside of one. With fewer than 5,000
    examples, compiling takes longer than twenty epochs gain, and what XLA compiled stays in memory until the process
    ends, 12 MB for a small model.

    Args:
        model: A Keras model.
        examples: How many there are to train on.
    """
    if tf.config.list_physical_devices("GPU"):
        return True
    return examples >= COMPILED and not has_convolutions(model)


def has_convolutions(model: Any) -> bool:
    """Say whether a model has convolutions, however deep in its parts; a wrapper's own layer is one of them."""
    inside = [*getattr(model, "layers", ()), *filter(None, [getattr(model, "layer", None)])]
    return "Conv" in type(model).__name__ or any(has_convolutions(layer) for layer in inside)
