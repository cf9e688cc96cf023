"""How likely a model with a likelihood finds held-out items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aenb.data.record import Data
from aenb.data.scaling import units
from aenb.data.split import spread
from aenb.evaluation.metrics.elbo import active_units, estimate_evidence

ITEMS, SAMPLES = 1000, 100


def likelihood(run: Any, data: Data, say: Callable[[str], object]) -> dict[str, float]:
    """Return the bounds of log p(x) in nats, and how many dimensions of the code are used.

    `elbo` is `log_likelihood` − `kl`; `nll` the importance-weighted bound with `nll_samples` codes an item (Burda et
    al. 2015, arXiv 1509.00519): means over at most 1,000 held-out items, drawn always the same. `active_units` is
    counted over all of them.

    Args:
        run: The `Run`.
        data: What holds the items out.
        say: Called with what is being done.
    """
    if not getattr(run.model, "has_evidence", False):
        return {}
    say(f"log p(x), with {SAMPLES} codes for each item")
    part = spread(len(data.test), ITEMS)
    x = units(data.test[part])
    inputs = run.spoil(x)
    if run.is_conditional:
        inputs = (inputs, run.class_numbers(data.y_test[part]))
    with run.turns:
        found = estimate_evidence(run.model.evidence, (inputs, x), samples=SAMPLES, seed=run.spec.seed)
    means = run.encode(run.spoil(units(data.test)), data.y_test if run.is_conditional else None)
    return found.scores() | {"active_units": int(np.count_nonzero(active_units(means)))}
