"""The checkpoint of a training: by which rules it is kept, what is written into it, and resuming from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aenb.core.backend import Callback, Model, keras
from aenb.core.errors import AenbError
from aenb.core.progress import Silent
from aenb.data.record import Data
from aenb.engine import State
from aenb.engine.checkpoint import PATIENT, Checkpoint, Saved, default_folder, differences, labels_fingerprint
from aenb.runs.run import Run

SAMPLES = 10  # of a timeline, at each of its epochs


@dataclass(frozen=True)
class Checkpointing:
    """The request to save a training while it runs.

    Attributes:
        folder: Where to save it.
        resume: Whether to resume from the folder's checkpoint.
        is_automatic: Whether nobody asked for it: it may be overwritten, is deleted at the end, and is left out if it
            cannot be opened.
    """

    folder: str | Path
    resume: bool = False
    is_automatic: bool = False

    def open(self, notes: list[str]) -> Checkpoint | None:
        """Open the checkpoint; if an automatic one cannot be opened, add a note and return None.

        Raises:
            AenbError: It cannot be opened.
        """
        try:
            return Checkpoint(self.folder, patient=PATIENT if self.is_automatic else None)
        except AenbError as error:
            if self.resume or not self.is_automatic:
                raise
            notes.append(f"There is no checkpoint of this training: {error}")
            return None

    def check(self, checkpoint: Checkpoint, view: Silent) -> None:
        """Check that a new training does not overwrite a checkpoint that the user asked for.

        Raises:
            AenbError: It would.
        """
        if self.resume or not checkpoint.file.exists():
            return
        if not self.is_automatic:
            raise AenbError(
                f"The folder {checkpoint.folder} holds a checkpoint: pass resume=True to resume from it, or choose "
                "another folder."
            )
        view.note(
            "An unfinished training of that name has a checkpoint (--resume continues it): this training overwrites it."
        )


def automatic(name: str, resume: bool = False) -> Checkpointing:
    """Return the automatic checkpoint of a notebook's training with that name."""
    return Checkpointing(default_folder(name), resume, is_automatic=True)


class Writer:
    """Writes the checkpoints of a session.

    Args:
        checkpoint: Where to.
        run: The run that is trained.
        data: What it is trained on.
        view: Where to report that a checkpoint cannot be written.
        stopping: The Keras callback of early stopping, whose best weights are saved; or None.
    """

    def __init__(
        self, checkpoint: Checkpoint, run: Run, data: Data, view: Silent, stopping: keras.callbacks.EarlyStopping | None
    ):
        self._checkpoint, self._run, self._view, self._stopping = checkpoint, run, view, stopping
        self._data = {"data": data.fingerprint, "labels": labels_fingerprint(data)}

    def write(self, state: State, seconds: float) -> None:
        """Write the state of the training, after so many seconds."""
        run, epoch, step = self._run, state.epoch, state.step
        if run.epochs > epoch:  # the epoch is over and recorded
            epoch, step = epoch + 1, 0
        facts = {
            "spec": run.spec.to_dict(),
            **self._data,
            "epoch": epoch,
            "step": step,
            "history": {name: values[:epoch] for name, values in run.history.items()},
            "seconds": seconds,
            "versions": run.record["versions"],
        }
        arrays = {f"value_{number:04d}": value for number, value in enumerate(state.values)}
        arrays |= {f"epoch_{epoch:06d}": samples for epoch, samples in run.timeline.items() if epoch <= state.epoch}
        best = () if self._stopping is None else self._stopping.best_weights or ()
        arrays |= {f"best_{number:04d}": value for number, value in enumerate(best)}
        old_trouble = self._checkpoint.trouble
        if not self._checkpoint.write(facts, arrays) and self._checkpoint.trouble != old_trouble:
            self._view.note(
                f"No checkpoint can be written ({self._checkpoint.trouble}): the training continues without one."
            )


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
    if saved.facts["epoch"] > run.spec.num_epochs:
        raise AenbError(
            f"`epochs`: the checkpoint in {checkpoint.folder} has {saved.facts['epoch']} already; expected at least "
            f"as many; received {run.spec.num_epochs}."
        )
    return saved


def restore_record(saved: Saved, run: Run) -> State:
    """Restore a run's history, samples and seconds from a checkpoint; return the state to resume from."""
    facts = saved.facts
    run.history.update({name: list(values) for name, values in facts["history"].items()})
    run.seconds = facts["seconds"]
    timeline = {name: samples for name, samples in saved.arrays.items() if name.startswith("epoch_")}
    run.timeline.update({int(name.removeprefix("epoch_")): samples for name, samples in timeline.items()})
    for name, version in facts["versions"].items():
        current = run.record["versions"].get(name)
        if current != version:
            run.record["notes"].append(f"Resumed with {name} {current} from a checkpoint of {version}.")
    return State(facts["epoch"], facts["step"], _numbered(saved, "value_"))


def check_fit(saved: Saved, model: Model, data: Data, steps: int, folder: Path) -> None:
    """Check that the arrays of a checkpoint belong to a training; the engine checks the variables.

    Args:
        saved: The checkpoint.
        model: The model that is trained.
        data: What it is trained on.
        steps: Steps per epoch.
        folder: Where the checkpoint is, for the error.

    Raises:
        AenbError: They do not.
    """
    shape = (SAMPLES, *data.input_shape)
    best = {f"best_{number:04d}": value for number, value in enumerate(model.get_weights())}
    saved_best = {name: array for name, array in saved.arrays.items() if name.startswith("best_")}
    wrong = [
        name for name in {*saved_best, *best} if saved_best and _kind(saved_best.get(name)) != _kind(best.get(name))
    ]
    wrong += [name for name, array in saved.arrays.items() if name.startswith("epoch_") and array.shape != shape]
    if wrong or saved.facts["step"] > steps:
        raise AenbError(
            f"Expected a checkpoint of this model in {folder}; its "
            f"{f'array `{wrong[0]}`' if wrong else 'step'} does not fit. Delete it, or choose another folder."
        )


def resumed_stopping(stopping: keras.callbacks.EarlyStopping, losses: list[float], saved: Saved) -> Callback:
    """Return the callback that restores the state of early stopping, which resets itself when a training begins.

    Args:
        stopping: The callback of early stopping; this one has to come after it.
        losses: The validation losses so far.
        saved: The checkpoint, with the best weights.
    """
    best = _numbered(saved, "best_")

    def on_train_begin(logs: dict[str, float] | None = None) -> None:
        if np.isfinite(losses).any():
            stopping.best_epoch = int(np.nanargmin(losses))
            stopping.best = losses[stopping.best_epoch]
            stopping.wait = len(losses) - 1 - stopping.best_epoch
            stopping.best_weights = best or None

    return keras.callbacks.LambdaCallback(on_train_begin=on_train_begin)


def _numbered(saved: Saved, beginning: str) -> list[np.ndarray]:
    return [saved.arrays[name] for name in sorted(saved.arrays) if name.startswith(beginning)]


def _kind(array: np.ndarray | None) -> tuple[Any, ...]:
    return () if array is None else (np.shape(array), np.asarray(array).dtype)
