"""One training, from its preparation to its end, in the calling thread or in its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from aenb.core.backend import Callback
from aenb.core.control import Control, Stopped
from aenb.core.progress import Silent
from aenb.core.queue import Job, jobs
from aenb.runs.spec import Spec
from aenb.training.build import new_run
from aenb.training.checkpointing import Checkpointing
from aenb.training.restarts import Attempts


class Work:
    """A training, with what it holds until it is over: its job in the queue, its view, and its checkpoint's folder.

    Args:
        spec: What to train. A running training of that name is stopped.
        data: As for `aenb.train`.
        callbacks: As for `aenb.train`.
        view: Where to show progress.
        checkpointing: How to save the training while it runs, or None.

    Attributes:
        run: The run; its model is built, and trained when `train` returns.
    """

    def __init__(
        self, spec: Spec, data: Any, callbacks: Sequence[Callback], view: Silent, checkpointing: Checkpointing | None
    ):
        view.prepare()
        notes = _stop_namesake(spec.name, view)
        self._view, self._held = view, contextlib.ExitStack()
        self._is_automatic = checkpointing is not None and checkpointing.is_automatic
        checkpoint = None if checkpointing is None else checkpointing.open(notes)
        if checkpoint is not None:
            self._held.enter_context(checkpoint)
        try:
            self.run, loaded = new_run(spec, data, view, notes)
            if checkpoint is not None:
                checkpointing.check(checkpoint, view)
            self.run.job = Job(spec.name, Control())
            is_resumed = checkpointing is not None and checkpointing.resume
            self._attempts = Attempts(self.run, loaded, callbacks, view, checkpoint, is_resumed)
        except BaseException:
            self._held.close()
            raise

    def train(self) -> None:
        """Train in this thread, once its turn has come; an interrupt keeps what was learnt."""

        def waiting(first: Job) -> None:
            self._view.stage(f"Waiting for the training of `{first.name}` …")
            self.run.job.control.poll()

        self._train(waiting)

    def start(self) -> None:
        """Train in a thread, which ends the view, and return at once."""
        self.run.job.start(self._train_and_report)

    def _train(self, waiting: Callable[[Job], object]) -> None:
        run = self.run
        try:
            with run.job.turn(waiting), self._held:  # the folder is released before the next training begins
                self._attempts.train()
                if self._is_automatic and run.status in ("complete", "stopped early", "diverged"):
                    self._attempts.delete_checkpoints()
        except Stopped:  # before its turn came
            run.status = "stopped"
        except BaseException:
            run.status = "failed"
            raise
        finally:
            self._held.close()

    def _train_and_report(self) -> None:
        def waiting(first: Job) -> None:
            self._view.stage(f"Waiting for the training of `{first.name}` …", self.run.job.control)

        try:
            self._train(waiting)
        except BaseException as error:
            self._view.end(f"It ended with an error: {type(error).__name__}: {error}")
            raise
        self._view.end(self.run.summary)


def _stop_namesake(name: str | None, view: Silent) -> list[str]:
    """Stop a running training of the same name, and return a note if there was one."""
    running = [job for job in jobs() if name is not None and job.name == name]
    for job in running:
        view.stage(f"Stopping the training of `{name}` that is under way …")
        job.control.stop()
        job.over()
    return [f"The training of `{name}` that was under way was stopped."] if running else []
