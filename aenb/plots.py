"""Figures: arrays to matplotlib Figures, without pyplot's global state.

Backgrounds are clear and lines mid-grey, so that a figure reads on a light page and on a dark one. Colours are of
Okabe & Ito's palette, told apart by colour-blind readers (the blue a little lighter, for dark pages).
"""

from __future__ import annotations

import io

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.image import imsave
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

TERMS = ("#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
BLUE, ORANGE, GREEN, GREY = "#2b88c8", "#E69F00", "#009E73", "#808080"
STYLE = {
    "figure.facecolor": "none", "axes.facecolor": "none", "savefig.facecolor": "none",
    "axes.edgecolor": GREY, "axes.labelcolor": GREY, "xtick.color": GREY, "ytick.color": GREY,
    "text.color": GREY, "axes.titlecolor": GREY, "axes.titlesize": 10, "axes.titlelocation": "left",
    "axes.spines.top": False, "axes.spines.right": False, "font.size": 9.5, "legend.frameon": False,
    "grid.color": GREY, "grid.alpha": 0.25,
}  # fmt: skip


def run_figure(history, x, reconstructed, *, loss: str = "loss", baselines=None) -> Figure:
    """Draw a run: the loss by epoch, and originals over their reconstructions.

    Args:
        history: Lists by name, one value an epoch: "loss" and "val_loss".
        x: (n, *input_shape), some held-out items.
        reconstructed: The same shape.
        loss: What the loss is, for the axis.
        baselines: Losses of the baselines by their names, drawn as lines.

    Returns:
        A Figure of two panels; of one where there are no items to draw.
    """
    with rc_context(STYLE):
        figure = Figure(figsize=(9.8, 2.7), layout="constrained")
        curves, items = figure.subplots(1, 2, width_ratios=(1, 2))
        _loss_curves(curves, history, loss, baselines or {})
        if x.ndim == 4:
            _strips(items, x, reconstructed)
        else:
            _rows(items, x, reconstructed)
        return figure


def loss_png(history, trace=()) -> bytes:
    """Draw the loss of a training that goes on, small and fast.

    Args:
        history: As for `run_figure`.
        trace: Points (part of the first epoch, loss), drawn until there are epochs to draw.

    Returns:
        A PNG file.
    """
    with rc_context(STYLE):
        figure = Figure(figsize=(4.6, 2.4))
        axes = figure.add_axes((0.16, 0.2, 0.8, 0.67))  # a layout engine takes longer than all the rest
        _loss_curves(axes, history, "loss", {})
        if len(history.get("loss", ())) < 2:
            axes.plot(*zip(*trace, strict=True), color=BLUE, alpha=0.5, linewidth=1.2)
            axes.set_xlim(0, 1.05)
        return to_png(figure, dpi=90)


def examples_png(x, reconstructed) -> bytes:
    """Draw items over what a model makes of them, small and fast.

    Args:
        x: (n, *input_shape).
        reconstructed: The same shape.

    Returns:
        A PNG file: images as tiles, originals above; of a table, each value against what becomes of it.
    """
    if x.ndim == 4:
        grid = image_grid(np.concatenate([x, reconstructed]), columns=len(x), gap=max(1, x.shape[1] // 14))
        scale = max(1, round(520 / grid.shape[1]))
        buffer = io.BytesIO()
        imsave(buffer, grid.repeat(scale, axis=0).repeat(scale, axis=1), format="png")
        return buffer.getvalue()
    with rc_context(STYLE):
        figure = Figure(figsize=(4.6, 2.4), layout="constrained")
        _rows(figure.subplots(), x, reconstructed)
        return to_png(figure, dpi=90)


def image_grid(images: np.ndarray, columns: int, gap: int = 1) -> np.ndarray:
    """Lay images in a grid, row by row, as one array.

    Args:
        images: (n, height, width, channels) in [0, 1]; 3 channels are RGB, 4 RGBA, the mean of others is shown.
        columns: How many stand in a row.
        gap: Pixels between them, clear.

    Returns:
        (rows, columns, 4), float32 RGBA.
    """
    n, height, width, channels = images.shape
    rows = -(-n // columns)
    colour = images if channels in (3, 4) else np.repeat(images.mean(axis=-1, keepdims=True), 3, axis=-1)
    grid = np.zeros((rows * (height + gap) - gap, columns * (width + gap) - gap, 4), "float32")
    for index, image in enumerate(np.clip(colour, 0, 1)):
        top, left = (index // columns) * (height + gap), (index % columns) * (width + gap)
        cell = grid[top : top + height, left : left + width]
        cell[..., 3] = 1
        cell[..., : image.shape[-1]] = image
    return grid


def to_png(figure: Figure, dpi: int = 130) -> bytes:
    """Return a figure as a PNG file, the same bytes for the same figure."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def _loss_curves(axes, history, loss, baselines) -> None:
    epochs = np.arange(1, len(history.get("loss", ())) + 1)
    marker = "o" if len(epochs) == 1 else None
    drawn = [("loss", "training", BLUE, "-"), ("val_loss", "validation", ORANGE, "-")]
    terms = [name for name in history if name not in ("loss", "val_loss") and not name.startswith("val_")]
    for name, colour in zip(terms, TERMS, strict=False):
        label = name.replace("_", " ")
        drawn += [(name, label, colour, "-"), (f"val_{name}", f"{label}, validation", colour, ":")]
    drawn = [line for line in drawn if line[0] in history]
    for name, label, colour, style in drawn:
        width = 1.8 if name in ("loss", "val_loss") else 1.1
        axes.plot(epochs, history[name], style, color=colour, label=label, linewidth=width, marker=marker)
    for (label, value), style in zip(baselines.items(), ("--", ":"), strict=False):
        axes.axhline(value, color=GREEN, linestyle=style, linewidth=1.3, label=label)
    values = [v for name, *_ in drawn for v in history[name]]
    if values and min(values) > 0 and max(values) > 3 * min(values):
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5, 7)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_locator(NullLocator())
    axes.set(xlabel="epoch", ylabel=loss, title="loss by epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(True, axis="y")
    if values:
        axes.legend()


def _strips(axes, x, reconstructed) -> None:
    """Draw originals in one row and their reconstructions under them."""
    grid = image_grid(np.concatenate([x, reconstructed]), columns=len(x), gap=max(1, x.shape[1] // 14))
    axes.imshow(grid, interpolation="nearest")
    axes.set(title="held-out images, and what the model makes of them", xticks=[])
    axes.set_yticks([x.shape[1] / 2, len(grid) - x.shape[1] / 2], ["original", "reconstruction"])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _rows(axes, x, reconstructed) -> None:
    """Draw each value of a table against what the model makes of it."""
    axes.plot(x.ravel(), reconstructed.ravel(), ".", color=BLUE, alpha=0.4, markersize=4)
    low, high = float(x.min()), float(x.max())
    axes.plot([low, high], [low, high], color=GREY, linewidth=1)
    axes.set(
        xlabel="held-out value (standardised)",
        ylabel="reconstruction",
        title="values, and what the model makes of them",
    )
