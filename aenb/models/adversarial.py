"""The game of two: one tells real from made, the other makes what is to pass for real.

Goodfellow et al. (2014), "Generative adversarial networks", arXiv 1406.2661. With s = D(x), the scores of real items,
and t = D(G(z)), those of made ones, E the mean over a batch and σ the logistic function:

    loss            D minimises                               G minimises
    lsgan           ½E[(s − 1)²] + ½E[t²]                     ½E[(t − 1)²]      Mao et al. 2016, arXiv 1611.04076
    nonsaturating   −E[log σ(s)] − E[log(1 − σ(t))]           −E[log σ(t)]      Goodfellow et al. 2014
    hinge           E[max(0, 1 − s)] + E[max(0, 1 + t)]       −E[t]             Lim & Ye 2017, arXiv 1705.02894
    wgan_gp         E[t] − E[s] + λE[(‖∇D(x̂)‖ − 1)²]          −E[t]             Gulrajani et al. 2017, arXiv 1704.00028
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from aenb.core.backend import keras, tf
from aenb.core.errors import AenbError
from aenb.models import backbones, layers
from aenb.models.parts import beside
from aenb.models.players import Batch


class Game(NamedTuple):
    """A pair of losses, functions of scores (batch, 1) that return scalars.

    Attributes:
        discriminator: (scores of real items, scores of made ones) → what D minimises, without a penalty.
        generator: (scores of made items) → what G minimises.
        reads: A score → how it is shown: as a probability where it is the logit of one.
    """

    discriminator: Callable[[Any, Any], Any]
    generator: Callable[[Any], Any]
    reads: Callable[[Any], Any] = lambda score: score


def _mean(x: Any) -> Any:
    return keras.ops.mean(x)


def _softplus(x: Any) -> Any:  # softplus(−s) = −log σ(s), softplus(t) = −log(1 − σ(t))
    return keras.ops.mean(keras.ops.softplus(x))


def _relu(x: Any) -> Any:
    return keras.ops.mean(keras.ops.relu(x))


GAMES = {
    "lsgan": Game(lambda s, t: 0.5 * _mean((s - 1) ** 2) + 0.5 * _mean(t**2), lambda t: 0.5 * _mean((t - 1) ** 2)),
    "nonsaturating": Game(
        lambda s, t: _softplus(-s) + _softplus(t), lambda t: _softplus(-t), lambda score: keras.ops.sigmoid(score)
    ),
    "hinge": Game(lambda s, t: _relu(1 - s) + _relu(1 + t), lambda t: -_mean(t)),
    "wgan_gp": Game(lambda s, t: _mean(t) - _mean(s), lambda t: -_mean(t)),
}


def scores(discriminator: Any, *items: Any, labels: Any = None, training: bool = False) -> list[Any]:
    """Score batches of items, each by itself, since a score may depend on its batch: (batch, *item) → (batch, 1).

    Args:
        discriminator: The part.
        *items: The batches, real ones, made ones.
        labels: One-hot, the same for each of the batches, or None.
        training: Whether spectral normalisation is to normalise.

    Returns:
        Scores for each of the batches, float32.
    """
    return [keras.ops.cast(discriminator(beside(x, labels), training=training), "float32") for x in items]


def gradient_penalty(critic: Callable[[Any], Any], real: Any, made: Any, epsilon: Any) -> Any:
    """Return how far a critic's slope is from 1 between real and made items: E[(‖∇D(x̂)‖ − 1)²], a scalar.

    Args:
        critic: (batch, *item) → (batch, 1).
        real: (batch, *item).
        made: (batch, *item).
        epsilon: (batch,), ε ∈ [0, 1) of x̂ = εx + (1 − ε)G(z), one for each pair.
    """
    ops = keras.ops
    axes = tuple(range(1, len(real.shape)))
    epsilon = ops.reshape(epsilon, (-1, *[1] * len(axes)))
    between = epsilon * real + (1 - epsilon) * made
    with tf.GradientTape() as tape:
        tape.watch(between)
        found = critic(between)
    squared = ops.sum(ops.square(tape.gradient(found, between)), axis=axes)
    return ops.mean(ops.square(ops.sqrt(ops.maximum(squared, 1e-12)) - 1))  # the root has no slope at 0


def squared_error(batch: Batch, made: Any) -> Any:
    """Return the mean squared error of a batch's items over what was observed: (batch, *item) → ()."""
    ops = keras.ops
    error = batch.observed * ops.square(ops.cast(made, "float32") - batch.y)
    return ops.sum(error) / ops.maximum(ops.sum(batch.observed), 1.0)


