"""The halves of the rows that members of the outlier detector are trained on, and the weights of the columns."""

from __future__ import annotations

import numpy as np

FEW = 5  # known anomalies with which the columns' weights are half their own, half equal


def halves(n: int, members: int, generator: np.random.Generator) -> np.ndarray:
    """Return random halves of n rows in pairs, each of which has no row twice: (members, n // 2)."""
    half = n // 2
    pairs = [generator.permutation(n)[: 2 * half].reshape(2, half) for _ in range(members // 2)]
    return np.concatenate(pairs)


def column_weights(anomalies: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Weight columns by how much the mean term of known anomalies exceeds that of other rows, shrunk towards 1.

    Args:
        anomalies: (m, features), the terms of known anomalies.
        normal: (n, features), the terms of the others.

    Returns:
        (features,), with the mean 1.
    """
    excess = np.maximum(anomalies.mean(axis=0) - normal.mean(axis=0), 0.0)
    if not excess.sum() > 0:
        return np.ones(len(excess))
    trust = len(anomalies) / (len(anomalies) + FEW)
    return 1 - trust + trust * excess / excess.mean()
