"""Signals of different lengths: filled up with NaN, which stands for what was not observed."""

from __future__ import annotations

from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.foreign import reading


def are_ragged_signals(x: Any) -> bool:
    """Say whether something is a list of arrays (steps, channels) that are not all of one shape."""
    is_list = isinstance(x, list | tuple) or (isinstance(x, np.ndarray) and x.dtype == object and x.ndim == 1)
    if not is_list or not len(x):
        return False
    try:
        return np.ndim(x[0]) == 2 and len({np.shape(item) for item in x}) > 1
    except ValueError:  # an item is ragged itself
        return False


def padded(signals: Any, name: str, length: int | None = None) -> np.ndarray:
    """Fill signals up to one length.

    Args:
        signals: Arrays (steps, channels), of one number of channels.
        name: What to call them, in errors.
        length: Steps to fill them up to; None: as many as the longest has.

    Returns:
        (n, length, channels), float64, NaN after the end of each.

    Raises:
        AenbError: The channels differ, one has no steps, is longer than `length`, or is not of numbers.

    Example:
        >>> import numpy as np
        >>> padded([np.ones((2, 1)), np.ones((3, 1))], "x")[..., 0]
        array([[ 1.,  1., nan],
               [ 1.,  1.,  1.]])
    """
    with reading(signals, f"`{name}`"):  # one may be ragged itself
        shapes = {np.shape(signal) for signal in signals}
    if any(len(shape) != 2 or not shape[0] for shape in shapes) or len({shape[1] for shape in shapes}) != 1:
        received = ", ".join(map(str, sorted(shapes)[:3]))
        raise AenbError(
            f"`{name}`: expected signals (steps, channels) with one number of channels, or images of one size; "
            f"received shapes such as {received}."
        )
    longest = max(shape[0] for shape in shapes)
    if length is not None and longest > length:
        raise AenbError(f"`{name}`: expected signals of up to {length} steps; received one of {longest}. Cut it.")
    (channels,) = {shape[1] for shape in shapes}
    filled = np.full((len(signals), length or longest, channels), np.nan)
    for place, signal in enumerate(signals):
        try:
            if np.iscomplexobj(signal):
                raise TypeError("complex numbers")
            filled[place, : len(signal)] = np.ma.filled(np.ma.asarray(signal, "float64"), np.nan)
        except (TypeError, ValueError) as error:
            raise AenbError(f"`{name}`: expected signals of numbers; received {error} at index {place}.") from error
    return filled


def after_end(signals: np.ndarray) -> np.ndarray:
    """Mark the steps of signals after the last one of which anything was observed: (n, length, 1), bool.

    Args:
        signals: (n, length, channels), NaN where nothing was observed.
    """
    is_empty = np.isnan(signals).all(axis=-1, keepdims=True)
    return np.logical_and.accumulate(is_empty[:, ::-1], axis=1)[:, ::-1]


def padding_note(signals: Any) -> str:
    """Say that signals of different lengths were filled up."""
    lengths = [len(signal) for signal in signals]
    return (
        f"Arrays of {min(lengths)} to {max(lengths)} rows were taken for signals (steps, channels); shorter ones are "
        "filled up with NaN, which counts as not observed."
    )
