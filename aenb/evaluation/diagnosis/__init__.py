"""Diagnosis: what commonly goes wrong with an autoencoder or a GAN, looked for in a run, with what to do about it.

A check is a generator function: from a `Case`, a run with what is measured of it, to findings. It asks a model for its
parts and a history for its terms, never for the family, so that what it looks for is found in families to come.

    course.py    the losses: divergence, over-fitting, too few epochs, a discriminator that has won, restarts
    scores.py    held-out items: no better than the mean item, behind PCA
    codes.py     posterior collapse, dead codes
    units.py     dead units
    samples.py   mode collapse
    ranges.py    items in other units, or that the model can't make
"""

from __future__ import annotations

from typing import Any

from aenb.core.numerics import usual_errors
from aenb.evaluation.diagnosis import codes, course, ranges, samples, scores, units
from aenb.evaluation.diagnosis.case import Case
from aenb.evaluation.diagnosis.finding import SEVERITIES, Finding

__all__ = ["Finding", "diagnose"]

CHECKS = (
    course.diverged,
    ranges.items_out_of_range,
    ranges.held_out_in_other_units,
    ranges.out_of_reach,
    ranges.made_out_of_range,
    units.dead_units,
    codes.posterior_collapse,
    codes.dead_codes,
    scores.learned_nothing,
    scores.behind_pca,
    samples.mode_collapse,
    course.saturated,
    course.over_fitting,
    course.barely_trained,
    course.still_learning,
    course.restarts,
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
    case, found, failed = Case(run), [], {}
    for check in CHECKS:
        try:
            found += check(case)
        except Exception as error:  # of a model or data of the user's own, anything: the other checks go on
            failed.setdefault(f"{type(error).__name__}: {error}", []).append(check.__name__.replace("_", " "))
    codes_found = {finding.code for finding in found}
    told = [finding for finding in found if not CAUSES.get(finding.code, set()) & codes_found]
    told += [
        Finding("not-checked", "info", f"Not checked: {', '.join(names)} ({reason})")
        for reason, names in failed.items()
    ]
    return sorted(told, key=lambda finding: (finding.code != "barely-trained", SEVERITIES.index(finding.severity)))
