"""Adversarial training: a discriminator D tells real examples from generated ones, and a generator G fools it.

Goodfellow et al. (2014), "Generative adversarial networks", arXiv 1406.2661. With the scores s = D(x) of real examples
and t = D(G(z)) of generated samples, the mean E over a batch, and the logistic function σ:

    loss            D minimises                               G minimises
    lsgan           ½E[(s − 1)²] + ½E[t²]                     ½E[(t − 1)²]      Mao et al. 2016, arXiv 1611.04076
    nonsaturating   −E[log σ(s)] − E[log(1 − σ(t))]           −E[log σ(t)]      Goodfellow et al. 2014
    hinge           E[max(0, 1 − s)] + E[max(0, 1 + t)]       −E[t]             Lim & Ye 2017, arXiv 1705.02894
    wgan_gp         E[t] − E[s] + λE[(‖∇D(x̂)‖ − 1)²]          −E[t]             Gulrajani et al. 2017, arXiv 1704.00028
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from aenb.core.backend import Layer, Model, Tensor, keras, tf
from aenb.models.architecture import backbones, layers
from aenb.models.architecture.parts import with_labels
from aenb.models.players.training_step import Batch


class AdversarialLoss(NamedTuple):
    """The losses of discriminator and generator: functions of scores (batch, 1) that return scalars.

    Attributes:
        discriminator: (scores of real examples, scores of samples) → the loss of D, without the gradient penalty.
        generator: (scores of samples) → the loss of G.
        reported: A score → the score to report: its probability, if the score is a logit.
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]
    reported: Callable[[Tensor], Tensor] = lambda score: score


def _mean(x: Tensor) -> Tensor:
    return keras.ops.mean(x)


def _softplus(x: Tensor) -> Tensor:  # softplus(−s) = −log σ(s), softplus(t) = −log(1 − σ(t))
    return keras.ops.mean(keras.ops.softplus(x))


def _relu(x: Tensor) -> Tensor:
    return keras.ops.mean(keras.ops.relu(x))


ADVERSARIAL_LOSSES = {
    "lsgan": AdversarialLoss(
        lambda s, t: 0.5 * _mean((s - 1) ** 2) + 0.5 * _mean(t**2), lambda t: 0.5 * _mean((t - 1) ** 2)
    ),
    "nonsaturating": AdversarialLoss(
        lambda s, t: _softplus(-s) + _softplus(t), lambda t: _softplus(-t), lambda score: keras.ops.sigmoid(score)
    ),
    "hinge": AdversarialLoss(lambda s, t: _relu(1 - s) + _relu(1 + t), lambda t: -_mean(t)),
    "wgan_gp": AdversarialLoss(lambda s, t: _mean(t) - _mean(s), lambda t: -_mean(t)),
}


def scores(
    discriminator: Model, *batches: Tensor, labels: Tensor | None = None, training: bool = False
) -> list[Tensor]:
    """Score batches one by one, since a score may depend on its batch: (batch, *item_shape) → (batch, 1).

    Args:
        discriminator: The part.
        *batches: Batches of real examples or generated samples.
        labels: One-hot, the same for each batch, or None.
        training: Whether spectral normalisation updates its estimates.

    Returns:
        Scores for each of the batches, float32.
    """
    return [keras.ops.cast(discriminator(with_labels(x, labels), training=training), "float32") for x in batches]


def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, generated: Tensor, epsilon: Tensor) -> Tensor:
    """Return the gradient penalty of a critic, E[(‖∇D(x̂)‖ − 1)²], between real and generated samples: a scalar.

    Args:
        critic: (batch, *item_shape) → (batch, 1).
        real: (batch, *item_shape).
        generated: (batch, *item_shape).
        epsilon: (batch,), ε ∈ [0, 1) in x̂ = εx + (1 − ε)G(z), one for each pair.
    """
    ops = keras.ops
    axes = tuple(range(1, len(real.shape)))
    epsilon = ops.reshape(epsilon, (-1, *[1] * len(axes)))
    between = epsilon * real + (1 - epsilon) * generated
    with tf.GradientTape() as tape:
        tape.watch(between)
        values = critic(between)
    squared = ops.sum(ops.square(tape.gradient(values, between)), axis=axes)
    return ops.mean(ops.square(ops.sqrt(ops.maximum(squared, 1e-12)) - 1))  # the root has no gradient at 0


