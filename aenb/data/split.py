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
        labels: (n,); where given and each class is large enough, each class is split alike; else a class is held out
            only if it is kept too, as far as there is room.

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
    if labels is not None:
        _exchange(kept, held, labels)
    return np.sort(kept), np.sort(held)


def _exchange(kept: np.ndarray, held: np.ndarray, labels: np.ndarray) -> None:
    """Exchange held-out items of classes that none of those kept has for items whose classes keep others."""
    unseen = np.flatnonzero(~np.isin(labels[held], labels[kept]))
    if not len(unseen):
        return
    one_each = unseen[np.unique(labels[held[unseen]], return_index=True)[1]]
    spare = np.delete(np.arange(len(kept)), np.unique(labels[kept], return_index=True)[1])
    places = spare[: len(one_each)], one_each[: len(spare)]
    kept[places[0]], held[places[1]] = held[places[1]], kept[places[0]]


def draw(order: np.ndarray, n: int, labels: np.ndarray | None = None, wanted: np.ndarray | None = None) -> np.ndarray:
    """Return n of the items in a random order, sorted: the first ones, and of each class at least one.

    Args:
        order: A permutation of the items' indices.
        n: How many to take.
        labels: (n items,) or None: all are of one class.
        wanted: Classes to take first, where n is less than there are; None: all alike.

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
    """Return n of the numbers below a total (all, where it is not larger), drawn at random but always the same, sorted.

    Example:
        >>> spread(1000, 3).tolist()
        [206, 222, 459]
    """
    return np.sort(np.random.default_rng(0).permutation(total)[:n])
