"""Likelihoods: log p(x|z) for different kinds of values x, in nats, for each entry.

    bernoulli                x η − log(1 + e^η),                       x ∈ {0, 1}
    continuous_bernoulli     x η − A(η),  A(η) = log((e^η − 1) / η),   x ∈ [0, 1]
    gaussian                 −½ (log 2πσ² + (x − µ)² / σ²),            x ∈ ℝ
    categorical              log softmax(η)ₓ,                          x ∈ {1, …, V − 1}

The continuous Bernoulli is from Loaiza-Ganem & Cunningham (2019), arXiv 1907.06845: with λ = 1 / (1 + e^−η) its
density is C(λ) λˣ (1 − λ)¹⁻ˣ, and its mean A'(η) is not λ. A decoder outputs its last activation of η:
λ, the probabilities of tokens, or µ itself. Densities are computed from η, to be precise if λ is near 0 or 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aenb.core.backend import Model, Tensor, keras
from aenb.core.errors import AenbError

CLIP = 1e-6  # least distance of probabilities from 0 and 1, if a decoder has no logits
SMALL = 0.5  # |η| below which A(η) is computed by its series
FLOOR = 1e-6  # smallest learned variance: about that of rounding to 255ths
VARIANCE_RATE = 0.05  # rate of the moving average of a learned variance


def bernoulli(x: Tensor, logits: Tensor) -> Tensor:
    """Return log p(x | η): x in {0, 1}, or probabilities of 1, and η of the same shape → the same shape."""
    return x * logits - keras.ops.softplus(logits)


def continuous_bernoulli(x: Tensor, logits: Tensor) -> Tensor:
    """Return the log density of x in [0, 1]: x and η of the same shape → the same shape.

    Example:
        >>> import numpy as np
        >>> float(continuous_bernoulli(np.float32(0.3), np.float32(0)))  # λ = ½: uniform
        0.0
    """
    ops = keras.ops
    size, is_small = _size(logits)
    series = logits / 2 + logits**2 / 24 - logits**4 / 2880
    whole = ops.maximum(logits, 0.0) + ops.log(-ops.expm1(-size)) - ops.log(size)
    return x * logits - ops.where(is_small, series, whole)


def continuous_bernoulli_mean(logits: Tensor) -> Tensor:
    """Return the mean of a continuous Bernoulli, A'(η) in [0, 1]: η of any shape → the same shape."""
    ops = keras.ops
    size, is_small = _size(logits)
    series = 0.5 + logits / 12 - logits**3 / 720 + logits**5 / 30240
    above = -1 / ops.expm1(-size) - 1 / size
    return ops.where(is_small, series, ops.where(logits > 0, above, 1 - above))


