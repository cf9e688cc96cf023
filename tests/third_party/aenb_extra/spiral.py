"""A data set: points along a spiral in three dimensions."""

import numpy as np

import aenb


@aenb.dataset(where="computed")
def spiral():
    """200 points along a spiral, in two halves."""
    turn = np.linspace(0, 6, 200)
    return np.stack([np.cos(turn), np.sin(turn), turn], axis=1), (turn > 3).astype(int)
