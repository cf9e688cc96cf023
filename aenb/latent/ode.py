"""Flows of a velocity field: samples and log-densities, by solvers with a fixed number of steps.

The equation is dx/dt = v(x, t), from Gaussian noise at t = 0 to the data at t = 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from aenb.core.backend import Tensor, tf

STEPS = 32  # of the midpoint method: two evaluations each
EXACT_STEPS = 24  # of the Runge–Kutta method of fourth order: four evaluations each
Velocity = Callable[[Tensor, Tensor], Tensor]  # (batch, size), () → (batch, size)


def solve(velocity: Velocity, x: Tensor, steps: int = STEPS) -> Tensor:
    """Carry points along a velocity field from t = 0 to 1 by the midpoint method: (n, size) → (n, size), float32.

    Example:
        >>> float(solve(lambda x, t: tf.ones_like(x) * 2 * t, tf.zeros((1, 1)))[0, 0])  # the integral of 2t
        1.0
    """
    length = 1.0 / steps

    def step(number: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        t = tf.cast(number, "float32") * length
        half = x + 0.5 * length * velocity(x, t)
        return number + 1, x + length * velocity(half, t + 0.5 * length)

    return tf.while_loop(lambda number, _: number < steps, step, (tf.constant(0), x))[1]


def log_density(velocity: Velocity, x: Tensor, steps: int = EXACT_STEPS) -> Tensor:
    """Return log p(x) of the distribution to which a velocity field carries N(0, I), in nats: (n, size) → (n,).

    The instantaneous change of variables (Chen, Rubanova, Bettencourt & Duvenaud 2018, arXiv 1806.07366),
    d log p(x_t)/dt = −∇·v(x_t, t), is integrated along with the point from t = 1 back to 0 by the Runge–Kutta method of
    fourth order. The divergence is exact: the trace of the Jacobian.

    Example:
        >>> still = log_density(lambda x, t: tf.zeros_like(x), tf.constant([[0.0], [2.0]]))  # nothing moves: N(0, 1)
        >>> still.numpy().round(4).tolist()
        [-0.9189000129699707, -2.9189000129699707]
    """
    length = -1.0 / steps

    @tf.function(autograph=False)  # one graph for the four of a step, and eager callers need not trace each
    def slopes(x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            v = velocity(x, t)
        return v, tf.linalg.trace(tape.batch_jacobian(v, x, unconnected_gradients="zero"))

    def step(number: Tensor, x: Tensor, total: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        t = 1.0 + tf.cast(number, "float32") * length
        v1, d1 = slopes(x, t)
        v2, d2 = slopes(x + 0.5 * length * v1, t + 0.5 * length)
        v3, d3 = slopes(x + 0.5 * length * v2, t + 0.5 * length)
        v4, d4 = slopes(x + length * v3, t + length)
        x = x + length / 6 * (v1 + 2 * v2 + 2 * v3 + v4)
        return number + 1, x, total + length / 6 * (d1 + 2 * d2 + 2 * d3 + d4)

    begin = tf.constant(0), x, tf.zeros_like(x[:, 0])
    _, noise, total = tf.while_loop(lambda number, *_: number < steps, step, begin)
    # from 1 to 0, the divergence integrates to −∫₀¹ ∇·v dt
    constant = 0.5 * math.log(2 * math.pi) * tf.cast(tf.shape(x)[1], "float32")
    return total - 0.5 * tf.reduce_sum(tf.square(noise), axis=1) - constant
