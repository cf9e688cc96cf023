"""Latent codes in a plane, compared with PCA of the examples themselves."""

from __future__ import annotations

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aenb.evaluation.metrics.baselines import principal_subspace
from aenb.figures.plots import BLUE, STYLE, class_colours, drawable
from aenb.figures.views.view import view
from aenb.figures.views.view_inputs import ViewInputs


def _fits(inputs: ViewInputs) -> bool:
    return not inputs.run.is_generator and inputs.has_plane


@view(order=9, summary="the latent codes of held-out examples, compared with PCA of the raw features", fits=_fits)
def codes(inputs: ViewInputs) -> Figure:
    """Draw the latent plane and that of PCA, a point for each held-out example, in the colour of its class."""
    with rc_context(STYLE):
        if inputs.data.kind == "text":  # PCA of word numbers would mean nothing
            figure = Figure(figsize=(4.9, 4.2), layout="constrained")
            panels = [figure.subplots()]
        else:
            figure = Figure(figsize=(7.4, 4.4), layout="constrained")
            panels = figure.subplots(1, 2)
            subspace = principal_subspace(lambda: map(np.nan_to_num, inputs.data.blocks()), 2)
            points = subspace.codes(inputs.x)
            points = np.pad(points, ((0, 0), (0, 2 - points.shape[1])))  # one feature has one axis
            scatter(panels[1], points, inputs.classes, inputs.data.class_words)
            panels[1].set(xlabel="principal axis 1", ylabel="principal axis 2", title="PCA of the examples")
        scatter(panels[0], inputs.plane.points(inputs.codes), inputs.classes, inputs.data.class_words)
        dimensions = inputs.run.latent_dim
        title = f"latent space, {dimensions} dimension{'s' if dimensions > 1 else ''}"
        panels[0].set(xlabel=inputs.plane.names[0], ylabel=inputs.plane.names[1], title=title)
        return figure


def scatter(axes: Axes, points: np.ndarray, classes: np.ndarray | None, names: tuple[str, ...]) -> None:
    """Draw points in the colours of their classes, each class named at its middle.

    Args:
        axes: Where to draw.
        points: (n, 2).
        classes: (n,), the number of each point's class, or None.
        names: Of the classes.
    """
    style = {"s": 6, "linewidths": 0, "alpha": 0.6}
    if classes is None:
        axes.scatter(*points.T, color=BLUE, **style)
        return
    colours = class_colours(len(names))
    order = np.random.default_rng(0).permutation(len(points))  # no class covers all others
    axes.scatter(*points[order].T, color=np.array(colours)[classes[order]], **style)
    for number, name in enumerate(names):
        if (classes == number).any():
            middle = np.median(points[classes == number], axis=0)
            axes.annotate(
                drawable(name[:18]), middle, ha="center", va="center", fontsize=9, color="black", parse_math=False,
                bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": colours[number], "alpha": 0.85},
            )  # fmt: skip
