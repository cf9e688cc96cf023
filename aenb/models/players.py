"""Players: who of a model minimises what. A family's file writes them, and `assembly` makes a Keras model of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple


class Batch(NamedTuple):
    """What a step is given.

    Attributes:
        x: (batch, *item), what goes in: corrupted by the task, with 0 where nothing was observed.
        y: (batch, *item), what should come out, 0 where nothing was observed.
        observed: (batch, *item), 1 where y was observed, else 0, float32.
        labels: (batch, num_classes), one-hot float32, or None.
        training: Whether weights are to be moved.
    """

    x: Any
    y: Any
    observed: Any
    labels: Any
    training: bool


@dataclass(frozen=True)
class Player:
    """One who minimises a loss.

    Attributes:
        name: "autoencoder", "discriminator", …
        loss: (network, batch) → the terms by name, scalars, each a mean over the batch. The first one is minimised. In
            the place of the batch it is given what the network's `forward` makes of it, where there is one.
        terms: The names of the terms, in that order.
        parts: Whose weights it moves: parts of the network, and weights of its own, by name.
        learning_rate: Its own; None: that of the training.
        beta_1: Of its Adam (Kingma & Ba 2014, arXiv 1412.6980).
        clipnorm: Greatest norm of each gradient; None: any.
        steps: How often it moves in a step of the training.
        gradient_norm: Whether to report the norm of its gradient, as "<name>_gradient_norm", in training.
    """

    name: str
    loss: Callable[[Any, Batch], dict[str, Any]]
    terms: tuple[str, ...]
    parts: tuple[str, ...]
    learning_rate: float | None = None
    beta_1: float = 0.9
    clipnorm: float | None = None
    steps: int = 1
    gradient_norm: bool = False


def set_learning_rate(model: Any, rate: float) -> None:
    """Set the learning rate of a model's optimiser; of a network's, of all players that have none of their own."""
    if hasattr(model, "set_learning_rate"):
        model.set_learning_rate(rate)
    else:
        model.optimizer.learning_rate = rate
