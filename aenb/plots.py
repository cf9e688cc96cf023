"""Figures: arrays to matplotlib Figures, without pyplot's global state.

Backgrounds are clear and lines mid-grey, so that a figure reads on a light page and on a dark one. Colours are of
Okabe & Ito's palette, told apart by colour-blind readers (the blue a little lighter, for dark pages).
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import zip_longest

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
COLOURS = {"generator": BLUE, "decoder": BLUE, "autoencoder": BLUE, "discriminator": ORANGE, "encoder": GREEN}
COLOURS |= {"real": BLUE, "fake": ORANGE}
READINGS = {"_score": "mean score of the discriminator", "_gradient_norm": "norm of the gradient"}
TITLES = {
    ("reconstruction", "generated"): "held-out images, their reconstructions, and new ones",
    ("reconstruction",): "held-out images, and what the model makes of them",
    ("generated",): "held-out images, and some that the model made",
}
WIDEST = 84  # letters of a text that fit
Rows = Mapping[str, "np.ndarray | list[str]"]


def run_figure(history, rows: Rows, *, loss: str = "loss", baselines=None) -> Figure:
    """Draw a run: the loss by epoch, and items over what becomes of them.

    Args:
        history: Lists by name, one value an epoch: "loss" and "val_loss".
        rows: Items by what they are, "original" and "reconstruction", each (n, *input_shape), or texts.
        loss: What the loss is, for the axis.
        baselines: Losses of the baselines by their names, drawn as lines.

    Returns:
        A Figure of two panels, and a row under them of what was read beside the losses: scores, norms of gradients.
    """
    readings = _readings(history)
    with rc_context(STYLE):
        figure = Figure(figsize=(9.8, 5.0 if readings else 2.7), layout="constrained")
        top, bottom = figure.subfigures(2, 1, height_ratios=(2.7, 2.3)) if readings else (figure, None)
        curves, items = top.subplots(1, 2, width_ratios=(1, 2))
        _loss_curves(curves, history, loss, baselines or {})
        _draw_items(items, rows)
        for number, (label, names) in enumerate(readings.items()):
            _reading(bottom.add_subplot(1, max(2, len(readings)), number + 1), history, label, names)
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


def examples_png(rows: Rows) -> bytes:
    """Draw items over what a model makes of them, small and fast.

    Args:
        rows: As for `run_figure`.

    Returns:
        A PNG file: images as tiles; of all else as `run_figure` draws it.
    """
    first = next(iter(rows.values()))
    if np.ndim(first) == 4:
        grid = _tiles(rows)
        scale = max(1, round(520 / grid.shape[1]))
        buffer = io.BytesIO()
        imsave(buffer, grid.repeat(scale, axis=0).repeat(scale, axis=1), format="png")
        return buffer.getvalue()
    with rc_context(STYLE):
        figure = Figure(figsize=(4.6, 2.4), layout="constrained")
        _draw_items(figure.subplots(), rows)
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
    """Draw the loss in training and in validation, and its terms; of a game, in which each has its own, these only."""
    lines = {"loss": ("training", BLUE), "val_loss": ("validation", ORANGE)}
    terms = [name for name in history if name.endswith("_loss") and not name.startswith("val_")]
    if "discriminator_loss" in terms:
        lines, loss = {}, "loss of each"
    values = _by_epoch(axes, history, lines | _coloured(terms, "_loss", TERMS))
    for (label, value), style in zip(baselines.items(), ("--", ":"), strict=False):
        axes.axhline(value, color=GREEN, linestyle=style, linewidth=1.3, label=label)
    axes.set(ylabel=loss, title="loss by epoch")
    if values:
        axes.legend()


def _readings(history) -> dict[str, list[str]]:
    """List what a history has beside losses, by what it is."""
    kinds: dict[str, list[str]] = {}
    for name in history:
        if name.startswith("val_") or name == "loss" or name.endswith("_loss"):
            continue
        ending = next((ending for ending in READINGS if name.endswith(ending)), None)
        kinds.setdefault(READINGS[ending] if ending else _words(name), []).append(name)
    return {kind: sorted(names, reverse=True) for kind, names in kinds.items()}  # real before fake


def _reading(axes, history, label: str, names: list[str]) -> None:
    """Draw what is no loss by epoch, each line with its own colour."""
    ending = next((ending for ending, kind in READINGS.items() if kind == label), "")
    _by_epoch(axes, history, _coloured(names, ending, (BLUE, *TERMS)))
    axes.set(title=label)
    if ending:
        axes.legend()


def _coloured(names: list[str], ending: str, colours: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Give lines their labels, their names without an ending, and colours; who plays has the same one everywhere."""
    left = iter(colours)
    labels = {name: name.removesuffix(ending) for name in names}
    return {name: (_words(label), COLOURS.get(label) or next(left, GREY)) for name, label in labels.items()}


