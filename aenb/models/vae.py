"""The variational autoencoder: it encodes examples as distributions, and generates samples from a prior.

Kingma & Welling (2013), "Auto-encoding variational Bayes", arXiv 1312.6114; Rezende, Mohamed & Wierstra (2014), arXiv
1401.4082. An example is generated from a latent code z ~ p(z) = N(0, I) by the decoder, p(x|z) (`likelihoods`). The
encoder performs amortised inference: it computes the approximate posterior q(z|x) = N(µ(x), diag σ²(x)), which is
sampled with the reparameterisation trick, z = µ + σ ε.

    log p(x) ≥ E_q[log p(x|z)] − KL(q(z|x) ‖ p(z)),     z = µ + σ ε,  ε ~ N(0, I)
    KL = Σⱼ KLⱼ = ½ Σⱼ (µⱼ² + σⱼ² − 1 − log σⱼ²)

The loss is minus this bound, the ELBO, in nats: the sum over entries, the mean over the batch. Encoder and decoder
minimise it together, and it is reported with its two terms (`training_step`). Only σ² of a Gaussian p(x|z) is not
learned by gradients: it follows the mean squared error by a moving average. Other KL weights:

    β KL,             β rising from 0 over `kl_warmup` steps    Higgins et al. 2017; Bowman et al. 2015, 1511.06349
    β Σⱼ max(λ, KLⱼ),  λ = `free_bits`, KLⱼ the batch mean      Kingma et al. 2016, 1606.04934
    β |KL − C|,        C = `capacity`                           Burgess et al. 2018, 1804.03599

and, for `num_samples` = k > 1, the importance-weighted bound (Burda et al. 2015, 1509.00519), which is tighter:

    log p(x) ≥ E log 1/k Σᵢ wᵢ,     wᵢ = p(x|zᵢ) p(zᵢ) / q(zᵢ|x),  z₁ … zₖ ~ q(z|x)

The prior may be learnt as well (`latent_priors`): then there is no closed form, and the KL is the mean of
log q(z|x) − log p(z) over the codes that are drawn. It is weighted as above, but has no parts for each dimension.

With `perceptual` = λ, the perceptual distance d of images (`perceptual`) joins the squared error of the Gaussian:
λ D d(x, x̂) / 2σ² is added to the loss, with D entries and σ² the variance (without one, λ D d). It is no likelihood,
so the loss is then no bound; the evidence is of p(x|z) alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from aenb.core.backend import Model, Tensor, keras
from aenb.core.errors import AenbError
from aenb.core.fields import Field
from aenb.models.architecture import backbones
from aenb.models.architecture.parts import gaussian_encoder, mean_decoder, with_labels
from aenb.models.codes.latent_priors import LOG_2PI, FlowPrior, LatentPrior, VampPrior, couplings
from aenb.models.hyperparameters import (
    Activation,
    BodyUnits,
    Conditional,
    Filters,
    KernelSize,
    LatentDim,
    NumClasses,
    Part,
    Support,
    TableLayout,
    Vocabulary,
    classes_of,
    layout_of,
)
from aenb.models.losses import mixed
from aenb.models.losses.likelihoods import LIKELIHOODS, Likelihood, choose_likelihood, kl, moved_log_var, parameter_of
from aenb.models.losses.perceptual import Perceptual, check_images, distance
from aenb.models.players.training_step import Batch, Player
from aenb.models.registry import family

FREE_BITS_OF_TEXTS = 0.5  # nats of KL in each dimension
TERMS = ("loss", "reconstruction_loss", "kl_loss")
LEAST_VARIANCE = 0.01  # of a number in a mixed table, so that one that is easy to predict does not drown the others


@family(
    order=4,
    summary="latent codes are distributions, kept close to a prior that samples are drawn from: generative",
    paper="Kingma & Welling 2013",
    takes=("image", "signal", "tabular", "text"),
)
def vae(
    input_shape: tuple[int, ...],
    *,
    latent_dim: LatentDim = 16,
    hidden_units: BodyUnits = None,
    filters: Filters = None,
    kernel_size: KernelSize = 3,
    activation: Activation = "relu",
    beta: Annotated[float, Field("weight of the KL; with 1, the loss is minus the ELBO", low=0)] = 1.0,
    likelihood: Annotated[
        str | None,
        Field("distribution of the values, given the latent code; None: by the data", choices=tuple(LIKELIHOODS)),
    ] = None,
    variance: Annotated[float | None, Field("variance of the Gaussian likelihood; None: learned", above=0)] = None,
    kl_warmup: Annotated[int, Field("steps over which the weight of the KL increases from 0", low=0)] = 0,
    free_bits: Annotated[
        float | None, Field("nats of KL in each dimension that are not penalised; None: by the data", low=0)
    ] = None,
    capacity: Annotated[float | None, Field("target of the KL in nats; None: the KL is minimised", low=0)] = None,
    prior: Annotated[
        str,
        Field(
            "N(0, I); the mean of the posteriors of learnt pseudo-inputs (vamp, Tomczak & Welling 2018); or affine "
            "couplings (flow, Dinh et al. 2017)",
            choices=("standard", "vamp", "flow"),
        ),
    ] = "standard",
    pseudo_inputs: Annotated[int, Field("how many, for the prior vamp", low=1, high=4096)] = 100,
    num_samples: Annotated[int, Field("latent codes per example; over 1: the importance-weighted bound", low=1)] = 1,
    perceptual: Perceptual = 0.0,
    conditional: Conditional = False,
    num_classes: NumClasses = 0,
    support: Support = None,
    vocabulary: Vocabulary = 0,
    layout: TableLayout = None,
    encoder: Part = None,
    decoder: Part = None,
) -> Model:
    """Build a variational autoencoder, compiled.

    A custom encoder returns two vectors, the means and the log variances of the latent codes, or one, to which layers
    for both are added. A custom decoder returns the mean (λ of a continuous Bernoulli), including its last activation.
    In a conditional model, they may take one-hot labels as a second input; otherwise labels are concatenated.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("vae", (28, 28, 1), latent_dim=2)
        >>> [head.shape for head in model.get_layer("encoder").outputs]
        [(None, 2), (None, 2)]
    """
    from aenb.models.network import Network  # starts TensorFlow

    check_images(perceptual, input_shape)
    support = "tokens" if vocabulary else support or ("unit" if len(input_shape) == 3 else "real")
    table = layout_of(layout, input_shape)
    name, notes = choose_likelihood(likelihood, support, variance) if table is None else _of_table(likelihood)
    chosen = LIKELIHOODS[name] if table is None else mixed.likelihood(table)
    body = backbones.choose_body(
        input_shape,
        hidden_units,
        filters,
        units_after_filters=backbones.AFTER_FILTERS,
        kernel_size=kernel_size,
        activation=activation,
        vocabulary=vocabulary,
        layout=table,
    )
    classes = classes_of(conditional, num_classes)
    encoder = gaussian_encoder(encoder, body, input_shape, latent_dim, classes)  # z_mean and z_log_var
    latent_dim = encoder.outputs[0].shape[-1]
    last = chosen.last or ("linear" if support == "real" else "sigmoid")
    decoder = mean_decoder(decoder, body, input_shape, latent_dim, classes, last)
    free_bits, free = _free_bits(free_bits, name, capacity is None and num_samples == 1 and prior == "standard")
    learnt = _learnt_prior(prior, (pseudo_inputs, *input_shape), latent_dim, support, classes)
    bound = Bound(
        chosen, parameter_of(decoder, chosen), variance, beta=beta, kl_warmup=kl_warmup, free_bits=free_bits,
        capacity=capacity, num_samples=num_samples, prior=learnt, perceptual=perceptual,
    )  # fmt: skip
    bound.check()
    weights: dict[str, np.ndarray | float] = {}
    if bound.is_variance_learned:
        weights["log_var"] = 0.0 if table is None else np.zeros(table.width)
    return Network(
        input_shape,
        (latent_dim,),
        {"encoder": encoder, "decoder": decoder} | (learnt.parts() if learnt else {}),
        [Player("autoencoder", bound.loss, bound.terms, ("encoder", "decoder", *(learnt.trained if learnt else ())))],
        decode=bound.decode if chosen.mean else None,
        prior=learnt.sample if learnt else None,
        evidence=bound.evidence,
        weights=weights | dict(learnt.weights() if learnt else {}),
        num_classes=classes,
        notes=notes + free,
        name="vae",
    )


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
    """

    likelihood: Likelihood
    parameter: Callable[[Tensor], Tensor]
    variance: float | None = None
    beta: float = 1.0
    kl_warmup: int = 0
    free_bits: float = 0.0
    capacity: float | None = None
    num_samples: int = 1
    prior: LatentPrior | None = None
    perceptual: float = 0.0

    @property
    def terms(self) -> tuple[str, ...]:
        """The names of what `loss` returns."""
        return (*TERMS, "perceptual_loss") if self.perceptual else TERMS

    def loss(self, net: Model, batch: Batch) -> dict[str, Tensor]:
        """Return the loss of a batch, and its unweighted terms: −E_q[log p(x|z)], KL(q(z|x) ‖ p(z)), the distance."""
        ops, k = keras.ops, self.num_samples
        mean, log_var = _posterior(net, batch)  # (batch, latent_dim) each
        if self.prior is not None and batch.training:
            self.prior.update(net, batch)
        z, log_ratio = self._draw(net, mean, log_var, k, net.seeds)  # (k, batch, latent_dim), (k, batch)
        eta = self._decoded(z, batch)  # (k, batch, *item_shape)
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
        return terms if not self.perceptual else self._with_perceptual(net, batch, eta, terms)

    def _with_perceptual(self, net: Model, batch: Batch, eta: Tensor, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """Add the perceptual distance to the loss, and to the terms, where it is unweighted."""
        ops, shape = keras.ops, eta.shape[2:]
        image = self.likelihood.mean(eta) if self.likelihood.mean else eta
        if self.likelihood.parameter and not self.likelihood.mean:  # of a Bernoulli, η is the logit
            image = ops.sigmoid(eta)
        image = ops.reshape(image * batch.observed, (-1, *shape))
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

    def _decoded(self, z: Tensor, batch: Batch) -> Tensor:
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
        return self.beta * keras.ops.minimum(1.0, keras.ops.cast(step, "float32") / self.kl_warmup)

    def _kl_penalty(self, kls: Tensor) -> Tensor:
        """Return the penalty from the mean KL of each dimension: (latent_dim,) → ()."""
        if self.capacity is not None:
            return keras.ops.abs(keras.ops.sum(kls) - self.capacity)
        return keras.ops.sum(keras.ops.maximum(kls, self.free_bits) if self.free_bits else kls)

    def evidence(self, net: Model, batch: Batch, k: int, seeds: keras.random.SeedGenerator) -> tuple[Tensor, Tensor]:
        """Draw k codes per example; return log p(x|z) and log p(z) − log q(z|x), (k, batch) each; the sum is log w."""
        z, log_ratio = self._draw(net, *_posterior(net, batch), k, seeds)
        return self._log_px(net, batch, self._decoded(z, batch)), log_ratio

    def decode(self, net: Model, codes: Tensor, labels: Tensor | None) -> Tensor:
        """Decode latent codes to means, if they are not the output of the decoder."""
        return self.likelihood.mean(self.parameter(with_labels(codes, labels)))

    def check(self) -> None:
        """Check for hyperparameters that exclude each other.

        Raises:
            AenbError: Two hyperparameters exclude each other.
        """
        changed = {"beta": self.beta != 1, "kl_warmup": self.kl_warmup, "free_bits": self.free_bits,
                   "capacity": self.capacity is not None}  # fmt: skip
        named = ", ".join(f"`{name}`" for name, is_changed in changed.items() if is_changed)
        if self.num_samples > 1 and named:
            raise AenbError(
                f"`num_samples`: expected 1 together with {named}, since the importance-weighted bound has no KL term "
                f"to be weighted; received {self.num_samples}."
            )
        if self.prior is not None and self.free_bits:
            raise AenbError("`free_bits`: expected none with a learnt prior, since its KL has no parts for each "
                            f"dimension; received {self.free_bits:g}.")  # fmt: skip
        if self.capacity is not None and self.free_bits:
            raise AenbError("`capacity`: expected None together with `free_bits`: each says how large the KL is to be.")


def _posterior(net: Model, batch: Batch) -> tuple[Tensor, Tensor]:
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


def _free_bits(asked: float | None, likelihood: str, is_free: bool) -> tuple[float, tuple[str, ...]]:
    """Return the free bits, and a note if they were chosen by the data.

    For texts, the frequencies of the commonest words are learnt first, which needs no code: with a penalty on the KL
    from the first step, the posterior collapses (Bowman et al. 2015).
    """
    if asked is not None or likelihood != "categorical" or not is_free:
        return asked or 0.0, ()
    note = (
        f"The examples are texts, so the first {FREE_BITS_OF_TEXTS:g} nats of KL of each dimension are free; otherwise"
    )
    return FREE_BITS_OF_TEXTS, (f"{note} the posterior would collapse (`free_bits = 0` penalises the whole KL).",)


def _learnt_prior(name: str, shape: tuple[int, ...], latent_dim: int, support: str, classes: int) -> LatentPrior | None:
    """Return a prior that is learnt, for pseudo-inputs of a shape; None for N(0, I).

    Raises:
        AenbError: It does not fit the model: pseudo-inputs have no gradients as tokens, and no classes.
    """
    if name == "flow":
        return FlowPrior(couplings(latent_dim))
    if name == "standard":
        return None
    if support == "tokens" or classes:
        what = "texts, whose tokens have no gradients" if support == "tokens" else "a conditional model"
        raise AenbError(f'`prior`: expected "standard" or "flow" for {what}; received "{name}".')
    return VampPrior(shape, is_unit=support in ("unit", "binary"))


def _of_table(likelihood: str | None) -> tuple[str, tuple[str, ...]]:
    """Return the name of the likelihood of a mixed table, and a note.

    Raises:
        AenbError: Another likelihood is asked for.
    """
    if likelihood is not None:
        raise AenbError(
            f"`likelihood`: expected None for a mixed table, whose columns have their own; received {likelihood}."
        )
    return "mixed", ("Each column has the likelihood of its kind; in the loss, no kind drowns another.",)
