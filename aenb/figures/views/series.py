"""The held-out part of a series with its reconstruction, and the steps that are anomalous."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from aenb.core.errors import AenbError
from aenb.data.gate import Admitted
from aenb.data.series.given import given_series
from aenb.data.series.recording import Recording
from aenb.evaluation.metrics.detection import upper_quantile
from aenb.evaluation.metrics.range_curves import labelled_ranges
from aenb.evaluation.scorers.anomaly import held_out_scores
from aenb.evaluation.step_errors import step_parts
from aenb.figures.plots import BLUE, GREY, ORANGE, STYLE, drawable
from aenb.figures.plots.decimated import decimated
from aenb.figures.views.view import view
from aenb.figures.views.view_inputs import ViewInputs

RATE = 0.01  # of false alarms, for the threshold
CHANNELS, SPANS = 3, 200  # channels and events that are drawn, at most
STEPS = 100_000  # of the held-out part


def _fits(inputs: ViewInputs) -> bool:
    return inputs.data.series is not None and not inputs.run.is_conditional and not inputs.run.is_generator


@view(
    order=0,
    summary="the held-out series, the band in which the model expects it, its anomaly score, and events above the "
    "threshold",
    fits=_fits,
)
def series(inputs: ViewInputs) -> Figure:
    """Draw the channels with the largest scores over the reconstruction band, and the score of each step below."""
    run = inputs.run
    given, recording = _held(inputs)
    order = np.argsort(recording.places, kind="stable")
    parts, expected = (one[order] for one in step_parts(run, given))
    values, expected = recording.rows(recording.values)[order], run.preprocessing.to_raw(expected)
    scores = np.where(np.isnan(parts).all(axis=1), np.nan, np.nansum(parts, axis=1))
    threshold = upper_quantile(held_out_scores(run), RATE)
    x = np.arange(len(scores)) if recording.index is None else _drawn_times(recording.index[order])
    events = labelled_ranges(scores > threshold)
    names = recording.channels or [f"channel {number}" for number in range(parts.shape[1])]
    shown = np.argsort(-np.nansum(parts, axis=0), kind="stable")[:CHANNELS]
    half = np.sqrt(threshold * parts.shape[1]) * np.asarray(run.preprocessing.scale)
    with rc_context(STYLE):
        rows = len(shown) + 1
        figure = Figure(figsize=(7.4, 1.2 + 1.3 * rows), layout="constrained")
        axes = np.atleast_1d(figure.subplots(rows, 1, sharex=True))
        for one, channel in zip(axes[:-1], shown, strict=True):
            _channel(one, x, values[:, channel], expected[:, channel], float(half[channel]))
            one.set_ylabel(drawable(str(names[channel])[:20]))
        axes[0].legend(loc="lower left", bbox_to_anchor=(0, 0.97), ncols=2, frameon=False, fontsize=8)
        _score(axes[-1], x, scores, threshold)
        for begin, end in events[np.argsort(-(events[:, 1] - events[:, 0]), kind="stable")][:SPANS]:
            for one in axes:
                one.axvspan(x[begin], x[min(end + 1, len(x) - 1)], color=ORANGE, alpha=0.3, lw=0)
        if x.dtype.kind == "M":
            locator = AutoDateLocator()
            axes[-1].xaxis.set_major_locator(locator)
            axes[-1].xaxis.set_major_formatter(ConciseDateFormatter(locator))
        axes[-1].set_xlabel("time" if recording.has_times else "row of the held-out part")
    return figure


def _held(inputs: ViewInputs) -> tuple[Admitted, Recording]:
    """Return the held-out part of the series as windows, and as rows.

    Raises:
        AenbError: The run is not one of windows.
    """
    if inputs.data.series is None:
        raise AenbError("Expected a run of a series' windows; received one of other data.")
    preprocessing = inputs.run.preprocessing
    found, windows = given_series(inputs.data.series.held[:STEPS], preprocessing, inputs.data.name)
    return Admitted(windows, preprocessing, series=found), found.recording


def _drawn_times(index: Any) -> np.ndarray:
    """Return an index as matplotlib can draw it: times without a zone, as they read there, or numbers."""
    import pandas as pd

    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp()
    if isinstance(index, pd.DatetimeIndex):
        return index.tz_localize(None).to_numpy()
    if isinstance(index, pd.TimedeltaIndex):
        return index.total_seconds().to_numpy()
    return index.to_numpy() if index.dtype.kind in "iuf" else np.arange(len(index))


def _channel(axes: Axes, x: np.ndarray, values: np.ndarray, expected: np.ndarray, half: float) -> None:
    """Draw a channel over the band x̂ ± half."""
    low, high = (decimated(expected + side * half) for side in (-1, 1))
    places = low[0] if len(low[0]) == len(high[0]) else np.arange(len(values))
    axes.fill_between(
        x[places], expected[places] - half, expected[places] + half, color=BLUE, alpha=0.25, lw=0, label="expected"
    )
    places, line = decimated(values)
    axes.plot(x[places], line, color="black", lw=0.8, label="series")


def _score(axes: Axes, x: np.ndarray, scores: np.ndarray, threshold: float) -> None:
    places, line = decimated(scores)
    axes.plot(x[places], line, color=GREY, lw=0.8)
    axes.axhline(threshold, color=ORANGE, lw=1, label=f"threshold for {RATE:.0%} of false alarms")
    positive = scores[scores > 0]
    if len(positive):
        axes.set_yscale("log")
        axes.set_ylim(float(np.quantile(positive, 0.01)), 1.5 * float(np.nanmax(scores)))
    axes.set_ylabel("anomaly score")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 0.97), frameon=False, fontsize=8)
