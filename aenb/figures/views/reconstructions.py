"""Reconstructions with their errors: what is lost, and where."""

from __future__ import annotations

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aenb.data.values.scaling import units
from aenb.figures.plots import BLUE, ORANGE, STYLE, draw_examples, drawable, image_grid, signed_colours
from aenb.figures.views.view import view
from aenb.figures.views.view_inputs import ViewInputs

SHOWN, MAX_BARS = 10, 12  # examples; bars


def _fits(inputs: ViewInputs) -> bool:
    return not inputs.run.is_generator and not inputs.run.translates


@view(order=1, summary="held-out examples, their reconstructions, and the errors", fits=_fits)
def reconstructions(inputs: ViewInputs) -> Figure:
    """Draw examples, reconstructions and errors: per pixel for images, else by feature or step."""
    data, run = inputs.data, inputs.run
    y = units(data.test[data.shown])
    labels = data.y_test[data.shown] if run.is_conditional else None
    corrupted = run.corrupt(y)
    reconstructed = run.reconstruct(corrupted, labels)
    rows = {"original": y} | ({} if corrupted is y else {"corrupted": corrupted}) | {"reconstruction": reconstructed}
    with rc_context(STYLE):
        if data.kind == "image":
            return _images(rows, reconstructed - y)
        figure = Figure(figsize=(7.4, 3.4), layout="constrained")
        if data.kind == "text":
            draw_examples(figure.subplots(), {name: data.texts(row) for name, row in rows.items()})
            return figure
        examples, errors = figure.subplots(1, 2, width_ratios=(3, 2))
        draw_examples(examples, rows)
        _errors(errors, inputs)
        return figure


def _images(rows: dict[str, np.ndarray], error: np.ndarray) -> Figure:
    largest = max(float(np.abs(error).max()), 1e-6)
    n, height, width = error.shape[:3]
    grid = [*rows.values(), signed_colours(error.mean(axis=-1) / largest)]
    strips = [image_grid(np.nan_to_num(images), columns=n) for images in grid]
    figure = Figure(figsize=(7.4, 0.35 + 0.95 * len(strips) * height / width), layout="constrained")
    for axes, strip, name in zip(figure.subplots(len(strips), 1), strips, [*rows, "error"], strict=True):
        axes.imshow(strip, interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
        axes.spines[:].set_visible(False)
    figure.supxlabel(
        f"error: orange where the reconstruction is too light, blue where too dark; full colour at {largest:.2g}",
        fontsize=9,
    )  # fmt: skip
    return figure


def _errors(axes: Axes, inputs: ViewInputs) -> None:
    """Draw the mean squared error over the held-out examples: of a table by feature, of signals by step."""
    x = units(inputs.data.test[inputs.index])
    squared = np.square(inputs.run.reconstruct(inputs.x, inputs.conditions) - x)
    if inputs.data.kind == "signal":
        axes.plot(np.nanmean(squared, axis=(0, 2)), color=ORANGE)
        axes.set(xlabel="time step", ylabel="mean squared error", title="error by step", ylim=(0, None))
        return
    mean = np.nanmean(squared, axis=0)
    worst = np.argsort(-mean)[:MAX_BARS]
    names = inputs.data.feature_names or [f"feature {number}" for number in range(len(mean))]
    places = np.arange(len(worst))
    axes.barh(places, mean[worst], color=BLUE)
    axes.set_yticks(places, [drawable(str(names[number])[:24]) for number in worst], parse_math=False)
    axes.set(
        xlabel="MSE (standardised)",
        title="largest errors by feature",
        ylim=(len(worst) - 0.5, -0.5),
    )
