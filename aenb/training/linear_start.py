"""The beginning of a training with a linear path: as PCA, and no worse at the end if the best weights are kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aenb.core.backend import Callback, Model, keras
from aenb.data.record import Data
from aenb.engine import FairLock, Validation
from aenb.evaluation.metrics.baselines import principal_subspace
from aenb.models.linear_path import begin_at


def begin_as_pca(model: Model, data: Data) -> None:
    """Set the linear path of a model to PCA of all training examples; missing values count as 0, their mean."""

    def blocks() -> Iterator[np.ndarray]:
        return map(np.nan_to_num, data.blocks())

    subspace = principal_subspace(blocks, model.get_layer("encoder").output_shape[1])
    squares, n = np.zeros(len(subspace.axes)), 0
    for block in blocks():
        squares, n = squares + np.square(subspace.codes(block), dtype="float64").sum(axis=0), n + len(block)
    begin_at(model, subspace.mean, subspace.axes, np.sqrt(squares / n))


def keep_the_start(
    stopping: keras.callbacks.EarlyStopping, model: Model, validation: Validation, turns: FairLock
) -> Callback:
    """Return the callback that counts the initial weights among those that early stopping chooses the best from.

    Args:
        stopping: The callback of early stopping; this one has to come after it, and after its restored state.
        model: The model, with its initial weights.
        validation: The validation examples.
        turns: The lock held while the weights change.
    """
    start = model.get_weights()

    def on_train_begin(logs: dict[str, Any] | None = None) -> None:
        with turns:
            current = model.get_weights()
            model.set_weights(start)
            loss = validation.evaluate()["loss"]
            model.set_weights(current)
        if stopping.best is None or loss <= stopping.best:
            stopping.best, stopping.best_weights = loss, start

    return keras.callbacks.LambdaCallback(on_train_begin=on_train_begin)
