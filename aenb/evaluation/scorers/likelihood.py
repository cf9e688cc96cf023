"""The likelihood of held-out examples, for models that have one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aenb.data.record import Data
from aenb.data.split import spread
from aenb.data.values.scaling import units
from aenb.evaluation.metrics.elbo import active_units, estimate_evidence
from aenb.evaluation.scorers.score_parts import score
from aenb.latent.trained_run import TrainedRun
from aenb.models.autoencoder import interface

EXAMPLES, SAMPLES = 1000, 100


@score(order=2)
def likelihood(run: TrainedRun, data: Data, say: Callable[[str], object]) -> dict[str, float]:
    """Return the bounds on log p(x) in nats, and how many latent dimensions are active.

    `elbo` is `log_likelihood` − `kl`; `nll` is minus the importance-weighted bound with `nll_samples` codes per example
    (Burda et al. 2015, arXiv 1509.00519). They are means over at most 1,000 held-out examples, chosen
    deterministically. `active_units` is counted over all held-out examples.

    Args:
        run: The `Run`.
        data: The data, with the held-out examples.
        say: Called with a progress message.
    """
    evidence = interface(run.model).evidence
    if evidence is None:
        return {}
    say(f"log p(x), with {SAMPLES} latent codes for each example")
    part = spread(len(data.test), EXAMPLES)
    x = units(data.test[part])
    corrupted = run.corrupt(x)
    inputs = (corrupted, run.class_numbers(data.y_test[part])) if run.is_conditional else corrupted
    with run.turns:
        estimates = estimate_evidence(evidence, (inputs, x), samples=SAMPLES, seed=run.spec.seed)
    means = run.encode(run.corrupt(units(data.test)), data.y_test if run.is_conditional else None)
    return estimates.scores() | {"active_units": int(np.count_nonzero(active_units(means)))}
