"""Figures of attention: over an image, and over a sentence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from aenb.plots import BLUE, GREY, ORANGE, STYLE, image_grid

SHADE = 0.75  # how much of the colour covers what is attended to most


def over_images(images: np.ndarray, shares: np.ndarray) -> Figure:
    """Draw images over the same with what is attended to coloured.

    Args:
        images: (n, height, width, channels) in [0, 1].
        shares: (n, height, width), at least 0, such as `attention_maps.on_pixels` gives. The colour is strongest where
            the share is largest in its image, and clear where it is smallest.

    Returns:
        A Figure.
    """
    n, height = images.shape[:2]
    low, high = (f(shares, axis=(1, 2), keepdims=True) for f in (np.min, np.max))
    weight = SHADE * ((shares - low) / np.maximum(high - low, 1e-12))[..., None]
    grey = images if images.shape[-1] == 3 else images.mean(axis=-1, keepdims=True).repeat(3, axis=-1)
    rows = np.concatenate([grey, (1 - weight) * grey + weight * np.array(to_rgb(ORANGE))])
    gap = max(1, height // 14)
    with rc_context(STYLE):
        figure = Figure(figsize=(min(9.8, 0.98 * n), 2.2), layout="constrained")
        axes = figure.subplots()
        axes.imshow(image_grid(rows, columns=n, gap=gap), interpolation="nearest")
        axes.set(xticks=[], title="what the code depends on most")
        axes.set_yticks([height / 2, height / 2 + height + gap], ["image", "attention"])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        return figure


def over_sentence(words: Sequence[str], maps: np.ndarray, shares: np.ndarray) -> Figure:
    """Draw what each word of a sentence attends to in each layer, over what the code depends on.

    Args:
        words: The sentence's m words.
        maps: (layers, heads, length, length), as `attention_maps.attention` gives them, length ≥ m; the mean over the
            heads is drawn.
        shares: (length,), as `attention_maps.rollout` gives them.

    Returns:
        A Figure of a square for each layer, and bars.
    """
    m, places = len(words), np.arange(len(words))
    side = 1.2 + 0.24 * m
    with rc_context(STYLE):
        figure = Figure(figsize=(side * len(maps) + 2.4, side), layout="constrained")
        *squares, bars = figure.subplots(1, len(maps) + 1)
        for number, (axes, layer) in enumerate(zip(squares, maps, strict=True), 1):
            axes.imshow(layer.mean(axis=0)[:m, :m], cmap=_scale(), vmin=0)
            axes.set(title=f"layer {number}", xlabel="attends to", xticks=places, yticks=places)
            axes.set_xticklabels(words, rotation=90, parse_math=False)
            axes.set_yticklabels(words if number == 1 else [], parse_math=False)
            axes.tick_params(length=0)
        bars.barh(places, shares[:m], color=BLUE)
        bars.set(title="what the code depends on", xlabel="share", ylim=(m - 0.5, -0.5), yticks=places)
        bars.set_yticklabels(words, parse_math=False)
        bars.axvline(1 / m, color=GREY, linestyle=":", linewidth=1)
        return figure


def _scale():
    """Return a colour map from clear to orange, for light pages and dark ones."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("attention", [(*to_rgb(ORANGE), 0.0), (*to_rgb(ORANGE), 1.0)])
