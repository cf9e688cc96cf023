"""Learning curves of all contenders over each other: as a figure, and as lines that the page draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from aenb.core.page_chart import curve_points
from aenb.figures.plots import BLUE, GREEN, GREY, ORANGE, STYLE, drawable
from aenb.runs.run import Run

COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#D55E00", "#56B4E9", GREY)
READINGS = {"val_loss": "validation loss", "loss": "training loss"}
SEED = {"width": 1, "opacity": 0.45}  # the look of one seed's line, under the mean over all
Runs = Mapping[str, Sequence[Run]]


def readings(runs: Runs) -> dict[str, str]:
    """Return the losses that contenders recorded, with their words: first that which most of them have."""
    names = dict.fromkeys(name for each in runs.values() for name in each[0].history if name.endswith("loss"))
    ordered = sorted(names, key=lambda name: ([*READINGS, name].index(name), name))
    most = sorted(ordered, key=lambda name: -sum(name in each[0].history for each in runs.values()))
    return {name: READINGS.get(name, name.replace("_", " ")) for name in most if _lines(runs, name)}


def page_curves(runs: Runs) -> dict[str, dict[str, Any]]:
    """Return what the page draws: by reading, its words and its lines."""
    return {name: {"label": words, "lines": _lines(runs, name)} for name, words in readings(runs).items()}


def curves_figure(runs: Runs) -> Figure | None:
    """Draw the first reading of all contenders: the mean over their seeds, and each seed thin; None: there is none."""
    known = readings(runs)
    if not known:
        return None
    name, words = next(iter(known.items()))
    is_scaled = are_different(runs)
    with rc_context(STYLE):
        figure = Figure(figsize=(7.4, 2.7), layout="constrained")
        axes, named = figure.subplots(), set()
        lines = _lines(runs, name)
        if is_scaled:
            words += ", each from its first value (1) to its lowest (0)"
            lines = [_scaled(line, lines) for line in lines]
        for line in lines:
            x, y = np.array(line["points"]).T
            label = None if line["name"] in named or "opacity" in line else drawable(line["label"])
            axes.plot(x, y, color=line["colour"], linewidth=line.get("width", 2), alpha=line.get("opacity", 1),
                      marker="o" if len(x) == 1 else None, label=label)  # fmt: skip
            named |= {line["name"]} if label else set()
        values = [value for line in lines for _, value in line["points"]]
        if min(values) > 0 and max(values) > 3 * min(values):
            axes.set_yscale("log")
        axes.set(xlabel="epoch", title=f"learning curves: {words}")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(True, axis="y")
        for text in axes.legend(fontsize=9).get_texts():
            text.set_parse_math(False)
        return figure


def are_different(runs: Runs) -> bool:
    """Say whether the losses of the contenders are different quantities, such as squared errors and nats."""
    losses = set()
    for first, *_ in runs.values():
        loss = getattr(first.model.loss, "loss", first.model.loss)  # a loss over observed values wraps another
        losses.add(loss if isinstance(loss, str) else first.spec.family)
    return len(losses) > 1


def _lines(runs: Runs, name: str) -> list[dict[str, Any]]:
    """Return the lines of a reading: each seed's, and over them the mean for as long as all of them trained."""
    thin: list[dict[str, Any]] = []
    thick: list[dict[str, Any]] = []
    for place, (contender, each) in enumerate(runs.items()):
        about = {"name": contender, "label": contender, "colour": COLOURS[place % len(COLOURS)]}
        histories = [run.history[name] for run in each if run.history.get(name)]
        if len(histories) > 1:
            thin += [about | SEED | {"points": _finite(history)} for history in histories]
        if histories:
            length = min(map(len, histories))
            mean = np.mean([history[:length] for history in histories], axis=0)
            thick.append(about | {"points": _finite(mean.tolist())})
    return [line for line in [*thick, *thin] if line["points"]]


def _scaled(line: dict[str, Any], lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Scale a line so that its contender begins at 1 and its lowest value is 0."""
    values = next([value for _, value in other["points"]] for other in lines if other["name"] == line["name"])
    low = min(values)
    height = values[0] - low or 1.0
    return line | {"points": [[epoch, (value - low) / height] for epoch, value in line["points"]]}


def _finite(values: Sequence[float]) -> list[list[float]]:
    return [[epoch, float(value)] for epoch, value in curve_points(values) if np.isfinite(value)]
