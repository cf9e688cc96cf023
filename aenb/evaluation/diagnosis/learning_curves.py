"""What the course of a training tells: its losses, epoch by epoch, and those of its restarts."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from aenb.core.tables import number_of
from aenb.evaluation.diagnosis.finding import Finding
from aenb.evaluation.diagnosis.measurements import Measurements

RISE = 0.05  # of a validation loss above its best: less is noise
GAP = 3.0  # times the training loss that a validation loss may be: items that are alike have about 1.3
FALL = 0.10  # of a validation loss in the last quarter: the next quarter would bring about as much
JUDGED, USUAL = 3, 20  # epochs that a model can be judged after, and that it is usually trained for
LEAST, FLAT = 10, 0.02  # epochs after which a loss may be flat, and how much of it the last quarter may bring
SURE, WRONG = (0.95, 0.05), 0.1  # scores of real and made items, and a loss, of a discriminator that has won
SPREAD = 0.05  # of the losses of restarts: below, the seed does not matter


def diverged(measured: Measurements) -> Iterator[Finding]:
    """A loss that is not finite, or without bounds, as the engine found it. The usual cure is a tenth of the rate."""
    if measured.run.status == "diverged":
        yield Finding(
            "diverged",
            "error",
            f"The training diverged: {measured.run.record.get('reason', 'the loss broke')}. The steps were too long "
            "for the slope of the loss, and the weights are those of the last good one.",
            f"--learning-rate {measured.learning_rate / 10:g}",
        )


def over_fitting(measured: Measurements) -> Iterator[Finding]:
    """A validation loss that rises while that of the training falls, or that stays far above it.

    Losses are means over a tenth of the epochs: of few held-out items, those of single epochs go up and down.
    """
    losses, validation = measured.history.get("loss", []), measured.history.get("val_loss", [])
    if len(validation) < 5 or measured.is_adversarial:
        return
    width = max(2, len(validation) // 10)
    losses, smooth = _smoothed(losses, width), _smoothed(validation, width)
    best, by_heart = int(np.argmin(smooth)), "the model has learnt its training items by heart."
    # with patience, the weights are those of the best epoch
    if (
        measured.run.spec.patience is None
        and smooth[-1] - smooth[best] > RISE * _scale(smooth)
        and losses[-1] < losses[best]
    ):
        yield Finding(
            "over-fitting",
            "warning",
            f"The validation loss was least about epoch {best + width} ({smooth[best]:.4g}) and is {smooth[-1]:.4g} "
            f"at the end, while the training loss went on falling ({losses[best]:.4g} to {losses[-1]:.4g}): {by_heart}",
            f"--patience {max(3, len(validation) // 10)}",
        )
    elif losses[-1] > 0 and smooth[-1] > GAP * losses[-1]:
        yield Finding(
            "over-fitting",
            "warning",
            f"The validation loss is {smooth[-1]:.4g}, {smooth[-1] / losses[-1]:.1f} times the training loss of "
            f"{losses[-1]:.4g}: {by_heart}",
            smaller(measured),
        )


def _smoothed(losses: list[float], width: int) -> np.ndarray:
    """Return the means over so many epochs."""
    return np.convolve(losses, np.full(width, 1 / width), mode="valid")


def smaller(measured: Measurements) -> str:
    """Make the model smaller."""
    if units := measured.setting("hidden_units"):
        return f"hidden_units = {tuple(max(1, unit // 4) for unit in units)}"
    return f"latent_dim = {max(1, measured.run.latent_dim // 2)}"


def barely_trained(measured: Measurements) -> Iterator[Finding]:
    """Too few epochs to judge a model by."""
    if measured.run.status == "complete" and measured.run.epochs < JUDGED:
        yield Finding(
            "barely-trained",
            "warning",
            f"Barely trained: {number_of(measured.run.epochs, 'epoch')}.",
            f"--epochs {USUAL}",
        )


def has_flattened(measured: Measurements) -> bool:
    """Say whether the training loss hardly falls any more: only then has the model come to an optimum."""
    losses = measured.history.get("loss", [])
    if len(losses) < LEAST:
        return False
    return losses[_last_quarter(len(losses))] - losses[-1] <= FLAT * _size(losses)


def _last_quarter(n: int) -> int:
    """Return the number of the epoch from which on the last quarter of n is."""
    return min(n - 2, math.ceil(0.75 * n) - 1)


def still_learning(measured: Measurements) -> Iterator[Finding]:
    """A loss that falls fast at the end."""
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
    """A discriminator that is sure of everything: the slope that the generator learns from is gone.

    Whether scores are probabilities, or are drawn to 1 and 0 by least squares, or beyond 1 and −1 by a hinge: one that
    has won scores real items above 0.95 and made ones below 0.05, and its loss is a small part of what it is for one
    that can't tell (0.25, 1.39 or 2). A Wasserstein critic has no such bounds, and its loss is negative.
    """
    terms = [measured.history.get(name, []) for name in ("discriminator_loss", "real_score", "fake_score")]
    last = max(2, len(terms[0]) // 3)
    loss, real, fake = (np.array(term[-last:]) for term in terms)
    if len(loss) < last or not (len(loss) == len(real) == len(fake)):
        return
    if (real > SURE[0]).all() and (fake < SURE[1]).all() and (loss >= 0).all() and (loss < WRONG).all():
        yield Finding(
            "saturated-discriminator",
            "warning",
            f"In the last {last} epochs the discriminator was sure of everything: it scored what is real "
            f"{real.mean():.2f} and what is not {fake.mean():.2f}, at a loss of {loss.mean():.2g}. So it tells the "
            "other side nothing about what would be better.",
            _slower(measured),
        )


def _slower(measured: Measurements) -> str:
    """Slow the discriminator down, or where it has no rate of its own, both."""
    if not measured.has("discriminator_learning_rate"):
        return f"--learning-rate {measured.learning_rate / 4:g}"
    rate = measured.setting("discriminator_learning_rate") or measured.learning_rate
    return f"discriminator_learning_rate = {rate / 4:g}"


def restarts(measured: Measurements) -> Iterator[Finding]:
    """Restarts that end far from each other: the one that was kept may be a local optimum too."""
    found = measured.run.record.get("restarts", [])
    losses = np.array([one["val_loss"] for one in found], float)
    losses = np.sort(losses[np.isfinite(losses)])
    if len(losses) < 2:
        return
    spread = (np.median(losses) - losses[0]) / max(abs(losses[0]), 1e-12)
    if spread > SPREAD:
        yield Finding(
            "local-optima",
            "info",
            f"The validation losses of {len(losses)} restarts go from {losses[0]:.4g}, which is kept, to "
            f"{losses[-1]:.4g}; half of them are {spread:.0%} or more above it. The optimum that is found hangs on the "
            "seed, and a better one may be left.",
            f"--restarts {2 * len(found)}",
        )


def _size(losses: list[float]) -> float:
    """Return what a fall at the end is compared with: the last loss, or if it may pass 0, how far it fell."""
    return abs(losses[-1]) if min(losses) > 0 else _scale(losses)


def _scale(losses: list[float]) -> float:
    """Return what a change of a loss is compared with: its least value, or how far it fell, since it may pass 0."""
    return float(max(abs(min(losses)), losses[0] - min(losses)))
