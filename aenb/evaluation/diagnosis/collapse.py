"""Checks of the latent codes: posterior collapse, and unused entries of a codebook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from aenb.core.backend import Tensor
from aenb.evaluation.diagnosis.finding import Finding
from aenb.evaluation.diagnosis.measurements import Measurements
from aenb.models.autoencoder import interface, parts

ACTIVE = 0.01  # variance of a posterior mean over examples: Burda, Grosse & Salakhutdinov 2015, arXiv 1509.00519
INFORMATIVE = np.log(2)  # nats of KL, a bound on the information in a code: with less it can't tell two classes apart
FEW = 0.25  # share of active dimensions; Burda et al. have 19 of 50 in a healthy model
USED = 0.5  # share of a codebook


def posterior_collapse(measured: Measurements) -> Iterator[Finding]:
    """Check for a posterior that equals the prior for all examples, if the encoder gives means and log variances."""
    encoder = parts(measured.model).get("encoder")
    outputs: Sequence[Tensor] = getattr(encoder, "outputs", None) or ()
    if len(outputs) != 2 or outputs[0].shape != outputs[1].shape or measured.inputs_of(encoder) is None:
        return
    mean, log_var = (np.concatenate(batches) for batches in zip(*measured.through(encoder), strict=True))
    kl = 0.5 * (np.exp(log_var) + mean**2 - 1 - log_var).mean(axis=0)  # nats, each dimension
    active, size = int((mean.var(axis=0) > ACTIVE).sum()), mean.shape[1]
    counted = f"{active or 'None'} of the {size} dimensions of the code {'is' if active < 2 else 'are'} active"
    details = f"(a variance of its mean over {ACTIVE}; the KL is {kl.sum():.2g} nats, {kl.max():.2g} in the largest)"
    if active == 0 or kl.sum() < INFORMATIVE:
        yield Finding(
            "posterior-collapse",
            "error",
            f"{counted} {details}: the posterior has collapsed to the prior, and the decoder makes nearly the same of "
            "all items.",
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
    if measured.has("free_bits") and measured.setting("num_samples") == 1 and measured.setting("free_bits") in charged:
        return f"free_bits = {free:g}"
    return f"latent_dim = {max(1, size // 2)}" if size > 2 else f"--learning-rate {measured.learning_rate / 4:g}"


def dead_codes(measured: Measurements) -> Iterator[Finding]:
    """Check for codebook entries that no example is assigned to, in models with discrete codes."""
    codebook = interface(measured.model).own.get("codebook")
    if codebook is None or measured.run.is_generator or measured.codes.dtype.kind not in "iu":
        return
    size = codebook.shape[0]
    counts = np.bincount(measured.codes.ravel(), minlength=size)
    share = counts[counts > 0] / counts.sum()
    used, perplexity = len(share), float(np.exp(-(share * np.log(share)).sum()))
    if used < USED * min(size, measured.codes.size):
        yield Finding(
            "dead-codes",
            "warning",
            f"{used} of the {size} entries of the codebook stand for something in {len(measured.codes):,} training "
            f"items (perplexity {perplexity:.1f}): the others take part in nothing.",
            f"num_embeddings = {max(2, 2 ** int(np.ceil(np.log2(used))))}",
        )
