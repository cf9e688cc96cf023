"""A running training: one call of `fit` on the engine, with its view and its controls."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from aenb.core import backend
from aenb.core.backend import Callback, Model, Tensor, keras, tf
from aenb.core.control import Stopped
from aenb.core.progress import Silent, Training
from aenb.core.short_form import most_epochs
from aenb.data.corruption import learns_targets, make_task
from aenb.data.record import Data
from aenb.data.series.validation_windows import validation_split
from aenb.data.values.scaling import units
from aenb.engine import Diverged, Engine, State, Validation
from aenb.engine.checkpoint import Checkpoint, Saved
from aenb.latent.sampling import samples
from aenb.models.architecture.linear_path import has_linear_path
from aenb.models.autoencoder import interface, largest_layer, parts
from aenb.runs.run import Run
from aenb.runs.spec import Spec
from aenb.runs.summary import examples
from aenb.training.checkpointing import SAMPLES, Writer, check_fit, restore_record, resumed_stopping
from aenb.training.linear_start import Start, begin_as_pca

VALIDATION, MAX_VALIDATION, MAX_BYTES = 0.1, 5000, 2**28  # share of the training examples; limits
VALIDATION_BATCH = 1024
MOMENTS = 7  # of a timeline: at how many epochs


class Session:
    """Trains a run's model.

    Args:
        run: The run; its model is not trained yet. Its job has the controls.
        data: What to train on.
        callbacks: The user's Keras callbacks.
        view: Where progress is shown.
        checkpoint: Where to save the training while it runs, or None.
        saved: The checkpoint to resume from, or None.
    """

    def __init__(
        self,
        run: Run,
        data: Data,
        callbacks: Sequence[Callback],
        view: Silent,
        checkpoint: Checkpoint | None = None,
        saved: Saved | None = None,
    ):
        self.run, self.data, self.view, self.checkpoint = run, data, view, checkpoint
        self.control = run.job.control
        spec, model = run.spec, run.model
        kept, held_out = validation_split(data, validation_size(data))
        labels = (data.class_numbers(data.y_train),) if run.is_conditional else ()
        labels = (data.targets_train,) if run.translates else labels
        prepare = _preparation(spec, data)
        if has_linear_path(model):
            begin_as_pca(model, data if data.series is None else replace(data, train=data.train[kept], total=0))
        self.engine = Engine(
            model,
            (data.train, *labels),
            kept,
            batch_size=run.record["batch_size"],
            seed=spec.seed,
            jit_compile={"auto": False if most_epochs() else None, "on": True, "off": False}[spec.xla],
            prepare=lambda *batch: prepare(spec.seed, model.optimizer.iterations, *batch),
        )
        if self.engine.held is not None:
            data.share(self.engine.held[0])
        self._validation = Validation(
            tuple(array[held_out] for array in (data.train, *labels)),
            batch_size=validation_batch(data, model),
            prepare=partial(prepare, ~spec.seed),  # the same corruption in each epoch, other than in training
        )
        self._num_examples = len(kept)
        if data.series is not None:
            run.record["validation"] = len(held_out)  # the last windows, on which thresholds are set
        self._moments = moments(spec.num_epochs) if plays(model) and data.kind != "text" else set()
        run.record |= {"xla": self.engine.jit_compile, "resident": self.engine.is_resident}
        stopping = _early_stopping(spec.patience)
        self._writer = None if checkpoint is None else Writer(checkpoint, run, data, view, stopping)
        self._start: State | None = None
        ours = [] if stopping is None else [stopping]
        if saved is not None:
            check_fit(saved, model, data, self.engine.steps, checkpoint.folder)
            self._start = restore_record(saved, run)
            if stopping is not None:
                ours.append(resumed_stopping(stopping, run.history.get("val_loss", []), saved))
        self._candidate: Start | None = None
        if has_linear_path(model):
            self._candidate = Start(model, self._validation, run.turns)
            ours.append(self._candidate.callback())
        self._callbacks = [*ours, self._watcher(), *callbacks]
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
        if status == "complete" and run.epochs < spec.num_epochs:
            run.status = "stopped early"
        steps = self.engine.epoch * self.engine.steps + self.engine.step - first
        seconds = max(run.seconds - self._seconds_before, 1e-9)
        run.record["examples_per_second"] = steps * self._num_examples / self.engine.steps / seconds
        if self.checkpoint is not None and self.checkpoint.trouble:
            run.record["notes"].append(f"The last checkpoint could not be written: {self.checkpoint.trouble}.")

    @property
    def is_pca(self) -> bool:
        """Whether the final weights are those of a start as PCA."""
        return self._candidate is not None and self._candidate.is_kept

    @property
    def kept_loss(self) -> float:
        """The validation loss of the final weights; infinite if there is none.

        With early stopping these are the weights of the best epoch, however the training ended. Without it they are the
        last ones; if the training ended within an epoch, the loss of the epoch before is taken.
        """
        if self._candidate is not None and self._candidate.loss is not None:
            return self._candidate.loss
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
                title, run.spec.num_epochs, self.engine.steps, self._num_examples, ", ".join(backend.devices()),
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
                # saved first: at the end of a training, other callbacks change the weights
                saving = keras.callbacks.LambdaCallback(on_train_end=lambda logs=None: self._save())
                self.engine.fit(
                    epochs=spec.num_epochs,
                    callbacks=[saving, *self._callbacks],
                    start=self._start,
                    on_chunk=self._on_chunk,
                    validation=self._validation,
                    turns=self.run.turns,
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
        if status != "diverged":
            self._save()
        for callback in self._callbacks:
            callback.on_train_end()
        return status

    def _on_chunk(self, engine: Engine) -> None:
        self.view.step(engine.epoch + 1, engine.step, engine.logs)
        if self.checkpoint is not None and self.checkpoint.due():
            self._save()
        self._interrupts.check()
        self.control.check()

    def _watcher(self) -> Callback:
        """Return the callback that records the history, and checks the controls during validation."""
        run = self.run

        def on_epoch_end(epoch: int, logs: dict[str, float]) -> None:
            for name, value in logs.items():
                run.history.setdefault(name, []).append(float(value))
            if epoch == 0:
                run.record["first_epoch"] = self._seconds
            if epoch + 1 in self._moments:
                run.timeline[epoch + 1] = samples(run, SAMPLES)
            self.view.step(epoch + 1, None, logs)

        watcher = keras.callbacks.LambdaCallback(on_epoch_end=on_epoch_end)
        watcher.on_test_batch_end = lambda batch, logs=None: self.control.check()
        return watcher

    def _save(self) -> None:
        """Write a checkpoint of the current state, if there is to be one."""
        if self._writer is not None:
            self._writer.write(self.engine.state(), self._seconds)


def validation_size(data: Data) -> int:
    """Return how many of the training examples are held out for validation."""
    size = 4 * math.prod(data.input_shape)
    return min(MAX_VALIDATION, max(1, MAX_BYTES // size), max(1, round(len(data.train) * VALIDATION)))


def validation_batch(data: Data, model: Model) -> int:
    """Return the batch size of validation: smaller the more values a layer of the model has for an example.

    A model of texts has a number for each position and word of the vocabulary, and four such arrays at once; a U-Net
    has 24 for each pixel, and about ten.
    """
    if data.vocabulary:
        size = 16 * max(data.target_length, math.prod(data.input_shape)) * len(data.vocabulary)
    else:
        size = 40 * largest_layer(model)
    return max(1, min(VALIDATION_BATCH, MAX_BYTES // max(1, size)))


def _preparation(spec: Spec, data: Data) -> Callable[..., tuple[Any, Any]]:
    """Return the function (seed, number of the batch, examples, labels if any) → inputs and targets, in the graph.

    For pairs of texts, the targets take the place of labels.
    """
    if learns_targets(spec.task, data.target_length):
        return lambda seed, number, batch, targets: (units(batch), units(targets))
    task = make_task(
        spec.task, spec.corruption, spec.amount, data.kind, missing=data.has_missing, owners=data.preprocessing.owners
    )

    def prepare(seed: int, number: Tensor, batch: Tensor, *labels: Tensor) -> tuple[Any, Any]:
        x, y = task(units(batch), tf.stack([seed, tf.cast(number, "int32")]))
        return ((x, *labels), y) if labels else (x, y)

    return prepare


def plays(model: Model) -> bool:
    """Say whether a model is trained adversarially: a generator against a discriminator."""
    return "discriminator" in parts(model) and interface(model).sample_prior is not None


def moments(epochs: int) -> set[int]:
    """Return the epochs after which samples are kept: the first, the last, and some between, spaced geometrically."""
    return {round(epoch) for epoch in np.geomspace(1, epochs, min(MOMENTS, epochs))}


def _early_stopping(patience: int | None) -> keras.callbacks.EarlyStopping | None:
    """Return the callback of early stopping; None without patience."""
    if patience is None:
        return None
    return keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)
