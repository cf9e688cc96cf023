"""Attribution: each feature's part of an anomaly score."""

from __future__ import annotations

from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.latent.trained_run import TrainedRun


def feature_parts(run: TrainedRun, x: np.ndarray, labels: Any = None) -> np.ndarray:
    """Return each feature's part of the anomaly scores of examples.

    Args:
        run: The `Run`.
        x: (n, *input_shape), in the model's units, NaN for missing values.
        labels: (n,), the classes of the examples, if the model is conditional.

    Returns:
        (n, features), float64, not negative. The sum of a row is the score, `run.score(x)`; missing values have no part.

    Raises:
        AenbError: The examples are texts.
    """
    if run.preprocessing.kind == "text":
        raise AenbError("`explain`: expected numbers; received texts, whose words have no parts of a score.")
    return squared_parts(x, run.reconstruct(x, labels))


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