def discriminator(
    body: backbones.Body,
    item_shape: Sequence[int],
    num_classes: int = 0,
    *,
    batch_features: int = 0,
    spectral_norm: bool = False,
) -> Any:
    """Build who scores items: a body, and a dense layer that makes a score of its features φ(x).

    Beside them it may be told how much a batch varies, so that items which are all alike do not pass: the standard
    deviations over the batch (Salimans et al. 2016, arXiv 1606.03498; Karras et al. 2017, arXiv 1710.10196), here of
    learnt features, s = √Var(W φ(x)), seen through a dense layer. One that knows classes adds ⟨e(y), φ(x)⟩, e a
    direction for each class (Miyato & Koyama 2018, arXiv 1802.05637).

    Args:
        body: Its layers.
        item_shape: The shape of an item; images are in [0, 1], and are brought to [−1, 1].
        num_classes: How many classes it knows; 0: none.
        batch_features: How many features there are whose spread over the batch it is told; 0: none.
        spectral_norm: Whether the largest singular value of each layer's weights is held at 1 (Miyato et al. 2018,
            arXiv 1802.05957).

    Returns:
        A `keras.Model` named "discriminator", (batch, *item_shape) → (batch, 1); with classes it takes a list of items
        and one-hot labels (batch, num_classes).
    """
    body = replace(body, activation="leaky_relu")  # one without slope would tell the other side nothing
    item = body.input(item_shape)
    x = keras.layers.Rescaling(2.0, -1.0, name="scale")(item) if len(item_shape) == 3 else item
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
    model = keras.Model(item if label is None else [item, label], score, name="discriminator")
    return keras.models.clone_model(model, clone_function=_normalised) if spectral_norm else model


def _spread(features: Any, count: int) -> Any:
    """Tell each item how much its batch varies: (batch, features) → (batch, count), all rows alike."""
    ops = keras.ops
    told = ops.cast(layers.dense(count, "linear", "batch_features")(features), "float32")
    deviation = ops.sqrt(ops.var(told, axis=0, keepdims=True) + 1e-6)  # the root has no slope at 0
    return layers.dense(count, "leaky_relu", "spread")(ops.zeros_like(told) + deviation)


def _normalised(layer: Any) -> Any:
    """Return a layer like this one; one with weights is wrapped."""
    copy = type(layer).from_config(layer.get_config())
    return keras.layers.SpectralNormalization(copy, name=layer.name) if getattr(layer, "weights", ()) else copy


def fitted(model: Any, inputs: Any, made: Sequence[int], name: str) -> Any:
    """Return a model of the user's as the part called `name`.

    Args:
        model: It; one that is that part already is returned as it is.
        inputs: The Keras inputs that it is to take.
        made: The shape of what it is to give for an item; None: any length.
        name: "generator", "discriminator", "encoder".

    Raises:
        AenbError: It does not take these inputs, or gives another shape.
    """
    if model.name == name and model.built:
        part = model
    else:
        try:
            part = keras.Model(inputs, model(inputs), name=name)
        except (ValueError, TypeError) as error:
            reason = str(error).strip().splitlines()[0]
            shapes = " and ".join(str(x.shape[1:]) for x in (inputs if isinstance(inputs, list) else [inputs]))
            raise AenbError(f"`{name}`: expected a Keras model that takes {shapes}. {reason}") from error
    gives = tuple(part.output_shape[1:])
    if len(gives) != len(made) or any(want not in (None, side) for want, side in zip(made, gives, strict=True)):
        wanted = "a vector" if made == (None,) else tuple(made)
        raise AenbError(f"`{name}`: expected to give {wanted} for each item; received {gives}.")
    return part
