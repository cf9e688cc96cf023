"""What the ranges of numbers tell: items in other units than the model takes, or that it can't make."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aenb.data.scaling import units
from aenb.evaluation.diagnosis.finding import Finding
from aenb.evaluation.diagnosis.measurements import ITEMS, Measurements
from aenb.latent import coding

UNLIKE = 5.0  # ratio of the typical sizes of training and held-out items
BEYOND, SHARE = 0.05, 0.01  # how far beyond a range counts, and for how many entries
REACH = {"sigmoid": (0, 1), "tanh": (-1, 1), "relu": (0, np.inf), "softplus": (0, np.inf)}  # of activations


def items_out_of_range(measured: Measurements) -> Iterator[Finding]:
    """Images beyond [0, 1]."""
    if measured.run.data.kind != "image":
        return
    low, high = np.nanmin(measured.y), np.nanmax(measured.y)
    if low < -1e-6 or high > 1 + 1e-6:
        yield Finding(
            "input-range",
            "error",
            f"The pixels of the training items go from {low:.4g} to {high:.4g}: what makes pixels and what compares "
            "them expects [0, 1].",
            f"images = (images - {low:.4g}) / {high - low:.4g}",
        )


def held_out_in_other_units(measured: Measurements) -> Iterator[Finding]:
    """Held-out items that are much larger or smaller than those of the training."""
    data = measured.run.data
    if data.kind == "text" or not len(data.test):
        return
    sizes = [_size(measured.y), _size(units(data.test[:ITEMS]))]
    if max(sizes) > UNLIKE * min(sizes):
        yield Finding(
            "other-units",
            "error",
            f"Half of the held-out items have a root mean square over {sizes[1]:.3g}, half of the training items one "
            f"over {sizes[0]:.3g}: they seem to be in other units, and no score of them means anything.",
            f"x_test = x_test * {sizes[0] / max(sizes[1], 1e-12):.3g}",
        )


def _size(items: np.ndarray) -> float:
    """Return the median of the items' root mean squares, over what was observed."""
    flat = items.reshape(len(items), -1)
    with np.errstate(invalid="ignore"):
        squares = np.nansum(flat**2, axis=1) / np.maximum(1, (~np.isnan(flat)).sum(axis=1))
    return float(np.sqrt(np.median(squares)))


def out_of_reach(measured: Measurements) -> Iterator[Finding]:
    """Items with values that the last activation of what makes them can't give."""
    low, high = REACH.get(_last_activation(measured), (-np.inf, np.inf))
    known = measured.y[~np.isnan(measured.y)] if measured.y.dtype.kind == "f" else measured.y[:0]
    outside = float(((known < low - BEYOND) | (known > high + BEYOND)).mean()) if known.size else 0.0
    if outside > SHARE:
        yield Finding(
            "out-of-reach",
            "error",
            f"{outside:.0%} of the values of the items are beyond {low:g} to {high:g}, which is all that the last "
            f"activation, {_last_activation(measured)}, can give.",
            _linear(measured),
        )


def made_out_of_range(measured: Measurements) -> Iterator[Finding]:
    """Images that are made with pixels beyond [0, 1], by a decoder of the user's own."""
    maker = "generator" if measured.run.is_generator else "decoder"
    if measured.run.data.kind != "image" or measured.setting(maker) is None:
        return  # the built ones are linear where that was asked for
    made = measured.made
    outside = float(((made < -BEYOND) | (made > 1 + BEYOND)).mean())
    if outside > SHARE:
        yield Finding(
            "output-range",
            "warning",
            f"{outside:.0%} of the pixels that the {maker} makes are beyond [0, 1] by over {BEYOND:g}: no image has "
            "such, and a likelihood of pixels is not defined there.",
            f'{maker} = keras.Sequential([{maker}, keras.layers.Activation("sigmoid")])',
        )


def _last_activation(measured: Measurements) -> str:
    """Return the name of the activation that items come out of; "" where it is not known."""
    for part in coding.parts(measured.model).values():
        if measured.makes_items(part):
            named = [getattr(getattr(layer, "activation", None), "__name__", "") for layer in part.layers]
            return next((name for name in reversed(named) if name), "")
    return ""


def _linear(measured: Measurements) -> str:
    if measured.has("output_activation"):
        return 'output_activation = "linear"'
    return "decoder = keras.Sequential([decoder, keras.layers.Rescaling(scale=4.0, offset=-2.0)])"
