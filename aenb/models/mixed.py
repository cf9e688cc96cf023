"""Rows of a mixed table: the heads of a decoder, and one loss for each kind of column, all in nats.

A decoder gives the parameters of a distribution for each column (`core.layout` has the entries):

    gaussian      µ                                    ½ (x − µ)²
    bernoulli     2p − 1 = tanh η                      −log p, or −log (1 − p)
    count         (log(1 + λ) − m) / s                 c log(c/λ) + (c + 1/α) log((1/α + λ) / (1/α + c))
    ordinal       cⱼ = p(level > j) = Πᵢ₌₀ʲ σ(ηᵢ)      −log (cₗ₋₁ − cₗ),  l the level
    categorical   p = softmax(η)                       −log pₗ

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
from aenb.models import layers
from aenb.models.likelihoods import Likelihood, gaussian

CLIP = 1e-7  # least probability
LEAST_RATE = 1e-4  # of a count
POISSON = 1e-3  # dispersion below which a count is Poisson
SERIES = 8  # log Γ is computed by Stirling's series from here


def heads(x: Tensor, layout: Layout) -> Tensor:
    """Return the decoder's outputs for a row: (batch, features) → (batch, width), by stock layers.

    They are in the units of the inputs: the means of numbers, probabilities of levels, log(1 + rate) of counts.
    """
    outputs = []
    if "gaussian" in layout.slices:
        outputs.append(layers.dense(sum(block.width for block in layout.of("gaussian")), "linear", "gaussian")(x))
    if (number := len(layout.of("bernoulli"))) > 0:
        outputs.append(layers.dense(number, "tanh", "bernoulli")(x))
    if counts := layout.of("count"):
        shift, scale = [block.shift for block in counts], [block.scale for block in counts]
        log_rate = keras.layers.Rescaling(scale, shift, name="log_rate")(
            layers.dense(len(counts), "linear", "count")(x)
        )
        rate = keras.layers.Activation("softplus", name="log_of_1_and_rate")(log_rate)  # log(1 + λ), λ = e^η
        back = [1 / one for one in scale], [-one / other for one, other in zip(shift, scale, strict=True)]
        outputs.append(keras.layers.Rescaling(*back, name="standardised_rate")(rate))
    outputs += [_levels(x, *run) for run in layout.runs() if run[0] in ("ordinal", "categorical")]
    return keras.layers.Concatenate(name="output")(outputs) if len(outputs) > 1 else outputs[0]


def _levels(x: Tensor, kind: str, width: int, number: int) -> Tensor:
    """Return the outputs of several columns with equally many levels: (batch, number · width)."""
    name = f"{kind}_{width}"
    is_ordinal = kind == "ordinal"
    x = keras.layers.Dense(number * width, "sigmoid" if is_ordinal else None, name=name)(x)
    x = keras.layers.Reshape((number, width), name=f"{name}_columns")(x)
    x = keras.ops.cumprod(x, axis=-1) if is_ordinal else keras.layers.Softmax(name=f"{name}_levels")(x)
    return keras.layers.Reshape((number * width,), name=f"{name}_flat")(x)


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
    """Return log p(level), from x = 1 for the thresholds below the level and the probabilities to be above them."""
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
