"""Restoration: missing values of an example are filled in by a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.values.numeric import as_array
from aenb.latent import coding
from aenb.latent.trained_run import TrainedRun

PASSES = 3  # starting at the mean: more of them drift away, measured on digits with a fifth of the pixels missing


def fill_in(
    reconstruct: Callable, x: np.ndarray, missing: np.ndarray, start: np.ndarray | float, passes: int = PASSES
) -> np.ndarray:
    """Fill in the missing values of examples with their reconstruction, in several passes.

    Observed values stay as they are. Each pass reconstructs the examples with the missing values of the pass before
    (Rezende, Mohamed & Wierstra 2014, arXiv 1401.4082, section F).

    Args:
        reconstruct: (n, ...) → (n, ...).
        x: (n, ...), float32, or int32 tokens.
        missing: The same shape, bool: which values are missing.
        start: Initial values for the missing ones, of a shape that broadcasts to x.
        passes: How many passes; a model that was trained to fill in missing values needs one, with start 0.

    Returns:
        The examples without missing values, of the same dtype.
    """
    filled = np.where(missing, start, x).astype(x.dtype)
    for _ in range(passes):
        filled = np.where(missing, reconstruct(filled), filled)
    return filled


def restored(run: TrainedRun, x: np.ndarray, missing: np.ndarray, labels: Any = None) -> np.ndarray:
    """Fill in the missing values of examples by a run's model: by its own way, if it has one, or by reconstructions.

    Args:
        run: The `Run`.
        x: (n, *input_shape), in the model's units.
        missing: The same shape, bool.
        labels: (n,), the classes of the examples, if the model is conditional.

    Returns:
        The examples without missing values, of the same dtype.
    """
    numbers = run.class_numbers(labels)
    with run.turns:
        found = coding.fill(run.model, x, missing, numbers)
    if found is not None:
        return found

    def reconstruct(x: np.ndarray) -> np.ndarray:
        with run.turns:
            return coding.reconstruct(run.model, x, numbers)

    if run.spec.task in ("inpaint", "impute") or x.dtype.kind == "i":  # in training, it saw missing values as 0
        return fill_in(reconstruct, x, missing, start=0.0, passes=1)
    return fill_in(reconstruct, x, missing, start=run.mean)


def masked_entries(mask: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return which entries of examples are masked: an array of their shape, bool.

    Args:
        mask: What broadcasts to the shape; or one without the axis of channels, the same for all of them.
        shape: That of the examples, (n, *input_shape).

    Raises:
        AenbError: It does not fit.
    """
    hidden = as_array(mask, "mask").astype(bool)
    if len(shape) > 2 and hidden.shape == shape[:-1]:
        hidden = hidden[..., None]
    try:
        return np.broadcast_to(hidden, shape)
    except ValueError:
        raise AenbError(f"`mask`: expected a shape that fits {shape}; received {hidden.shape}.") from None
