"""Checks of the latent codes: posterior collapse, and unused entries of a codebook."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aenb.evaluation.diagnosis.finding import Finding
from aenb.evaluation.diagnosis.measurements import Measurements
from aenb.evaluation.metrics.elbo import kl_per_dimension
from aenb.models.architecture.parts import gives_posterior
from aenb.models.autoencoder import interface, parts
from aenb.models.codes.quantiser import perplexity_of

ACTIVE = 0.01  # variance of a posterior mean over examples: Burda, Grosse & Salakhutdinov 2015, arXiv 1509.00519
INFORMATIVE = np.log(2)  # nats of KL, a bound on the information in a code: with less it can't tell two classes apart
FEW = 0.25  # share of active dimensions; Burda et al. have 19 of 50 in a healthy model
USED = 0.5  # share of a codebook


def posterior_collapse(measured: Measurements) -> Iterator[Finding]:
    """Check for a posterior that equals the prior for all examples, if the encoder gives means and log variances."""
    encoder = parts(measured.model).get("encoder")
    if not gives_posterior(encoder) or measured.inputs_of(encoder) is None:
        return
    mean, log_var = (np.concatenate(batches) for batches in zip(*measured.through(encoder), strict=True))
    kl = kl_per_dimension(mean, log_var)  # nats
    active, size = int((mean.var(axis=0) > ACTIVE).sum()), mean.shape[1]
    counted = f"{active or 'None'} of the {size} dimensions of the code {'is' if active < 2 else 'are'} active"
    details = f"(a variance of its mean over {ACTIVE}; the KL is {kl.sum():.2g} nats, {kl.max():.2g} in the largest)"
    if active == 0 or kl.sum() < INFORMATIVE:
        yield Finding(
            "posterior-collapse",
            "error",
            f"{counted} {details}: the posterior has collapsed to the prior, and the decoder returns nearly the same "
            "output for all examples.",
            _revived(measured, size),
        )
    elif active < FEW * size and (measured.setting("beta") or 0) > 1:
        yield Finding(
            "posterior-collapse",
            "warning",
            f"{counted} {details}: the weight of the KL, beta = {measured.setting('beta'):g}, has closed the others.",
            "beta = 1.0",
        )
    elif active < FEW * size:
        yield Finding(
            "unused-dimensions",
            "info",
            f"{counted} {details}: the others carry no information about an example, so a smaller latent_dim would do.",
            f"latent_dim = {active}",
        )


def _revived(measured: Measurements, size: int) -> str:
    """Return a remedy for posterior collapse: first undo a setting that causes it, else one that counteracts it."""
    if measured.setting("capacity") is not None:
        return "capacity = None"
    if (measured.setting("beta") or 0) > 1:
        return "beta = 1.0"
    if measured.has("kl_warmup") and measured.setting("num_samples") == 1 and not measured.setting("kl_warmup"):
        return f"kl_warmup = {max(1, measured.steps // 2)}"
    charged, free = ((0,), 0.5) if measured.run.data.kind == "text" else ((0, None), 0.25)
    is_parted = measured.setting("num_samples") == 1 and measured.setting("prior") in (None, "standard")
    if measured.has("free_bits") and is_parted and measured.setting("free_bits") in charged:
        return f"free_bits = {free:g}"
    return f"latent_dim = {max(1, size // 2)}" if size > 2 else f"--learning-rate {measured.learning_rate / 4:g}"


def dead_codes(measured: Measurements) -> Iterator[Finding]:
    """Check for codebook entries that no example is assigned to, in models with discrete codes."""
    codebook = interface(measured.model).own.get("codebook")
    if codebook is None or measured.run.is_generator or measured.codes.dtype.kind not in "iu":
        return
    size = codebook.shape[0]
    counts = np.bincount(measured.codes.ravel(), minlength=size)
    used, perplexity = np.count_nonzero(counts), float(perplexity_of(counts / counts.sum()))
    if used < USED * min(size, measured.codes.size):
        yield Finding(
            "dead-codes",
            "warning",
            f"{used} of the {size} entries of the codebook are used in the codes of {len(measured.codes):,} training "
            f"examples (perplexity {perplexity:.1f}): the others are dead.",
            f"num_embeddings = {max(2, 2 ** int(np.ceil(np.log2(used))))}",
        )
