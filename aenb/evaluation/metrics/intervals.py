"""What several seeds say together: a mean, and how far the true one may be from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % interval.

    Attributes:
        mean: Of the values.
        half: Half the interval's width, or None where there is one value only.
        n: How many values there are.
    """

    mean: float
    half: float | None
    n: int

    def below(self, other: Interval) -> bool:
        """Say whether all of this interval is below all of another; False where either has one value only."""
        if self.half is None or other.half is None:
            return False
        return self.mean + self.half < other.mean - other.half


def interval(values: Sequence[float]) -> Interval:
    """Return the mean of values and the interval that covers the true one in 95 % of cases, by Student's t (1908).

    Args:
        values: One of each seed, at least one.

    Example:
        >>> found = interval([1.0, 2.0, 3.0])
        >>> round(found.mean, 3), round(found.half, 3)
        (2.0, 2.484)
    """
    from scipy.stats import t

    given = np.asarray(values, "float64")
    if len(given) < 2:
        return Interval(float(given.mean()), None, len(given))
    error = given.std(ddof=1) / np.sqrt(len(given))
    return Interval(float(given.mean()), float(t.ppf((1 + CONFIDENCE) / 2, len(given) - 1) * error), len(given))
