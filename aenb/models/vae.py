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
                      and from 0 again, `kl_cycles` times       Fu et al. 2019, 1903.10145
    β Σⱼ max(λ, KLⱼ),  λ = `free_bits`, KLⱼ the batch mean      Kingma et al. 2016, 1606.04934
    β |KL − C|,        C = `capacity`                           Burgess et al. 2018, 1804.03599

With `total_correlation` = w, β (w − 1) TC is added, a part of the KL (`total_correlation`; Chen et al. 2018);
and, for `num_samples` = k > 1, the importance-weighted bound (Burda et al. 2015, 1509.00519), which is tighter:

    log p(x) ≥ E log 1/k Σᵢ wᵢ,     wᵢ = p(x|zᵢ) p(zᵢ) / q(zᵢ|x),  z₁ … zₖ ~ q(z|x)

The prior may be learnt as well (`latent_priors`): then there is no closed form, and the KL is the mean of
log q(z|x) − log p(z) over the codes that are drawn. It is weighted as above, but has no parts for each dimension.

With `perceptual` = λ, the perceptual distance d of images (`perceptual`) joins the squared error of the Gaussian:
λ D d(x, x̂) / 2σ² is added to the loss, with D entries and σ² the variance (without one, λ D d). It is no likelihood,
so the loss is then no bound; the evidence is of p(x|z) alone. With `adversarial_weight`, so does the loss of a
discriminator on patches (`patch_discriminator`).
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from aenb.core.backend import Model
from aenb.core.errors import AenbError
from aenb.core.fields import Field
from aenb.models.architecture import backbones
from aenb.models.architecture.parts import gaussian_encoder, mean_decoder
from aenb.models.autoregressive.text_bound import autoregressive
from aenb.models.autoregressive.text_decoder import text_body, text_decoder
from aenb.models.autoregressive.writing import Writer
from aenb.models.bound import Bound
from aenb.models.codes.latent_priors import FlowPrior, LatentPrior, VampPrior, couplings
from aenb.models.hyperparameters import (
    Activation,
    BodyUnits,
    Conditional,
    DecoderType,
    Filters,
    KernelSize,
    LatentDim,
    NumClasses,
    Part,
    Support,
    TableLayout,
    Vocabulary,
    WordDropout,
    classes_of,
    layout_of,
)
from aenb.models.losses import mixed
from aenb.models.losses.likelihoods import LIKELIHOODS, choose_likelihood, parameter_of
from aenb.models.losses.perceptual import Perceptual, check_images
from aenb.models.losses.total_correlation import TotalCorrelation
from aenb.models.players.patch_discriminator import AdversarialWeight, Patches
from aenb.models.players.patch_discriminator import build as build_discriminator
from aenb.models.players.training_step import Player
from aenb.models.registry import check_unused, family

FREE_BITS_OF_TEXTS = 0.5  # nats of KL in each dimension


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
    kl_cycles: Annotated[
        int, Field("how often the weight of the KL rises; between, it is full for as many steps", low=1, high=1000)
    ] = 1,
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
    total_correlation: TotalCorrelation = 1.0,
    perceptual: Perceptual = 0.0,
    adversarial_weight: AdversarialWeight = 0.0,
    decoder_type: DecoderType = "parallel",
    word_dropout: WordDropout = 0.0,
    lagging_steps: Annotated[
        int, Field("steps in which the decoder of texts learns more slowly than the encoder", low=0, only_for="text")
    ] = 0,
    decoder_every: Annotated[
        int,
        Field(
            "updates of the encoder for one of the decoder, in the first lagging_steps",
            low=2,
            high=1000,
            only_for="text",
        ),
    ] = 10,
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
    classes = classes_of(conditional, num_classes)
    last = chosen.last or ("linear" if support == "real" else "sigmoid")
    writer: Writer | None = None
    if decoder_type == "parallel":
        check_unused("vae", {"word_dropout": word_dropout, "lagging_steps": lagging_steps}, "decoder_type parallel")
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
        encoder = gaussian_encoder(encoder, body, input_shape, latent_dim, classes)  # z_mean and z_log_var
        decoder = mean_decoder(decoder, body, input_shape, encoder.outputs[0].shape[-1], classes, last)
    else:
        of_texts = text_body(decoder_type, hidden_units, vocabulary)
        encoder = gaussian_encoder(encoder, of_texts, input_shape, latent_dim, classes)
        decoder = text_decoder(of_texts, tuple(encoder.outputs[0].shape[1:]), input_shape[0], last, decoder, classes)
        writer = Writer(of_texts, decoder)
    latent_dim = encoder.outputs[0].shape[-1]
    free_bits, free = _free_bits(free_bits, name, capacity is None and num_samples == 1 and prior == "standard")
    learnt = _learnt_prior(prior, (pseudo_inputs, *input_shape), latent_dim, support, classes)
    bound = Bound(
        chosen, parameter_of(decoder, chosen), variance, beta=beta, kl_warmup=kl_warmup, kl_cycles=kl_cycles,
        free_bits=free_bits, capacity=capacity, num_samples=num_samples, prior=learnt, perceptual=perceptual,
        patches=Patches(adversarial_weight) if adversarial_weight else None, total_correlation=total_correlation,
    )  # fmt: skip
    trained = learnt.trained if learnt else ()
    if writer is None:
        players = [Player("autoencoder", bound.loss, bound.terms, ("encoder", "decoder", *trained))]
        players += [bound.patches.player(bound.reconstructed)] if bound.patches else []
        special: dict[str, Any] = {"players": players, "decode": bound.decode if chosen.mean else None}
    else:
        bound, special = autoregressive(bound, writer, word_dropout, (lagging_steps, decoder_every), trained)
    bound.check()
    weights: dict[str, np.ndarray | float] = {}
    if bound.is_variance_learned:
        weights["log_var"] = 0.0 if table is None else np.zeros(table.width)
    return Network(
        input_shape,
        (latent_dim,),
        {"encoder": encoder, "decoder": decoder}
        | (learnt.parts() if learnt else {})
        | ({"discriminator": build_discriminator(input_shape)} if bound.patches else {}),
        **special,
        prior=learnt.sample if learnt else None,
        evidence=bound.evidence,
        weights=weights | dict(learnt.weights() if learnt else {}),
        num_classes=classes,
        notes=notes + free,
        name="vae",
    )


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
