"""The figure of a comparison: scores with their intervals, and each contender's images of the same examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Protocol

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase
from matplotlib.ticker import MaxNLocator

from aenb.comparison.score_columns import DRAWN, SCORES, Column
from aenb.data.record import Data
from aenb.evaluation.metrics.intervals import Interval
from aenb.figures.plots import BLUE, GREEN, ORANGE, STYLE, drawable, image_grid
from aenb.latent.sampling import samples
from aenb.runs.run import Run

PANELS, COLUMNS = 4, 10
BARS = 5  # seeds from which on intervals are drawn
BASES = ("PCA", "training examples")  # whose scores are drawn as lines
Strip = tuple[str, np.ndarray, "np.ndarray | None"]  # a name, reconstructed images, generated images


class Compared(Protocol):
    """What is drawn: a `Comparison`, whose module imports this one."""

    @property
    def runs(self) -> Mapping[str, Sequence[Run]]:
        """Runs by the contender's name."""

    @property
    def data(self) -> Data:
        """The data that they were scored on."""

    @property
    def intervals(self) -> Mapping[str, Mapping[str, Interval]]:
        """Scores by contender and name."""

    @property
    def by_seed(self) -> Mapping[str, Sequence[Mapping[str, float]]]:
        """Scores of each run by contender, a mapping for each seed."""

    def plot(self) -> Figure:
        """Draw it."""

    @property
    def baselines(self) -> Mapping[str, Mapping[str, float]]:
        """Scores by baseline and name."""


def comparison_figure(comparison: Compared) -> Figure:
    """Draw a `Comparison`: panels of scores, and for images strips of reconstructions and samples."""
    columns = [column for name in DRAWN for column in SCORES if column.name == name and _has(comparison, column)]
    strips = strips_of(comparison) if comparison.data.kind == "image" else []
    rows = max(1, -(-len(columns[:PANELS]) // 2))
    heights = [rows * (0.9 + 0.3 * len(comparison.runs)), *([0.5 + 0.5 * len(strips)] if strips else [])]
    with rc_context(STYLE):
        figure = Figure(figsize=(7.4, sum(heights)), layout="constrained")
        parts = np.atleast_1d(figure.subfigures(len(heights), 1, height_ratios=heights))
        panels = parts[0].subplots(rows, min(2, max(1, len(columns))), sharey=True, squeeze=False).ravel()
        for axes, column in zip_longest(panels, columns[:PANELS]):
            if column is None:
                axes.set_axis_off()
            else:
                _points(axes, comparison, column)
        if strips:
            draw_strips(parts[1], strips)
        return figure


def draw_strips(figure: FigureBase, strips: Sequence[Strip], columns: int = COLUMNS) -> None:
    """Draw strips of images below each other: reconstructions on the left, generated samples on the right.

    Args:
        figure: A matplotlib Figure or SubFigure.
        strips: For each a name, reconstructions (n, height, width, channels), and samples of this shape or None.
        columns: How many images of each are drawn.
    """
    panels = figure.subplots(len(strips), 2, squeeze=False)
    for panel, (name, reconstructed, generated) in zip(panels, strips, strict=True):
        for axes, images in zip(panel, (reconstructed, generated), strict=True):
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
            drawn = image_grid((reconstructed if images is None else images)[:columns], columns)
            axes.imshow(drawn if images is not None else 0 * drawn, interpolation="nearest")
        panel[0].set_ylabel(drawable(name), rotation=0, ha="right", va="center", parse_math=False)
    panels[0][0].set_title("reconstructions")
    if any(generated is not None for _, _, generated in strips):
        panels[0][1].set_title("generated samples")


def _has(comparison: Compared, column: Column) -> bool:
    return any(column.name in scores for scores in comparison.intervals.values())


def _points(axes: Axes, comparison: Compared, column: Column) -> None:
    """Draw a score of each contender and each seed's value below it; the baselines' as lines.

    The bar is the 95 % interval, from five seeds on: that of two is so wide that it would hide all else.
    """
    for place, (name, scores) in enumerate(comparison.intervals.items()):
        if column.name in scores:
            score = scores[column.name]
            half = score.half if score.n >= BARS else None
            axes.errorbar(score.mean, place, xerr=half, fmt="o", color=BLUE, capsize=3, markersize=5)
            seeds = [one[column.name] for one in comparison.by_seed[name]] if score.n > 1 else []
            axes.plot(seeds, [place + 0.22] * len(seeds), "o", color=ORANGE, markersize=3.5, gid="seeds")
    for name, style in zip(BASES, ("--", ":"), strict=True):
        if column.name in comparison.baselines.get(name, {}):
            value = comparison.baselines[name][column.name]
            axes.axvline(value, color=GREEN, linestyle=style, linewidth=1.3)
            _label(axes, name, value)
    own = [_pca(comparison, runs[0], column) for runs in comparison.runs.values()]
    if (
        any(value is not None for value in own) and "PCA" not in comparison.baselines
    ):  # sizes differ: each has its own PCA
        values = [np.nan if value is None else value for value in own]
        axes.plot(values, range(len(own)), "|", color=GREEN, markersize=15, markeredgewidth=1.8)
        _label(axes, "| PCA of equal size", np.nanmin(values))
    axes.set_yticks(range(len(comparison.runs)), list(map(drawable, comparison.runs)), parse_math=False)
    axes.set_ylim(len(comparison.runs) - 0.5, -0.8)
    axes.set_title(f"{column.head} ({'lower' if column.lower else 'higher'} is better)", fontsize=9)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.grid(True, axis="x")
    axes.margins(x=0.12)


def _label(axes: Axes, name: str, value: float) -> None:
    """Write a baseline's name at the top, beside its line."""
    axes.annotate(name, (value, 1), xycoords=("data", "axes fraction"), xytext=(2, -1), textcoords="offset points",
                  color=GREEN, fontsize=9, va="top")  # fmt: skip


def _pca(comparison: Compared, run: Run, column: Column) -> float | None:
    return comparison.baselines.get(f"PCA, {run.latent_dim} dimensions", {}).get(column.name)


def strips_of(comparison: Compared) -> list[Strip]:
    """Return held-out images, and each contender's reconstructions of them and generated samples."""
    data = comparison.data
    x, labels = data.examples(), None if data.y_test is None else data.y_test[data.shown]
    strips: list[Strip] = [("original", x, None)]
    for name, (run, *_) in comparison.runs.items():
        conditions = labels if run.is_conditional else None
        strips.append(
            (
                name,
                run.reconstruct(run.corrupt(x), conditions),
                samples(run, len(x), run.spec.seed, labels=conditions),
            )
        )
    return strips
