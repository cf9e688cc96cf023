"""Held-out examples: a fixed split, the same at each call."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aenb.core.errors import AenbError

MIN_EXAMPLES = 4  # training, validation and held-out sets each need some
HELD_OUT, MAX_HELD_OUT = 0.2, 10_000
MAX_HELD_OUT_BYTES = 2**29  # as float32: the held-out examples are in memory, and scored at once
SPLITS = {
    "train": "train", "training": "train", "test": "test", "testing": "test", "val": "valid", "valid": "valid",
    "validation": "valid", "dev": "valid",
}  # fmt: skip
SPLIT_COLUMNS = ("split", "set", "subset", "partition")  # of a table, which may say what is held out


def own_split(words: Sequence[str], where: str) -> tuple[np.ndarray | None, str]:
    """Return which examples are held out, by words such as "train" and "test": the keys of `SPLITS`.

    The words for validation mean held out if there is no test; otherwise training, which draws its own validation
    examples from them.

    Args:
        words: (n,), lower-case.
        where: Where they are from, for the note.

    Returns:
        (n,), bool, and a note; None if the words give no split.

    Example:
        >>> own_split(["train", "val", "train"], "the subfolders")[0].tolist()
        [False, True, False]
    """
    parts = np.array([SPLITS[word] for word in words])
    held = "test" if "test" in parts else "valid"
    is_held = parts == held
    if is_held.all() or not is_held.any():
        return None, ""
    note = f"The split is that of {where}: {(~is_held).sum():,} to train on, {is_held.sum():,} held out."
    if held == "test" and (parts == "valid").any():
        note += f" The {(parts == 'valid').sum():,} for validation are among the first: training draws its own."
    return is_held, note


def split(
    n: int, size: int, labels: np.ndarray | None = None, is_held: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Split the indices of `n` examples into those to train on and those held out.

    Args:
        n: The number of examples.
        size: The number of values in an example.
        labels: As for `hold_out`.
        is_held: (n,), the data's own split; None: a fifth is held out, as `held_out_size` and `hold_out` do.

    Returns:
        Two sorted integer arrays, and notes.

    Raises:
        AenbError: The data's own split leaves too little.
    """
    if is_held is None:
        num_held, notes = held_out_size(n, size)
        return *hold_out(n, num_held, labels), notes
    train, held = np.flatnonzero(~is_held), np.flatnonzero(is_held)
    if len(train) < MIN_EXAMPLES - 1 or not len(held):
        raise AenbError(
            f"Expected at least {MIN_EXAMPLES - 1} examples to train on and one held out; received {len(train)} and "
            f"{len(held)}."
        )
    maximum = min(MAX_HELD_OUT, max(100, MAX_HELD_OUT_BYTES // (4 * size)))
    if len(held) <= maximum:
        return train, held, []
    kept = held[spread(len(held), maximum)]
    return (
        train,
        kept,
        [f"{maximum:,} of the {len(held):,} held-out examples are kept: more would take too much memory."],
    )


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
