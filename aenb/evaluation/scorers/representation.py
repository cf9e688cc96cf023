"""How useful latent codes are for other tasks, compared with the codes of PCA and with the raw features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aenb.data.record import Data
from aenb.evaluation.metrics.baselines import principal_subspace
from aenb.evaluation.metrics.probes import (
    clustering_accuracy,
    few_labels,
    linear_probe,
    nearest_neighbours,
    silhouette,
)
from aenb.evaluation.scorers.blocks import Filled, in_blocks
from aenb.evaluation.scorers.data_cache import known
from aenb.evaluation.scorers.score_parts import score
from aenb.latent.trained_run import TrainedRun

FEW = (1, 5, 10)  # labels per class
Codes = tuple[Any, Any]  # arrays, or `Filled`: of the training examples, and of the held-out ones


@score(order=3)
def representation(run: TrainedRun, data: Data, say: Callable[[str], object]) -> dict[str, float]:
    """Return how well classes can be predicted from latent codes: accuracies on held-out examples, in [0, 1].

    `linear_probe`, `knn` (5 neighbours) and `few_labels_1`, `_5`, `_10` (labels per class); for the codes alone
    `silhouette` and `clustering`. The prefix `pca_` marks the scores of as many principal components;
    `raw_linear_probe` and `raw_knn` use the raw features.

    There are no scores if labels are fractions or all different, and no cluster scores if all held-out examples are of
    one class.

    Args:
        run: The `Run`.
        data: With labels; a table, images or signals.
        say: Called with a progress message.
    """
    if not _has_classes(data) or run.is_generator or run.is_conditional or data.kind == "text":
        return {}
    say("latent codes")
    codes = in_blocks(run.encode, data.train), in_blocks(run.encode, data.test)
    if codes[0].dtype.kind != "f":
        return {}  # distances between discrete codes mean nothing
    scores = _scores(codes, data, say, "the latent codes", FEW)
    say("clusters of the latent codes")
    if len(np.unique(data.y_test)) > 1:
        scores |= {
            "silhouette": silhouette(codes[1], data.y_test),
            "clustering": clustering_accuracy(codes[1], data.y_test),
        }
    size = run.latent_dim
    pca = known(
        data, f"codes of PCA {size}", lambda: _scores(_principal(data, size), data, say, "the codes of PCA", FEW)
    )
    raw = known(data, "raw codes", lambda: _scores(_raw(data), data, say, "the raw features"))
    scores |= _prefixed("pca_", pca) | _prefixed("raw_", raw)
    return {name: score for name, score in scores.items() if score is not None}


def _scores(
    codes: Codes, data: Data, say: Callable[[str], object], source: str, few: Sequence[int] = ()
) -> dict[str, float | None]:
    train, test, labels, others = *codes, data.y_train, data.y_test
    say(f"classes predicted from {source}")
    scores = {
        "linear_probe": linear_probe(train, labels, test, others),
        "knn": nearest_neighbours(train, labels, test, others),
    }
    return scores | {f"few_labels_{count}": few_labels(train, labels, test, others, count) for count in few}


def _principal(data: Data, size: int) -> Codes:
    subspace = principal_subspace(lambda: map(np.nan_to_num, data.blocks()), size)
    train, test = (in_blocks(lambda x: subspace.codes(np.nan_to_num(x)), part) for part in (data.train, data.test))
    return train, test


def _raw(data: Data) -> Codes:
    return Filled(data.train), Filled(data.test)


def _prefixed(prefix: str, scores: dict[str, float]) -> dict[str, float]:
    return {f"{prefix}{name}": score for name, score in scores.items()}


def _has_classes(data: Data) -> bool:
    if data.y_train is None or data.y_test is None or not 1 < len(data.classes) < len(data.train):
        return False
    return data.y_train.dtype.kind != "f" or not np.any(data.y_train % 1)
