"""The loss of the best linear denoiser, a baseline of denoisers as PCA is of autoencoders."""

from __future__ import annotations

import numpy as np

from aenb.models.denoisers.noise_schedule import OBJECTIVES

TIMES = 1000  # at which the loss is averaged


def gaussian_denoising_loss(variances: np.ndarray, objective: str) -> float:
    """Return the loss of the denoiser that knows only the mean and the covariance of the data, from 0 to 1 or so.

    It is the perfect one for a Gaussian. With x_t = α x + σ ε and the variance λ of x along a principal direction,
    Var(x | x_t) = λ σ² / (α² λ + σ²), so that the variance of what it can't predict is α² λ / (α² λ + σ²) for the
    noise, and λ / (α² λ + σ²) for v and for the velocity of a flow.

    Args:
        variances: (n,), of the data along its principal directions.
        objective: "v", "noise" or "flow".

    Returns:
        The squared error, a mean over times and directions.

    Example:
        >>> round(gaussian_denoising_loss(np.ones(3), "v"), 3), round(gaussian_denoising_loss(np.zeros(3), "v"), 3)
        (1.0, 0.0)
    """
    levels, last = OBJECTIVES[objective].levels, OBJECTIVES[objective].last
    times = (np.arange(TIMES, dtype="float32")[:, None] + 0.5) / TIMES * last
    alpha, sigma = (np.asarray(level, "float64") for level in levels(times))  # (TIMES, 1)
    lost = variances / (alpha**2 * variances + sigma**2)  # (TIMES, n)
    return float((alpha**2 * lost if objective == "noise" else lost).mean())
