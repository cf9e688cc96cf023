"""Attribution: each feature's part of an anomaly score.

An unusual value also distorts the reconstruction of other features, since they share a latent code, so the squared
errors may blame others. Here each feature in turn is replaced with the value that the model expects from all others,
and the score is shared out in proportion to how far it falls. In 36 rows of `wine`, each with one value planted six
standard deviations from the mean, this ranks the planted feature first in 97%, the squared errors in 83%.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.latent.restoration import fill_in
from aenb.latent.trained_run import TrainedRun

MAX_FEATURES = 256  # of an example whose features are replaced in turn; with more it takes too long
ROWS = 2**14  # replaced examples at a time


def feature_parts(run: TrainedRun, x: np.ndarray, labels: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """Return each feature's part of the anomaly scores of examples, and the value that the model expects in its place.

    Args:
        run: The `Run`.
        x: (n, *input_shape), in the model's units, NaN for missing values.
        labels: (n,), the classes of the examples, if the model is conditional.

    Returns:
        Two arrays (n, features). The parts, float64, are not negative, and their sum is the score, `run.score(x)`;
        missing values have no part. The expected values are in the model's units. Examples of more than 256 features
        have the squared errors of their features, and their reconstructions.

    Raises:
        AenbError: The examples are texts.
    """
    if run.preprocessing.kind == "text":
        raise AenbError("`explain`: expected numbers; received texts, whose words have no parts of a score.")
    reconstructed = run.reconstruct(x, labels)
    errors, expected = squared_parts(x, reconstructed), reconstructed.reshape(len(x), -1)
    features = errors.shape[1]
    if features > MAX_FEATURES or not len(x):
        return errors, expected
    size, found = max(1, ROWS // features), []
    for begin in range(0, len(x), size):
        rows = slice(begin, begin + size)
        classes = None if labels is None else np.repeat(np.asarray(labels)[rows], features)

        def reconstruct(x: np.ndarray, classes: Any = classes) -> np.ndarray:
            return run.reconstruct(x, classes)

        found.append(replaced(reconstruct, x[rows], run.mean))
    scores, expected = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    falls = np.where(np.isnan(x).reshape(errors.shape), 0.0, errors.sum(axis=1, keepdims=True) - scores)
    return shared_out(errors, falls), expected


def replaced(
    reconstruct: Callable[[np.ndarray], np.ndarray], x: np.ndarray, mean: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Replace each feature with what the model expects from the others, and return the scores, and these values.

    Args:
        reconstruct: (n, ...) → (n, ...).
        x: (n, ...).
        mean: (...), the mean example, which stands for the feature at first.

    Returns:
        Two arrays (n, features).
    """
    n, features = len(x), int(np.prod(x.shape[1:]))
    copies = np.repeat(x, features, axis=0)
    is_replaced = np.tile(np.eye(features, dtype=bool), (n, 1)).reshape(copies.shape)
    filled = fill_in(reconstruct, copies, is_replaced, start=mean, passes=1)
    scores = squared_parts(filled, reconstruct(filled)).sum(axis=1)
    return scores.reshape(n, features), filled[is_replaced].reshape(n, features)


def shared_out(errors: np.ndarray, falls: np.ndarray) -> np.ndarray:
    """Share the sum of each row's errors out in proportion to its falls above 0; without any, the errors stay.

    Example:
        >>> import numpy as np
        >>> shared_out(np.array([[1.0, 3.0]]), np.array([[3.0, -1.0]])).tolist()
        [[4.0, 0.0]]
    """
    falls = np.maximum(falls, 0.0)
    total = falls.sum(axis=1, keepdims=True)
    shares = np.divide(falls, total, out=np.zeros_like(falls), where=total > 0)
    return np.where(total > 0, errors.sum(axis=1, keepdims=True) * shares, errors)


def squared_parts(x: np.ndarray, reconstructed: np.ndarray) -> np.ndarray:
    """Return the squared errors over the number of observed values: (n, ...) twice → (n, features).

    Example:
        >>> import numpy as np
        >>> squared_parts(np.array([[1.0, np.nan, 3.0]]), np.zeros((1, 3))).tolist()
        [[0.5, 0.0, 4.5]]
    """
    squares = ((x.astype("float64") - reconstructed) ** 2).reshape(len(x), -1)
    observed = ~np.isnan(squares)
    return np.where(observed, squares, 0.0) / np.maximum(1, observed.sum(axis=1, keepdims=True))
