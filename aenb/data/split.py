"""Held-out examples: a fixed split, the same at each call."""

from __future__ import annotations

import numpy as np

MIN_EXAMPLES = 4  # training, validation and held-out sets each need some
HELD_OUT, MAX_HELD_OUT = 0.2, 10_000
MAX_HELD_OUT_BYTES = 2**29  # as float32: the held-out examples are in memory, and scored at once


def held_out_size(n: int, size: int) -> tuple[int, list[str]]:
    """Return how many of `n` examples to hold out, and notes on it.

    Args:
        n: The number of examples.
        size: The number of values in an example.
    """
    wanted = min(MAX_HELD_OUT, max(1, round(n * HELD_OUT)))
    maximum = max(100, MAX_HELD_OUT_BYTES // (4 * size))
    if wanted > maximum:
        return maximum, [f"{maximum:,} of {n:,} examples are held out: more of this size would take too much memory."]
    return wanted, [f"Every fifth example is held out: {wanted:,} of {n:,}."] if wanted < MAX_HELD_OUT else []


def hold_out(n: int, size: int, labels: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Split the indices of `n` examples into those kept and `size` held out.

    Args:
        n: The number of examples.
        size: How many to hold out.
        labels: (n,), or None. If each class is large enough, the split is stratified; otherwise a class is held out
            only if it is kept too, as far as possible.

    Returns:
        Two sorted integer arrays; the split is deterministic.
    """
    from sklearn.model_selection import train_test_split

    stratify = None
    if labels is not None:
        values, counts = np.unique(labels, return_counts=True)
        if counts.min() >= 2 and len(values) <= min(size, n - size):
            stratify = labels
    kept, held = train_test_split(np.arange(n), test_size=size, random_state=0, stratify=stratify)
    if labels is not None:
        _exchange(kept, held, labels)
    return np.sort(kept), np.sort(held)


def _exchange(kept: np.ndarray, held: np.ndarray, labels: np.ndarray) -> None:
    """Swap held-out examples of classes that are not kept for kept examples whose classes keep others."""
    unseen = np.flatnonzero(~np.isin(labels[held], labels[kept]))
    if not len(unseen):
        return
    one_each = unseen[np.unique(labels[held[unseen]], return_index=True)[1]]
    spare = np.delete(np.arange(len(kept)), np.unique(labels[kept], return_index=True)[1])
    indices = spare[: len(one_each)], one_each[: len(spare)]
    kept[indices[0]], held[indices[1]] = held[indices[1]], kept[indices[0]]


def draw(order: np.ndarray, n: int, labels: np.ndarray | None = None, wanted: np.ndarray | None = None) -> np.ndarray:
    """Take n examples of a random order: the first ones, but at least one of each class. Return their sorted indices.

    Args:
        order: A permutation of the examples' indices.
        n: How many to take.
        labels: (number of examples,), or None: all are of one class.
        wanted: Classes to prefer if n is below the number of classes; None: no preference.

    Example:
        >>> draw(np.array([4, 2, 0, 3, 1]), 3, np.array([0, 0, 0, 1, 0])).tolist()
        [2, 3, 4]
    """
    if labels is not None:
        if wanted is not None:
            order = order[np.argsort(~np.isin(labels[order], wanted), kind="stable")]
        firsts = np.sort(np.unique(labels[order], return_index=True)[1])[:n]
        others = np.delete(np.arange(len(order)), firsts)[: n - len(firsts)]
        order = order[np.concatenate([firsts, others])]
    return np.sort(order[:n])


def spread(total: int, n: int) -> np.ndarray:
    """Return a fixed random sample of n of the numbers below `total`, sorted; all of them if `total` is not above n.

    Example:
        >>> spread(1000, 3).tolist()
        [206, 222, 459]
    """
    return np.sort(np.random.default_rng(0).permutation(total)[:n])
