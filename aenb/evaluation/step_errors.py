"""Errors of the steps of a series, from those of the windows that have them, and the scores of validation steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.gate import Admitted
from aenb.data.series import windows
from aenb.data.series.given import GivenSeries
from aenb.data.series.validation_windows import validation_split
from aenb.latent.trained_run import TrainedRun


def step_parts(run: TrainedRun, given: Admitted, labels: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """Return each channel's part of the anomaly score of each row, and what the model expects there.

    Args:
        run: The `Run`.
        given: The series.
        labels: Labels of the windows, if the model is conditional.

    Returns:
        Two arrays (rows, channels). The parts, whose sum over the channels is the score, are NaN if the value is
        missing; the expected values are the mean reconstruction over all windows, in the model's units.
    """
    series = series_of(given)
    expected = run.reconstruct(given.inputs, labels)
    return parts_of(series.by_row(squared(given.inputs, expected))), series.by_row(expected)


def validation_scores(run: TrainedRun) -> np.ndarray:
    """Return the anomaly scores of the validation steps, which the model did not learn from: (steps,), sorted.

    It is the last tenth of the training windows, in time, so anomalies in the held-out part can't raise a threshold.
    Steps at its ends that fewer than half as many windows have as others do are left out: their errors are averaged
    over fewer windows, and at the ends of these, so they are larger, and would raise it as well.
    """
    data = run.data
    if data.series is None:
        raise AenbError("Expected a run of a series' windows; received one of other data.")
    rows = validation_split(data, run.record["validation"])[1]
    x, first = data.x_train[rows], data.series.starts[rows]
    labels = data.y_train[rows] if run.is_conditional and data.y_train is not None else None
    errors = squared(x, run.reconstruct(x, labels))
    steps = int(first[-1] - first[0]) + x.shape[1]
    scores = summed(parts_of(windows.joined(errors, first - first[0], steps)))
    counts, is_observed = _windows_of_steps(first - first[0], x.shape[1], steps), np.isfinite(scores)
    is_inner = is_observed & (counts >= counts.max() / 2)
    return np.sort(scores[is_inner if is_inner.any() else is_observed])


def _windows_of_steps(first: np.ndarray, window: int, steps: int) -> np.ndarray:
    """Return how many windows have each step, (steps,), from the first step of each window."""
    changes = np.bincount(first, minlength=steps + 1) - np.bincount(first + window, minlength=steps + 1)
    return np.cumsum(changes)[:steps]


def series_of(given: Admitted) -> GivenSeries:
    """Return the series that was given.

    Raises:
        AenbError: What was given is no series.
    """
    if given.series is None:
        raise AenbError("Expected a series; received examples that are no windows of one.")
    return given.series


def squared(x: np.ndarray, reconstructed: np.ndarray) -> np.ndarray:
    """Return squared errors, float64, NaN for missing values: (windows, window, channels) twice → the same shape."""
    return (x.astype("float64") - reconstructed) ** 2


def parts_of(errors: np.ndarray) -> np.ndarray:
    """Return mean squared errors, (steps, channels), over the number of channels that are observed at the step."""
    return errors / np.maximum(1, (~np.isnan(errors)).sum(axis=1, keepdims=True))


def summed(parts: np.ndarray) -> np.ndarray:
    """Return the sums over the observed channels, NaN without any: (steps, channels) → (steps,)."""
    return np.where(np.isnan(parts).all(axis=1), np.nan, np.nansum(parts, axis=1))


def smoothed(scores: np.ndarray, width: int) -> np.ndarray:
    """Return scores averaged over their neighbours, with triangular weights: a moving average, twice.

    A single step that is hard to reconstruct then counts less than a stretch of them.

    Args:
        scores: (steps,), NaN is ignored.
        width: The steps of the moving average; 1: the scores are returned.

    Returns:
        (steps,), float64.

    Example:
        >>> import numpy as np
        >>> smoothed(np.array([0.0, 0.0, 9.0, 0.0, 0.0]), 3).round(2).tolist()
        [1.5, 2.0, 3.0, 2.0, 1.5]
    """
    weights = np.ones(min(width, len(scores)))
    found = np.asarray(scores, "float64")
    for _ in range(2 if width > 1 else 0):
        is_observed = np.isfinite(found)
        counts = np.convolve(is_observed.astype("float64"), weights, "same")
        sums = np.convolve(np.where(is_observed, found, 0.0), weights, "same")
        found = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0.5)
    return found
