"""Diagnosis: what commonly goes wrong with an autoencoder or a GAN, looked for in a run, with what to do about it.

A check is a generator function from the `Measurements` of a run to findings. It asks a model for its parts and a
history for its terms, never for the family, so that what it looks for is found in families to come.

    learning_curves.py    divergence, overfitting, too few epochs, a discriminator that has won, restarts
    against_baselines.py  no better than the mean example, worse than PCA
    collapse.py           posterior collapse, unused entries of a codebook
    units.py              dead units
    mode_collapse.py      mode collapse
    ranges.py             examples in other units, or that the model can't generate
"""

from __future__ import annotations

from typing import Any

from aenb.core.numerics import usual_errors
from aenb.evaluation.diagnosis import against_baselines, collapse, learning_curves, mode_collapse, ranges, units
from aenb.evaluation.diagnosis.finding import SEVERITIES, Finding
from aenb.evaluation.diagnosis.measurements import Measurements

__all__ = ["Finding", "diagnose"]

CHECKS = (
    learning_curves.diverged,
    ranges.items_out_of_range,
    ranges.held_out_in_other_units,
    ranges.out_of_reach,
    ranges.made_out_of_range,
    units.dead_units,
    collapse.posterior_collapse,
    collapse.dead_codes,
    against_baselines.learned_nothing,
    against_baselines.behind_pca,
    mode_collapse.mode_collapse,
    learning_curves.saturated,
    learning_curves.over_fitting,
    learning_curves.barely_trained,
    learning_curves.still_learning,
    learning_curves.restarts,
)
CAUSES = {  # a finding → those that explain it: it is left out beside them
    "learned-nothing": {
        "diverged", "posterior-collapse", "input-range", "other-units", "out-of-reach", "barely-trained"
    },
    "behind-pca": {
        "learned-nothing", "dead-units", "still-learning", "over-fitting", "other-units", "out-of-reach",
        "barely-trained",
    },
    "mode-collapse": {"posterior-collapse", "learned-nothing", "diverged", "barely-trained"},
    "unused-dimensions": {"learned-nothing", "barely-trained"},
    "still-learning": {"barely-trained"},
    "local-optima": {"barely-trained"},
}  # fmt: skip


@usual_errors
def diagnose(run: Any) -> list[Finding]:
    """Look for what commonly goes wrong.

    It looks at 2,000 training items and 1,000 new ones at most, and takes a few seconds. What can't be checked is said.

    Args:
        run: The `Run`.

    Returns:
        The findings, the most severe first, after that of too few epochs; none for a run that is well.

    Example:
        >>> import aenb
        >>> run = aenb.train("deep", "digits", epochs=3, learning_rate=10.0, verbose=False)
        >>> [finding.severity for finding in diagnose(run)][0]
        'error'
    """
    if not run.epochs and run.status != "diverged":
        return []
    measured, found, failed = Measurements(run), [], {}
    for check in CHECKS:
        try:
            found += check(measured)
        except Exception as error:  # of a model or data of the user's own, anything: the other checks go on
            failed.setdefault(f"{type(error).__name__}: {error}", []).append(check.__name__.replace("_", " "))
    codes_found = {finding.code for finding in found}
    told = [finding for finding in found if not CAUSES.get(finding.code, set()) & codes_found]
    told += [
        Finding("not-checked", "info", f"Not checked: {', '.join(names)} ({reason})")
        for reason, names in failed.items()
    ]
    return sorted(told, key=lambda finding: (finding.code != "barely-trained", SEVERITIES.index(finding.severity)))
