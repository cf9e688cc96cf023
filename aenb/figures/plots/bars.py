"""Bars of the parts that a number is the sum of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from aenb.figures.plots.style import GREY, ORANGE, STYLE, drawable


def draw_parts(names: Sequence[str], parts: np.ndarray, words: Sequence[str], title: str, label: str) -> Figure:
    """Draw the largest parts as horizontal bars, from top to bottom, and all others as one grey bar.

    Args:
        names: The names of the bars.
        parts: (n,), their lengths.
        words: What is written at the end of each bar.
        title: The title.
        label: The name of the axis.
    """
    with rc_context(STYLE):
        figure = Figure(figsize=(7.4, 0.9 + 0.28 * len(names)), layout="constrained")
        axes, places = figure.subplots(), np.arange(len(names))
        others = [name.startswith("all others") for name in names]
        bars = axes.barh(places, parts, color=[GREY if other else ORANGE for other in others])
        axes.bar_label(bars, [drawable(text) for text in words], padding=4, parse_math=False)
        axes.set_yticks(places, [drawable(name) for name in names], parse_math=False)
        axes.set(xlabel=label, ylim=(len(names) - 0.4, -0.6), xlim=(0, 1.5 * max(float(parts.max()), 1e-12)))
        axes.set_title(drawable(title), parse_math=False)
        return figure
