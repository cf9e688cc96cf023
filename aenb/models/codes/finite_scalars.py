"""Finite scalar quantisation: each dimension of a vector is bounded and rounded to one of a few levels.

Mentzer, Minnen, Agustsson & Tschannen (2023), "Finite scalar quantization: VQ-VAE made simple", arXiv 2309.15505. The
codebook is the grid of all combinations of levels: nothing of it is learnt, so it needs no commitment loss, no moving
averages and no restarts. For a dimension with L levels, h = (L − 1)(1 − ε) / 2, and o = ½ if L is even, else 0,

    bounded z = h tanh(z + artanh(o / h)) − o,     quantised z = round(bounded z) / ⌊L / 2⌋ in [−1, 1]

with the straight-through gradient of the rounding. (The authors' code has tan in place of artanh; with artanh, 0 is
mapped to 0.) The index of an entry is the number whose digits are its levels, the first digit counting least.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from aenb.core.backend import Tensor, keras

EPSILON = 1e-3  # ε, so that the outermost values, too, are rounded to a level
LEAST, MOST = 5, 8  # levels of a dimension: the paper recommends at least 5


def choose_levels(num_embeddings: int) -> tuple[int, ...]:
    """Choose the levels of each dimension, for at most a number of entries: as many of them as possible.

    There are as few dimensions as 8 levels allow; each has 5 to 8 levels, or fewer if there are hardly any entries.

    Example:
        >>> choose_levels(1024), choose_levels(128), choose_levels(12)
        ((8, 5, 5, 5), (5, 5, 5), (4, 3))
    """
    dimensions = max(1, math.ceil(math.log(num_embeddings, MOST) - 1e-9))
    least = LEAST if LEAST**dimensions <= num_embeddings else 2
    grids = itertools.combinations_with_replacement(range(MOST, least - 1, -1), dimensions)
    return max((math.prod(grid), -max(grid), grid) for grid in grids if math.prod(grid) <= num_embeddings)[-1]


def entries(levels: tuple[int, ...]) -> np.ndarray:
    """Return the codebook: all combinations of levels in the order of their indices, (entries, dimensions), float32.

    Example:
        >>> entries((3, 2)).tolist()
        [[-1.0, -1.0], [0.0, -1.0], [1.0, -1.0], [-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]]
    """
    digits = np.arange(math.prod(levels))[:, None] // _places(levels) % np.array(levels)
    return (digits / _halves(levels) - 1).astype("float32")


def quantise(z: Tensor, levels: tuple[int, ...]) -> Tensor:
    """Return the nearest entries, in [−1, 1], with the straight-through gradient: (n, dimensions) → the same shape."""
    ops, halves = keras.ops, _halves(levels).astype("float32")
    bounded = _bounded(z, levels)
    return (bounded + ops.stop_gradient(ops.round(bounded) - bounded)) / halves


def indices(quantised: Tensor, levels: tuple[int, ...]) -> Tensor:
    """Return the indices of entries: (n, dimensions) → (n,), int32.

    Example:
        >>> import numpy as np
        >>> np.asarray(indices(entries((8, 5)), (8, 5))).tolist() == list(range(40))
        True
    """
    ops, halves = keras.ops, _halves(levels).astype("float32")
    digits = ops.cast(ops.round(quantised * halves + halves), "int32")
    return ops.sum(digits * _places(levels).astype("int32"), axis=-1)


def _bounded(z: Tensor, levels: tuple[int, ...]) -> Tensor:
    """Bound values so that rounding gives L integers in each dimension."""
    counts = np.array(levels)
    width = (counts - 1) * (1 - EPSILON) / 2
    offset = np.where(counts % 2 == 0, 0.5, 0.0)
    inside = np.where(counts > 2, offset / width, 0.0)  # of two levels, 0 is on the border between them
    shift = np.arctanh(inside)
    return keras.ops.tanh(z + shift.astype("float32")) * width.astype("float32") - offset.astype("float32")


def _halves(levels: tuple[int, ...]) -> np.ndarray:
    return np.array(levels) // 2


def _places(levels: tuple[int, ...]) -> np.ndarray:
    """Return the place value of each digit: 1, L₁, L₁L₂ and so on."""
    return np.cumprod([1, *levels[:-1]])
