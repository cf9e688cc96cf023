"""How well the scores of time steps find the labelled anomalies of a series, compared with a principal subspace."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aenb.data.gate import Admitted
from aenb.data.record import Data
from aenb.data.series import windows
from aenb.data.series.given import given_series
from aenb.evaluation.metrics.baselines import principal_subspace
from aenb.evaluation.metrics.range_curves import volume_scores
from aenb.evaluation.scorers.score_parts import score
from aenb.evaluation.step_scores import step_scores
from aenb.latent.trained_run import TrainedRun


@score(order=8)
def series_anomaly(run: TrainedRun, data: Data, say: Callable[[str], object]) -> dict[str, float]:
    """Return `vus_pr` and `vus_roc` of the held-out steps of a series with labels.

    The longest buffer is a window. For the baselines, with the prefix `pca_`, the score of a step is its squared
    distance from the principal subspace with as many dimensions, over all windows.

    Args:
        run: The `Run`, of a model of windows.
        data: The data, with labels of the held-out steps in `series`.
        say: Called with a progress message.
    """
    series = data.series
    if series is None or series.is_anomaly is None or run.is_conditional or run.is_generator:
        return {}
    if series.is_anomaly.all() or not series.is_anomaly.any():
        return {}
    say("anomaly scores of time steps")
    whole, inputs = given_series(series.held, run.preprocessing, data.name)
    given = Admitted(inputs, run.preprocessing, series=whole)
    subspace = principal_subspace(lambda: map(np.nan_to_num, data.blocks()), run.latent_dim)
    filled = np.nan_to_num(inputs)
    errors = (filled - subspace.reconstruct(filled, run.latent_dim).reshape(filled.shape)) ** 2
    baseline = whole.recording.rows(windows.joined(errors, whole.starts, whole.steps)).mean(axis=1)
    found = {"": step_scores(run, given), "pca_": baseline}
    return {
        f"{prefix}{name}": value
        for prefix, scores in found.items()
        for name, value in volume_scores(np.nan_to_num(scores), series.is_anomaly, inputs.shape[1]).items()
    }
