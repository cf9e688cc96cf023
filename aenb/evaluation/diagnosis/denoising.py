"""Checks of models with a denoiser: one that has learnt no more than a covariance, and too much guidance."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aenb.evaluation.diagnosis.finding import Finding
from aenb.evaluation.diagnosis.measurements import Measurements
from aenb.evaluation.metrics.gaussian_denoising import gaussian_denoising_loss
from aenb.latent import coding
from aenb.models.autoencoder import interface, parts

GUIDED = 20  # samples of each class, of at most ten classes
NARROW, FAR = 0.5, 1.0  # of the variance within classes without guidance; of its root, that class means move


def behind_linear_denoiser(measured: Measurements) -> Iterator[Finding]:
    """Check for a denoiser that is no better than the best linear one, which knows only mean and covariance."""
    losses, objective = measured.history.get("val_loss", []), measured.setting("objective")
    if "denoiser" not in parts(measured.model) or objective is None or not losses or len(measured.index) < 2:
        return
    baseline = gaussian_denoising_loss(_variances(measured), objective)
    if losses[-1] >= baseline:
        yield Finding(
            "linear-denoiser",
            "warning",
            f"The denoiser has a validation loss of {losses[-1]:.4g}, and the best linear one, which knows only the "
            f"mean and the covariance of the data, {baseline:.4g}: samples are hardly more than coloured noise.",
            measured.longer(4),
        )


def _variances(measured: Measurements) -> np.ndarray:
    """Return the variances along the principal directions of what noise is added to."""
    if measured.run.is_generator:
        x = np.nan_to_num(measured.y).reshape(len(measured.y), -1)
        x = 2 * x if measured.run.data.kind == "image" else x  # pixels are scaled to [−1, 1]
    else:
        x = measured.codes.reshape(len(measured.codes), -1)
        x = x / np.maximum(x.std(axis=0), 1e-3)
    return np.maximum(np.linalg.eigvalsh(np.atleast_2d(np.cov(x, rowvar=False))), 0)


def too_much_guidance(measured: Measurements) -> Iterator[Finding]:
    """Check for guidance that makes the samples of a class alike, or drives them away from those without."""
    weight, classes = measured.setting("guidance"), interface(measured.model).num_classes
    if not weight or not classes or interface(measured.model).guided is None:
        return
    numbers = np.arange(GUIDED * min(classes, 10)) % classes
    with measured.run.turns:
        free, guided = (
            coding.guided(measured.model, len(numbers), np.random.default_rng(0), numbers, strength)
            for strength in (0.0, weight)
        )
    before = max(_variance_within(free, numbers), 1e-12)
    share, shift = _variance_within(guided, numbers) / before, (_shift(free, guided, numbers) / before) ** 0.5
    if share < NARROW or shift > FAR:
        yield Finding(
            "too-much-guidance",
            "warning",
            f"With guidance = {weight:g}, the samples of a class have {share:.0%} of the variance that they have "
            f"without, and their means are {shift:.1f} standard deviations away.",
            f"guidance = {weight / 4:g}",
        )


def _shift(x: np.ndarray, moved: np.ndarray, numbers: np.ndarray) -> float:
    """Return the mean square by which the means of classes move."""
    moves = [(moved[numbers == number] - x[numbers == number]).mean(axis=0) for number in np.unique(numbers)]
    return float(np.mean(np.square(moves)))


def _variance_within(x: np.ndarray, numbers: np.ndarray) -> float:
    """Return the variance of the values within classes."""
    return float(np.mean([x[numbers == number].var(axis=0).mean() for number in np.unique(numbers)]))
