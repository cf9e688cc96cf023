"""Signals of different lengths: padded with NaN, which marks missing values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.foreign import reading


def are_ragged_signals(x: Any) -> bool:
    """Say whether something is a list of arrays (steps, channels) of different shapes."""
    is_list = isinstance(x, list | tuple) or (isinstance(x, np.ndarray) and x.dtype == object and x.ndim == 1)
    if not is_list or not len(x):
        return False
    try:
        return np.ndim(x[0]) == 2 and len({np.shape(signal) for signal in x}) > 1
    except ValueError:  # a signal is ragged itself
        return False


def padded(signals: Sequence[Any], name: str, length: int | None = None) -> np.ndarray:
    """Pad signals to one length.

    Args:
        signals: Arrays (steps, channels), with the same number of channels.
        name: Their name, for errors.
        length: The length to pad them to; None: that of the longest.

    Returns:
        (n, length, channels), float64, NaN after the end of each signal.

    Raises:
        AenbError: The numbers of channels differ, or a signal has no steps, is longer than `length`, or is not numeric.

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
            f"`{name}`: expected signals (steps, channels) with the same number of channels, or images of one size; "
            f"received shapes such as {received}."
        )
    longest = max(shape[0] for shape in shapes)
    if length is not None and longest > length:
        raise AenbError(f"`{name}`: expected signals of up to {length} steps; received one of {longest}. Cut it.")
    (channels,) = {shape[1] for shape in shapes}
    array = np.full((len(signals), length or longest, channels), np.nan)
    for place, signal in enumerate(signals):
        try:
            if np.iscomplexobj(signal):
                raise TypeError("complex numbers")
            array[place, : len(signal)] = np.ma.filled(np.ma.asarray(signal, "float64"), np.nan)
        except (TypeError, ValueError) as error:
            raise AenbError(f"`{name}`: expected signals of numbers; received {error} at index {place}.") from error
    return array


def after_end(signals: np.ndarray) -> np.ndarray:
    """Return a mask of the steps after the last observed one of each signal: (n, length, 1), bool.

    Args:
        signals: (n, length, channels), NaN for missing values.
    """
    is_empty = np.isnan(signals).all(axis=-1, keepdims=True)
    return np.logical_and.accumulate(is_empty[:, ::-1], axis=1)[:, ::-1]


def padding_note(signals: Sequence[Any]) -> str:
    """Report that signals of different lengths were padded."""
    lengths = [len(signal) for signal in signals]
    return (
        f"Arrays of {min(lengths)} to {max(lengths)} rows were taken for signals (steps, channels); shorter ones are "
        "padded with NaN, which counts as missing."
    )
