"""A few batches through `fit` and `evaluate` of Keras without a graph: to trace one takes longer than they do.

What a graph may get wrong, above all what changes from step to step, is tested with one: by the contract of the
families, and by the tests of the engine.
"""

from __future__ import annotations

from typing import Any

from aenb.core.backend import Model


def fit(model: Model, *data: Any, **arguments: Any) -> dict[str, list[float]]:
    """Train for some steps; return the history. Takes the arguments of `Model.fit`."""
    model.run_eagerly, model.train_function, model.test_function = True, None, None
    try:
        return model.fit(*data, verbose=0, **arguments).history
    finally:
        model.run_eagerly, model.train_function, model.test_function = False, None, None


def evaluate(model: Model, *data: Any, batch_size: int = 10_000) -> dict[str, float]:
    """Return what `Model.evaluate` reports of one batch, by name."""
    model.run_eagerly, model.test_function = True, None
    try:
        logs = model.evaluate(*data, batch_size=batch_size, verbose=0, return_dict=True)
    finally:
        model.run_eagerly, model.test_function = False, None
    return {name: float(value) for name, value in logs.items()}
