"""A loss that diverges: the test for it, and the search for the step at which it did, from a copy of the state."""

from __future__ import annotations

import math
import time
from typing import Any

from aenb.core.backend import Model
from aenb.core.control import Halt
from aenb.engine.state import State, capture, restore
from aenb.engine.steps import Steps

GROWTH = 1e6  # a loss that grew by this factor counts as exploded
KEPT_SECONDS = 1.0  # minimum between two copies of the state; it is also at least 100 times the time of a copy


class Diverged(Halt):
    """The loss is not finite, or has exploded; the weights are those of the last good loss.

    Attributes:
        epoch: From 0.
        step: From 0; None if repeating the steps did not show it.
        terms: The terms of the loss that diverged, with their values.
    """

    def __init__(self, epoch: int, step: int | None, terms: dict[str, float]):
        super().__init__(f"diverged in epoch {epoch + 1}, step {step}: {terms}")
        self.epoch, self.step, self.terms = epoch, step, terms

    def reason(self) -> str:
        """Describe what happened, in a sentence without a full stop."""
        what = " and ".join(f"{name} became {value:g}" for name, value in self.terms.items())
        where = f"at step {self.step + 1} of epoch {self.epoch + 1}" if self.step is not None else ""
        return f"{what} {where or f'in epoch {self.epoch + 1}'}"


def broken_terms(logs: dict[str, Any], first: float | None) -> dict[str, float]:
    """Return the terms of the logs that are not finite, or have exploded compared with a first loss.

    The sum "loss" is returned only if none of its terms is.
    """
    values = {name: float(value) for name, value in logs.items()}
    bad = {name: value for name, value in values.items() if not math.isfinite(value)}
    if not bad and first is not None and abs(values.get("loss", 0.0)) > GROWTH * max(1.0, abs(first)):
        bad = {"loss": values["loss"]}
    return {name: value for name, value in bad.items() if name != "loss"} or bad


class Copies:
    """The last two copies of a training's state.

    Args:
        model: The model that is trained.
        steps: Its steps.
    """

    def __init__(self, model: Model, steps: Steps):
        self._model, self._steps = model, steps
        self._kept: list[State] = []
        self._next = 0.0

    @property
    def last(self) -> State | None:
        """The last copy, if there is one."""
        return self._kept[-1] if self._kept else None

    def keep(self, epoch: int, step: int) -> None:
        """Copy the state from time to time: keep the last copy and the one before."""
        now = time.perf_counter()
        if now >= self._next or not self._kept:
            oldest = self._kept.pop(0).values if len(self._kept) == 2 else None
            self._kept.append(State(epoch, step, capture(self._model, into=oldest)))
            cost = time.perf_counter() - now
            self._next = now + max(KEPT_SECONDS, 100 * cost)

    def find(self, end: int, broken: dict[str, float], first_loss: float | None) -> tuple[Diverged, int | None]:
        """Repeat the steps since the last copy one by one, and restore the weights of the last good loss.

        A step's loss is that of the weights before it, so these weights are from before the last good step.

        Args:
            end: The number of steps from the beginning of the training.
            broken: The terms that have diverged by then.
            first_loss: The first loss of the training.

        Returns:
            What happened, and to how many steps the model has returned; None if repeating the steps did not show it:
            then the model is as in the last copy.
        """
        kept = self._kept[-1]
        restore(self._model, kept.values)
        for number in range(self._number(kept), end):
            if terms := broken_terms(self._steps.run_one(number), first_loss):
                return Diverged(*divmod(number, self._steps.count), terms), self._rewind(number - 1)
        restore(self._model, kept.values)
        return Diverged((end - 1) // self._steps.count, None, broken), None

    def _rewind(self, number: int) -> int:
        """Restore the model to just before a step, from the last copy that is not later; else to the first copy."""
        numbers = [self._number(kept) for kept in self._kept]
        index = max((i for i, place in enumerate(numbers) if place <= number), default=0)
        restore(self._model, self._kept[index].values)
        for step in range(numbers[index], number):
            self._steps.run_one(step)
        return max(number, numbers[index])

    def _number(self, state: State) -> int:
        """Return how many steps a state is from the beginning of the training."""
        return state.epoch * self._steps.count + state.step
