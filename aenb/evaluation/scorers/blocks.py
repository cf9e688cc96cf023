"""Items in blocks: in a model's units they take four times the memory of bytes, and need not be there all at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from aenb.data.scaling import units
from aenb.latent.coding import BATCH


def in_blocks(step: Callable[..., np.ndarray], items: Any, labels: np.ndarray | None = None) -> np.ndarray:
    """Return what a step makes of items, some at a time: as many as a model takes in a batch, so that nothing changes.

    Args:
        step: (block, …) → (block, …), of items in a model's units, and of their labels where there are any.
        items: (n, …), as a data set has them: an array, or what is read from a disk when it is asked for.
        labels: (n,), or None.
    """
    found = None
    for begin in range(0, len(items), BATCH):
        here = slice(begin, begin + BATCH)
        made = step(units(items[here])) if labels is None else step(units(items[here]), labels[here])
        if found is None:
            found = np.empty((len(items), *made.shape[1:]), made.dtype)
        found[here] = made
    return found


class Filled:
    """Items as rows of numbers, with 0 for what was not observed: a block is made of them when it is asked for.

    Args:
        items: (n, …), as a data set has them.
    """

    def __init__(self, items: Any):
        self._items = items
        self.shape = (len(items), math.prod(items.shape[1:]))

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, rows: Any) -> np.ndarray:
        """Return some rows: float32 (m, features)."""
        items = self._items[rows]
        x = units(items)
        return np.nan_to_num(x, copy=x is items).reshape(-1, self.shape[1])
