"""Inversion: the latent code of an example by gradient descent, for models without an encoder.

Creswell & Bharath (2016), "Inverting the generator of a generative adversarial network", arXiv 1611.05644; Zhu et al.
(2016), arXiv 1609.03552.

    z* = argmin ‖G(z) − x‖²

The distance has many local minima: gradient descent starts at the best of 64 fixed samples from the prior, and keeps
the best code of all steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aenb.core.backend import Tensor, keras, tf
from aenb.models.architecture.parts import with_labels

DRAWS, SEED = 64, (0, 0)  # initial codes to choose from
STEPS, RATE = 200, 0.1  # of Adam; the learning rate falls linearly to 0
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


def inversion(
    decode: Callable[[Tensor], Tensor], item_shape: Sequence[int], code_shape: Sequence[int], num_classes: int = 0
) -> Callable[[Any, Any], Any]:
    """Return a function that finds the latent codes of examples.

    Args:
        decode: Latent codes (batch, *code_shape), or a list of them and one-hot labels → (batch, *item_shape).
        item_shape: The shape of an example.
        code_shape: The shape of a code.
        num_classes: How many classes there are; 0: none.

    Returns:
        (x, labels) → codes, (batch, *item_shape) and (batch, num_classes) or None → (batch, *code_shape), float32. It
        is compiled once, and always finds the same codes for the same examples and weights.
    """

    def find(x: Tensor, labels: Tensor | None = None) -> Tensor:
        def errors(z: Tensor) -> Tensor:  # (batch,)
            decoded = keras.ops.cast(decode(with_labels(z, labels)), "float32")
            return keras.ops.sum(keras.ops.square(decoded - x), axis=tuple(range(1, len(x.shape))))

        return _descend(errors, _nearest_draw(errors, tf.shape(x)[0], code_shape))

    signature = [tf.TensorSpec((None, *item_shape))]
    if num_classes:
        signature.append(tf.TensorSpec((None, num_classes)))
    compiled = tf.function(find, input_signature=signature, autograph=False)
    return lambda x, labels: compiled(x) if labels is None else compiled(x, labels)


def _nearest_draw(errors: Callable[[Tensor], Tensor], n: Tensor, code_shape: Sequence[int]) -> Tensor:
    """Return for each of n examples the sample from the prior with the smallest error: (n, *code_shape)."""
    draws = tf.random.stateless_normal((DRAWS, *code_shape), SEED)

    def compare(number: Tensor, best: Tensor, least: Tensor) -> tuple[Tensor, ...]:
        z = tf.repeat(draws[number][None], n, axis=0)
        return number + 1, *_better(z, errors(z), best, least)

    start = tf.constant(0), tf.zeros((n, *code_shape)), tf.fill((n,), float("inf"))
    return tf.while_loop(lambda number, *_: number < DRAWS, compare, start)[1]


def _descend(errors: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    """Optimise codes with Adam (Kingma & Ba 2014, arXiv 1412.6980), and return the best code of all steps for each."""

    def update(
        step: Tensor, z: Tensor, mean: Tensor, square: Tensor, best: Tensor, least: Tensor
    ) -> tuple[Tensor, ...]:
        with tf.GradientTape() as tape:
            tape.watch(z)
            error = errors(z)
        best, least = _better(z, error, best, least)
        gradient, t = tape.gradient(error, z), step + 1
        mean = BETA_1 * mean + (1 - BETA_1) * gradient
        square = BETA_2 * square + (1 - BETA_2) * gradient**2
        root = tf.sqrt(square / (1 - BETA_2**t)) + EPSILON
        z -= RATE * (1 - step / STEPS) * mean / (1 - BETA_1**t) / root
        return t, z, mean, square, best, least

    start = tf.constant(0.0), z, tf.zeros_like(z), tf.zeros_like(z), z, tf.fill(tf.shape(z)[:1], float("inf"))
    return tf.while_loop(lambda step, *_: step < STEPS, update, start)[4]


def _better(z: Tensor, errors: Tensor, best: Tensor, least: Tensor) -> tuple[Tensor, Tensor]:
    """Return the better of two codes for each example, and its error."""
    is_better = errors < least
    chosen = tf.where(tf.reshape(is_better, (-1, *[1] * (len(z.shape) - 1))), z, best)
    return chosen, tf.where(is_better, errors, least)
