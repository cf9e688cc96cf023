"""Learning curves: losses and other readings, by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from aenb.figures.plots.examples import Rows, draw_examples
from aenb.figures.plots.style import BLUE, GREEN, GREY, ORANGE, STYLE, TERMS

History = Mapping[str, Sequence[float]]  # values by name, one for each epoch
COLOURS = {"generator": BLUE, "decoder": BLUE, "autoencoder": BLUE, "discriminator": ORANGE, "encoder": GREEN}
COLOURS |= {"real": BLUE, "fake": ORANGE}
READINGS = {"_score": "mean discriminator score", "_gradient_norm": "gradient norm"}


def run_figure(
    history: History, rows: Rows, *, loss: str = "loss", baselines: Mapping[str, float] | None = None
) -> Figure:
    """Draw a run: the loss by epoch, and examples over their reconstructions.

    Args:
        history: Lists by name, one value an epoch: "loss" and "val_loss".
        rows: Rows by name, such as "original" and "reconstruction", each (n, *input_shape), or texts.
        loss: The name of the loss, for the axis.
        baselines: Losses of the baselines by name, drawn as lines.

    Returns:
        A Figure of two panels, beside each other or for texts below each other, and below them a row for other
        readings: scores, gradient norms.
    """
    readings = _readings(history)
    with rc_context(STYLE):
        has_texts = isinstance(next(iter(rows.values())), list)
        heights = [2.7, *([2.7] if has_texts else []), *([2.3] if readings else [])]
        figure = Figure(figsize=(7.4, sum(heights)), layout="constrained")
        parts = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
        if has_texts:
            curves, examples = parts[0].subplots(), parts[1].subplots()
        else:
            curves, examples = parts[0].subplots(1, 2, width_ratios=(5, 7))
        draw_losses(curves, history, loss, baselines)
        draw_examples(examples, rows)
        if readings:
            bottom = parts[-1]
            draw_readings([bottom.add_subplot(1, max(2, len(readings)), n + 1) for n in range(len(readings))], history)
        return figure


def draw_losses(axes: Axes, history: History, loss: str = "loss", baselines: Mapping[str, float] | None = None) -> None:
    """Draw training and validation loss and their terms; in adversarial training, only each player's loss."""
    if "discriminator_loss" in history:
        loss = "loss of each player"
    values = _by_epoch(axes, history, loss_lines(history))
    for (label, value), style in zip((baselines or {}).items(), ("--", ":"), strict=False):
        axes.axhline(value, color=GREEN, linestyle=style, linewidth=1.3, label=label)
    axes.set(ylabel=loss, title="learning curves")
    if values:
        axes.legend(fontsize=9)
    if not np.isfinite(values).any():
        axes.set(xticks=[], yticks=[])
        axes.text(0.5, 0.5, "no epoch was completed", transform=axes.transAxes, ha="center", va="center")


def loss_lines(history: History) -> dict[str, tuple[str, str]]:
    """Return the label and colour of each loss to draw, by name; of adversarial training, only each player's."""
    terms = [name for name in history if name.endswith("_loss") and not name.startswith("val_")]
    totals = {"loss": ("training", BLUE), "val_loss": ("validation", ORANGE)}
    return ({} if "discriminator_loss" in terms else totals) | _coloured(terms, "_loss", TERMS)


def _readings(history: History) -> dict[str, list[str]]:
    """Group the readings of a history that are not losses by kind: their names by title."""
    kinds: dict[str, list[str]] = {}
    for name in history:
        if name.startswith("val_") or name == "loss" or name.endswith("_loss"):
            continue
        ending = next((ending for ending in READINGS if name.endswith(ending)), None)
        kinds.setdefault(READINGS[ending] if ending else _words(name), []).append(name)
    return {kind: sorted(names, reverse=True) for kind, names in kinds.items()}  # real before fake


def draw_readings(panels: Sequence[Axes], history: History) -> int:
    """Draw readings that are not losses, each kind in its own panel, and return the number of kinds."""
    readings = _readings(history)
    for axes, (label, names) in zip(panels, readings.items(), strict=False):
        _reading(axes, history, label, names)
    return len(readings)


def _reading(axes: Axes, history: History, label: str, names: list[str]) -> None:
    """Draw readings by epoch, each line in its own colour."""
    ending = next((ending for ending, kind in READINGS.items() if kind == label), "")
    _by_epoch(axes, history, _coloured(names, ending, (BLUE, *TERMS)))
    axes.set(title=label)
    if ending:
        axes.legend()


def _coloured(names: list[str], ending: str, colours: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the label (a name without its ending) and colour of each line; a player has one colour everywhere."""
    left = iter(colours)
    labels = {name: name.removesuffix(ending) for name in names}
    return {name: (_words(label), COLOURS.get(label) or next(left, GREY)) for name, label in labels.items()}


def _by_epoch(axes: Axes, history: History, lines: Mapping[str, tuple[str, str]]) -> list[float]:
    """Draw lines, (label, colour) by name, on a log scale if their range is wide; return the values."""
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
    return " ".join("KL" if word == "kl" else word for word in name.split("_"))
