"""Rows of a mixed table: the heads of a decoder, and one loss for each kind of column, all in nats.

A decoder gives the parameters of a distribution for each column (`core.layout` has the entries):

    gaussian      µ                                            ½ (x − µ)²
    bernoulli     2p − 1 = tanh η                              −log p, or −log (1 − p)
    count         (log(1 + λ) − m) / s                         c log(c/λ) + (c + 1/α) log((1/α + λ) / (1/α + c))
    ordinal       2cⱼ − 1,  cⱼ = p(level > j) = Πᵢ₌₀ʲ σ(ηᵢ)      −log (cₗ₋₁ − cₗ),  l the level
    categorical   p = softmax(η)                               −log pₗ

The losses are half the deviance (McCullagh & Nelder 1989, "Generalized linear models"): −log p(x) minus its least
value, that of a perfect prediction. So a number at its mean costs ½ nat on average, since columns are standardised, and
a category predicted by its frequencies costs its entropy. Counts are negative binomial, with α found by the method of
moments, or Poisson if they do not vary more (α → 0). The ordinal distribution is the sequential one (Tutz 1991): at
each level, does it go on to the next?

So that no kind drowns another, the loss of column i has a weight, wᵢ ∝ 1/bᵢ, where bᵢ is its loss when it is predicted
by its own distribution, without the others: every column then starts at the same loss, and wᵢ (bᵢ − loss) is McFadden's
pseudo-R² (1974) up to a constant, which for numbers is R². A column with bᵢ under a tenth of a nat, such as a category
of which 99 % have one level, weighs less. The weights leave Σ bᵢ unchanged, so the KL of a VAE keeps its share. Scores
by evidence, such as the ELBO, are without weights.
"""

from __future__ import annotations

import math

import numpy as np

from aenb.core.backend import Tensor, keras
from aenb.core.layout import KINDS, Layout
from aenb.models.losses.likelihoods import Likelihood, gaussian

CLIP = 1e-7  # least probability
LEAST_RATE = 1e-4  # of a count
POISSON = 1e-3  # dispersion below which a count is Poisson
SERIES = 8  # log Γ is computed by Stirling's series from here


def half_deviance(x: Tensor, output: Tensor, layout: Layout) -> Tensor:
    """Return the loss of each entry, in nats; those of a column's entries sum to its loss.

    Args:
        x: (…, width), rows, with any finite number for missing values.
        output: (…, width), the outputs of a decoder.
        layout: The layout of both.

    Returns:
        (…, width), float32, to be masked if a value is missing.
    """
    losses = {
        "gaussian": lambda x, mean: 0.5 * keras.ops.square(x - mean),
        "bernoulli": lambda x, signed: -_bernoulli(x, signed),
        "count": lambda x, mean: _count_deviance(x, mean, layout),
        "ordinal": lambda x, above: -_ordinal(x, above, layout),
        "categorical": lambda x, p: -x * _log(p),
    }
    return _by_kind(losses, x, output, layout)


def mean_loss(x: Tensor, output: Tensor, observed: Tensor, layout: Layout) -> Tensor:
    """Return the mean loss of the observed values, weighted by column, in nats.

    Args:
        x: (batch, width), rows, with any finite number for missing values.
        output: (batch, width), the outputs of a decoder.
        observed: (batch, width), 1 for observed entries, else 0.
        layout: The layout of all three.

    Returns:
        A scalar, the mean over rows and columns.
    """
    ops = keras.ops
    shares = np.array([1 / block.width for block in layout.blocks for _ in range(block.width)], "float32")
    total = ops.sum(observed * np.array(layout.weights, "float32") * half_deviance(x, output, layout))
    return total / ops.maximum(ops.sum(observed * shares), 1.0)


def likelihood(layout: Layout) -> Likelihood:
    """Return the likelihood of rows: log p(x|z) of each entry, with a variance for each number."""

    def log_prob(x: Tensor, output: Tensor, log_var: Tensor) -> Tensor:
        log_var = keras.ops.broadcast_to(log_var, (layout.width,))
        numbers = layout.slices.get("gaussian", slice(0, 0))
        kinds = {
            "gaussian": lambda x, mean: gaussian(x, mean, log_var[numbers]),
            "bernoulli": _bernoulli,
            "count": lambda x, mean: _saturated(x, layout) - _count_deviance(x, mean, layout),
            "ordinal": lambda x, above: _ordinal(x, above, layout),
            "categorical": lambda x, p: x * _log(p),
        }
        return _by_kind(kinds, x, output, layout)

    return Likelihood(log_prob, "linear", has_variance=True, weights=layout.weights)


