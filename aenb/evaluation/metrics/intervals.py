"""Confidence intervals of the mean over several seeds."""

from __future__ import annotations

from collections.abc import Sequence
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
        """Say whether this interval is entirely below another; False if either has only one value."""
        if self.half is None or other.half is None:
            return False
        return self.mean + self.half < other.mean - other.half


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
