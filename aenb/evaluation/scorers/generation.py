"""How realistic and how diverse generated samples are, compared with real examples against other real ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aenb.data.record import Data
from aenb.data.split import spread
from aenb.data.values.numeric import is_frame
from aenb.data.values.scaling import units
from aenb.evaluation.extractor import Extractor, load_extractor
from aenb.evaluation.metrics.sample_quality import (
    class_histogram,
    density_coverage,
    frechet_distance,
    kernel_distance,
    novelty,
    precision_recall,
)
from aenb.evaluation.scorers.blocks import in_blocks
from aenb.evaluation.scorers.data_cache import known
from aenb.evaluation.scorers.score_parts import score
from aenb.latent.trained_run import TrainedRun

MAX_SAMPLES, MIN_SAMPLES = 10_000, 20  # generated samples, and as many held-out examples


@score(order=5)
def generation(run: TrainedRun, data: Data, say: Callable[[str], object]) -> dict[str, float]:
    """Return the scores of generated samples, in the features of the data set's extractor.

    There are as many samples as held-out examples, at most 10,000. They are drawn from the model's own prior, or if it
    has none, from a mixture fitted on its latent codes. They are compared with as many held-out examples by `frechet`,
    `kernel_distance`, `precision`, `recall`, `density` and `coverage`. The suffix `_floor` marks the scores of as many
    training examples. `novelty` compares samples with the training examples, and `rarest_class` is the share of the
    class that is generated least often.

    `frechet_reconstruction` is the distance of the reconstructions of these held-out images from the images: no density
    over latent codes can bring samples closer than the decoder allows.

    Args:
        run: The `Run`.
        data: Images, a table or signals.
        say: Called with a progress message.
    """
    n = min(len(data.test), len(data.train), MAX_SAMPLES)
    if data.kind == "text" or n < MIN_SAMPLES:
        return {}
    say("generated samples")
    samples = run.generate(n, seed=run.spec.seed)
    if is_frame(samples):  # of a mixed table
        samples = run.preprocessing.inputs(samples)
    extractor = known(data, "extractor", lambda: load_extractor(data, lambda part: say(_training(part))))
    train, test = known(data, "features", lambda: _features(data, extractor, n, say))
    say("generated samples compared with real examples")
    features, probabilities = extractor(samples)
    del samples  # only their features are needed from here
    scores = _scores(features, test) | {"novelty": novelty(features, train, test)}
    floor = known(data, "floor", lambda: _scores(train[spread(len(train), n)], test))
    scores |= {f"{name}_floor": score for name, score in floor.items()}
    if data.kind == "image" and not run.is_generator:
        say("reconstructions compared with real examples")
        scores["frechet_reconstruction"] = frechet_distance(_of_reconstructions(run, data, extractor, n), test)
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


def _of_reconstructions(run: TrainedRun, data: Data, extractor: Extractor, n: int) -> np.ndarray:
    """Return the features of the reconstructions of held-out examples: (n, dimensions)."""
    index = spread(len(data.test), n)
    labels = data.y_test[index] if run.is_conditional else None

    def step(x: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        return extractor.features(run.reconstruct(run.corrupt(x), labels))

    return in_blocks(step, data.test[index], labels)


def _features(data: Data, extractor: Extractor, n: int, say: Callable[[str], object]) -> tuple[np.ndarray, np.ndarray]:
    say("features of real examples")
    parts = map(extractor.features, data.blocks())
    first = next(parts)
    train = np.empty((len(data.train), first.shape[1]), first.dtype)
    train[: len(first)], begin = first, len(first)
    for part in parts:
        train[begin : begin + len(part)] = part
        begin += len(part)
    return train, extractor.features(units(data.test[spread(len(data.test), n)]))


def _training(part: float) -> str:
    return f"the classifier that extracts the features ({part:.0%} trained; it is kept)"
