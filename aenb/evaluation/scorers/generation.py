"""How like real items new ones are, and how many kinds of them there are, beside real items against real ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aenb.data.record import Data
from aenb.data.scaling import units
from aenb.data.split import spread
from aenb.evaluation.extractor import Extractor, load_extractor
from aenb.evaluation.metrics.sample_quality import (
    class_histogram,
    density_coverage,
    frechet_distance,
    kernel_distance,
    novelty,
    precision_recall,
)
from aenb.evaluation.scorers.data_cache import known

MOST, LEAST = 10_000, 20  # items of each kind


def generation(run: Any, data: Data, say: Callable[[str], object]) -> dict[str, float]:
    """Return the scores of new items, in the features of the data set's extractor.

    As many items are made as are held out, at most 10,000, from the model's own prior, or where it has none from a
    mixture fitted on its codes. Against as many held-out items: `frechet`, `kernel_distance`, `precision`, `recall`,
    `density`, `coverage`; with `_floor` behind, what training items of that number get; `novelty` against the training
    items; and `rarest_class`, the share of the class that is made least often.

    Args:
        run: The `Run`.
        data: Images, a table or signals.
        say: Called with what is being done.
    """
    n = min(len(data.test), len(data.train), MOST)
    if data.kind == "text" or n < LEAST:
        return {}
    say("new items")
    made = run.generate(n, seed=run.spec.seed)
    extractor = known(data, "extractor", lambda: load_extractor(data, lambda part: say(_training(part))))
    train, test = known(data, "features", lambda: _features(data, extractor, n, say))
    say("new items beside real ones")
    features, probabilities = extractor(made)
    del made  # the rest sees their features only
    scores = _scores(features, test) | {"novelty": novelty(features, train, test)}
    floor = known(data, "floor", lambda: _scores(train[spread(len(train), n)], test))
    scores |= {f"{name}_floor": score for name, score in floor.items()}
    if probabilities is not None:
        scores["rarest_class"] = float(class_histogram(probabilities).min())
    return scores


def _scores(features: np.ndarray, real: np.ndarray) -> dict[str, float]:
    precision, recall = precision_recall(real, features)
    density, coverage = density_coverage(real, features)
    return {
        "frechet": frechet_distance(features, real),
        "kernel_distance": kernel_distance(features, real),
        "precision": precision,
        "recall": recall,
        "density": density,
        "coverage": coverage,
    }


def _features(data: Data, extractor: Extractor, n: int, say: Callable[[str], object]) -> tuple[np.ndarray, np.ndarray]:
    say("features of real items")
    parts = map(extractor.features, data.blocks())
    first = next(parts)
    train = np.empty((len(data.train), first.shape[1]), first.dtype)
    train[: len(first)], begin = first, len(first)
    for part in parts:
        train[begin : begin + len(part)] = part
        begin += len(part)
    return train, extractor.features(units(data.test[spread(len(data.test), n)]))


def _training(part: float) -> str:
    return f"the classifier that new items are seen with ({part:.0%} trained; it is kept)"