def _by_kind(functions: dict, x: Tensor, output: Tensor, layout: Layout) -> Tensor:
    """Apply to the entries of each kind its own function, and join the results."""
    output = keras.ops.cast(output, "float32")
    x = keras.ops.broadcast_to(keras.ops.cast(x, "float32"), keras.ops.shape(output))
    slices = layout.slices
    parts = [functions[kind](x[..., slices[kind]], output[..., slices[kind]]) for kind in KINDS if kind in slices]
    return keras.ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]


def _log(probability: Tensor) -> Tensor:
    return keras.ops.log(keras.ops.clip(probability, CLIP, 1.0))


def _bernoulli(x: Tensor, signed: Tensor) -> Tensor:
    """Return log p(x) of x = ±1 from 2p − 1."""
    return _log(0.5 * (1 + x * signed))


def _ordinal(x: Tensor, above: Tensor, layout: Layout) -> Tensor:
    """Return log p(level), from x = ±1, 1 for thresholds below the level, and 2 p(level > j) − 1."""
    x, above = (1 + x) / 2, (1 + above) / 2
    widths = [block.width for block in layout.of("ordinal")]
    starts = np.zeros(sum(widths), "float32")
    starts[np.cumsum([0, *widths[:-1]])] = 1
    before_x, before = (starts + (1 - starts) * keras.ops.roll(one, 1, axis=-1) for one in (x, above))
    onward = keras.ops.clip(above / keras.ops.maximum(before, 1e-30), CLIP, 1 - CLIP)  # p(level > j | level ≥ j)
    return x * keras.ops.log(onward) + (before_x - x) * keras.ops.log1p(-onward)


def _counts(x: Tensor, layout: Layout) -> tuple[Tensor, np.ndarray]:
    """Return counts from their entries, and 1/α of each column."""
    blocks = layout.of("count")
    shift, scale = (np.array([getattr(block, name) for block in blocks], "float32") for name in ("shift", "scale"))
    size = np.array([1 / max(block.dispersion, 1e-8) for block in blocks], "float32")
    return keras.ops.expm1(keras.ops.maximum(x * scale + shift, 0.0)), size


def _count_deviance(x: Tensor, mean: Tensor, layout: Layout) -> Tensor:
    """Return half the deviance of a negative binomial; for large 1/α, that of a Poisson distribution."""
    ops = keras.ops
    (count, size), (rate, _) = _counts(x, layout), _counts(mean, layout)
    count, rate = ops.round(count), ops.maximum(rate, LEAST_RATE)
    ratio = ops.maximum(count, 1.0) / rate  # where the count is 0, its term is 0 too
    return count * ops.log(ratio) + (count + size) * ops.log1p((rate - count) / (count + size))


def _saturated(x: Tensor, layout: Layout) -> Tensor:
    """Return the log probability of a count whose rate is the count itself."""
    ops = keras.ops
    count, size = _counts(x, layout)
    count = ops.round(count)
    dispersion = np.array([block.dispersion for block in layout.of("count")])
    is_poisson = dispersion < POISSON
    size = np.where(is_poisson, 1.0, size).astype("float32")  # not used where it is 1
    log_count = ops.log(ops.maximum(count, 1.0))
    poisson = count * log_count - count
    binomial = (
        log_gamma(count + size) - log_gamma(ops.convert_to_tensor(size))
        + size * np.log(size) + count * log_count - (size + count) * ops.log(size + count)
    )  # fmt: skip
    return ops.where(is_poisson, poisson, binomial) - log_gamma(count + 1.0)


def log_gamma(x: Tensor) -> Tensor:
    """Return log Γ(x) for x > 0, by Stirling's series at x + 8; Keras has no such function."""
    ops = keras.ops
    product = sum(ops.log(x + step) for step in range(SERIES))
    y = x + SERIES
    series = 1 / (12 * y) - 1 / (360 * y**3)
    return (y - 0.5) * ops.log(y) - y + 0.5 * math.log(2 * math.pi) + series - product
