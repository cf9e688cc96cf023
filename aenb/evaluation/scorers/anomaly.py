"""Anomaly scores, and how well they detect classes that the model was not trained on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aenb.core.errors import AenbError, unknown
from aenb.core.numerics import usual_errors
from aenb.data.record import Data
from aenb.data.split import spread
from aenb.data.values.scaling import units
from aenb.evaluation.metrics.baselines import principal_subspace
from aenb.evaluation.metrics.detection import anomaly_scores
from aenb.evaluation.metrics.distortion import reconstruction_errors
from aenb.evaluation.metrics.elbo import estimate_evidence
from aenb.evaluation.scorers.blocks import in_blocks
from aenb.evaluation.scorers.reconstruction import INVERTED
from aenb.evaluation.scorers.score_parts import score
from aenb.evaluation.step_errors import validation_scores
from aenb.latent.sampling import derived, fitted, training_sample
from aenb.latent.trained_run import TrainedRun
from aenb.models.autoencoder import interface

CALIBRATION = 2000  # held-out examples that a threshold is set on, at most
SAMPLES = 20  # latent codes of each example, for its ELBO


@score(order=6)
def anomaly(run: TrainedRun, data: Data, say: Callable[[str], object]) -> dict[str, float]:
    """Return `anomaly_auc` and `average_precision` of held-out examples against those of other classes.

    Only for data of one class (`Data.one_class`). The anomaly score is `run.score(x)`. For the baselines, with the
    prefix `pca_`, it is the squared distance from the principal subspace with as many dimensions.

    Args:
        run: The `Run`, of a model that was trained on one class.
        data: The data, with anomalies in `anomalies`.
        say: Called with a progress message.
    """
    if data.anomalies is None or run.is_conditional:
        return {}
    say("anomaly scores of other classes")
    parts = [units(data.test), units(data.anomalies)]
    if run.is_generator:
        parts = [x[spread(len(x), INVERTED)] for x in parts]
    x, is_anomaly = np.concatenate(parts), np.repeat([False, True], [len(part) for part in parts])
    subspace = principal_subspace(lambda: map(np.nan_to_num, data.blocks()), run.latent_dim)

    def distances(block: np.ndarray) -> np.ndarray:
        filled = np.nan_to_num(block)
        return reconstruction_errors(filled, subspace.reconstruct(filled, run.latent_dim))

    pca = in_blocks(distances, x)
    scores = anomaly_scores(run.score(x), is_anomaly)
    return scores | {f"pca_{name}": score for name, score in anomaly_scores(pca, is_anomaly).items()}


@usual_errors
def item_scores(run: TrainedRun, x: np.ndarray, labels: Any, by: str) -> np.ndarray:
    """Return the anomaly scores of examples; see `Run.score`."""
    if run.translates:
        raise AenbError("`score`: expected a model that reconstructs its examples; received one of pairs of texts.")
    methods = {"reconstruction": _reconstruction_error, "density": _density, "evidence": _negative_elbo}
    if by not in methods:
        raise unknown("way to score", by, methods)
    return methods[by](run, x, labels)


def _reconstruction_error(run: TrainedRun, x: np.ndarray, labels: Any) -> np.ndarray:
    reconstructed = run.reconstruct(x, labels)
    if run.preprocessing.kind == "text":
        present = np.asarray(x) != 0
        return ((reconstructed != x) & present).sum(axis=1) / np.maximum(1, present.sum(axis=1))
    return reconstruction_errors(x, reconstructed)


def _density(run: TrainedRun, x: np.ndarray, labels: Any) -> np.ndarray:
    if run.preprocessing.kind == "text":
        raise AenbError('`by`: expected "reconstruction" or "evidence", for texts; received "density".')
    mixture = fitted(run, "gmm")
    codes = run.encode(x, labels)
    observed = (~np.isnan(np.asarray(x, "float32"))).reshape(len(x), -1).sum(axis=1)
    error = _reconstruction_error(run, x, labels) * observed / (2 * noise(run))
    return error - mixture.score_samples(codes.reshape(len(codes), -1).astype("float64"))


def held_out_scores(run: TrainedRun) -> np.ndarray:
    """Return the anomaly scores of held-out examples, at most 2,000: (n,), sorted; computed at the first call.

    Of the windows of a series, they are those of the steps for validation: see `aenb.evaluation.step_errors`.
    """
    return derived(run, "held_out_scores", lambda: _held_out_scores(run))


def _held_out_scores(run: TrainedRun) -> np.ndarray:
    data = run.data
    if data.series is not None and not run.is_conditional:
        return validation_scores(run)
    rows = spread(len(data.test), CALIBRATION if not run.is_generator else INVERTED)
    labels = data.y_test[rows] if run.is_conditional and data.y_test is not None else None
    scores = item_scores(run, units(data.test[rows]), labels, "reconstruction")
    return np.sort(scores[np.isfinite(scores)])


def noise(run: TrainedRun) -> float:
    """Return the mean squared reconstruction error of training examples, computed at the first call."""
    return derived(run, "noise", lambda: _noise(run))


def _noise(run: TrainedRun) -> float:
    """Return the mean squared reconstruction error of a sample of the training examples."""
    sample, classes = training_sample(run)
    return float(reconstruction_errors(sample, run.reconstruct(sample, classes)).mean())


def _negative_elbo(run: TrainedRun, x: np.ndarray, labels: Any) -> np.ndarray:
    evidence = interface(run.model).evidence
    if evidence is None:
        raise AenbError('`by`: expected "reconstruction" or "density", since this model has no evidence lower bound.')
    inputs = x if labels is None else (x, run.class_numbers(labels))
    with run.turns:
        estimates = estimate_evidence(evidence, (inputs, x), samples=SAMPLES, seed=run.spec.seed)
    return estimates.kl - estimates.log_likelihood
