"""Restarts: train from several seeds and keep the best.

The loss of a deep network has many local optima, and which one a training finds depends on the initial weights.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from aenb.core.backend import Callback
from aenb.core.progress import Silent
from aenb.data.record import Data
from aenb.engine.checkpoint import Checkpoint
from aenb.runs.run import Run
from aenb.runs.spec import Spec
from aenb.training.build import build
from aenb.training.checkpointing import saved_training
from aenb.training.linear_start import IS_PCA
from aenb.training.session import Session


@dataclass(frozen=True)
class Attempt:
    """One training: its seed, how it ended, what it learnt, and the validation loss of its final weights."""

    seed: int
    status: str
    model: Any
    history: dict[str, list[float]]
    timeline: dict[int, Any]
    reason: str | None
    loss: float
    is_pca: bool


class Attempts:
    """Trains a run's model from as many seeds as its spec asks for, and leaves the best in the run.

    Args:
        run: The run; its model is that of the first seed, not trained yet.
        data: What to train on.
        callbacks: The user's Keras callbacks.
        view: Where progress is shown.
        checkpoint: Where to save the trainings while they run, each in its own folder; or None.
        resume: Whether to resume from the saved checkpoints.
    """

    def __init__(
        self,
        run: Run,
        data: Data,
        callbacks: Sequence[Callback],
        view: Silent,
        checkpoint: Checkpoint | None,
        resume: bool,
    ):
        self._run, self._data, self._callbacks, self._view = run, data, callbacks, view
        self._places = [] if checkpoint is None else [checkpoint]
        self._resume = resume
        self._first: Session | None = self._session()

    def train(self) -> None:
        """Train to the end, or until stopped, and record the attempts if there are several."""
        run, spec, done = self._run, self._run.spec, []
        try:
            with contextlib.ExitStack() as open_things:
                for number in range(spec.restarts):
                    session = self._first or self._another(replace(spec, seed=spec.seed + number), open_things)
                    self._first = None
                    session.train()
                    reason = run.record.pop("reason", None)
                    done.append(
                        Attempt(
                            run.spec.seed, run.status, run.model, run.history, run.timeline, reason, session.kept_loss,
                            session.is_pca,
                        )
                    )  # fmt: skip
                    if run.status in ("stopped", "interrupted"):
                        break
        finally:
            run.spec = spec
        self._keep_the_best(done)

    def _keep_the_best(self, done: list[Attempt]) -> None:
        run, last = self._run, done[-1].status
        best = min(done, key=lambda attempt: attempt.loss)
        run.model, run.history, run.timeline = best.model, best.history, best.timeline
        run.status = last if last in ("stopped", "interrupted") else best.status
        if best.reason is not None:
            run.record["reason"] = best.reason
        if best.is_pca:
            run.record |= {"is_pca": True, "notes": [*run.record["notes"], IS_PCA]}
        if run.spec.restarts > 1:
            run.record["restarts"] = [{"seed": one.seed, "val_loss": one.loss} for one in done]
            losses = ", ".join(f"{one.seed}: {one.loss:.5g}" for one in done)
            run.record["notes"].append(
                f"Of {len(done)} restarts the best is kept, seed {best.seed} (validation loss by seed: {losses})."
            )

    def delete_checkpoints(self) -> None:
        """Delete the checkpoints: all trainings are finished."""
        for place in self._places:
            place.delete()

    def _another(self, spec: Spec, open_things: contextlib.ExitStack) -> Session:
        """Prepare the training of another seed, in the same run."""
        run = self._run
        run.spec, run.history, run.timeline = spec, {}, {}
        run.model, *_ = build(spec, self._data)
        if self._places:
            folder = self._places[0].folder / f"seed-{spec.seed}"
            self._places.append(open_things.enter_context(Checkpoint(folder)))
        return self._session()

    def _session(self) -> Session:
        place = self._places[-1] if self._places else None
        saved = saved_training(place, self._run, self._data) if self._resume and place is not None else None
        return Session(self._run, self._data, self._callbacks, self._view, place, saved)
