"""Deterministic sampling from a denoiser, and back: from noise to examples, and from examples to their noise.

Song, Meng & Ermon (2021), "Denoising diffusion implicit models", arXiv 2010.02502. A step goes from the time t to s by
the example and the noise that the denoiser sees in x_t:

    x_s = α(s) x̂(x_t, t) + σ(s) ε̂(x_t, t)

With the straight schedule this is Euler's method for the flow. The steps lead from t = 1 to 0; inverted, from 0 to 1,
each is solved for x_t by fixed-point iteration (Pan et al. 2023, arXiv 2309.04907).
"""

from __future__ import annotations

from collections.abc import Callable

from aenb.core.backend import Tensor, tf
from aenb.models.denoisers.noise_schedule import Objective

REFINEMENTS = 1  # of each step of the inversion
REPEATS = 2  # of each noise level, when missing values are filled in
TINY = 1e-6
Predict = Callable[[Tensor, Tensor], Tensor]  # x_t (n, …), t () → the prediction, (n, …)


def sample(predict: Predict, noise: Tensor, objective: Objective, steps: int) -> Tensor:
    """Turn noise into samples: (n, …) → (n, …), float32.

    Args:
        predict: The denoiser.
        noise: From N(0, I).
        objective: What the denoiser predicts.
        steps: How many.

    Example:
        >>> from aenb.models.denoisers.noise_schedule import OBJECTIVES
        >>> always = sample(lambda x, t: (x - 3.0) / t, tf.constant([[0.5], [-1.0]]), OBJECTIVES["flow"], 4)
        >>> always.numpy().tolist()  # the flow to the only example, 3
        [[3.0], [3.0]]
    """
    times = _times(objective, steps)[::-1]

    def step(number: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        example, own = _estimates(predict, x, times[number], objective)
        alpha, sigma = objective.levels(times[number + 1])
        return number + 1, alpha * example + sigma * own

    return tf.while_loop(lambda number, _: number < steps, step, (tf.constant(0), noise))[1]


def invert(predict: Predict, x: Tensor, objective: Objective, steps: int, refinements: int = REFINEMENTS) -> Tensor:
    """Return the noise from which `sample` gets to examples: (n, …) → (n, …), float32.

    Args:
        predict: The denoiser.
        x: The examples.
        objective: What the denoiser predicts.
        steps: How many, as for `sample`.
        refinements: Iterations for each step: with 0, it is that of `sample` in the other direction.
    """
    times = _times(objective, steps)

    def step(number: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        t, later = times[number], times[number + 1]
        (alpha, sigma), (less, more) = objective.levels(t), objective.levels(later)
        example, noise = _estimates(predict, x, t, objective)
        there = less * example + more * noise
        for _ in range(refinements):
            example, noise = _estimates(predict, there, later, objective)
            by_noise = less / alpha * (x - sigma * noise) + more * noise
            by_example = less * example + more * (x - alpha * example) / tf.maximum(sigma, TINY)
            there = tf.where(sigma > alpha, by_example, by_noise)  # whichever depends less on the estimate
        return number + 1, there

    return tf.while_loop(lambda number, _: number < steps, step, (tf.constant(0), x))[1]


def fill(
    predict: Predict, known: Tensor, missing: Tensor, objective: Objective, steps: int, repeats: int = REPEATS
) -> Tensor:
    """Return samples that agree with what is known: (n, …) → (n, …), float32, deterministic.

    What is known replaces its estimate at each noise level (Wang, Yu & Zhang 2022, arXiv 2212.00490), and each level is
    visited several times with new noise, so that the rest comes to agree with it (Lugmayr et al. 2022, arXiv
    2201.09865). It is an approximation: for two values of a Gaussian with a correlation of 0.9, given that one is 1.5,
    the other has a mean of 1.24 instead of 1.35; with the noise of `sample` it would be 0.67.

    Args:
        predict: The denoiser.
        known: Values, of which the missing ones are not used.
        missing: Which are missing: the same shape, bool.
        objective: What the denoiser predicts.
        steps: How many noise levels.
        repeats: How often each is visited.
    """
    times = _times(objective, steps)[::-1]

    def step(number: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        example, _ = _estimates(predict, x, times[number // repeats], objective)
        alpha, sigma = objective.levels(times[(number + 1) // repeats])
        example = tf.where(missing, example, known)
        return number + 1, alpha * example + sigma * _noise(known, number + 1)

    start = tf.constant(0), _noise(known, tf.constant(0))
    return tf.while_loop(lambda number, _: number < steps * repeats, step, start)[1]


def _noise(like: Tensor, number: Tensor) -> Tensor:
    """Return noise that depends on the number of a step alone."""
    return tf.random.stateless_normal(tf.shape(like), tf.stack([0, number]))


def _times(objective: Objective, steps: int) -> Tensor:
    """Return equally spaced times from 0 to the last: (steps + 1,)."""
    return tf.linspace(0.0, objective.last, steps + 1)


def _estimates(predict: Predict, x: Tensor, t: Tensor, objective: Objective) -> tuple[Tensor, Tensor]:
    """Return the example and the noise that a denoiser sees in x_t."""
    alpha, sigma = objective.levels(t)
    return objective.estimate(predict(x, t), x, alpha, sigma)
