"""The variational autoencoder: a code is a distribution, and new items come from codes drawn at random.

Kingma & Welling (2013), "Auto-encoding variational Bayes", arXiv 1312.6114; Rezende, Mohamed & Wierstra (2014), arXiv
1401.4082. An item comes from a code z ~ p(z) = N(0, I) through the decoder, p(x|z) (`likelihoods`), and the encoder
gives what is known of the code of an item, q(z|x) = N(µ(x), diag σ²(x)).

    log p(x) ≥ E_q[log p(x|z)] − KL(q(z|x) ‖ p(z)),     z = µ + σ ε,  ε ~ N(0, I)
    KL = Σⱼ KLⱼ = ½ Σⱼ (µⱼ² + σⱼ² − 1 − log σⱼ²)

The loss is minus that bound, in nats: sums over an item's entries, the mean over the batch. Other weights of the KL:

    β KL,             β rising from 0 over `kl_warmup` steps    Higgins et al. 2017; Bowman et al. 2015, 1511.06349
    β Σⱼ max(λ, KLⱼ),  λ = `free_bits`, KLⱼ the batch's mean    Kingma et al. 2016, 1606.04934
    β |KL − C|,        C = `capacity`                           Burgess et al. 2018, 1804.03599

and, for `num_samples` = k > 1, a tighter bound (Burda et al. 2015, 1509.00519), which is the first for k = 1:

    log p(x) ≥ E log 1/k Σᵢ wᵢ,     wᵢ = p(x|zᵢ) p(zᵢ) / q(zᵢ|x),  z₁ … zₖ ~ q(z|x)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from aenb.core.backend import keras
from aenb.core.errors import AenbError
from aenb.core.fields import Field
from aenb.models import backbones
from aenb.models.assembly import network
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
    Vocabulary,
)
from aenb.models.likelihoods import LIKELIHOODS, Likelihood, choose_likelihood, kl, parameter_of
from aenb.models.parts import beside, gaussian_encoder, mean_decoder
from aenb.models.players import Batch, Player
from aenb.models.registry import family

FLOOR = 1e-6  # of a learned variance: about that of rounding to 255ths
OF_TEXTS = 0.5  # nats of KL that are free in each dimension
FOLLOW = 0.05  # share of a batch's error that a learned variance takes over


@family(
    order=4,
    summary="each code a distribution, drawn towards one that new codes can be drawn from: it generates",
    paper="Kingma & Welling 2013",
)
def vae(
    input_shape: tuple[int, ...],
    *,
    latent_dim: LatentDim = 16,
    hidden_units: BodyUnits = None,
    filters: Filters = None,
    kernel_size: KernelSize = 3,
    activation: Activation = "relu",
    beta: Annotated[float, Field("weight of the KL; 1 makes the loss a bound on the likelihood", low=0)] = 1.0,
    likelihood: Annotated[
        str | None, Field("distribution of the values, given the code; None: by the data", choices=tuple(LIKELIHOODS))
    ] = None,
    variance: Annotated[float | None, Field("of the Gaussian likelihood; None: learned", above=0)] = None,
    kl_warmup: Annotated[int, Field("steps over which the weight of the KL rises from 0", low=0)] = 0,
    free_bits: Annotated[
        float | None, Field("nats of each dimension that its KL is not charged for; None: by the data", low=0)
    ] = None,
    capacity: Annotated[float | None, Field("nats that the KL is held at; None: it is made small", low=0)] = None,
    num_samples: Annotated[int, Field("codes drawn for each item; over 1: the tighter bound of Burda", low=1)] = 1,
    conditional: Conditional = False,
    num_classes: NumClasses = 0,
    support: Support = None,
    vocabulary: Vocabulary = 0,
    encoder: Part = None,
    decoder: Part = None,
):
    """Build a variational autoencoder, compiled.

    An encoder of one's own gives two vectors, the means and the log variances of the codes, or one, on which layers for
    both are put. A decoder of one's own gives the mean (of a continuous Bernoulli λ), its last activation included. Of
    a conditional model they may take the one-hot label as a second input; else it is laid beside the vector.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("vae", (28, 28, 1), latent_dim=2)
        >>> [head.shape for head in model.get_layer("encoder").outputs]
        [(None, 2), (None, 2)]
    """
    support = "tokens" if vocabulary else support or ("unit" if len(input_shape) == 3 else "real")
    name, notes = choose_likelihood(likelihood, support, variance)
    chosen = LIKELIHOODS[name]
    body = backbones.choose_body(
        input_shape,
        hidden_units,
        filters,
        beside=backbones.BESIDE,
        kernel_size=kernel_size,
        activation=activation,
        vocabulary=vocabulary,
    )
    classes = _classes(conditional, num_classes)
    encoder = gaussian_encoder(encoder, body, input_shape, latent_dim, classes)
    latent_dim = encoder.outputs[0].shape[-1]
    last = chosen.last or ("linear" if support == "real" else "sigmoid")
    decoder = mean_decoder(decoder, body, input_shape, latent_dim, classes, last)
    free_bits, free = _free_bits(free_bits, name, capacity is None and num_samples == 1)
    bound = Bound(
        chosen, parameter_of(decoder, chosen), variance, beta=beta, kl_warmup=kl_warmup, free_bits=free_bits,
        capacity=capacity, num_samples=num_samples,
    )  # fmt: skip
    bound.check()
    return network(
        input_shape,
        (latent_dim,),
        {"encoder": encoder, "decoder": decoder},
        [Player("autoencoder", bound.loss, ("loss", "reconstruction_loss", "kl_loss"), ("encoder", "decoder"))],
        decode=bound.decode if chosen.mean else None,
        evidence=bound.evidence,
        weights={"log_var": 0.0} if bound.is_variance_learned else None,
        num_classes=classes,
        notes=notes + free,
        name="vae",
    )


@dataclass(frozen=True)
class Bound:
    """The bound on log p(x), with what may be done to its KL.

    Attributes:
        likelihood: log p(x | η).
        parameter: What the decoder is given → η.
        variance: Of a Gaussian likelihood; None: learned.
        beta: As the hyperparameters of `vae`, and so are those that follow.
    """

    likelihood: Likelihood
    parameter: Callable[[Any], Any]
    variance: float | None = None
    beta: float = 1.0
    kl_warmup: int = 0
    free_bits: float = 0.0
    capacity: float | None = None
    num_samples: int = 1

    def check(self) -> None:
        """Refuse what does not go together.

        Raises:
            AenbError: Of two hyperparameters that exclude each other.
        """
        changed = {"beta": self.beta != 1, "kl_warmup": self.kl_warmup, "free_bits": self.free_bits,
                   "capacity": self.capacity is not None}  # fmt: skip
        named = ", ".join(f"`{name}`" for name, is_changed in changed.items() if is_changed)
        if self.num_samples > 1 and named:
            raise AenbError(
                f"`num_samples`: expected 1 together with {named}, since the importance-weighted bound has no KL term "
                f"to be weighted; received {self.num_samples}."
            )
        if self.capacity is not None and self.free_bits:
            raise AenbError("`capacity`: expected None together with `free_bits`: each says how large the KL is to be.")

    @property
    def is_variance_learned(self) -> bool:
        """Whether the likelihood has a variance, and it is not given."""
        return self.likelihood.has_variance and self.variance is None

    def loss(self, net: Any, batch: Batch) -> dict[str, Any]:
        """Return minus the bound as it is minimised, and its two parts: −E_q[log p(x|z)] and KL, unweighted."""
        ops = keras.ops
        mean, log_var = _posterior(net, batch)
        z, log_ratio = _draw(mean, log_var, self.num_samples, net.seeds)
        eta = self._decoded(z, batch)
        log_px = self._log_px(net, batch, eta)  # (k, batch)
        log_w = log_px + log_ratio
        log_sum = ops.logsumexp(log_w, axis=0)
        if self.is_variance_learned and batch.training:
            _follow(net, batch, eta, ops.exp(log_w - log_sum))
        kls = ops.mean(kl(mean, log_var), axis=0)  # (latent_dim,)
        reconstruction = -ops.mean(log_px)
        if self.num_samples == 1:
            loss = reconstruction + self.weight(net.step) * self._charged(kls)
        else:
            loss = math.log(self.num_samples) - ops.mean(log_sum)
        return {"loss": loss, "reconstruction_loss": reconstruction, "kl_loss": ops.sum(kls)}

    def weight(self, step: Any) -> Any:
        """Return the weight of the KL after so many steps of training."""
        if not self.kl_warmup:
            return self.beta
        return self.beta * keras.ops.minimum(1.0, keras.ops.cast(step, "float32") / self.kl_warmup)

    def evidence(self, net: Any, batch: Batch, k: int, seeds: Any) -> tuple[Any, Any]:
        """Draw k codes for each item: log p(x|z) and log p(z) − log q(z|x), (k, batch) each; their sum is log w."""
        z, log_ratio = _draw(*_posterior(net, batch), k, seeds)
        return self._log_px(net, batch, self._decoded(z, batch)), log_ratio

    def decode(self, net: Any, codes: Any, labels: Any) -> Any:
        """Return the means of the items that codes stand for, where the decoder does not give them itself."""
        return self.likelihood.mean(self.parameter(beside(codes, labels)))

    def _decoded(self, z: Any, batch: Batch) -> Any:
        """Decode codes: (k, batch, latent_dim) → η, (k, batch, *item)."""
        k, _, size = z.shape
        labels = None if batch.labels is None else keras.ops.tile(batch.labels, (k, 1))
        eta = self.parameter(beside(keras.ops.reshape(z, (-1, size)), labels))
        return keras.ops.cast(keras.ops.reshape(eta, (k, -1, *eta.shape[1:])), "float32")

    def _log_px(self, net: Any, batch: Batch, eta: Any) -> Any:
        """Return log p(x|z), summed over what was observed of each item: (k, batch)."""
        variance = (self._log_var(net),) if self.likelihood.has_variance else ()
        return _sums(batch.observed * self.likelihood.log_prob(batch.y, eta, *variance))

    def _log_var(self, net: Any) -> Any:
        return net.own["log_var"] if self.is_variance_learned else math.log(self.variance)

    def _charged(self, kls: Any) -> Any:
        """Return what the KL is charged as, of its mean in each dimension: (latent_dim,) → ()."""
        if self.capacity is not None:
            return keras.ops.abs(keras.ops.sum(kls) - self.capacity)
        return keras.ops.sum(keras.ops.maximum(kls, self.free_bits) if self.free_bits else kls)


def _posterior(net: Any, batch: Batch) -> tuple[Any, Any]:
    """Return means and log variances of q(z|x): (batch, latent_dim) each, float32."""
    mean, log_var = net.encoder(beside(batch.x, batch.labels))
    return keras.ops.cast(mean, "float32"), keras.ops.cast(log_var, "float32")


def _draw(mean: Any, log_var: Any, k: int, seeds: Any) -> tuple[Any, Any]:
    """Draw k codes from each q(z|x): (k, batch, latent_dim); and log p(z) − log q(z|x), (k, batch)."""
    ops = keras.ops
    noise = keras.random.normal((k, *ops.shape(mean)), seed=seeds)
    z = mean + ops.exp(log_var / 2) * noise
    return z, 0.5 * ops.sum(ops.square(noise) + log_var - ops.square(z), axis=-1)


def _follow(net: Any, batch: Batch, mean: Any, shares: Any) -> None:
    """Move the learned variance towards the one that is best for the batch, its mean squared error.

    Rybkin, Daniilidis & Levine (2021), arXiv 2006.13202: the best variance has a closed form. A gradient would take
    thousands of steps of Adam to come there, since each is as long as its learning rate at most.

    Args:
        net: The model, with the weight "log_var".
        batch: The batch.
        mean: (k, batch, *item), of the decoder.
        shares: (k, batch), the weights of the k codes of each item; their sum is 1.
    """
    ops = keras.ops
    errors = ops.sum(shares * _sums(batch.observed * ops.square(batch.y - mean)))
    error = errors / ops.maximum(ops.sum(batch.observed), 1.0)
    share = ops.maximum(FOLLOW, 1 / (ops.cast(net.step, "float32") + 1))  # the mean of the first errors, to begin with
    before = ops.exp(net.own["log_var"])
    net.own["log_var"].assign(ops.log(ops.maximum(before + share * (error - before), FLOOR)))


def _sums(entries: Any) -> Any:
    """Sum over an item's entries: (k, batch, *item) → (k, batch)."""
    return keras.ops.sum(entries, axis=tuple(range(2, len(entries.shape))))


def _free_bits(asked: float | None, likelihood: str, is_free: bool) -> tuple[float, tuple[str, ...]]:
    """Choose the free bits, where they are not given and nothing excludes them, and say so.

    Of a text, the commonest words are what is learnt first, and they need no code: charged from the first step, the
    codes never come to say anything (Bowman et al. 2015).
    """
    if asked is not None or likelihood != "categorical" or not is_free:
        return asked or 0.0, ()
    note = f"The items are texts, so the first {OF_TEXTS:g} nats of KL of each dimension are free; charged, the codes"
    return OF_TEXTS, (f"{note} would come to say nothing (`free_bits = 0` charges them).",)


def _classes(conditional: bool, num_classes: int) -> int:
    if conditional and not num_classes:
        raise AenbError("`num_classes`: expected how many classes there are, since `conditional` is True; received 0.")
    return num_classes if conditional else 0
