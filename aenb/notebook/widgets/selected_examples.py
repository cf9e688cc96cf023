"""Which examples are selected in the explorer: indices, checked and sorted."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import traitlets

from aenb.core.errors import AenbError, shown


class Indices(traitlets.TraitType):
    """A trait: a sorted tuple of indices, of those in the array `_indices` of its owner."""

    def validate(self, owner: Any, value: Any) -> tuple[int, ...]:
        """Return indices sorted, or raise an error."""
        return sorted_indices(value, owner._indices)


def sorted_indices(value: Any, indices: np.ndarray) -> tuple[int, ...]:
    """Return the indices of examples sorted, each once.

    Args:
        value: Indices in any order, a list, a set or an array.
        indices: (n,), those of the examples that are shown.

    Raises:
        AenbError: Some are not shown, or it holds something else.

    Example:
        >>> sorted_indices([7, 3, 7], np.arange(10))
        (3, 7)
    """
    try:
        chosen = np.asarray(list(itertools.islice(value, len(indices) + 1)))  # of what may have no end
    except Exception:  # a user's object may raise anything when it is read
        chosen = np.zeros((1, 1))
    if chosen.shape == (0,):
        return ()
    if (
        chosen.ndim != 1
        or len(chosen) > len(indices)
        or chosen.dtype.kind not in "iu"
        or not np.isin(chosen, indices).all()
    ):
        raise AenbError(
            f"`selected`: expected indices of the {len(indices):,} examples that the explorer shows, from "
            f"{indices.min()} to {indices.max()}; received {shown(value)}."
        )
    return tuple(np.unique(chosen).tolist())
