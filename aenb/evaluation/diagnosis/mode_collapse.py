"""What new items tell: whether a model that has a prior makes all kinds of them, or few."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aenb.evaluation.diagnosis.finding import Finding
from aenb.evaluation.diagnosis.measurements import SAMPLES, Measurements
from aenb.evaluation.extractor import quick_extractor
from aenb.evaluation.metrics.sample_quality import class_histogram, sample_diversity

MISSING = 0.1  # of a class's share among the training items: of a hundred expected samples, fewer than ten
POOR = 0.8  # of the mean item's error: a model that has not learnt much
LIKELY = 20  # samples of a class that are to be expected for it to be missed
LOW, NONE = 0.4, 0.1  # diversity relative to that of real items; blurred samples of a VAE have about 0.7


def mode_collapse(measured: Measurements) -> Iterator[Finding]:
    """A generator that makes few kinds of items: by the classes of 1,000 samples, and how far apart they are."""
    data = measured.run.data
    if not hasattr(measured.model, "sample_prior") or data.kind == "text":
        return
    extractor = quick_extractor(data)
    features, probabilities = extractor(measured.run.generate(SAMPLES))
    diversity = sample_diversity(features, extractor.features(measured.y))
    missing = [] if probabilities is None else _missing(class_histogram(probabilities), data)
    lost = len(missing) / max(1, len(data.classes))
    if not missing and diversity >= LOW:
        return
    names = ", ".join(map(str, missing[:5])) + (", …" if len(missing) > 5 else "")
    classes = f"have (almost) none of {len(missing)} of {len(data.classes)} classes ({names}), and " if missing else ""
    yield Finding(
        "mode-collapse",
        "error" if lost >= 0.5 or diversity < NONE else "warning",
        f"{SAMPLES:,} samples {classes}lie {diversity:.2f} times as far from each other as real items do (by "
        f"{extractor.name}): the model makes only a part of what there is.",
        _remedy(measured),
    )


def _missing(histogram: np.ndarray, data) -> list[str]:
    """Return the names of the classes that samples have hardly any of."""
    expected = np.bincount(data.class_numbers(data.y_train), minlength=len(histogram)) / len(data.y_train)
    rare = (histogram < MISSING * expected) & (expected * SAMPLES >= LIKELY)
    return [data.class_words[number] for number in np.flatnonzero(rare)]


def _remedy(measured: Measurements) -> str:
    if measured.run.is_generator:
        if measured.setting("batch_features") == 0 and measured.setting("loss") != "wgan_gp":
            return "batch_features = 64"
        return (
            'loss = "wgan_gp"' if measured.has("loss") and measured.setting("loss") != "wgan_gp" else _slower(measured)
        )
    scores = measured.run.evaluate(parts="reconstruction")
    if measured.run.epochs and scores["mse"] > POOR * scores["mean_mse"]:  # it makes little of items yet
        return measured.longer(4)
    if measured.has("beta") and measured.setting("num_samples") == 1:  # the codes of items are not where the prior is
        return f"beta = {2 * measured.setting('beta'):g}"
    return measured.longer(2) if measured.run.epochs else _slower(measured)


def _slower(measured: Measurements) -> str:
    return f"--learning-rate {measured.learning_rate / 4:g}"
