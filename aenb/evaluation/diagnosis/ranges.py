"""Checks of ranges: examples in other units than the model expects, or that it can't generate."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aenb.data.values.scaling import units
from aenb.evaluation.diagnosis.finding import Finding
from aenb.evaluation.diagnosis.measurements import EXAMPLES, Measurements
from aenb.models.autoencoder import parts

UNLIKE = 5.0  # ratio of the typical sizes of training and held-out examples
BEYOND, SHARE = 0.05, 0.01  # distance from the range that counts as outside, and the share of values that is reported
ACTIVATION_RANGES = {"sigmoid": (0, 1), "tanh": (-1, 1), "relu": (0, np.inf), "softplus": (0, np.inf)}


def images_out_of_range(measured: Measurements) -> Iterator[Finding]:
    """Check for training images with pixels outside [0, 1]."""
    if measured.run.data.kind != "image":
        return
    low, high = np.nanmin(measured.y), np.nanmax(measured.y)
    if low < -1e-6 or high > 1 + 1e-6:
        yield Finding(
            "input-range",
            "error",
            f"The pixels of the training examples range from {low:.4g} to {high:.4g}: the decoder and the "
            "metrics expect [0, 1].",
            f"images = (images - {low:.4g}) / {high - low:.4g}",
        )


def held_out_in_other_units(measured: Measurements) -> Iterator[Finding]:
    """Check for held-out examples that are much larger or smaller than the training examples."""
    data = measured.run.data
    if data.kind == "text" or not len(data.test):
        return
    sizes = [_size(measured.y), _size(units(data.test[:EXAMPLES]))]
    if max(sizes) > UNLIKE * min(sizes):
        yield Finding(
            "other-units",
            "error",
            f"The median root mean square is {sizes[1]:.3g} for held-out examples, and {sizes[0]:.3g} for training "
            "examples: they seem to be in different units, and scores on them are meaningless.",
            f"x_test = x_test * {sizes[0] / max(sizes[1], 1e-12):.3g}",
        )


def _size(x: np.ndarray) -> float:
    """Return the median of the examples' root mean squares, without missing values."""
    flat = x.reshape(len(x), -1)
    with np.errstate(invalid="ignore"):
        squares = np.nansum(flat**2, axis=1) / np.maximum(1, (~np.isnan(flat)).sum(axis=1))
    return float(np.sqrt(np.median(squares)))


def out_of_reach(measured: Measurements) -> Iterator[Finding]:
    """Check for examples with values outside the range of the decoder's last activation; mixed tables have several."""
    if measured.run.data.table:
        return
    low, high = ACTIVATION_RANGES.get(_last_activation(measured), (-np.inf, np.inf))
    known = measured.y[~np.isnan(measured.y)] if measured.y.dtype.kind == "f" else measured.y[:0]
    outside = float(((known < low - BEYOND) | (known > high + BEYOND)).mean()) if known.size else 0.0
    if outside > SHARE:
        yield Finding(
            "out-of-reach",
            "error",
            f"{outside:.0%} of the values of the examples are outside {low:g} to {high:g}, the range of the last "
            f"activation, {_last_activation(measured)}.",
            _linear(measured),
        )


def outputs_out_of_range(measured: Measurements) -> Iterator[Finding]:
    """Check for pixels outside [0, 1] in the output of a custom decoder or generator."""
    decoder = "generator" if measured.run.is_generator else "decoder"
    if measured.run.data.kind != "image" or measured.setting(decoder) is None:
        return  # the built-in ones are linear only on request
    outputs = measured.decoded
    outside = float(((outputs < -BEYOND) | (outputs > 1 + BEYOND)).mean())
    if outside > SHARE:
        yield Finding(
            "output-range",
            "warning",
            f"{outside:.0%} of the pixels that the {decoder} outputs are outside [0, 1] by more than {BEYOND:g}: no "
            "image has such pixels, and a likelihood of pixels is not defined there.",
            f'{decoder} = keras.Sequential([{decoder}, keras.layers.Activation("sigmoid")])',
        )


def _last_activation(measured: Measurements) -> str:
    """Return the name of the last activation of the part that outputs examples; "" if it is unknown."""
    for part in parts(measured.model).values():
        if measured.outputs_examples(part):
            names = [getattr(getattr(layer, "activation", None), "__name__", "") for layer in part.layers]
            return next((name for name in reversed(names) if name), "")
    return ""


def _linear(measured: Measurements) -> str:
    if measured.has("output_activation"):
        return 'output_activation = "linear"'
    return "decoder = keras.Sequential([decoder, keras.layers.Rescaling(scale=4.0, offset=-2.0)])"
