"""How strange items are, and how well that tells a kind that the model has not learnt from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aenb.core.errors import AenbError, unknown
from aenb.core.numerics import usual_errors
from aenb.data.record import Data
from aenb.data.scaling import units
from aenb.data.split import spread
from aenb.evaluation.metrics.baselines import principal_subspace
from aenb.evaluation.metrics.detection import anomaly_scores
from aenb.evaluation.metrics.distortion import reconstruction_errors
from aenb.evaluation.metrics.elbo import estimate_evidence
from aenb.evaluation.scorers.blocks import in_blocks
from aenb.evaluation.scorers.reconstruction import INVERTED
from aenb.latent.sampling import derived, fitted, training_sample

SAMPLES = 20  # codes of each item, for its bound


def anomaly(run: Any, data: Data, say: Callable[[str], object]) -> dict[str, float]:
    """Return `anomaly_auc` and `average_precision` of held-out items against those of other classes.

    Of data of one class (`Data.one_class`) only. An item's score is `run.score(x)`; with `pca_` before, its squared
    distance from the principal subspace of as many dimensions.

    Args:
        run: The `Run`, of a model that has learnt from one class.
        data: With `strange` items.
        say: Called with what is being done.
    """
    if data.strange is None or run.is_conditional:
        return {}
    say("how strange other classes are")
    kinds = [units(data.test), units(data.strange)]
    if run.is_generator:
        kinds = [x[spread(len(x), INVERTED)] for x in kinds]
    x, is_strange = np.concatenate(kinds), np.repeat([False, True], [len(kind) for kind in kinds])
    subspace = principal_subspace(lambda: map(np.nan_to_num, data.blocks()), run.latent_dim)

    def apart(block: np.ndarray) -> np.ndarray:
        filled = np.nan_to_num(block)
        return reconstruction_errors(filled, subspace.reconstruct(filled, run.latent_dim))

    pca = in_blocks(apart, x)
    scores = anomaly_scores(run.score(x), is_strange)
    return scores | {f"pca_{name}": score for name, score in anomaly_scores(pca, is_strange).items()}


@usual_errors
def item_scores(run: Any, x: np.ndarray, labels: Any, by: str) -> np.ndarray:
    """Return how strange items are; see `Run.score`."""
    ways = {"reconstruction": _lost, "density": _unlikely, "evidence": _bound}
    if by not in ways:
        raise unknown("way to score", by, ways)
    return ways[by](run, x, labels)


def _lost(run: Any, x: np.ndarray, labels: Any) -> np.ndarray:
    made = run.reconstruct(x, labels)
    if run.preprocessing.kind == "text":
        present = np.asarray(x) != 0
        return ((made != x) & present).sum(axis=1) / np.maximum(1, present.sum(axis=1))
    return reconstruction_errors(x, made)


def _unlikely(run: Any, x: np.ndarray, labels: Any) -> np.ndarray:
    if run.preprocessing.kind == "text":
        raise AenbError('`by`: expected "reconstruction" or "evidence", for texts; received "density".')
    mixture = fitted(run, "gmm")
    codes = run.encode(x, labels)
    observed = (~np.isnan(np.asarray(x, "float32"))).reshape(len(x), -1).sum(axis=1)
    lost = _lost(run, x, labels) * observed / (2 * noise(run))
    return lost - mixture.score_samples(codes.reshape(len(codes), -1).astype("float64"))


def noise(run: Any) -> float:
    """Return the variance of what is lost of training items, found when it is first asked for."""
    return derived(run, "noise", lambda: _noise(run))


def _noise(run: Any) -> float:
    """Return the variance of what is lost of training items."""
    sample, classes = training_sample(run)
    return float(reconstruction_errors(sample, run.reconstruct(sample, classes)).mean())


def _bound(run: Any, x: np.ndarray, labels: Any) -> np.ndarray:
    if not getattr(run.model, "has_evidence", False):
        raise AenbError('`by`: expected "reconstruction" or "density", since this model has no evidence lower bound.')
    inputs = x if labels is None else (x, run.class_numbers(labels))
    with run.turns:
        found = estimate_evidence(run.model.evidence, (inputs, x), samples=SAMPLES, seed=run.spec.seed)
    return found.kl - found.log_likelihood
