"""The state of a training: capture and restore of its variables, and the test for divergence."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from aenb.core.backend import Model, Variable, keras
from aenb.core.control import Halt

GROWTH = 1e6  # a loss that grew by this factor counts as exploded


@dataclass(frozen=True)
class State:
    """A model in the middle of a training.

    Attributes:
        epoch: The epoch it is in, from 0.
        step: The number of steps of that epoch that are done.
        values: The value of each variable: weights, random seeds, metrics, optimisers.
    """

    epoch: int
    step: int
    values: list[np.ndarray]


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


def variables(model: Model) -> list[Variable]:
    """List all variables of a model that a training changes, each once, in a deterministic order."""
    everything = [*model.variables, *model.metrics_variables]
    for optimizer in optimizers(model):
        everything += optimizer.variables
    return list({id(variable): variable for variable in everything}.values())


def optimizers(model: Model) -> Iterator[keras.optimizers.Optimizer]:
    """Yield a model's optimisers: its own, those in its attributes, and those inside wrappers."""
    seen: set[int] = set()
    waiting = [model.optimizer, *vars(model).values()]
    while waiting:
        value = waiting.pop(0)
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, keras.optimizers.Optimizer) and id(value) not in seen:
            seen.add(id(value))
            yield value
            waiting += [getattr(value, "inner_optimizer", None)]


def capture(model: Model, into: list[np.ndarray] | None = None) -> list[np.ndarray]:
    """Copy the value of each variable of a training, into the arrays of an earlier copy if they are given."""
    current = variables(model)
    if into is None:
        return [np.array(variable.numpy()) for variable in current]
    for array, variable in zip(into, current, strict=True):
        np.copyto(array, variable.numpy())
    return into


def restore(model: Model, values: list[np.ndarray]) -> None:
    """Set a training's variables to the values that `capture` copied."""
    for variable, value in zip(variables(model), values, strict=True):
        variable.assign(value)


def fits(model: Model, values: list[np.ndarray]) -> bool:
    """Say whether values fit this model's variables."""
    shapes = [(tuple(variable.shape), np.dtype(variable.dtype)) for variable in variables(model)]
    return shapes == [(value.shape, value.dtype) for value in values]


def broken_terms(logs: dict[str, Any], first: float | None) -> dict[str, float]:
    """Return the terms of the logs that are not finite, or have exploded compared with a first loss.

    The sum "loss" is returned only if none of its terms is.
    """
    values = {name: float(value) for name, value in logs.items()}
    bad = {name: value for name, value in values.items() if not math.isfinite(value)}
    if not bad and first is not None and abs(values.get("loss", 0.0)) > GROWTH * max(1.0, abs(first)):
        bad = {"loss": values["loss"]}
    return {name: value for name, value in bad.items() if name != "loss"} or bad
