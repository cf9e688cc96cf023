"""The scores of all contenders, part by part: reconstruction errors of all first, then what takes longer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from aenb.comparison.contenders import Contender
from aenb.core.control import Control, Stopped
from aenb.core.errors import failure
from aenb.core.progress import Silent
from aenb.data.record import Data
from aenb.evaluation.scorers import evaluate
from aenb.runs.run import Run

Scores = dict[str, list[dict[str, float]]]  # by contender, a dict for each of its runs


class Step(NamedTuple):
    """A part of the scores of one run."""

    part: str
    name: str
    run: Run
    scores: dict[str, float]  # where they go


class Scoring:
    """Scores contenders; a click on Cancel or an interrupt ends it, and what is missing then stays absent.

    Args:
        contenders: What to score, with their runs.
        data: The data to score on.
        parts: Which parts of the scores.

    Attributes:
        scores: What is scored so far.
        notes: Sentences about what could not be scored or was cancelled.
    """

    def __init__(self, contenders: Sequence[Contender], data: Data, parts: Sequence[str]):
        self.scores: Scores = {contender.name: [{} for _ in contender.runs] for contender in contenders}
        self.notes: list[str] = []
        for contender in contenders:
            for run in contender.runs:
                if run.learnt_from(data):
                    run.adopt(data)
        quick = sorted(contenders, key=lambda contender: contender.runs[0].is_generator)  # their codes are searched for
        self._steps = [
            Step(part, contender.name, run, scores)
            for part in parts
            for contender in quick
            for run, scores in zip(contender.runs, self.scores[contender.name], strict=True)
        ]

    def work(self, view: Silent, page: Callable[[], str]) -> None:
        """Score all, and show each score as it comes.

        Args:
            view: Where progress and results are shown.
            page: Returns the result so far as HTML.
        """
        # in the main thread Cancel interrupts the cell, since a callback could not run before a score is there
        control = None if threading.current_thread() is threading.main_thread() else Control()
        done = 0
        try:
            view.result(page, 0.0)
            for step in self._steps:
                self._score(step, view, control)
                done += 1
                view.result(page, done / (len(self._steps) + 1))  # the last step draws
        except (KeyboardInterrupt, Stopped):
            self.notes.append(_cancelled(self._steps[done:]))

    def _score(self, step: Step, view: Silent, control: Control | None) -> None:
        name = f"{step.name}, seed {step.run.spec.seed}"

        def say(text: str) -> None:
            view.stage(f"Scoring {name}: {text}", control)
            if control is not None:
                control.check()

        try:
            step.scores.update(evaluate(step.run, None, step.part, say))
        except Stopped:
            raise
        except Exception as error:  # keep the trainings
            self.notes.append(failure(f"{name}: the part {step.part} could not be scored", error))


def _cancelled(steps: Sequence[Step]) -> str:
    """Say which scores are absent."""
    absent: dict[str, list[str]] = {}
    for step in steps:
        absent.setdefault(step.part, []).append(f"{step.name}, seed {step.run.spec.seed}")
    most = max(map(len, absent.values()))
    words = [part if len(runs) == most else f"{part} ({'; '.join(runs)})" for part, runs in absent.items()]
    return f"Scoring was cancelled, so these scores are absent: {', '.join(words)}."
