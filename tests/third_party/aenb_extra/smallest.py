"""A score: the smallest reconstruction error of a held-out example."""

import numpy as np

import aenb


@aenb.score
def smallest(run, data, say):
    """The smallest mean squared error of a held-out example."""
    say("the smallest error")
    x = data.test[:]
    return {"smallest_mse": float(np.square(run.reconstruct(x) - x).mean(axis=1).min())}
