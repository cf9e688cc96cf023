"""A check of generated samples: whether a model with a prior generates all classes, or few."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aenb.data.record import Data
from aenb.evaluation.diagnosis.finding import Finding
from aenb.evaluation.diagnosis.measurements import SAMPLES, Measurements
from aenb.evaluation.extractor import quick_extractor
from aenb.evaluation.metrics.sample_quality import class_histogram, sample_diversity
from aenb.latent.sampling import samples
from aenb.models.autoencoder import interface, parts

MISSING = 0.1  # of a class's share of the training examples: a class with less is missing
POOR = 0.8  # of the mean example's error: a model with more has not learnt much
LIKELY = 20  # expected samples of a class from which it can count as missing
LOW, NONE = 0.55, 0.1  # diversity relative to real examples: of a VAE or AAE .62 to .76, of a repaired GAN .65 to .67


def mode_collapse(measured: Measurements) -> Iterator[Finding]:
    """Check 1,000 samples for mode collapse: by their classes, and by the distances between them."""
    data = measured.run.data
    if interface(measured.model).sample_prior is None or data.kind == "text":
        return
    extractor = quick_extractor(data)
    features, probabilities = extractor(samples(measured.run, SAMPLES))
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
        f"{SAMPLES:,} samples {classes}lie {diversity:.2f} times as far from each other as real examples do (by "
        f"{extractor.name}): the model generates only a part of the variety of the data.",
        _remedy(measured),
    )


def _missing(histogram: np.ndarray, data: Data) -> list[str]:
    """Return the names of the classes with hardly any samples."""
    expected = np.bincount(data.class_numbers(data.y_train), minlength=len(histogram)) / len(data.y_train)
    rare = (histogram < MISSING * expected) & (expected * SAMPLES >= LIKELY)
    return [data.class_words[number] for number in np.flatnonzero(rare)]


def _remedy(measured: Measurements) -> str:
    if "denoiser" in parts(measured.model):
        return "guidance = 0.0" if measured.setting("guidance") else measured.longer(4)
    if measured.run.is_generator:
        if measured.setting("batch_features") == 0 and measured.setting("loss") != "wgan_gp":
            return "batch_features = 64"
        return (
            'loss = "wgan_gp"' if measured.has("loss") and measured.setting("loss") != "wgan_gp" else _slower(measured)
        )
    scores = measured.run.evaluate(parts="reconstruction")
    if measured.run.epochs and scores["mse"] > POOR * scores["mean_mse"]:  # it has not learnt much yet
        return measured.longer(4)
    if measured.has("beta") and measured.setting("num_samples") == 1:  # the latent codes do not match the prior
        return f"beta = {2 * measured.setting('beta'):g}"
    return measured.longer(2) if measured.run.epochs else _slower(measured)


def _slower(measured: Measurements) -> str:
    return f"--learning-rate {measured.learning_rate / 4:g}"
