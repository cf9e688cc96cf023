"""The state of a training: capture and restore of its variables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from aenb.core.backend import Model, Variable, keras


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
