"""Confidence intervals of the mean over several seeds, and which score is the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % confidence interval.

    Attributes:
        mean: The mean of the values.
        half: Half the width of the interval, or None if there is only one value.
        n: How many values there are.
    """

    mean: float
    half: float | None
    n: int

    def below(self, other: Interval) -> bool:
        """Say whether this interval is entirely below another; a single value counts as an interval of no width."""
        return self.mean + (self.half or 0.0) < other.mean - (other.half or 0.0)


def interval(values: Sequence[float]) -> Interval:
    """Return the mean of values and its 95 % confidence interval, by Student's t (1908).

    Args:
        values: One for each seed, at least one.

    Example:
        >>> estimate = interval([1.0, 2.0, 3.0])
        >>> round(estimate.mean, 3), round(estimate.half, 3)
        (2.0, 2.484)
    """
    from scipy.stats import t

    given = np.asarray(values, "float64")
    if len(given) < 2:
        return Interval(float(given.mean()), None, len(given))
    error = given.std(ddof=1) / np.sqrt(len(given))
    return Interval(float(given.mean()), float(t.ppf((1 + CONFIDENCE) / 2, len(given) - 1) * error), len(given))


def best(scores: Mapping[str, Interval], *, lower: bool) -> str | None:
    """Return the name of the best score: the one that tables print in bold.

    Args:
        scores: Scores of models and of baselines by name.
        lower: Whether lower is better.

    Returns:
        The best one's name, if its interval is apart from all others; None if it is not, or if it is alone.

    Example:
        >>> best({"deep": interval([1.0]), "PCA": interval([2.0])}, lower=True)
        'deep'
        >>> best({"deep": interval([1.0, 3.0]), "PCA": interval([2.5])}, lower=True) is None
        True
    """
    if len(scores) < 2:
        return None
    first = (min if lower else max)(scores, key=lambda name: scores[name].mean)
    others = (other for name, other in scores.items() if name != first)
    is_apart = all(scores[first].below(other) if lower else other.below(scores[first]) for other in others)
    return first if is_apart else None
