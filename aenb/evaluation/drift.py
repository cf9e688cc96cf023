"""Drift: whether new data comes from another distribution than the held-out data of a run.

Three kinds of two-sample tests: Kolmogorov-Smirnov on the anomaly scores and on each feature, and an energy test on the
latent codes (Székely & Rizzo 2013, "Energy statistics", J. Statist. Plann. Inference 143), whose p-value is that of a
permutation test. The tests on all features together may raise a false alarm at half of the stated rate, the two on
scores and codes at the other half; within each half the p-values are corrected by Holm's method (1979, "A simple
sequentially rejective multiple test procedure", Scand. J. Stat. 6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.core.numerics import usual_errors
from aenb.core.tables import html_table, number_of, text_table
from aenb.data.split import spread
from aenb.evaluation.features import feature_labels
from aenb.latent.trained_run import TrainedRun

if TYPE_CHECKING:
    from pandas import DataFrame

FEWEST = 8  # rows: with fewer, no test can tell anything
MAX_ROWS = 500  # of each sample in the energy test, whose cost grows with their square
PERMUTATIONS = 499
SHOWN = 10  # features in the printed table


@dataclass(frozen=True, eq=False, repr=False)
class Drift:
    """The result of `Run.drift`; it shows itself as a table.

    Attributes:
        is_drift: Whether any test rejects that both samples come from the same distribution.
        false_alarm_rate: The probability of a verdict "drift" where there is none, at most.
        frame: The tests, as `to_frame` returns them.
        sizes: The number of held-out and of new examples.

    Example:
        >>> import aenb
        >>> run = aenb.train("shallow", "wine", latent_dim=2, epochs=1, verbose=False)
        >>> run.drift(run.data.x_test + 3).sizes
        (36, 36)
    """

    is_drift: bool
    false_alarm_rate: float
    frame: DataFrame
    sizes: tuple[int, int]

    def to_frame(self) -> DataFrame:
        """Return the tests as a table.

        Returns:
            A `pandas.DataFrame`: rows "anomaly score", "latent codes", then the features, most changed first; columns
            `statistic`, `p`, `p_corrected` (for all tests together) and `drift`.

        Example:
            >>> import aenb
            >>> run = aenb.train("shallow", "wine", latent_dim=2, epochs=1, verbose=False)
            >>> list(run.drift(run.data.x_test + 3).to_frame().index[:2])
            ['anomaly score', 'latent codes']
        """
        return self.frame

    @property
    def verdict(self) -> str:
        """What was found, in a sentence."""
        names = list(self.frame.index[self.frame["drift"]])
        held_out, new = self.sizes
        where = f"{held_out:,} held-out and {new:,} new examples, false-alarm rate {self.false_alarm_rate:g}"
        if not names:
            return f"No drift found ({where})."
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        return f"Drift in {', '.join(map(str, names[:5]))}{more} ({where})."

    def _rows(self) -> list[list[str]]:
        rows = [["", "statistic", "p", "p, corrected", "drift"]]
        for name, one in self.frame.head(SHOWN + 2).iterrows():
            verdict = "yes" if one["drift"] else "no"
            rows.append([str(name), f"{one['statistic']:.3f}", f"{one['p']:.3g}", f"{one['p_corrected']:.3g}", verdict])
        return rows

    def _rest(self) -> str:
        left = len(self.frame) - SHOWN - 2
        return f"{number_of(left, 'more feature')}: to_frame() has them." if left > 0 else ""

    def __repr__(self) -> str:
        return "\n".join([self.verdict, *text_table(self._rows()), *filter(None, [self._rest()])])

    def _repr_html_(self) -> str:
        from html import escape

        return f"<div>{escape(self.verdict)}</div>{html_table(self._rows())}<div>{escape(self._rest())}</div>"


@usual_errors
def measure_drift(run: TrainedRun, x: np.ndarray, false_alarm_rate: float) -> Drift:
    """Compare new examples with the held-out examples of a run.

    Args:
        run: The `Run`.
        x: (n, *input_shape), in the model's units.
        false_alarm_rate: The probability of a false alarm of all tests together, at most.

    Raises:
        AenbError: There are fewer than eight examples of either, or the model is conditional.
    """
    import pandas as pd

    if run.is_conditional:
        raise AenbError("`drift`: expected a model that is not conditioned on labels; received a conditional one.")
    held_out = run.data.x_test
    for name, n in (("new", len(x)), ("held-out", len(held_out))):
        if n < FEWEST:
            raise AenbError(f"`drift`: expected at least {FEWEST} {name} examples; received {n}.")
    totals = {
        "anomaly score": _kolmogorov_smirnov(run.score(held_out), run.score(x)),
        "latent codes": energy_test(_flat(run.encode(held_out)), _flat(run.encode(x)), run.spec.seed),
    }
    features: dict[str, tuple[float, float]] = {}
    if run.preprocessing.kind != "text":
        columns = zip(feature_labels(run.preprocessing), _flat(held_out).T, _flat(x).T, strict=True)
        features = {name: _kolmogorov_smirnov(old, new) for name, old, new in columns}
    rows = []
    for tests in (totals, features):
        corrected = np.minimum(1.0, 2 * holm(np.array([p for _, p in tests.values()])))
        found = [(name, *test, value) for (name, test), value in zip(tests.items(), corrected, strict=True)]
        rows += sorted(found, key=lambda row: row[2]) if tests is features else found
    frame = pd.DataFrame(rows, columns=["", "statistic", "p", "p_corrected"]).set_index("")
    frame["drift"] = frame["p_corrected"] <= false_alarm_rate
    return Drift(bool(frame["drift"].any()), false_alarm_rate, frame, (len(held_out), len(x)))


def _flat(x: Any) -> np.ndarray:
    return np.asarray(x, "float64").reshape(len(x), -1)


def _kolmogorov_smirnov(old: np.ndarray, new: np.ndarray) -> tuple[float, float]:
    """Return the statistic and the p-value over observed values; (0, 1) if a sample has none."""
    from scipy.stats import ks_2samp

    old, new = old[~np.isnan(old)], new[~np.isnan(new)]
    if not len(old) or not len(new):
        return 0.0, 1.0
    found = ks_2samp(old, new, method="asymp")
    return float(found.statistic), float(found.pvalue)


def holm(p: np.ndarray) -> np.ndarray:
    """Correct p-values for their number by Holm's method: (n,) → (n,).

    Example:
        >>> import numpy as np
        >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
        [0.03, 0.06, 0.06]
    """
    order = np.argsort(p)
    corrected = np.empty(len(p))
    corrected[order] = np.maximum.accumulate(np.minimum(1.0, p[order] * (len(p) - np.arange(len(p)))))
    return corrected


def energy_test(old: np.ndarray, new: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """Test whether two samples of vectors come from the same distribution.

    Args:
        old: (n, dimensions); its standard deviations are the units.
        new: (m, dimensions).
        seed: Of the permutations.

    Returns:
        The energy distance, 0 for equal samples, and the p-value, at least 1/500.
    """
    from scipy.spatial.distance import cdist

    old, new = (sample[spread(len(sample), MAX_ROWS)] for sample in (old, new))
    scale = old.std(axis=0)
    both = np.concatenate([old, new]) / np.where(scale > 0, scale, 1.0)
    distances = cdist(both, both)
    weights = np.concatenate([np.full(len(old), 1 / len(old)), np.full(len(new), -1 / len(new))])
    generator = np.random.default_rng(seed)
    drawn = np.stack([weights, *(generator.permutation(weights) for _ in range(PERMUTATIONS))])
    statistics = -((drawn @ distances) * drawn).sum(axis=1)
    return float(statistics[0]), float((statistics >= statistics[0] - 1e-12).mean())
