"""Holding items out, the same ones at each call."""

from __future__ import annotations

import numpy as np

LEAST = 4  # items: training, validation and held-out ones each need some
HELD_OUT, MOST = 0.2, 10_000
HELD_OUT_BYTES = 2**29  # at most, as float32: the items held out are in memory, and scored at once


def held_out_size(n: int, size: int) -> tuple[int, list[str]]:
    """Return how many of `n` items to hold out, and what to say of it.

    Args:
        n: How many items there are.
        size: Numbers in an item.
    """
    wanted = min(MOST, max(1, round(n * HELD_OUT)))
    room = max(100, HELD_OUT_BYTES // (4 * size))
    if wanted > room:
        return room, [f"{room:,} of {n:,} items are held out: more of this size would crowd the memory."]
    return wanted, [f"Every fifth item is held out: {wanted:,} of {n:,}."] if wanted < MOST else []


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


def spread(total: int, n: int) -> np.ndarray:
    """Return n of the numbers below a total (all, where it is not larger), drawn at random but always the same, sorted.

    Example:
        >>> spread(1000, 3).tolist()
        [206, 222, 459]
    """
    return np.sort(np.random.default_rng(0).permutation(total)[:n])
