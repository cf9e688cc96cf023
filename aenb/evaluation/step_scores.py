"""Anomaly scores of the steps of a series, from those of the windows that have them.

The score of a step is the mean of its squared reconstruction errors, over channels and over all windows that contain
it. Scores that only whole windows have, such as a density, are averaged over these windows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from aenb.data.gate import Admitted
from aenb.data.series import windows
from aenb.evaluation.scorers.anomaly import item_scores
from aenb.evaluation.step_errors import parts_of, series_of, smoothed, squared, summed
from aenb.latent.trained_run import TrainedRun


def step_scores(
    run: TrainedRun, given: Admitted, labels: Any = None, by: str = "reconstruction", smoothing: int = 1
) -> np.ndarray:
    """Return the anomaly score of each row of a series.

    Args:
        run: The `Run`, of a model of windows.
        given: The series, as `admit` returns it.
        labels: Labels of the windows, if the model is conditional.
        by: As for `Run.score`.
        smoothing: The `width` of `smoothed`, in steps.

    Returns:
        (rows,), float64; NaN for a row without observed values.
    """
    series = series_of(given)
    if by == "reconstruction":
        parts = squared(given.inputs, run.reconstruct(given.inputs, labels))
        steps = summed(parts_of(windows.joined(parts, series.starts, series.steps)))
    else:
        scores = item_scores(run, given.inputs, labels, by)
        spread = np.broadcast_to(scores[:, None, None], (*given.inputs.shape[:2], 1))
        steps = windows.joined(spread, series.starts, series.steps)[:, 0]
    return series.recording.rows(smoothed(steps, smoothing))
