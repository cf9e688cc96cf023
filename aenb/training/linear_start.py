"""The beginning of a training with a linear path: as PCA, and no worse at the end if the best weights are kept."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aenb.core.backend import Callback, Model, keras
from aenb.data.record import Data
from aenb.engine import FairLock, Validation
from aenb.evaluation.metrics.baselines import principal_subspace
from aenb.models.architecture.linear_path import begin_at

IS_PCA = (
    "On the validation examples, no epoch was better than the start by more than the standard error, so the weights "
    "are those of the start: the model is PCA. More examples would let its layers learn what PCA does not have."
)


def begin_as_pca(model: Model, data: Data) -> None:
    """Set the linear path of a model to PCA of all training examples; missing values count as 0, their mean."""

    def blocks() -> Iterator[np.ndarray]:
        return map(np.nan_to_num, data.blocks())

    subspace = principal_subspace(blocks, model.get_layer("encoder").output_shape[1])
    squares, n = np.zeros(len(subspace.axes)), 0
    for block in blocks():
        squares, n = squares + np.square(subspace.codes(block), dtype="float64").sum(axis=0), n + len(block)
    begin_at(model, subspace.mean, subspace.axes, np.sqrt(squares / n))


class Start:
    """The initial weights, which are kept unless training has made the model better for certain.

    The best of many epochs looks better on a few validation examples than it is. So its squared errors are compared
    with those of the start example by example, and it has to be better by more than one standard error (Breiman,
    Friedman, Olshen & Stone 1984, "Classification and regression trees": of models about as good, the simpler one).

    Args:
        model: The model, with its initial weights.
        validation: The validation examples.
        turns: The lock held while the weights change.
    """

    def __init__(self, model: Model, validation: Validation, turns: FairLock):
        self._model, self._validation, self._turns = model, validation, turns
        self._weights = model.get_weights()
        self.loss: float | None = None  # of the start, once it is kept

    @property
    def is_kept(self) -> bool:
        """Whether the final weights are the initial ones."""
        return self.loss is not None

    def callback(self) -> Callback:
        """Return the callback that chooses at the end; it has to come after that of early stopping."""
        return keras.callbacks.LambdaCallback(on_train_end=lambda logs=None: self._choose())

    def _choose(self) -> None:
        with self._turns:
            best, after = self._model.get_weights(), self._errors()
            self._model.set_weights(self._weights)
            before = self._errors()
            if is_better(after, before):
                self._model.set_weights(best)
            else:
                self.loss = float(before.mean())

    def _errors(self) -> np.ndarray:
        """Return the mean squared error of each validation example with the current weights: (n,)."""
        errors = []
        for x, y in self._validation.batches():
            squares = (np.asarray(self._model(x, training=False)) - np.asarray(y)) ** 2
            errors.append(np.nanmean(squares.reshape(len(squares), -1), axis=1))
        return np.concatenate(errors)


def is_better(after: np.ndarray, before: np.ndarray) -> bool:
    """Say whether paired errors have fallen by more than one standard error of their mean difference.

    Args:
        after: (n,).
        before: (n,), of the same examples.

    Example:
        >>> is_better(np.array([1.0, 2.0, 3.0]), np.array([1.5, 2.5, 3.4]))
        True
        >>> is_better(np.array([1.0, 2.0, 3.0]), np.array([1.1, 1.9, 3.1]))
        False
    """
    fall = (before - after)[np.isfinite(before)]
    return len(fall) > 1 and bool(fall.mean() > fall.std(ddof=1) / np.sqrt(len(fall)))
