"""Players: the losses of a model, and the parts that each one trains. They are defined by families, for `assembly`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from aenb.core.backend import Model, Tensor


class Batch(NamedTuple):
    """The data of a training step.

    Attributes:
        x: (batch, *item_shape), the inputs, corrupted by the task, with 0 for missing values.
        y: (batch, *item_shape), the targets, with 0 for missing values.
        observed: (batch, *item_shape), 1 for observed entries of y, else 0, float32.
        labels: (batch, num_classes), one-hot float32, or None.
        training: Whether weights are updated.
    """

    x: Tensor
    y: Tensor
    observed: Tensor
    labels: Tensor | None
    training: bool


@dataclass(frozen=True)
class Player:
    """A loss, the parts that it trains, and the optimiser settings.

    Attributes:
        name: "autoencoder", "discriminator", …
        loss: (network, batch) → the terms by name, scalars, each a mean over the batch. The first one is minimised. If
            the network has a `forward`, its result is the argument in place of the batch.
        terms: The names of the terms, in this order.
        parts: The names of the parts that it trains, or of weights of the network.
        learning_rate: Its learning rate; None: that of the training.
        beta_1: β₁ of Adam (Kingma & Ba 2014, arXiv 1412.6980).
        clipnorm: The largest norm of each gradient; None: not clipped.
        steps: How many updates it makes in a training step.
        gradient_norm: Whether to report the norm of its gradient, as "<name>_gradient_norm", in training.
    """

    name: str
    loss: Callable[[Model, Any], dict[str, Tensor]]
    terms: tuple[str, ...]
    parts: tuple[str, ...]
    learning_rate: float | None = None
    beta_1: float = 0.9
    clipnorm: float | None = None
    steps: int = 1
    gradient_norm: bool = False
