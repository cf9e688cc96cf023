"""All that a training changes: taken as arrays, given back, and searched for the step that went wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from aenb.core.backend import keras
from aenb.core.control import Halt

GROWTH = 1e6  # a loss that grew so many times is taken for one without bounds


@dataclass(frozen=True)
class State:
    """A model in the middle of a training.

    Attributes:
        epoch: The epoch it is in, from 0.
        step: How many steps of that epoch are done.
        values: The value of each variable: weights, random seeds, metrics, optimisers.
    """

    epoch: int
    step: int
    values: list[np.ndarray]


class Diverged(Halt):
    """A loss is not finite, or has no bounds; the weights are those of the last good loss.

    Attributes:
        epoch: From 0.
        step: From 0; None where running the steps again did not show it.
        terms: The terms of the loss that broke, with their values.
    """

    def __init__(self, epoch: int, step: int | None, terms: dict[str, float]):
        super().__init__(f"diverged in epoch {epoch + 1}, step {step}: {terms}")
        self.epoch, self.step, self.terms = epoch, step, terms

    def reason(self) -> str:
        """Say what happened, in a sentence without a full stop."""
        what = " and ".join(f"{name} became {value:g}" for name, value in self.terms.items())
        where = f"at step {self.step + 1} of epoch {self.epoch + 1}" if self.step is not None else ""
        return f"{what} {where or f'in epoch {self.epoch + 1}'}"


def variables(model: Any) -> list[Any]:
    """List all that a training changes in a model, each variable once, in an order that is always the same."""
    found = [*model.variables, *model.metrics_variables]
    for optimizer in optimizers(model):
        found += optimizer.variables
    return list({id(variable): variable for variable in found}.values())


def optimizers(model: Any) -> Iterator[Any]:
    """Go through a model's optimisers: its own, those in its attributes, and those that others wrap."""
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


def capture(model: Any, into: list[np.ndarray] | None = None) -> list[np.ndarray]:
    """Copy the value of each variable of a training; into arrays of an earlier copy, where those are given."""
    found = variables(model)
    if into is None:
        return [np.array(variable.numpy()) for variable in found]
    for array, variable in zip(into, found, strict=True):
        np.copyto(array, variable.numpy())
    return into


def restore(model: Any, values: list[np.ndarray]) -> None:
    """Give a training's variables the values that `capture` took."""
    for variable, value in zip(variables(model), values, strict=True):
        variable.assign(value)


def fits(model: Any, values: list[np.ndarray]) -> bool:
    """Say whether values are of a model like this one."""
    shapes = [(tuple(variable.shape), np.dtype(variable.dtype)) for variable in variables(model)]
    return shapes == [(value.shape, value.dtype) for value in values]


def broken_terms(logs: dict[str, Any], first: float | None) -> dict[str, float]:
    """Return the terms of the logs that are not finite, or have grown beyond bounds since a first loss.

    The sum "loss" is named only where no term of it is.
    """
    values = {name: float(value) for name, value in logs.items()}
    bad = {name: value for name, value in values.items() if not math.isfinite(value)}
    if not bad and first is not None and abs(values.get("loss", 0.0)) > GROWTH * max(1.0, abs(first)):
        bad = {"loss": values["loss"]}
    return {name: value for name, value in bad.items() if name != "loss"} or bad
