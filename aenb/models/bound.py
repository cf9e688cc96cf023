"""The bounds on log p(x) that a variational autoencoder maximises, with the options for its KL: see `vae`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aenb.core.backend import Model, Tensor, keras
from aenb.core.errors import AenbError
from aenb.models.architecture.parts import with_labels
from aenb.models.codes.latent_priors import LOG_2PI, LatentPrior
from aenb.models.losses.likelihoods import Likelihood, kl, moved_log_var
from aenb.models.losses.perceptual import distance
from aenb.models.losses.total_correlation import decompose
from aenb.models.players.patch_discriminator import Patches
from aenb.models.players.training_step import Batch

TERMS = ("loss", "reconstruction_loss", "kl_loss")
LEAST_VARIANCE = 0.01  # of a number in a mixed table, so that one that is easy to predict does not drown the others


@dataclass(frozen=True)
class Bound:
    """The bound on log p(x), with the options for its KL.

    Attributes:
        likelihood: log p(x | η).
        parameter: Decoder inputs → η.
        variance: The variance of a Gaussian likelihood; None: learned.
        beta: A hyperparameter of `vae`, as are the attributes below.
        prior: p(z), if it is learnt; None: N(0, I).
        perceptual: The weight of the perceptual distance.
        patches: The adversarial loss on patches; None: there is none.
        total_correlation: The weight of this part of the KL.
    """

    likelihood: Likelihood
    parameter: Callable[[Tensor], Tensor]
    variance: float | None = None
    beta: float = 1.0
    kl_warmup: int = 0
    kl_cycles: int = 1
    free_bits: float = 0.0
    capacity: float | None = None
    num_samples: int = 1
    prior: LatentPrior | None = None
    perceptual: float = 0.0
    patches: Patches | None = None
    total_correlation: float = 1.0

    @property
    def terms(self) -> tuple[str, ...]:
        """The names of what `loss` returns."""
        added = {
            "total_correlation": self.total_correlation != 1,
            "perceptual_loss": self.perceptual,
            "adversarial_loss": self.patches,
        }
        return (*TERMS, *(name for name, is_used in added.items() if is_used))

    def loss(self, net: Model, batch: Batch) -> dict[str, Tensor]:
        """Return the loss of a batch, and its unweighted terms: −E_q[log p(x|z)], KL(q(z|x) ‖ p(z)), the distance."""
        ops, k = keras.ops, self.num_samples
        mean, log_var = posterior(net, batch)  # (batch, latent_dim) each
        if self.prior is not None and batch.training:
            self.prior.update(net, batch)
        z, log_ratio = self._draw(net, mean, log_var, k, net.seeds)  # (k, batch, latent_dim), (k, batch)
        eta = self._decoded(net, z, batch)  # (k, batch, *item_shape)
        log_px = self._log_px(net, batch, eta, self.likelihood.weights)  # (k, batch)
        log_w = log_px + log_ratio
        log_sum = ops.logsumexp(log_w, axis=0)  # (batch,)
        if self.is_variance_learned and batch.training:
            is_shared = self.likelihood.weights is None
            _update_variance(net, batch, eta, ops.exp(log_w - log_sum), is_shared=is_shared)
        # (latent_dim,), or (1,) of all dimensions
        kls = ops.mean(kl(mean, log_var), axis=0) if self.prior is None else ops.reshape(-ops.mean(log_ratio), (1,))
        reconstruction = -ops.mean(log_px)
        if k == 1:
            loss = reconstruction + self._kl_weight(net.step) * self._kl_penalty(kls)
        else:
            loss = math.log(k) - ops.mean(log_sum)
        terms = {"loss": loss, "reconstruction_loss": reconstruction, "kl_loss": ops.sum(kls)}
        if self.total_correlation != 1:
            found = decompose(z[0], mean, log_var).total_correlation
            added = self._kl_weight(net.step) * (self.total_correlation - 1) * found
            terms |= {"loss": terms["loss"] + added, "total_correlation": found}
        if self.perceptual:
            terms = self._with_perceptual(net, batch, eta, terms)
        return self._with_adversarial(net, batch, eta, terms) if self.patches else terms

    def _images(self, eta: Tensor, batch: Batch) -> Tensor:
        """Return the means of p(x|z), with 0 for missing pixels: (k, batch, *item_shape) → (k · batch, *item_shape)."""
        image = self.likelihood.mean(eta) if self.likelihood.mean else eta
        if self.likelihood.parameter and not self.likelihood.mean:  # of a Bernoulli, η is the logit
            image = keras.ops.sigmoid(eta)
        return keras.ops.reshape(image * batch.observed, (-1, *eta.shape[2:]))

    def reconstructed(self, net: Model, batch: Batch) -> Tensor:
        """Return the means of p(x|z) for a code of each example: (batch, *item_shape)."""
        z, _ = self._draw(net, *posterior(net, batch), 1, net.seeds)
        return self._images(self._decoded(net, z, batch), batch)

    def _with_adversarial(self, net: Model, batch: Batch, eta: Tensor, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """Add the adversarial loss to the loss, and to the terms, as it is weighted."""

        def reconstruction(eta: Tensor) -> Tensor:
            return -keras.ops.mean(self._log_px(net, batch, eta, self.likelihood.weights))

        found = self.patches.loss(net, eta, reconstruction, lambda eta: self._images(eta, batch))
        return terms | {"loss": terms["loss"] + found, "adversarial_loss": found}

    def _with_perceptual(self, net: Model, batch: Batch, eta: Tensor, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """Add the perceptual distance to the loss, and to the terms, where it is unweighted."""
        ops, shape = keras.ops, eta.shape[2:]
        image = self._images(eta, batch)
        targets = ops.reshape(ops.broadcast_to(batch.y, ops.shape(eta)), (-1, *shape))
        found = ops.mean(distance(targets, image))
        scale = math.prod(shape) * (ops.exp(-self._log_var(net)) / 2 if self.likelihood.has_variance else 1.0)
        return terms | {"loss": terms["loss"] + self.perceptual * scale * found, "perceptual_loss": found}

    def _draw(
        self, net: Model, mean: Tensor, log_var: Tensor, k: int, seeds: keras.random.SeedGenerator
    ) -> tuple[Tensor, Tensor]:
        """Draw z = µ + σ ε, k codes from each q(z|x): (k, batch, latent_dim); and log p(z) − log q(z|x), (k, batch)."""
        ops = keras.ops
        noise = keras.random.normal((k, *ops.shape(mean)), seed=seeds)
        z = mean + ops.exp(log_var / 2) * noise
        if self.prior is None:  # the constants are the same
            return z, 0.5 * ops.sum(ops.square(noise) + log_var - ops.square(z), axis=-1)
        log_q = -0.5 * ops.sum(ops.square(noise) + log_var + LOG_2PI, axis=-1)
        return z, self.prior.log_density(net, z) - log_q

    def _decoded(self, net: Model, z: Tensor, batch: Batch) -> Tensor:
        """Decode codes: (k, batch, latent_dim) → η, (k, batch, *item_shape)."""
        k, _, size = z.shape
        labels = None if batch.labels is None else keras.ops.tile(batch.labels, (k, 1))
        eta = self.parameter(with_labels(keras.ops.reshape(z, (-1, size)), labels))
        return keras.ops.cast(keras.ops.reshape(eta, (k, -1, *eta.shape[1:])), "float32")

    def _log_px(self, net: Model, batch: Batch, eta: Tensor, weights: tuple[float, ...] | None = None) -> Tensor:
        """Return log p(x|z), summed over the observed entries of each example, with their weights: (k, batch)."""
        variance = (self._log_var(net),) if self.likelihood.has_variance else ()
        observed = batch.observed if weights is None else batch.observed * np.array(weights, "float32")
        return _sums(observed * self.likelihood.log_prob(batch.y, eta, *variance))

    def _log_var(self, net: Model) -> Tensor:
        return net.own["log_var"] if self.is_variance_learned else math.log(self.variance)

    @property
    def is_variance_learned(self) -> bool:
        """Whether the likelihood has a variance that is learned."""
        return self.likelihood.has_variance and self.variance is None

    def _kl_weight(self, step: Tensor) -> Tensor:
        """Return the weight of the KL at a training step."""
        if not self.kl_warmup:
            return self.beta
        step = keras.ops.cast(step, "float32")
        if self.kl_cycles > 1:
            period, num_before = 2 * self.kl_warmup, 2 * self.kl_warmup * (self.kl_cycles - 1)
            step = keras.ops.where(step < num_before, step % period, step - num_before)
        return self.beta * keras.ops.minimum(1.0, step / self.kl_warmup)

    def _kl_penalty(self, kls: Tensor) -> Tensor:
        """Return the penalty from the mean KL of each dimension: (latent_dim,) → ()."""
        if self.capacity is not None:
            return keras.ops.abs(keras.ops.sum(kls) - self.capacity)
        return keras.ops.sum(keras.ops.maximum(kls, self.free_bits) if self.free_bits else kls)

    def evidence(self, net: Model, batch: Batch, k: int, seeds: keras.random.SeedGenerator) -> tuple[Tensor, Tensor]:
        """Draw k codes per example; return log p(x|z) and log p(z) − log q(z|x), (k, batch) each; the sum is log w."""
        z, log_ratio = self._draw(net, *posterior(net, batch), k, seeds)
        return self._log_px(net, batch, self._decoded(net, z, batch)), log_ratio

    def decode(self, net: Model, codes: Tensor, labels: Tensor | None) -> Tensor:
        """Decode latent codes to means, if they are not the output of the decoder."""
        return self.likelihood.mean(self.parameter(with_labels(codes, labels)))

    def check(self) -> None:
        """Check for hyperparameters that exclude each other.

        Raises:
            AenbError: Two hyperparameters exclude each other.
        """
        changed = {"beta": self.beta != 1, "kl_warmup": self.kl_warmup, "free_bits": self.free_bits,
                   "capacity": self.capacity is not None, "total_correlation": self.total_correlation != 1}  # fmt: skip
        named = ", ".join(f"`{name}`" for name, is_changed in changed.items() if is_changed)
        if self.num_samples > 1 and named:
            raise AenbError(
                f"`num_samples`: expected 1 together with {named}, since the importance-weighted bound has no KL term "
                f"to be weighted; received {self.num_samples}."
            )
        if self.prior is not None and self.total_correlation != 1:
            raise AenbError('`total_correlation`: expected 1 with a learnt prior, of which the KL has no such parts; '
                            f"received {self.total_correlation:g}.")  # fmt: skip
        if self.prior is not None and self.free_bits:
            raise AenbError("`free_bits`: expected none with a learnt prior, since its KL has no parts for each "
                            f"dimension; received {self.free_bits:g}.")  # fmt: skip
        if self.capacity is not None and self.free_bits:
            raise AenbError("`capacity`: expected None together with `free_bits`: each says how large the KL is to be.")


def posterior(net: Model, batch: Batch) -> tuple[Tensor, Tensor]:
    """Encode a batch: return the means and log variances of q(z|x), (batch, latent_dim) each, float32."""
    mean, log_var = net.encoder(with_labels(batch.x, batch.labels))
    return keras.ops.cast(mean, "float32"), keras.ops.cast(log_var, "float32")


def _update_variance(net: Model, batch: Batch, mean: Tensor, shares: Tensor, *, is_shared: bool) -> None:
    """Move the learned variance towards the mean squared error of a batch.

    Args:
        net: The model, with the weight "log_var".
        batch: The batch.
        mean: (k, batch, *item_shape), the output of the decoder.
        shares: (k, batch), the weights of the k codes of each example; their sum is 1.
        is_shared: Whether all entries have one variance; otherwise each has its own.
    """
    ops = keras.ops
    if not is_shared:  # (width,)
        errors = ops.sum(shares[..., None] * batch.observed * ops.square(batch.y - mean), axis=(0, 1))
        error = errors / ops.maximum(ops.sum(batch.observed, axis=0), 1.0)
        net.own["log_var"].assign(moved_log_var(net.own["log_var"], error, net.step, LEAST_VARIANCE))
        return
    errors = ops.sum(shares * _sums(batch.observed * ops.square(batch.y - mean)))
    error = errors / ops.maximum(ops.sum(batch.observed), 1.0)
    net.own["log_var"].assign(moved_log_var(net.own["log_var"], error, net.step))


def _sums(entries: Tensor) -> Tensor:
    """Sum over the entries of each example: (k, batch, *item_shape) → (k, batch)."""
    return keras.ops.sum(entries, axis=tuple(range(2, len(entries.shape))))