def squared_error(batch: Batch, reconstructed: Tensor) -> Tensor:
    """Return the mean squared error of a batch over observed entries: (batch, *item_shape) → ()."""
    ops = keras.ops
    error = batch.observed * ops.square(ops.cast(reconstructed, "float32") - batch.y)
    return ops.sum(error) / ops.maximum(ops.sum(batch.observed), 1.0)


def discriminator(
    body: backbones.Body,
    item_shape: tuple[int, ...],
    num_classes: int = 0,
    *,
    batch_features: int = 0,
    spectral_norm: bool = False,
) -> Model:
    """Build a discriminator: a body, and a dense layer that computes a score from its features φ(x).

    Minibatch features show how much a batch varies, so that the discriminator can detect mode collapse: the standard
    deviations over the batch (Salimans et al. 2016, arXiv 1606.03498; Karras et al. 2017, arXiv 1710.10196), here of
    learnt features, s = √Var(W φ(x)), through a dense layer. A conditional discriminator adds ⟨e(y), φ(x)⟩, with a
    vector e for each class (Miyato & Koyama 2018, arXiv 1802.05637).

    Args:
        body: Its layers.
        item_shape: The shape of an example; images are in [0, 1], and are rescaled to [−1, 1].
        num_classes: How many classes it is conditioned on; 0: none.
        batch_features: How many features to compute the standard deviation over the batch of; 0: none.
        spectral_norm: Whether to normalise the largest singular value of each layer's weights to 1 (Miyato et al.
            2018, arXiv 1802.05957).

    Returns:
        A `keras.Model` named "discriminator", (batch, *item_shape) → (batch, 1); with classes, it takes a list of
        examples and one-hot labels (batch, num_classes).
    """
    body = replace(body, activation="leaky_relu")  # zero gradients would give the generator nothing to learn from
    example = body.input(item_shape)
    x = keras.layers.Rescaling(2.0, -1.0, name="scale")(example) if len(item_shape) == 3 else example
    features = body.down(x)
    seen = features
    if batch_features:
        seen = keras.layers.Concatenate(name="seen")([features, _spread(features, batch_features)])
    score = layers.dense(1, "linear", "score")(seen)
    label = backbones.label_input(num_classes) if num_classes else None
    if label is not None:
        direction = layers.dense(features.shape[-1], "linear", "direction", use_bias=False)(label)
        towards = keras.layers.Dot(1, name="towards")([direction, features])
        score = keras.layers.Add(name="class_score")([score, towards])
    model = keras.Model(example if label is None else [example, label], score, name="discriminator")
    return keras.models.clone_model(model, clone_function=_normalised) if spectral_norm else model


def _spread(features: Tensor, count: int) -> Tensor:
    """Return features of how much a batch varies: (batch, features) → (batch, count), with equal rows."""
    ops = keras.ops
    values = ops.cast(layers.dense(count, "linear", "batch_features")(features), "float32")
    deviation = ops.sqrt(ops.var(values, axis=0, keepdims=True) + 1e-6)  # the root has no gradient at 0
    return layers.dense(count, "leaky_relu", "spread")(ops.zeros_like(values) + deviation)


def _normalised(layer: Layer) -> Layer:
    """Return a copy of a layer, with spectral normalisation if it has weights."""
    copy = type(layer).from_config(layer.get_config())
    return keras.layers.SpectralNormalization(copy, name=layer.name) if getattr(layer, "weights", ()) else copy
