"""A residual network over vectors that depends on a time: it predicts velocities, or the noise in noisy vectors.

Blocks of He et al. (2016, arXiv 1603.05027), into each of which the time and the class are added.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from aenb.core.backend import Model, Tensor, keras, tf

FREQUENCIES = 4  # of the features of a time


def time_features(t: Tensor) -> Tensor:
    """Return sines and cosines of a time in [0, 1], of half a period to four of them: (n, 1) → (n, 8).

    Example:
        >>> time_features(tf.constant([[0.0]])).numpy().tolist()
        [[0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]]
    """
    angles = math.pi * t * tf.constant([[2.0**power for power in range(FREQUENCIES)]])
    return tf.concat([tf.sin(angles), tf.cos(angles)], axis=-1)


def condition_inputs(classes: int) -> list[Tensor]:
    """Return the Keras inputs for the features of a time, and, with classes, for a one-hot class or none.

    Args:
        classes: How many classes there are; 0: none. The input has one more entry, the last, for no class.
    """
    inputs = [keras.Input((2 * FREQUENCIES,), name="time")]
    return [*inputs, keras.Input((classes + 1,), name="class")] if classes else inputs


def residual_network(
    size: int, units: Sequence[int], classes: int = 0, *, name: str, seeds: Sequence[int] | None = None
) -> Model:
    """Build the network from stock layers. Its output is 0 at first.

    Args:
        size: The dimensions of a vector.
        units: Units inside each block; the first is also the width of the stream between them.
        classes: How many classes there are; 0: none.
        name: The name of the model and of its last layer.
        seeds: Of the initial weights of the layers, in order; None: Keras's own.

    Returns:
        A `keras.Model` of x (batch, size), features of the time (batch, 8) and, with classes, (batch, classes + 1),
        one-hot → (batch, size).
    """
    layers, left, width = keras.layers, iter(seeds or ()), units[0]

    def dense(x: Tensor, units: int = width) -> Tensor:
        return layers.Dense(units, kernel_initializer=keras.initializers.HeNormal(next(left, None)))(x)

    x, *conditions = inputs = [keras.Input((size,), name="x"), *condition_inputs(classes)]
    condition = dense(conditions[0])
    if classes:
        condition = layers.Add()([condition, dense(conditions[1])])
    condition = layers.Activation("silu")(condition)
    x = dense(x)
    for count in units:
        inner = layers.Add()([dense(layers.LayerNormalization()(x), count), dense(condition, count)])
        inner = layers.Dense(width, kernel_initializer="zeros")(layers.Activation("silu")(inner))
        x = layers.Add()([x, inner])
    x = layers.Dense(size, kernel_initializer="zeros", name=name)(layers.LayerNormalization()(x))
    return keras.Model(inputs, x, name=name)
