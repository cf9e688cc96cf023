"""The training step of families that need more than `fit(x, x)`: players, each with a loss and parts that it trains.

A family's file defines the players and their losses: a VAE has one player, a GAN two. With L the loss of a player, and
w the weights of its parts, a training step is

    for each player:   g = ∂L(batch) / ∂w,   w ← Adam(w, g)

Each player minimises its loss after the updates of the players before it (a GAN: D, then G against the updated D). With
a `forward` they are simultaneous: it is computed once, and all gradients are taken before the first update (a VAE/GAN).

The terms of the losses are reported: their means over the epoch so far, weighted by the sizes of the batches. The
validation reports the same terms, without updates.

All functions take the `Network`, `net`: its parts are attributes (`net.encoder`), `net.own` holds weights of no part by
name, `net.seeds` is what it draws random numbers with, and `net.step` counts the training steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from aenb.core.backend import Model, Tensor, keras, tf


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

    @property
    def reported(self) -> tuple[str, ...]:
        """The names of all that it reports."""
        return (*self.terms, f"{self.name}_gradient_norm") if self.gradient_norm else self.terms


def train_step(net: Model, data: Any) -> dict[str, Tensor]:
    """Update the weights of each player on a batch, and return the reported terms.

    Args:
        net: The `Network`.
        data: (inputs, targets), where inputs are examples, or (examples, labels).
    """
    batch = batch_of(net, data, training=True)
    terms = _in_turn(net, batch) if net.forward is None else _at_once(net, batch)
    if net.after_step is not None:
        net.after_step(net, batch)
    return _report(net, terms, batch)


def test_step(net: Model, data: Any) -> dict[str, Tensor]:
    """Return the terms of the losses, as in training but without gradient norms, and without updates."""
    batch = batch_of(net, data, training=False)
    terms: dict[str, Tensor] = {}
    outputs = batch if net.forward is None else net.forward(net, batch)
    for player in net.players:
        terms |= player.loss(net, outputs)
    return _report(net, terms, batch)


def _in_turn(net: Model, batch: Batch) -> dict[str, Tensor]:
    """Update each player after the one before, and return the terms."""
    terms: dict[str, Tensor] = {}
    for player in net.players:
        for _ in range(player.steps):
            with tf.GradientTape() as tape:
                losses = player.loss(net, batch)
                scaled = net.optimizers[player.name].scale_loss(losses[player.terms[0]])
            losses |= _update(net, player, tape.gradient(scaled, net.weights_of(player)))
        terms |= losses
    return terms


def _at_once(net: Model, batch: Batch) -> dict[str, Tensor]:
    """Update all players simultaneously, and return the terms."""
    terms: dict[str, Tensor] = {}
    scaled: dict[str, Tensor] = {}
    with tf.GradientTape(persistent=True) as tape:
        outputs = net.forward(net, batch)
        for player in net.players:
            losses = player.loss(net, outputs)
            scaled[player.name] = net.optimizers[player.name].scale_loss(losses[player.terms[0]])
            terms |= losses
    gradients = [tape.gradient(scaled[player.name], net.weights_of(player)) for player in net.players]
    for player, gradient in zip(net.players, gradients, strict=True):
        terms |= _update(net, player, gradient)
    return terms


def _update(net: Model, player: Player, gradients: list[Tensor]) -> dict[str, Tensor]:
    """Update a player's weights; return the norm of its gradient by name, if it is to be reported."""
    optimizer = net.optimizers[player.name]
    norm = _norm(gradients, optimizer.scale_loss(1.0)) if player.gradient_norm else None
    optimizer.apply(gradients, net.weights_of(player))
    return {} if norm is None else {f"{player.name}_gradient_norm": norm}


def _norm(gradients: list[Tensor], scale: Tensor) -> Tensor:
    """Return the norm of the gradients of a scaled loss; 0 if it is not finite, as in steps skipped in 16 bits."""
    norm = tf.linalg.global_norm(gradients) / scale
    return tf.where(tf.math.is_finite(norm), norm, tf.zeros_like(norm))


def _report(net: Model, terms: dict[str, Tensor], batch: Batch) -> dict[str, Tensor]:
    """Update the means of the terms and return them; with several losses, "loss" is their sum."""
    if "loss" not in terms:
        terms = {"loss": sum(terms[player.terms[0]] for player in net.players), **terms}
    size = keras.ops.cast(keras.ops.shape(batch.x)[0], "float32")
    for name, value in terms.items():
        net.means[name].update_state(value, sample_weight=size)
    return {name: net.means[name].result() for name in terms}


def batch_of(net: Model, data: Any, training: bool) -> Batch:
    """Return a batch, with missing values of the targets, which are NaN, marked as not observed."""
    inputs, target, _ = keras.utils.unpack_x_y_sample_weight(data)
    x, labels = examples_and_labels(net, inputs)
    y = x if target is None else target
    if y.dtype.is_integer:  # tokens
        return Batch(x, y, keras.ops.cast(y != 0, "float32"), labels, training)
    missing = keras.ops.isnan(y)
    y = keras.ops.where(missing, keras.ops.zeros_like(y), y)
    return Batch(x, y, 1 - keras.ops.cast(missing, "float32"), labels, training)


def examples_and_labels(
    net: Model, inputs: Tensor | tuple[Tensor, Tensor] | list[Tensor]
) -> tuple[Tensor, Tensor | None]:
    """Split inputs into examples and one-hot labels; without classes, the labels are None."""
    if not net.num_classes:
        return inputs, None
    x, labels = inputs
    return x, labels if len(labels.shape) == 2 else keras.ops.one_hot(labels, net.num_classes)
