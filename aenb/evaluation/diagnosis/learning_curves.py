"""Checks of the learning curves: the losses of each epoch, and of the restarts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from aenb.core.tables import number_of
from aenb.evaluation.diagnosis.finding import Finding
from aenb.evaluation.diagnosis.measurements import Measurements

RISE = 0.05  # relative rise of the validation loss above its minimum: less is noise
GAP = 3.0  # largest ratio of validation loss to training loss; similar examples have about 1.3
FALL = 0.10  # relative fall of the validation loss in the last quarter: as many epochs more would bring about as much
JUDGED, USUAL = 3, 20  # epochs after which a model can be judged, and the usual number of epochs
MIN_EPOCHS, FLAT = 10, 0.02  # epochs before a loss can be flat, and its largest relative fall in the last quarter then
SATURATED, LOW_LOSS = (0.95, 0.05), 0.1  # scores of real and generated samples, and loss, of a saturated discriminator
SPREAD = 0.05  # relative spread of the losses of restarts: below it, the seed does not matter


def diverged(measured: Measurements) -> Iterator[Finding]:
    """Check for a loss that is not finite, or explodes. The remedy is a tenth of the learning rate."""
    if measured.run.status == "diverged":
        yield Finding(
            "diverged",
            "error",
            f"The training diverged: {measured.run.record.get('reason', 'the loss broke')}. The steps were too long "
            "for the slope of the loss, and the weights are those of the last good one.",
            f"--learning-rate {measured.learning_rate / 10:g}",
        )


def over_fitting(measured: Measurements) -> Iterator[Finding]:
    """Check for a validation loss that rises while the training loss falls, or that stays far above it.

    Losses are averaged over a tenth of the epochs, since the losses of single epochs fluctuate if few examples are held
    out.
    """
    validation = measured.history.get("val_loss", [])
    if len(validation) < 5 or measured.is_adversarial or measured.run.record.get("is_pca"):
        return  # the weights of a start as PCA are not those of any epoch
    width = max(2, len(validation) // 10)
    losses, smooth = _smoothed(measured.history.get("loss", []), width), _smoothed(validation, width)
    best, overfit = int(np.argmin(smooth)), "the model is memorising its training examples."
    # with early stopping, the weights are those of the best epoch
    if (
        measured.run.spec.patience is None
        and smooth[-1] - smooth[best] > RISE * _scale(smooth)
        and losses[-1] < losses[best]
    ):
        yield Finding(
            "over-fitting",
            "warning",
            f"The validation loss was least about epoch {best + width} ({smooth[best]:.4g}) and is {smooth[-1]:.4g} "
            f"at the end, while the training loss went on falling ({losses[best]:.4g} to {losses[-1]:.4g}): {overfit}",
            f"--patience {max(3, len(validation) // 10)}",
        )
    elif losses[-1] > 0 and smooth[-1] > GAP * losses[-1]:
        yield Finding(
            "over-fitting",
            "warning",
            f"The validation loss is {smooth[-1]:.4g}, {smooth[-1] / losses[-1]:.1f} times the training loss of "
            f"{losses[-1]:.4g}: {overfit}",
            smaller(measured),
        )


def _smoothed(losses: list[float], width: int) -> np.ndarray:
    """Return the moving average over `width` epochs."""
    return np.convolve(losses, np.full(width, 1 / width), mode="valid")


def smaller(measured: Measurements) -> str:
    """Return the setting of a smaller model."""
    if units := measured.setting("hidden_units"):
        return f"hidden_units = {tuple(max(1, unit // 4) for unit in units)}"
    if not measured.has("latent_dim"):
        return f"--patience {max(3, measured.run.epochs // 10)}"
    return f"latent_dim = {max(1, measured.run.latent_dim // 2)}"


def barely_trained(measured: Measurements) -> Iterator[Finding]:
    """Check for too few epochs to judge the model."""
    if measured.run.status == "complete" and measured.run.epochs < JUDGED:
        yield Finding(
            "barely-trained",
            "warning",
            f"Barely trained: {number_of(measured.run.epochs, 'epoch')}.",
            f"--epochs {USUAL}",
        )


def has_flattened(measured: Measurements) -> bool:
    """Say whether the training loss hardly falls any more, so that the model is near an optimum."""
    losses = measured.history.get("loss", [])
    if len(losses) < MIN_EPOCHS:
        return False
    return losses[_last_quarter(len(losses))] - losses[-1] <= FLAT * _size(losses)


def _last_quarter(n: int) -> int:
    """Return the index of the epoch before the last quarter of n epochs."""
    return min(n - 2, math.ceil(0.75 * n) - 1)


def still_learning(measured: Measurements) -> Iterator[Finding]:
    """Check for a loss that still falls fast at the end."""
    losses = measured.history.get("val_loss") or measured.history.get("loss", [])
    n = len(losses)
    if n < 2 or measured.is_adversarial or measured.run.status != "complete":
        return
    begin = _last_quarter(n)
    fall = losses[begin] - losses[-1]
    if fall > FALL * _size(losses):
        yield Finding(
            "still-learning",
            "info",
            f"The loss fell from {losses[begin]:.4g} to {losses[-1]:.4g} in the last {n - 1 - begin} of {n} epochs: "
            "more training would make the model better.",
            measured.longer(2),
        )


def saturated(measured: Measurements) -> Iterator[Finding]:
    """Check for a saturated discriminator: it is certain of every example, so the generator's gradient vanishes.

    A saturated discriminator scores real examples above 0.95 and generated samples below 0.05, whether scores are
    probabilities, or trained towards 1 and 0 by least squares, or beyond 1 and −1 by a hinge loss. Its loss is a small
    part of the loss at chance level (0.25, 1.39 or 2). The scores of a Wasserstein critic are not bounded, and its loss
    is negative.
    """
    terms = [measured.history.get(name, []) for name in ("discriminator_loss", "real_score", "fake_score")]
    last = max(2, len(terms[0]) // 3)
    loss, real, fake = (np.array(term[-last:]) for term in terms)
    if len(loss) < last or not (len(loss) == len(real) == len(fake)):
        return
    if (real > SATURATED[0]).all() and (fake < SATURATED[1]).all() and (loss >= 0).all() and (loss < LOW_LOSS).all():
        yield Finding(
            "saturated-discriminator",
            "warning",
            f"In the last {last} epochs the discriminator was saturated: it scored real examples "
            f"{real.mean():.2f} and generated samples {fake.mean():.2f}, at a loss of {loss.mean():.2g}. So the "
            "generator has no gradient to learn from.",
            _slower(measured),
        )


def _slower(measured: Measurements) -> str:
    """Return a lower learning rate for the discriminator, or for the whole model if it has none of its own."""
    if not measured.has("discriminator_learning_rate"):
        return f"--learning-rate {measured.learning_rate / 4:g}"
    rate = measured.setting("discriminator_learning_rate") or measured.learning_rate
    return f"discriminator_learning_rate = {rate / 4:g}"


def restarts(measured: Measurements) -> Iterator[Finding]:
    """Check for restarts with very different losses: the one that was kept may be a local optimum too."""
    runs = measured.run.record.get("restarts", [])
    losses = np.array([restart["val_loss"] for restart in runs], float)
    losses = np.sort(losses[np.isfinite(losses)])
    if len(losses) < 2:
        return
    spread = (np.median(losses) - losses[0]) / max(abs(losses[0]), 1e-12)
    if spread > SPREAD:
        yield Finding(
            "local-optima",
            "info",
            f"The validation losses of {len(losses)} restarts range from {losses[0]:.4g}, which was kept, to "
            f"{losses[-1]:.4g}; half of them are {spread:.0%} or more above it. The optimum depends on the seed, and "
            "there may be a better one.",
            f"--restarts {2 * len(runs)}",
        )


def _size(losses: list[float]) -> float:
    """Return the scale for a fall at the end: the last loss, or the whole fall if losses may be negative."""
    return abs(losses[-1]) if min(losses) > 0 else _scale(losses)


def _scale(losses: Sequence[float] | np.ndarray) -> float:
    """Return the scale for a change of the loss: its minimum or its whole fall, since losses may be near 0."""
    return float(max(abs(min(losses)), losses[0] - min(losses)))
