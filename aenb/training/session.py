"""A running training: one call of `fit` on the engine, with its view, its controls and its checkpoint."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from aenb.core import backend
from aenb.core.backend import Callback, Model, Tensor, keras, tf
from aenb.core.control import Control, Stopped
from aenb.core.errors import AenbError
from aenb.core.progress import Silent, Training
from aenb.core.short_form import most_epochs
from aenb.data.corruption import in_units, make_task
from aenb.data.record import Data
from aenb.data.split import hold_out
from aenb.engine import Diverged, Engine, State, Validation
from aenb.engine.checkpoint import Checkpoint, Saved, differences, labels_fingerprint
from aenb.models.autoencoder import interface, parts
from aenb.runs.run import Run
from aenb.runs.summary import examples

VALIDATION, MAX_VALIDATION, MAX_BYTES = 0.1, 5000, 2**28  # share of the training examples; limits
VALIDATION_BATCH = 1024
SAMPLES, MOMENTS = 10, 7  # of a timeline: how many samples, at how many epochs


class Session:
    """Trains a run's model.

    Args:
        run: The run; its model is not trained yet.
        data: What to train on.
        callbacks: The user's Keras callbacks.
        view: Where progress is shown.
        control: Pause, resume and stop.
        checkpoint: Where to save the training while it runs, or None.
        saved: The checkpoint to resume from, or None.
    """

    def __init__(
        self,
        run: Run,
        data: Data,
        callbacks: Sequence[Callback],
        view: Silent,
        control: Control,
        checkpoint: Checkpoint | None = None,
        saved: Saved | None = None,
    ):
        self.run, self.data, self.view, self.control, self.checkpoint = run, data, view, control, checkpoint
        spec = run.spec
        kept, held_out = hold_out(len(data.train), validation_size(data))
        model = run.model
        task = make_task(spec.task, spec.corruption, spec.amount, data.kind, missing=data.has_missing)
        labels = (data.class_numbers(data.y_train),) if run.is_conditional else ()

        def prepare(seed: int, number: Tensor, batch: Tensor, *labels: Tensor) -> tuple[Any, Any]:
            x, y = task(in_units(batch), tf.stack([seed, tf.cast(number, "int32")]))
            return ((x, *labels), y) if labels else (x, y)

        self.engine = Engine(
            model,
            (data.train, *labels),
            kept,
            batch_size=run.record["batch_size"],
            seed=spec.seed,
            jit_compile={"auto": False if most_epochs() else None, "on": True, "off": False}[spec.xla],
            prepare=lambda *batch: prepare(spec.seed, model.optimizer.iterations, *batch),
            turns=run.turns,
        )
        if self.engine.held is not None:
            data.share(self.engine.held[0])
        arrays = (data.train[held_out], *(array[held_out] for array in labels))
        self._validation = Validation(
            arrays,
            batch_size=validation_batch(data),
            prepare=partial(prepare, ~spec.seed),  # the same corruption in each epoch, other than in training
        )
        self._num_examples = len(kept)
        self._moments = moments(spec.epochs) if plays(model) and data.kind != "text" else set()
        run.record |= {"xla": self.engine.jit_compile, "resident": self.engine.is_resident}
        self._stopping = _early_stopping(spec.patience)
        self._callbacks = [self._saver(), *self._stopping, self._watcher(), *callbacks]
        self._labels = None if checkpoint is None else labels_fingerprint(data)
        self._start = self._state_of(saved) if saved is not None else None
        self._begun, self._seconds_before, self._interrupts = 0.0, run.seconds, backend.Interrupts()

    def train(self) -> None:
        """Train until the end, a stop or an interrupt, and record the result in the run."""
        run, spec = self.run, self.run.spec
        first = self._start.epoch * self.engine.steps + self._start.step if self._start else 0
        self._open_view(first)
        run.status, self._begun = "training", time.perf_counter()
        try:
            status = self._fit()
        finally:
            run.seconds = self._seconds
            backend.give_back_memory()
        run.status = status
        if status == "complete" and run.epochs < spec.epochs:
            run.status = "stopped early"
        steps = self.engine.epoch * self.engine.steps + self.engine.step - first
        seconds = max(run.seconds - self._seconds_before, 1e-9)
        run.record["items_per_second"] = steps * self._num_examples / self.engine.steps / seconds
        if self.checkpoint is not None and self.checkpoint.trouble:
            run.record["notes"].append(f"The last checkpoint could not be written: {self.checkpoint.trouble}.")

    @property
    def kept_loss(self) -> float:
        """The validation loss of the final weights; infinite if there is none.

        With early stopping these are the weights of the best epoch, however the training ended. Without it they are the
        last ones; if the training ended within an epoch, the loss of the epoch before is taken.
        """
        losses = self.run.history.get("val_loss", [])
        for stopping in self._callbacks:
            if getattr(stopping, "restore_best_weights", False) and stopping.monitor == "val_loss":
                losses = [stopping.best] if stopping.best_weights is not None else []
        return float(losses[-1]) if losses and math.isfinite(losses[-1]) else math.inf

    @property
    def _seconds(self) -> float:
        """How long the training has taken, without pauses, including the time before it was resumed."""
        return self._seconds_before + time.perf_counter() - self._begun - self.control.held

    def _open_view(self, done: int) -> None:
        run, data = self.run, self.data
        title = f"Training {run.spec.family} on {data.describe()}"
        if run.spec.restarts > 1:
            title += f", seed {run.spec.seed}"
        if run.name:
            title = f"{run.name}: {title[0].lower()}{title[1:]}"
        self.view.start(
            Training(
                title, run.spec.epochs, self.engine.steps, self._num_examples, ", ".join(backend.devices()),
                self.control, run.history, self._examples, done,
            )
        )  # fmt: skip

    def _examples(self) -> dict[str, Any]:
        with backend.interrupts_held_back():
            return examples(self.run)

    def _fit(self) -> str:
        """Run `fit` and return how it ended."""
        spec = self.run.spec
        try:
            with self._interrupts:
                self.engine.fit(
                    epochs=spec.epochs,
                    callbacks=self._callbacks,
                    start=self._start,
                    on_chunk=self._on_chunk,
                    validation=self._validation,
                )
            return "complete"
        except KeyboardInterrupt:
            status = "interrupted"
        except Stopped:
            status = "stopped"
        except Diverged as error:
            status = "diverged"
            self.run.record["reason"] = error.reason()
        except Exception:
            if not self._interrupts.came:
                raise
            status = "interrupted"
        for callback in self._callbacks if status != "diverged" else self._callbacks[1:]:
            callback.on_train_end()
        return status

    def _on_chunk(self, engine: Engine) -> None:
        self.view.step(engine.epoch + 1, engine.step, engine.logs)
        self._maybe_save()
        self._interrupts.check()
        self.control.check()

    def _watcher(self) -> Callback:
        """Return the callback that records the history, and checks the controls during validation."""
        run = self.run

        def on_epoch_end(epoch: int, logs: dict[str, float]) -> None:
            for name, value in logs.items():
                run.history.setdefault(name, []).append(float(value))
            if epoch + 1 in self._moments:
                run.timeline[epoch + 1] = run.generate(SAMPLES)
            self.view.step(epoch + 1, None, logs)

        watcher = keras.callbacks.LambdaCallback(on_epoch_end=on_epoch_end)
        watcher.on_test_batch_end = lambda batch, logs=None: self.control.check()
        return watcher

    def _saver(self) -> Callback:
        """Return the callback that saves the end of the training, before other callbacks change the weights again."""
        return keras.callbacks.LambdaCallback(on_train_end=lambda logs=None: self._save())

    def _maybe_save(self) -> None:
        if self.checkpoint is not None and self.checkpoint.due():
            self._save()

    def _save(self) -> None:
        """Write a checkpoint of the current state."""
        if self.checkpoint is None:
            return
        state, run = self.engine.state(), self.run
        epoch, step = state.epoch, state.step
        if run.epochs > epoch:  # the epoch is over and recorded
            epoch, step = epoch + 1, 0
        facts = {
            "spec": run.spec.to_dict(),
            "data": self.data.fingerprint,
            "labels": self._labels,
            "epoch": epoch,
            "step": step,
            "history": {name: values[:epoch] for name, values in run.history.items()},
            "seconds": self._seconds,
            "versions": run.record["versions"],
        }
        arrays = {f"value_{number:04d}": value for number, value in enumerate(state.values)}
        arrays |= {f"epoch_{epoch:06d}": samples for epoch, samples in run.timeline.items() if epoch <= state.epoch}
        for stopping in self._stopping:
            arrays |= {f"best_{number:04d}": value for number, value in enumerate(stopping.best_weights or ())}
        old_trouble = self.checkpoint.trouble
        if not self.checkpoint.write(facts, arrays) and self.checkpoint.trouble != old_trouble:
            self.view.note(
                f"No checkpoint can be written ({self.checkpoint.trouble}): the training continues without one."
            )

    def _state_of(self, saved: Saved) -> State:
        """Restore the history, the seconds and the best weights from a checkpoint; return the state to resume from.

        Raises:
            AenbError: It does not fit the model.
        """
        facts, run = saved.facts, self.run
        self._check_fit(saved)
        run.history.update({name: list(values) for name, values in facts["history"].items()})
        run.seconds = facts["seconds"]
        timeline = {name: samples for name, samples in saved.arrays.items() if name.startswith("epoch_")}
        run.timeline.update({int(name.removeprefix("epoch_")): samples for name, samples in timeline.items()})
        for name, version in facts["versions"].items():
            current = run.record["versions"].get(name)
            if current != version:
                run.record["notes"].append(f"Resumed with {name} {current} from a checkpoint of {version}.")
        best = [saved.arrays[name] for name in sorted(saved.arrays) if name.startswith("best_")]
        for stopping in self._stopping:
            self._callbacks.insert(2, _resumed_stopping(stopping, run.history.get("val_loss", []), best))
        values = [saved.arrays[name] for name in sorted(saved.arrays) if name.startswith("value_")]
        return State(facts["epoch"], facts["step"], values)

    def _check_fit(self, saved: Saved) -> None:
        """Check that the arrays of a checkpoint belong to this training; the engine checks the variables.

        Raises:
            AenbError: They do not.
        """
        shape = (SAMPLES, *self.data.input_shape)
        best = {f"best_{number:04d}": value for number, value in enumerate(self.run.model.get_weights())}
        saved_best = {name: array for name, array in saved.arrays.items() if name.startswith("best_")}
        wrong = [
            name for name in {*saved_best, *best} if saved_best and _kind(saved_best.get(name)) != _kind(best.get(name))
        ]
        wrong += [name for name, array in saved.arrays.items() if name.startswith("epoch_") and array.shape != shape]
        if wrong or saved.facts["step"] > self.engine.steps:
            raise AenbError(
                f"Expected a checkpoint of this model in {self.checkpoint.folder}; its "
                f"{f'array `{wrong[0]}`' if wrong else 'step'} does not fit. Delete it, or choose another folder."
            )


def validation_size(data: Data) -> int:
    """Return how many of the training examples are held out for validation."""
    size = 4 * math.prod(data.input_shape)
    return min(MAX_VALIDATION, max(1, MAX_BYTES // size), max(1, round(len(data.train) * VALIDATION)))


def validation_batch(data: Data) -> int:
    """Return the batch size of validation: smaller for texts, since a model computes a number for each word."""
    outputs = math.prod(data.input_shape) * max(1, len(data.vocabulary))
    return max(1, min(VALIDATION_BATCH, MAX_BYTES // (16 * outputs)))


def saved_training(checkpoint: Checkpoint, run: Run, data: Data) -> Saved | None:
    """Read the checkpoint to resume a training from; None if there is none.

    Raises:
        AenbError: It belongs to another training, or has more epochs than were asked for.
    """
    saved = checkpoint.read()
    if saved is None:
        run.record["notes"].append(
            f"There was no checkpoint in {checkpoint.folder}: the training started from the beginning."
        )
        return None
    asked = {"spec": run.spec.to_dict(), "data": data.fingerprint, "labels": labels_fingerprint(data)}
    changes = differences(saved.facts, asked)
    if changes:
        raise AenbError(
            f"The checkpoint in {checkpoint.folder} belongs to another training: {'; '.join(changes)}. Use the same "
            "settings, or choose another folder."
        )
    if saved.facts["epoch"] > run.spec.epochs:
        raise AenbError(
            f"`epochs`: the checkpoint in {checkpoint.folder} has {saved.facts['epoch']} already; expected at least "
            f"as many; received {run.spec.epochs}."
        )
    return saved


def _kind(array: np.ndarray | None) -> tuple[Any, ...]:
    return () if array is None else (np.shape(array), np.asarray(array).dtype)


def plays(model: Model) -> bool:
    """Say whether a model is trained adversarially: a generator against a discriminator."""
    return "discriminator" in parts(model) and interface(model).sample_prior is not None


def moments(epochs: int) -> set[int]:
    """Return the epochs after which samples are kept: the first, the last, and some between, spaced geometrically."""
    return {round(epoch) for epoch in np.geomspace(1, epochs, min(MOMENTS, epochs))}


def _early_stopping(patience: int | None) -> list[Callback]:
    if patience is None:
        return []
    return [keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)]


def _resumed_stopping(stopping: keras.callbacks.EarlyStopping, losses: list[float], best: list[np.ndarray]) -> Callback:
    """Return the callback that restores the state of early stopping, which resets itself when a training begins."""

    def on_train_begin(logs: dict[str, float] | None = None) -> None:
        if np.isfinite(losses).any():
            stopping.best_epoch = int(np.nanargmin(losses))
            stopping.best = losses[stopping.best_epoch]
            stopping.wait = len(losses) - 1 - stopping.best_epoch
            stopping.best_weights = best or None

    return keras.callbacks.LambdaCallback(on_train_begin=on_train_begin)
