"""Holding items out, the same ones at each call."""

from __future__ import annotations

import numpy as np


def hold_out(n: int, size: int, labels: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Split the indices of `n` items into those kept and `size` held out.

    Args:
        n: How many items there are.
        size: How many to hold out.
        labels: (n,); where given and each class is large enough, each class is split alike.

    Returns:
        Two sorted integer arrays, always the same for the same arguments.
    """
    from sklearn.model_selection import train_test_split

    stratify = None
    if labels is not None:
        values, counts = np.unique(labels, return_counts=True)
        if counts.min() >= 2 and len(values) <= min(size, n - size):
            stratify = labels
    kept, held = train_test_split(np.arange(n), test_size=size, random_state=0, stratify=stratify)
    return np.sort(kept), np.sort(held)
