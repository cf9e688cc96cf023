"""New items: a sheet of them, how they became better, and which classes they are of."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from aenb.evaluation.extractor import has_classes, quick_extractor
from aenb.evaluation.metrics.sample_quality import class_histogram
from aenb.figures.plots import BLUE, GREEN, STYLE, draw_items, drawable, image_grid
from aenb.figures.views.view import view
from aenb.figures.views.view_inputs import ViewInputs

ROWS, COLUMNS, JUDGED = 5, 12, 1000


def _makes_images(inputs: ViewInputs) -> bool:
    return inputs.data.kind == "image" and (inputs.has_prior or inputs.has_plane)


@view("new items that the model made", _makes_images)
def samples(inputs: ViewInputs) -> Any:
    """Draw a sheet of new items; of a conditional model a column for each class."""
    run = inputs.run
    columns = min(COLUMNS, run.model.num_classes) if run.is_conditional else COLUMNS
    labels = np.tile(inputs.data.classes[:columns], ROWS) if run.is_conditional else None
    made = run.generate(ROWS * columns, labels=labels)
    with rc_context(STYLE):
        grid = image_grid(made, columns=columns)
        figure = Figure(figsize=(7.4, 0.3 + 7.2 * grid.shape[0] / grid.shape[1]), layout="constrained")
        axes = figure.subplots()
        axes.imshow(grid, interpolation="nearest")
        axes.set(
            yticks=[], xticks=[], title="" if inputs.has_prior else "codes drawn from a mixture fitted on the codes"
        )
        if run.is_conditional:
            width = made.shape[2]
            words = list(map(drawable, inputs.data.class_words[:columns]))
            axes.set_xticks(width / 2 + (width + 1) * np.arange(columns), words, parse_math=False)
            axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        return figure


def _has_timeline(inputs: ViewInputs) -> bool:
    return inputs.data.kind != "text" and len(inputs.run.timeline) > 1


@view("the same codes as the training went on: how its samples became better", _has_timeline)
def timeline(inputs: ViewInputs) -> Any:
    """Draw a row of samples for each epoch that was kept, always of the same codes."""
    moments = inputs.run.timeline
    with rc_context(STYLE):
        if inputs.data.kind != "image":
            figure = Figure(figsize=(9.8, 3.4), layout="constrained")
            last, *_ = sorted(moments, reverse=True)
            draw_items(figure.subplots(), {"held out": inputs.data.examples(), "generated": moments[last]})
            return figure
        n, height = next(iter(moments.values())).shape[:2]
        grid = image_grid(np.concatenate([moments[epoch] for epoch in sorted(moments)]), columns=n)
        figure = Figure(figsize=(7.4, 0.2 + 6.6 * grid.shape[0] / grid.shape[1]), layout="constrained")
        axes = figure.subplots()
        axes.imshow(grid, interpolation="nearest")
        heights = height / 2 + (height + 1) * np.arange(len(moments))
        axes.set_yticks(heights, [f"epoch {epoch}" for epoch in sorted(moments)])
        axes.set(xticks=[])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        return figure


def _has_classes(inputs: ViewInputs) -> bool:
    return inputs.data.kind != "text" and inputs.has_prior and inputs.classes is not None and has_classes(inputs.data)


@view("which classes new items are of, as a classifier sees them, beside those of the data", _has_classes)
def classes(inputs: ViewInputs) -> Any:
    """Draw the share of each class among new items and among the training items."""
    extractor = quick_extractor(inputs.data)
    _, probabilities = extractor(inputs.run.generate(JUDGED))
    made = class_histogram(probabilities)
    real = np.bincount(inputs.data.class_numbers(inputs.data.y_train), minlength=len(made)) / len(inputs.data.y_train)
    with rc_context(STYLE):
        figure = Figure(figsize=(7.4, 2.6), layout="constrained")
        axes, places = figure.subplots(), np.arange(len(made))
        axes.bar(places, made, width=0.7, color=BLUE, label=f"{JUDGED:,} new items")
        axes.hlines(real, places - 0.4, places + 0.4, color=GREEN, linewidth=2, label="training items")
        words = list(map(drawable, inputs.data.class_words))
        turned = {"rotation": 30, "ha": "right"} if max(map(len, words)) > 5 else {}
        axes.set_xticks(places, words, parse_math=False, **turned)
        axes.yaxis.set_major_formatter("{x:.0%}")
        top = 1.25 * max(made.max(), real.max())  # room for the legend
        axes.set(ylabel="share", ylim=(0, top), title=f"classes seen by {extractor.name}")
        axes.legend(ncols=2, loc="upper left")
        return figure
