"""Priors over latent codes that are learnt along with a variational autoencoder, in place of N(0, I).

`VampPrior`, Tomczak & Welling (2018), "VAE with a VampPrior", arXiv 1705.07120: the mean of the posteriors of K
pseudo-inputs u, which are learnt by gradients, and are training examples at first:

    p(z) = 1/K Σₖ N(z; µ(uₖ), diag σ²(uₖ)),     with µ and σ² of the encoder

`FlowPrior`, Dinh, Sohl-Dickstein & Bengio (2017), "Density estimation using Real NVP", arXiv 1605.08803: an invertible
map f of affine couplings. Each leaves one half a of the code as it is, and scales and shifts the other, b:

    b ← b exp s(a) + t(a),     log p(z) = log N(f(z); 0, I) + Σ s
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from aenb.core.backend import Model, Tensor, keras
from aenb.core.errors import AenbError
from aenb.models.players.training_step import Batch

COUPLINGS, UNITS, LARGEST = 6, 64, 2.0  # of a flow: couplings, their hidden units, and the largest |s|
LOG_2PI = math.log(2 * math.pi)
PSEUDO_INPUTS, COUNT = "pseudo_inputs", "pseudo_inputs_set"  # weights of the network


class LatentPrior(Protocol):
    """A learnt prior."""

    @property
    def trained(self) -> tuple[str, ...]:
        """The names of the weights and parts that it adds to the network, and that are trained."""

    def weights(self) -> Mapping[str, np.ndarray | float]:
        """Return the weights that it adds to the network."""

    def parts(self) -> dict[str, Model]:
        """Return the parts that it adds to the network."""

    def update(self, net: Model, batch: Batch) -> None:
        """Take from a training batch what is not learnt by gradients."""

    def log_density(self, net: Model, z: Tensor) -> Tensor:
        """Return log p(z) in nats: (…, latent_dim) → (…), float32."""

    def sample(self, net: Model, n: int, generator: np.random.Generator) -> np.ndarray:
        """Draw latent codes: (n, latent_dim), float32."""


@dataclass(frozen=True)
class VampPrior:
    """The mean of the posteriors of pseudo-inputs.

    Attributes:
        shape: The shape of the pseudo-inputs, (K, *item_shape).
        is_unit: Whether values are from 0 to 1, to which pseudo-inputs are clipped.
    """

    shape: tuple[int, ...]
    is_unit: bool

    @property
    def trained(self) -> tuple[str, ...]:
        """The names of the weights that are trained."""
        return (PSEUDO_INPUTS,)

    def weights(self) -> Mapping[str, np.ndarray | float]:
        """Return the pseudo-inputs, and how many of them are set: none before the first batch."""
        return {PSEUDO_INPUTS: np.zeros(self.shape, "float32"), COUNT: 0.0}

    def parts(self) -> dict[str, Model]:
        """Return no parts."""
        return {}

    def update(self, net: Model, batch: Batch) -> None:
        """Set the pseudo-inputs to the examples of the first batches, until all are set."""
        ops, before = keras.ops, net.own[COUNT].value
        size = ops.shape(batch.x)[0]
        place = ops.arange(self.shape[0]) - ops.cast(before, "int32")  # in the batch
        is_new = ops.reshape((place >= 0) & (place < size), (-1, *[1] * (len(self.shape) - 1)))
        examples = ops.take(batch.x, ops.clip(place, 0, size - 1), axis=0)
        net.own[PSEUDO_INPUTS].assign(ops.where(is_new, examples, net.own[PSEUDO_INPUTS].value))
        net.own[COUNT].assign(ops.minimum(before + ops.cast(size, "float32"), float(self.shape[0])))

    def components(self, net: Model) -> tuple[Tensor, Tensor]:
        """Return the means and log variances of the components, (K, latent_dim) each."""
        inputs = net.own[PSEUDO_INPUTS].value
        mean, log_var = net.encoder(keras.ops.clip(inputs, 0.0, 1.0) if self.is_unit else inputs)
        return keras.ops.cast(mean, "float32"), keras.ops.cast(log_var, "float32")

    def log_density(self, net: Model, z: Tensor) -> Tensor:
        """Return log p(z) in nats: (…, latent_dim) → (…), float32."""
        return mixture_log_density(z, *self.components(net))

    def sample(self, net: Model, n: int, generator: np.random.Generator) -> np.ndarray:
        """Draw latent codes: (n, latent_dim), float32."""
        mean, log_var = (np.asarray(values) for values in self.components(net))
        chosen = generator.integers(len(mean), size=n)
        noise = generator.standard_normal((n, mean.shape[1]), "float32")
        return mean[chosen] + np.exp(log_var[chosen] / 2) * noise


def mixture_log_density(z: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    """Return the log density of an even mixture of diagonal Gaussians: (…, size), (K, size) twice → (…), float32.

    It is computed by products of matrices in double precision, whose memory is that of one number for each code and
    component.

    Example:
        >>> import numpy as np
        >>> zero = np.zeros((1, 2), "float32")
        >>> round(float(mixture_log_density(zero[0], zero, zero)), 4)  # −log 2π
        -1.8379
    """
    ops, size = keras.ops, mean.shape[-1]
    flat = ops.cast(ops.reshape(z, (-1, size)), "float64")
    mean, log_var = ops.cast(mean, "float64"), ops.cast(log_var, "float64")
    precision = ops.exp(-log_var)
    squares = ops.matmul(ops.square(flat), ops.transpose(precision))
    products = ops.matmul(flat, ops.transpose(precision * mean))
    constants = ops.sum(precision * ops.square(mean) + log_var, axis=-1) + size * LOG_2PI
    log_components = products - 0.5 * (squares + constants)  # (codes, K)
    found = ops.logsumexp(log_components, axis=-1) - math.log(mean.shape[0])
    return ops.cast(ops.reshape(found, ops.shape(z)[:-1]), "float32")


@dataclass(frozen=True)
class FlowPrior:
    """Affine couplings, initially the identity: at first, the prior is N(0, I).

    Attributes:
        model: (batch, latent_dim) → f(z), of the same shape, and log |det ∂f/∂z|, (batch, 1).
    """

    model: Model

    @property
    def trained(self) -> tuple[str, ...]:
        """The name of the part that is trained."""
        return ("prior_model",)

    def weights(self) -> Mapping[str, np.ndarray | float]:
        """Return no weights but those of the part."""
        return {}

    def parts(self) -> dict[str, Model]:
        """Return the couplings."""
        return {"prior_model": self.model}

    def update(self, net: Model, batch: Batch) -> None:
        """Do nothing: all is learnt by gradients."""

    def log_density(self, net: Model, z: Tensor) -> Tensor:
        """Return log p(z) in nats: (…, latent_dim) → (…), float32."""
        ops, size = keras.ops, z.shape[-1]
        base, log_det = self.model(ops.reshape(z, (-1, size)))
        base, log_det = ops.cast(base, "float32"), ops.cast(log_det, "float32")
        found = log_det[:, 0] - 0.5 * ops.sum(ops.square(base) + LOG_2PI, axis=-1)
        return ops.reshape(found, ops.shape(z)[:-1])

    def sample(self, net: Model, n: int, generator: np.random.Generator) -> np.ndarray:
        """Draw latent codes: (n, latent_dim), float32."""
        return inverse(self.model, generator.standard_normal((n, self.model.input_shape[1]), "float32"))


def couplings(size: int) -> Model:
    """Build the affine couplings of a flow from stock layers, for codes of a size.

    Returns:
        A `keras.Model` named "prior_model", z (batch, size) → f(z), (batch, size), and log |det ∂f/∂z|, (batch, 1).

    Raises:
        AenbError: The codes have one dimension, which has no halves.
    """
    if size < 2:
        raise AenbError('`prior`: expected "standard" or "vamp" for a latent_dim of 1, which has no halves to couple; '
                        'received "flow".')  # fmt: skip
    layers, half = keras.layers, size // 2
    z = keras.Input((size,), name="code")
    a, b = z[:, :half], z[:, half:]
    log_dets = []
    for number in range(COUPLINGS):
        log_scale, shift = _conditioner(a.shape[-1], b.shape[-1], f"coupling_{number}")(a)
        b = layers.Add()([layers.Multiply()([b, layers.Activation("exponential")(log_scale)]), shift])
        log_dets.append(keras.ops.sum(log_scale, axis=-1, keepdims=True))
        a, b = b, a
    if COUPLINGS % 2:
        a, b = b, a
    return keras.Model(z, [layers.Concatenate()([a, b]), layers.Add()(log_dets)], name="prior_model")


def _conditioner(taken: int, given: int, name: str) -> Model:
    """Build the network of a coupling: one half → s and t of the other."""
    layers = keras.layers
    inputs = x = keras.Input((taken,))
    for _ in range(2):
        x = layers.Dense(UNITS, "silu", kernel_initializer="he_normal")(x)
    log_scale = layers.Dense(given, "tanh", kernel_initializer="zeros")(x)
    shift = layers.Dense(given, kernel_initializer="zeros")(x)
    return keras.Model(inputs, [layers.Rescaling(LARGEST)(log_scale), shift], name=name)


def inverse(model: Model, base: np.ndarray) -> np.ndarray:
    """Return the codes that `couplings` maps to some values: (n, size) → (n, size), float32."""
    half = base.shape[1] // 2
    a, b = base[:, :half], base[:, half:]
    if COUPLINGS % 2:
        a, b = b, a
    for number in reversed(range(COUPLINGS)):
        a, b = b, a
        log_scale, shift = (np.asarray(values) for values in model.get_layer(f"coupling_{number}")(a))
        b = (b - shift) * np.exp(-log_scale)
    return np.concatenate([a, b], axis=1).astype("float32")
