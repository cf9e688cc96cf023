"""Processing examples in blocks: floats take four times the memory of bytes, so they are not converted all at once."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from aenb.data.values.scaling import units
from aenb.data.values.streamed import Examples
from aenb.latent.coding import BATCH


def in_blocks(step: Callable[..., np.ndarray], examples: Examples, labels: np.ndarray | None = None) -> np.ndarray:
    """Apply a function to examples in blocks, of the batch size of a model, so that the result is the same.

    Args:
        step: (block, …) → (block, …), a function of examples in a model's units, and of their labels if there are any.
        examples: (n, …), as stored in a data set: an array, or an object that is read from disk when it is sliced.
        labels: (n,), or None.
    """
    results = None
    for begin in range(0, len(examples), BATCH):
        here = slice(begin, begin + BATCH)
        result = step(units(examples[here])) if labels is None else step(units(examples[here]), labels[here])
        if results is None:
            results = np.empty((len(examples), *result.shape[1:]), result.dtype)
        results[here] = result
    return results


class Filled:
    """Examples as rows of numbers, with 0 for missing values: rows are converted when they are sliced.

    Args:
        examples: (n, …), as stored in a data set.
    """

    def __init__(self, examples: Examples):
        self._examples = examples
        self.shape = (len(examples), math.prod(examples.shape[1:]))

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        """Return some rows: float32 (m, features)."""
        examples = self._examples[rows]
        x = units(examples)
        return np.nan_to_num(x, copy=x is examples).reshape(-1, self.shape[1])
