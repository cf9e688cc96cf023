"""What the codes tell: a posterior that has collapsed, entries of a codebook that nobody uses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aenb.evaluation.diagnosis.case import Case
from aenb.evaluation.diagnosis.finding import Finding
from aenb.latent import coding

ACTIVE = 0.01  # variance of a code's mean over the items: Burda, Grosse & Salakhutdinov 2015, arXiv 1509.00519
TOLD = np.log(2)  # nats; the KL bounds what a code tells of its item: with less it can't tell two kinds apart
FEW = 0.25  # share of active dimensions; Burda et al. have 19 of 50 in a model that is well
USED = 0.5  # share of a codebook


def posterior_collapse(case: Case) -> Iterator[Finding]:
    """Codes that are the prior, whatever the item: of a model whose encoder gives means and log variances."""
    encoder = coding.parts(case.model).get("encoder")
    outputs = getattr(encoder, "outputs", None) or ()
    if len(outputs) != 2 or outputs[0].shape != outputs[1].shape or case.inputs_of(encoder) is None:
        return
    mean, log_var = (np.concatenate(found) for found in zip(*case.through(encoder), strict=True))
    kl = 0.5 * (np.exp(log_var) + mean**2 - 1 - log_var).mean(axis=0)  # nats, each dimension
    active, size = int((mean.var(axis=0) > ACTIVE).sum()), mean.shape[1]
    measured = f"{active or 'None'} of the {size} dimensions of the code {'is' if active < 2 else 'are'} active"
    details = f"(a variance of its mean over {ACTIVE}; the KL is {kl.sum():.2g} nats, {kl.max():.2g} in the largest)"
    if active == 0 or kl.sum() < TOLD:
        yield Finding(
            "posterior-collapse",
            "error",
            f"{measured} {details}: the posterior has collapsed to the prior, and the decoder makes nearly the same of "
            "all items.",
            _revived(case, size),
        )
    elif active < FEW * size and (case.setting("beta") or 0) > 1:
        yield Finding(
            "posterior-collapse",
            "warning",
            f"{measured} {details}: the weight of the KL, beta = {case.setting('beta'):g}, has closed the others.",
            "beta = 1.0",
        )
    elif active < FEW * size:
        yield Finding(
            "unused-dimensions",
            "info",
            f"{measured} {details}: the others say nothing about an item, and a shorter code would do.",
            f"latent_dim = {active}",
        )


def _revived(case: Case, size: int) -> str:
    """Say what would keep the posterior from the prior: of what closes it, what is there; else what opens it."""
    if case.setting("capacity") is not None:
        return "capacity = None"
    if (case.setting("beta") or 0) > 1:
        return "beta = 1.0"
    if case.has("kl_warmup") and case.setting("num_samples") == 1 and not case.setting("kl_warmup"):
        return f"kl_warmup = {max(1, case.steps // 2)}"
    charged, free = ((0,), 0.5) if case.run.data.kind == "text" else ((0, None), 0.25)
    if case.has("free_bits") and case.setting("num_samples") == 1 and case.setting("free_bits") in charged:
        return f"free_bits = {free:g}"
    return f"latent_dim = {max(1, size // 2)}" if size > 2 else f"--learning-rate {case.learning_rate / 4:g}"


def dead_codes(case: Case) -> Iterator[Finding]:
    """Entries of a codebook that stand for no item: of a model that has one, and whose codes are its numbers."""
    codebook = getattr(case.model, "own", {}).get("codebook")
    if codebook is None or case.run.is_generator or case.codes.dtype.kind not in "iu":
        return
    size = codebook.shape[0]
    counts = np.bincount(case.codes.ravel(), minlength=size)
    share = counts[counts > 0] / counts.sum()
    used, perplexity = len(share), float(np.exp(-(share * np.log(share)).sum()))
    if used < USED * min(size, case.codes.size):
        yield Finding(
            "dead-codes",
            "warning",
            f"{used} of the {size} entries of the codebook stand for something in {len(case.codes):,} training items "
            f"(perplexity {perplexity:.1f}): the others take part in nothing.",
            f"num_embeddings = {max(2, 2 ** int(np.ceil(np.log2(used))))}",
        )
