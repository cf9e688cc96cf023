"""Latent traversals: what each latent dimension encodes, seen by changing it alone."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.figure import Figure

from aenb.figures.plots import STYLE, image_grid
from aenb.figures.views.view import view
from aenb.figures.views.view_inputs import ViewInputs
from aenb.latent.sampling import decoded as decode

SHOWN, STEPS = 8, 11


def _fits(inputs: ViewInputs) -> bool:
    return inputs.has_plane and inputs.data.kind in ("image", "signal")


@view(
    order=7,
    summary="what changes if one latent dimension moves from its low end to its high one",
    fits=_fits,
)
def traversals(inputs: ViewInputs) -> Figure:
    """Draw a row for each of the most informative dimensions, from the 1% to the 99% quantile, around one example."""
    dimensions = inputs.ranking[:SHOWN]
    start = inputs.codes[int(np.abs(inputs.codes - np.median(inputs.codes, axis=0)).sum(axis=1).argmin())]
    codes = np.repeat(start[None], len(dimensions) * STEPS, axis=0)
    for row, dimension in enumerate(dimensions):
        codes[row * STEPS : (row + 1) * STEPS, dimension] = np.linspace(*inputs.range_of(int(dimension)), STEPS)
    labels = None if inputs.conditions is None else np.repeat(inputs.conditions[:1], len(codes))
    decoded = decode(inputs.run, codes, labels)
    with rc_context(STYLE):
        draw = _images if inputs.data.kind == "image" else _signals
        return draw(inputs, dimensions, decoded)


def _label(inputs: ViewInputs, dimension: int) -> str:
    return f"z{dimension}" if inputs.kl is None else f"z{dimension}  {inputs.kl[dimension]:.2g} nats"


def _images(inputs: ViewInputs, dimensions: np.ndarray, decoded: np.ndarray) -> Figure:
    height, width = decoded.shape[1:3]
    grid = image_grid(decoded, columns=STEPS)
    figure = Figure(figsize=(7.4, 0.6 + 6.4 * grid.shape[0] / grid.shape[1]), layout="constrained")
    axes = figure.subplots()
    axes.imshow(grid, interpolation="nearest")
    axes.set_yticks(height / 2 + (height + 1) * np.arange(len(dimensions)), [_label(inputs, one) for one in dimensions])
    ends = ("1%", "median", "99%")
    distribution = "the prior" if inputs.has_prior else "the latent codes"
    axes.set_xticks(width / 2 + (width + 1) * np.array([0, STEPS // 2, STEPS - 1]), ends)
    axes.set_xlabel(f"quantile of {distribution}")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure


def _signals(inputs: ViewInputs, dimensions: np.ndarray, decoded: np.ndarray) -> Figure:
    """Draw the first channel for each dimension, coloured from its low end to its high end."""
    columns = min(4, len(dimensions))
    rows = -(-len(dimensions) // columns)
    figure = Figure(figsize=(7.4, 0.4 + 1.7 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    colours = colormaps["viridis"](np.linspace(0, 0.9, STEPS))
    for row, (axes, dimension) in enumerate(zip(panels, dimensions, strict=False)):
        for signal, colour in zip(decoded[row * STEPS : (row + 1) * STEPS], colours, strict=True):
            axes.plot(signal[:, 0], color=colour, linewidth=1)
        axes.set_title(_label(inputs, int(dimension)), fontsize=9)
    for axes in panels[len(dimensions) :]:
        axes.set_visible(False)
    figure.supxlabel(
        "time step (first channel; from dark at the low end of each dimension to light at the high end)", fontsize=9
    )
    return figure
