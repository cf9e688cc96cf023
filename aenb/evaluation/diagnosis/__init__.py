"""Diagnosis: checks of a run for the common failures of autoencoders and GANs, each with a remedy.

A check is a generator function from the `Measurements` of a run to findings. It looks at the parts of the model and
the terms of the history, never at the family, so it also works for new families.

    learning_curves.py    divergence, overfitting, too few epochs, a saturated discriminator, restarts
    against_baselines.py  no better than the mean example, worse than PCA, on small data without a linear path
    collapse.py           posterior collapse, unused codebook entries
    units.py              dead units
    mode_collapse.py      mode collapse
    smoothing.py          blurred reconstructions
    denoising.py          a denoiser no better than a linear one, too much guidance
    ranges.py             examples in other units, or out of the range of the last activation
"""

from __future__ import annotations

from aenb.core.numerics import usual_errors
from aenb.evaluation.diagnosis import (
    against_baselines,
    collapse,
    denoising,
    learning_curves,
    mode_collapse,
    ranges,
    smoothing,
    units,
)
from aenb.evaluation.diagnosis.finding import SEVERITIES, Finding
from aenb.evaluation.diagnosis.measurements import Measurements
from aenb.latent.trained_run import TrainedRun

__all__ = ["Finding", "diagnose"]

CHECKS = (
    learning_curves.diverged,
    ranges.images_out_of_range,
    ranges.held_out_in_other_units,
    ranges.out_of_reach,
    ranges.outputs_out_of_range,
    units.dead_units,
    collapse.posterior_collapse,
    collapse.dead_codes,
    against_baselines.learned_nothing,
    against_baselines.no_linear_path,
    against_baselines.behind_pca,
    denoising.behind_linear_denoiser,
    denoising.too_much_guidance,
    mode_collapse.mode_collapse,
    smoothing.over_smoothed,
    learning_curves.saturated,
    learning_curves.over_fitting,
    learning_curves.barely_trained,
    learning_curves.still_learning,
    learning_curves.restarts,
)
CAUSES = {  # a finding → the findings that explain it: if one of them is found, it is left out
    "learned-nothing": {
        "diverged", "posterior-collapse", "input-range", "other-units", "out-of-reach", "barely-trained"
    },
    "behind-pca": {
        "learned-nothing", "dead-units", "still-learning", "over-fitting", "other-units", "out-of-reach",
        "barely-trained", "no-linear-path",
    },
    "no-linear-path": {"diverged", "input-range", "other-units", "out-of-reach", "barely-trained"},
    "over-smoothed": {
        "learned-nothing", "posterior-collapse", "diverged", "barely-trained", "other-units", "input-range",
        "out-of-reach", "dead-units",
    },
    "linear-denoiser": {"diverged", "input-range", "other-units", "barely-trained"},
    "mode-collapse": {"posterior-collapse", "learned-nothing", "diverged", "barely-trained", "linear-denoiser"},
    "unused-dimensions": {"learned-nothing", "barely-trained"},
    "posterior-collapse": {"barely-trained"},
    "still-learning": {"barely-trained", "linear-denoiser"},
    "local-optima": {"barely-trained"},
}  # fmt: skip


@usual_errors
def diagnose(run: TrainedRun) -> list[Finding]:
    """Check a run for common failures.

    The checks use at most 2,000 training examples and 1,000 generated samples, and take a few seconds. Checks that
    fail are reported.

    Args:
        run: The `Run`.

    Returns:
        The findings, most severe first, except that "barely-trained" comes before all others; none for a healthy run.

    Example:
        >>> import aenb
        >>> run = aenb.train("deep", "digits", epochs=3, learning_rate=10.0, verbose=False)
        >>> [finding.severity for finding in diagnose(run)][0]
        'error'
    """
    if not run.epochs and run.status != "diverged":
        return []
    measured = Measurements(run)
    findings: list[Finding] = []
    failed: dict[str, list[str]] = {}
    for check in CHECKS:
        try:
            findings += check(measured)
        except Exception as error:  # custom models and data can raise anything: go on with the other checks
            failed.setdefault(f"{type(error).__name__}: {error}", []).append(check.__name__.replace("_", " "))
    codes = {finding.code for finding in findings}
    reported = [finding for finding in findings if not CAUSES.get(finding.code, set()) & codes]
    reported += [
        Finding("not-checked", "info", f"Not checked: {', '.join(names)} ({reason})")
        for reason, names in failed.items()
    ]
    return sorted(reported, key=lambda finding: (finding.code != "barely-trained", SEVERITIES.index(finding.severity)))
