"""Codes in a plane, beside what PCA makes of the items themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from aenb.evaluation.metrics.baselines import principal_subspace
from aenb.figures.plots import BLUE, STYLE, class_colours, drawable
from aenb.figures.views.look import Look
from aenb.figures.views.view import view


def _fits(look: Look) -> bool:
    return not look.run.is_generator and look.has_plane


@view("the codes of held-out items, beside the plane that PCA finds for the items themselves", _fits)
def codes(look: Look) -> Any:
    """Draw the plane of codes and that of PCA, a point for each held-out item, in the colour of its class."""
    with rc_context(STYLE):
        if look.data.kind == "text":  # the numbers of words are no place
            figure = Figure(figsize=(4.9, 4.2), layout="constrained")
            panels = [figure.subplots()]
        else:
            figure = Figure(figsize=(9.8, 4.4), layout="constrained")
            panels = figure.subplots(1, 2)
            subspace = principal_subspace(lambda: map(np.nan_to_num, look.data.blocks()), 2)
            points = subspace.codes(look.x)
            points = np.pad(points, ((0, 0), (0, 2 - points.shape[1])))  # one feature has one axis
            scatter(panels[1], points, look.classes, look.data.class_words)
            panels[1].set(xlabel="principal axis 1", ylabel="principal axis 2", title="PCA of the items")
        scatter(panels[0], look.plane.points(look.codes), look.classes, look.data.class_words)
        of = "codes" if look.run.latent_dim <= 2 else f"codes of {look.run.latent_dim} dimensions, seen in a plane"
        panels[0].set(xlabel=look.plane.names[0], ylabel=look.plane.names[1], title=of)
        return figure


def scatter(axes: Any, points: np.ndarray, classes: np.ndarray | None, names: tuple[str, ...]) -> None:
    """Draw points in the colours of their classes, each class named at its middle.

    Args:
        axes: Where to draw.
        points: (n, 2).
        classes: (n,), the number of each point's class, or None.
        names: Of the classes.
    """
    look = {"s": 6, "linewidths": 0, "alpha": 0.6}
    if classes is None:
        axes.scatter(*points.T, color=BLUE, **look)
        return
    colours = class_colours(len(names))
    order = np.random.default_rng(0).permutation(len(points))  # no class lies over all others
    axes.scatter(*points[order].T, color=np.array(colours)[classes[order]], **look)
    for number, name in enumerate(names):
        if (classes == number).any():
            middle = np.median(points[classes == number], axis=0)
            axes.annotate(
                drawable(name[:18]), middle, ha="center", va="center", fontsize=8.5, color="black", parse_math=False,
                bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": colours[number], "alpha": 0.85},
            )  # fmt: skip
