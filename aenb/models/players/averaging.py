"""Averages of a part's weights over training steps (Yazıcı et al. 2018, arXiv 1806.04498; Ho et al. 2020)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aenb.core.backend import Model, keras
from aenb.models.players.training_step import Batch

LATEST = 9  # the average is over the last ninth of the steps


def averaged_copy(part: Model) -> Model:
    """Return a copy of a part with its weights, called "averaged_<name>"."""
    copy = keras.models.clone_model(part)
    copy.name = f"averaged_{part.name}"
    copy.set_weights(part.get_weights())
    return copy


def averaging(decay: float, part: str) -> Callable[[Any, Batch], None]:
    """Return the update of the average of a part's weights after a step.

    After step t = 1, 2, …, with d the decay:

        w̄ ← w̄ + max(1 − d, 9 / (8 + t)) (w − w̄)

    At first w̄ = w. Then the average is over about the last ninth of the steps, at most over 1 / (1 − d) of them, so
    that even a short training forgets the initial weights.

    Args:
        decay: d, in [0, 1).
        part: The name of the part, and of the player that trains it. The network also has a part "averaged_<part>".
    """

    def average(net: Model, batch: Batch) -> None:
        step = keras.ops.maximum(keras.ops.cast(net.optimizers[part].iterations, "float32"), 1.0)
        rate = keras.ops.maximum(1 - decay, LATEST / (LATEST - 1 + step))
        latest = getattr(net, part)
        for mean, weight in zip(getattr(net, f"averaged_{part}").weights, latest.weights, strict=True):
            mean.assign(mean + keras.ops.cast(rate, mean.dtype) * (weight - mean))

    return average