def gaussian(x: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    """Return the log density of x: x and µ of the same shape, log σ² of a shape that broadcasts → the same shape."""
    return -0.5 * (math.log(2 * math.pi) + log_var + keras.ops.square(x - mean) * keras.ops.exp(-log_var))


def moved_log_var(log_var: Tensor, error: Tensor, step: Tensor, floor: float = FLOOR) -> Tensor:
    """Move the learned log σ² of a Gaussian towards its optimum for a batch.

    Rybkin, Daniilidis & Levine (2021), arXiv 2006.13202: the optimal variance has a closed form, the mean squared
    error. By gradients, it would take thousands of steps of Adam, since the length of each is at most the learning
    rate.

    Args:
        log_var: Its current value.
        error: The mean squared error of the batch.
        step: The number of training steps so far.
        floor: The smallest variance.
    """
    ops = keras.ops
    rate = ops.maximum(VARIANCE_RATE, 1 / (ops.cast(step, "float32") + 1))  # initially the mean of all errors so far
    before = ops.exp(log_var)
    return ops.log(ops.maximum(before + rate * (error - before), floor))


def categorical(x: Tensor, logits: Tensor) -> Tensor:
    """Return log p(x | η) of tokens: x (…, length), integers, and η (…, length, vocabulary) → (…, length)."""
    tokens = keras.ops.broadcast_to(x, keras.ops.shape(logits)[:-1])
    return -keras.ops.sparse_categorical_crossentropy(tokens, logits, from_logits=True)


def kl(z_mean: Tensor, z_log_var: Tensor) -> Tensor:
    """Return KL(N(µ, σ²) ‖ N(0, 1)) in nats, for each dimension: (…, latent_dim) twice → (…, latent_dim)."""
    return 0.5 * (keras.ops.square(z_mean) + keras.ops.exp(z_log_var) - 1 - z_log_var)


def _size(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Return |η|, with 1 in place of small values, to avoid infinite gradients; and which values are small."""
    size = keras.ops.abs(logits)
    is_small = size < SMALL
    return keras.ops.where(is_small, keras.ops.ones_like(size), size), is_small


def _logit(probability: Tensor) -> Tensor:
    inside = keras.ops.clip(probability, CLIP, 1 - CLIP)
    return keras.ops.log(inside) - keras.ops.log1p(-inside)


def _log(probability: Tensor) -> Tensor:
    return keras.ops.log(keras.ops.clip(probability, CLIP, 1.0))


@dataclass(frozen=True)
class Likelihood:
    """A distribution of the entries of an example, given the output of a decoder.

    Attributes:
        log_prob: (x, η) → log p(x | η) of each entry; for a Gaussian, (x, µ, log σ²).
        last: The decoder's last activation; None: by the range of the data.
        parameter: Decoder output → η; None: they are the same.
        mean: η → the mean; None: it is the decoder output.
        has_variance: Whether `log_prob` takes log σ².
        weights: Of each entry in the loss, for mixed tables; None: all count alike. Each entry then has its own σ².
    """

    log_prob: Callable[..., Any]
    last: str | None = None
    parameter: Callable[[Any], Any] | None = None
    mean: Callable[[Any], Any] | None = None
    has_variance: bool = False
    weights: tuple[float, ...] | None = None


LIKELIHOODS = {
    "bernoulli": Likelihood(bernoulli, "sigmoid", _logit),
    "continuous_bernoulli": Likelihood(continuous_bernoulli, "sigmoid", _logit, continuous_bernoulli_mean),
    "gaussian": Likelihood(gaussian, has_variance=True),
    "categorical": Likelihood(categorical, "softmax", _log),
}

CHOSEN = {
    "binary": ("bernoulli", "The values are 0 and 1, so the likelihood is bernoulli."),
    "unit": (
        "gaussian",
        "The values are continuous, in [0, 1], so the likelihood is gaussian, with a learned variance "
        '(likelihood = "continuous_bernoulli" is the other one for such values).',
    ),
    "real": ("gaussian", "The values are real numbers, so the likelihood is gaussian, with a learned variance."),
    "tokens": ("categorical", "The examples are tokens, so the likelihood is categorical."),
}
PROBABILITIES = (
    "The likelihood bernoulli takes values between 0 and 1 for probabilities: the loss is a cross-entropy, and its "
    'numbers are no log-likelihoods of such values (those of likelihood = "continuous_bernoulli" are).'
)


def choose_likelihood(asked: str | None, support: str, variance: float | None) -> tuple[str, tuple[str, ...]]:
    """Choose the likelihood that fits the values of the data.

    Args:
        asked: A name of `LIKELIHOODS`; None: the one that fits.
        support: "binary", "unit", "real" or "tokens".
        variance: The variance of a Gaussian; None: learned.

    Returns:
        Its name, and notes on the choice.

    Raises:
        AenbError: The likelihood does not fit the data, or has no variance.

    Example:
        >>> choose_likelihood(None, "binary", None)[0]
        'bernoulli'
    """
    name, note = CHOSEN[support] if asked is None else (asked, "")
    if (name == "categorical") != (support == "tokens"):
        fits = "categorical, for tokens" if support == "tokens" else "gaussian, or one of those for values in [0, 1]"
        raise AenbError(f"`likelihood`: expected {fits}; received {name}.")
    if support == "real" and name != "gaussian":
        raise AenbError(
            f"`likelihood`: expected gaussian, since the values are real numbers; received {name}, for values in "
            "[0, 1]. Scale the data to [0, 1] as images, or use gaussian."
        )
    if variance is not None and name != "gaussian":
        raise AenbError(f"`variance`: expected the likelihood gaussian; received {name}, which has none.")
    if asked is None and variance is not None:
        note = f"The values are continuous, so the likelihood is gaussian, with the variance {variance:g}."
    if name == "bernoulli" and support == "unit":
        note = PROBABILITIES
    return name, (note,) if note else ()


def parameter_of(decoder: Model, likelihood: Likelihood) -> Callable[..., Tensor]:
    """Return a function from a decoder's inputs to η: the decoder without its last activation, if that is a layer."""
    if likelihood.parameter is None:
        return decoder
    last = decoder.layers[-1]
    has_activation = isinstance(last, keras.layers.Activation) and last.output is decoder.outputs[0]
    if has_activation and last.activation is keras.activations.get(likelihood.last):
        return keras.Model(decoder.input, last.input)
    return lambda inputs, **given: likelihood.parameter(keras.ops.cast(decoder(inputs, **given), "float32"))