def _by_epoch(axes, history, lines: Mapping[str, tuple[str, str]]) -> list[float]:
    """Draw lines, a label and a colour by name, on a scale of logarithms where they go far; return the values."""
    lines = {name: line for name, line in lines.items() if name in history}
    for name, (label, colour) in lines.items():
        values = history[name]
        axes.plot(
            np.arange(1, len(values) + 1), values, color=colour, label=label, marker="o" if len(values) == 1 else None,
            linewidth=1.8 if name in ("loss", "val_loss") else 1.3,
        )  # fmt: skip
    values = [value for name in lines for value in history[name]]
    if values and min(values) > 0 and max(values) > 3 * min(values):
        axes.set_yscale("log")
        near = max(values) < 100 * min(values)
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5, 7) if near else (1,)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_locator(NullLocator())
    axes.set(xlabel="epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(True, axis="y")
    return values


def _words(name: str) -> str:
    return name.replace("_", " ")


def _draw_items(axes, rows: Rows) -> None:
    """Draw items by what they are: images, signals, rows of a table, or texts."""
    first = next(iter(rows.values()))
    draw = _texts if isinstance(first, list) else {4: _strips, 3: _signals}.get(np.ndim(first), _values)
    draw(axes, rows)


def _tiles(rows: Rows) -> np.ndarray:
    """Lay rows of images as one."""
    images = list(rows.values())
    return image_grid(np.concatenate(images), columns=len(images[0]), gap=max(1, images[0].shape[1] // 14))


def _strips(axes, rows: Rows) -> None:
    """Draw each row of images under the one before."""
    grid, height = _tiles(rows), next(iter(rows.values())).shape[1]
    axes.imshow(grid, interpolation="nearest")
    axes.set(title=next(words for names, words in TITLES.items() if set(names) <= set(rows)), xticks=[])
    step = (len(grid) - height) / max(1, len(rows) - 1)
    axes.set_yticks([height / 2 + step * number for number in range(len(rows))], list(rows))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _signals(axes, rows: Rows) -> None:
    """Draw the first channels of four signals side by side, each channel at a height of its own."""
    names, shown, channels = list(rows), 4, 3
    first = rows[names[0]][:shown, :, :channels]
    lane = 1.2 * np.nanmax(np.nanmax(first, axis=(0, 1)) - np.nanmin(first, axis=(0, 1)))
    length = first.shape[1] + 2  # a gap between signals
    style = {"original": (GREY, 2.4, 0.75), "held out": (GREY, 1.4, 1), "corrupted": (ORANGE, 1, 0.8)}
    for name in names:
        signals = np.array(rows[name][:shown, :, :channels], "float32")
        if name != "generated":
            signals[np.isnan(first)] = np.nan  # of the ends of short signals there is nothing to be made
        signals = np.pad(signals, [(0, 0), (0, 2), (0, 0)], constant_values=np.nan)
        colour, width, alpha = style.get(name, (BLUE, 1.4, 1))
        lines = signals.reshape(-1, signals.shape[-1]) - lane * np.arange(signals.shape[-1])
        axes.plot(lines, color=colour, linewidth=width, alpha=alpha, label=[name, *["_"] * (lines.shape[1] - 1)])
    starts, half = length * np.arange(len(first)), first.shape[1] // 2
    axes.set_xticks([*starts, *(starts + half)], [*[0] * len(starts), *[half] * len(starts)])
    axes.set_yticks(-lane * np.arange(first.shape[2]), [f"channel {number}" for number in range(1, first.shape[2] + 1)])
    axes.set(xlabel="time step of each signal", title="held-out signals")
    axes.margins(y=0.05)
    axes.legend(ncols=len(rows), loc="lower right", bbox_to_anchor=(1.02, 0.99), borderaxespad=0, borderpad=0.2,
                handlelength=1.2, columnspacing=1.2)  # fmt: skip


def _texts(axes, rows: Rows) -> None:
    """Write the first texts, what becomes of each under it, and the words that differ in another colour."""
    names, shown = list(rows), 5 if len(rows) < 3 else 4
    compared = "generated" not in rows
    title = "held-out texts (what differs in orange)" if compared else "held-out texts, and some that the model made"
    axes.set(title=title, xticks=[], xlim=(0, 1))
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    heights, labels = [], []
    for place, texts in enumerate(zip(*(rows[name][:shown] for name in names), strict=True)):
        for line, (name, text) in enumerate(zip(names, texts, strict=True)):
            heights.append(place * (len(names) + 0.7) + line)
            labels.append(name)
            same, other = _parted(text, texts[0] if compared else text)
            for part, colour in ((same, BLUE if name == names[-1] else GREY), (other, ORANGE)):
                written = axes.text(0, heights[-1], part, color=colour, va="center_baseline", family="monospace",
                                    fontsize=8, parse_math=False)  # fmt: skip
                written.set_in_layout(False)  # long texts are cut off, and leave the panel its place
    axes.set_yticks(heights, labels)
    axes.set_ylim(max(heights, default=0) + 0.6, -0.6)


def _parted(text: str, original: str) -> tuple[str, str]:
    """Part a text into the words that are the original's at their place and those that are not, spaces in between."""
    pairs = [(word, word == other) for word, other in zip_longest(text.split(), original.split(), fillvalue="_")]
    same, other = (
        " ".join(word if is_same is wanted else " " * len(word) for word, is_same in pairs) for wanted in (True, False)
    )
    return same[:WIDEST], other[:WIDEST]


def _values(axes, rows: Rows) -> None:
    """Draw each value of a table against what the model makes of it."""
    x, *_, made = rows.values()
    axes.plot(x.ravel(), made.ravel(), ".", color=BLUE, alpha=0.4, markersize=4)
    low, high = float(np.nanmin(x)), float(np.nanmax(x))
    axes.plot([low, high], [low, high], color=GREY, linewidth=1)
    axes.set(
        xlabel="held-out value (standardised)",
        ylabel="reconstruction",
        title="values, and what the model makes of them",
    )
