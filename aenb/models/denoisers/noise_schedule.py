"""How noise is mixed into an example over a time, and what a denoiser predicts from the mixture.

At a time t from 0 to 1, x_t = α(t) x + σ(t) ε with ε ~ N(0, I): an example at t = 0, and noise at t = 1.

    objective   α, σ                        the denoiser predicts
    noise       cosine, α² + σ² = 1         ε             Ho, Jain & Abbeel 2020, arXiv 2006.11239
    v           cosine, α² + σ² = 1         α ε − σ x     Salimans & Ho 2022, arXiv 2202.00512
    flow        straight, α = 1 − t, σ = t  ε − x         Lipman et al. 2023, arXiv 2210.02747

The cosine schedule (Nichol & Dhariwal 2021, arXiv 2102.09672) is α² = f(t) / f(0), f(t) = cos²(π/2 (t + s) / (1 + s)).
The score of noisy examples is ∇ log p(x_t) = −E[ε | x_t] / σ (Vincent 2011, "A connection between score matching and
denoising autoencoders"): each of the three predictions gives it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from aenb.core.backend import Tensor, keras

OFFSET = 0.008  # s
ALMOST = 0.995  # the last time of the cosine schedule: at 1, α = 0, and predicted noise would not give the example


def cosine(t: Tensor) -> tuple[Tensor, Tensor]:
    """Return α(t) and σ(t) of the cosine schedule.

    Example:
        >>> alpha, sigma = cosine(keras.ops.convert_to_tensor([0.0, 0.5]))
        >>> [f"{one:.2f}" for one in (*alpha.numpy(), *sigma.numpy())]
        ['1.00', '0.70', '0.00', '0.71']
    """
    ops, begin = keras.ops, math.pi / 2 * OFFSET / (1 + OFFSET)
    alpha = ops.cos(math.pi / 2 * (t + OFFSET) / (1 + OFFSET)) / math.cos(begin)
    return alpha, ops.sqrt(ops.maximum(1 - ops.square(alpha), 0.0))


def straight(t: Tensor) -> tuple[Tensor, Tensor]:
    """Return α(t) = 1 − t and σ(t) = t."""
    return 1 - t, t


class Objective(NamedTuple):
    """What a denoiser predicts.

    Attributes:
        levels: t → α, σ.
        last: The time at which sampling begins.
        target: (x, ε, α, σ) → the prediction of a perfect denoiser.
        estimate: (prediction, x_t, α, σ) → the example x and the noise ε that it implies.
    """

    levels: Callable[[Tensor], tuple[Tensor, Tensor]]
    last: float
    target: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
    estimate: Callable[[Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


OBJECTIVES = {
    "v": Objective(
        cosine,
        ALMOST,
        lambda x, noise, alpha, sigma: alpha * noise - sigma * x,
        lambda v, x_t, alpha, sigma: (alpha * x_t - sigma * v, sigma * x_t + alpha * v),
    ),
    "noise": Objective(
        cosine,
        ALMOST,
        lambda x, noise, alpha, sigma: noise,
        lambda noise, x_t, alpha, sigma: ((x_t - sigma * noise) / alpha, noise),
    ),
    "flow": Objective(
        straight,
        1.0,
        lambda x, noise, alpha, sigma: noise - x,
        lambda v, x_t, alpha, sigma: (x_t - sigma * v, x_t + alpha * v),
    ),
}
