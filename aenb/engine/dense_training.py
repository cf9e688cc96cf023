"""The training of small dense autoencoders as one call: the whole loop is compiled once, for rows of any width.

The engine proper traces a training for each model and each shape, which takes a second: too long for a scikit-learn
estimator, which may be fitted a hundred times by a grid search. Here the weights are arguments, and no shape is fixed,
so the first training of a process traces the loop and all others reuse it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from aenb.core import backend
from aenb.core.backend import Tensor, tf
from aenb.core.errors import AenbError

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-7  # Adam's (Kingma & Ba 2015), as Keras has them
WARM_UP, LAST = 20, 0.05  # steps until the full rate; the part of the rate that is left at the end
State = list[list["Tensor"]]


@dataclass(frozen=True)
class Settings:
    """How an ensemble is trained.

    Attributes:
        steps: Optimiser steps.
        batch_size: Rows per step, of each member.
        learning_rate: Adam's, at its highest: it rises for 20 steps, then falls as a cosine to a twentieth.
        noise: Standard deviation of the Gaussian noise added to the inputs.
        hidden_share: The share of the inputs that is set to 0, so that the members learn to fill them in.
        trim: The share of each batch that is left out of the loss: the rows with the largest errors. Anomalies among
            the training rows are among these, so the members do not learn to reconstruct them.
        seed: Of the batches, the noise and the hidden inputs.
    """

    steps: int
    batch_size: int = 64
    learning_rate: float = 1e-3
    noise: float = 0.0
    hidden_share: float = 0.0
    trim: float = 0.0
    seed: int = 0


def train_ensemble(
    weights: Sequence[np.ndarray],
    x: np.ndarray,
    rows: np.ndarray,
    settings: Settings,
    targets: np.ndarray | None = None,
) -> list[np.ndarray]:
    """Train the members of an ensemble by the squared error of the observed values, with Adam.

    Args:
        weights: The initial ones, as `aenb.models.architecture.dense_ensemble.initial_weights` draws them.
        x: (n, features), float32, standardised; NaN marks missing values, which the members see as 0.
        rows: (members, m), int32, the rows that each member is trained on.
        settings: The steps and the rate.
        targets: (n, outputs), float32, what the members are to compute from x; NaN where it does not count. None: x.

    Returns:
        The trained weights.

    Raises:
        AenbError: The training diverged.
    """
    backend.start()
    loop = _compiled(len(weights))
    trained, loss = loop(
        [tf.constant(array) for array in weights], tf.constant(x, "float32"),
        tf.constant(x if targets is None else targets, "float32"), tf.constant(rows, "int32"),
        tf.constant([settings.steps, settings.batch_size, settings.seed % 2**31]),
        tf.constant([settings.learning_rate, settings.noise, settings.hidden_share, settings.trim], "float32"),
    )  # fmt: skip
    arrays = [np.array(array) for array in trained]
    if not all(np.isfinite(array).all() for array in [*arrays, loss]):
        raise AenbError(
            f"Expected finite weights after {settings.steps} steps; the training diverged. Take a lower "
            f"learning rate than {settings.learning_rate:g}."
        )
    return arrays


@functools.cache
def _compiled(count: int) -> Callable[..., tuple]:
    """Return the loop, traced once for a number of weights."""
    kernels = [tf.TensorSpec([None, None, None], "float32")] * count
    table = tf.TensorSpec([None, None], "float32")
    signature = [
        kernels, table, table, tf.TensorSpec([None, None], "int32"), tf.TensorSpec([3], "int32"),
        tf.TensorSpec([4], "float32"),
    ]  # fmt: skip
    return tf.function(_train, input_signature=signature, autograph=False)


def _train(
    weights: list[Tensor], x: Tensor, targets: Tensor, rows: Tensor, counts: Tensor, amounts: Tensor
) -> tuple[list[Tensor], Tensor]:
    steps, batch_size, seed = tf.unstack(counts)
    rate, noise, hidden, trim = tf.unstack(amounts)
    kept = batch_size - tf.cast(tf.floor(trim * tf.cast(batch_size, "float32")), "int32")
    members = tf.range(tf.shape(rows)[0])[:, None]

    def batch(step: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Draw rows for each member: corrupted inputs, targets and which of these count, (members, batch, features)."""
        shape = tf.stack([tf.shape(rows)[0], batch_size])
        drawn = tf.random.stateless_uniform(shape, [seed, 4 * step], maxval=tf.shape(rows)[1], dtype="int32")
        chosen = tf.gather_nd(rows, tf.stack([tf.broadcast_to(members, shape), drawn], axis=-1))
        given, target = tf.gather(x, chosen), tf.gather(targets, chosen)
        shown = tf.random.stateless_uniform(tf.shape(given), [seed, 4 * step + 1]) >= hidden
        added = noise * tf.random.stateless_normal(tf.shape(given), [seed, 4 * step + 2])
        inputs = tf.where(shown & ~tf.math.is_nan(given), given + added, 0.0)
        counts = ~tf.math.is_nan(target)
        return inputs, tf.where(counts, target, 0.0), tf.cast(counts, "float32")

    def step(number: Tensor, weights: list[Tensor], first: list[Tensor], second: list[Tensor], _: Tensor) -> tuple:
        inputs, target, seen = batch(number)
        with tf.GradientTape() as tape:
            tape.watch(weights)
            errors = tf.reduce_sum(tf.square(_reconstruct(weights, inputs) - target) * seen, axis=2)
            largest = tf.stop_gradient(tf.sort(errors, axis=1)[:, kept - 1 : kept])
            counted = tf.where(errors <= largest, errors, 0.0)
            loss = tf.reduce_sum(counted) / (tf.cast(batch_size * tf.shape(targets)[1], "float32"))
        gradients = tape.gradient(loss, weights)
        count = tf.cast(number + 1, "float32")
        progress = tf.minimum(1.0, count / WARM_UP) * _cosine(count / tf.cast(steps, "float32"))
        first = [BETA1 * mean + (1 - BETA1) * gradient for mean, gradient in zip(first, gradients, strict=True)]
        second = [BETA2 * mean + (1 - BETA2) * gradient**2 for mean, gradient in zip(second, gradients, strict=True)]
        size = rate * progress * tf.sqrt(1 - BETA2**count) / (1 - BETA1**count)
        moved = zip(weights, first, second, strict=True)
        return number + 1, [w - size * m / (tf.sqrt(v) + EPSILON) for w, m, v in moved], first, second, loss

    zeros = [tf.zeros_like(array) for array in weights]
    begin = (tf.constant(0), list(weights), zeros, list(zeros), tf.constant(0.0))
    shapes = [array.shape for array in weights]
    invariants = (tf.TensorShape([]), shapes, list(shapes), list(shapes), tf.TensorShape([]))
    end = tf.while_loop(
        lambda number, *_: number < steps, step, begin, shape_invariants=invariants, parallel_iterations=1
    )
    return end[1], end[4]


def _cosine(progress: Tensor) -> Tensor:
    return LAST + (1 - LAST) * 0.5 * (1 + tf.cos(np.pi * progress))


def _reconstruct(weights: list[Tensor], x: Tensor) -> Tensor:
    """Apply all layers: tanh after each second one, none after the code and the output."""
    pairs = list(zip(weights[::2], weights[1::2], strict=True))
    for number, (kernel, bias) in enumerate(pairs):
        x = x @ kernel + bias
        x = tf.tanh(x) if number % 2 == 0 else x
    return x
