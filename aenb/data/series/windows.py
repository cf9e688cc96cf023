"""Windows of a series: cut, and joined again to a value for each step."""

from __future__ import annotations

import numpy as np

MOST_MISSING = 0.5  # share of a window's values: with more, it is left out of training


def starts(steps: int, window: int, stride: int) -> np.ndarray:
    """Return the first step of each window, ascending; the last window ends with the series.

    Args:
        steps: The length of the series, at least `window`.
        window: The length of a window.
        stride: The steps between the starts of two windows.

    Example:
        >>> starts(10, 4, 3).tolist(), starts(11, 4, 3).tolist()
        ([0, 3, 6], [0, 3, 6, 7])
    """
    found = np.arange(0, steps - window + 1, stride)
    return found if found[-1] == steps - window else np.append(found, steps - window)


def cut(values: np.ndarray, first: np.ndarray, window: int) -> np.ndarray:
    """Return windows of a series: (steps, channels) → (windows, window, channels), the same dtype.

    Args:
        values: The series.
        first: (windows,), the first step of each.
        window: Their length.
    """
    return values[first[:, None] + np.arange(window)]


def joined(parts: np.ndarray, first: np.ndarray, steps: int) -> np.ndarray:
    """Return the mean over all windows of what they have for a step.

    Args:
        parts: (windows, window, channels), NaN is ignored.
        first: (windows,), the first step of each window.
        steps: The length of the series.

    Returns:
        (steps, channels), float64; NaN if no window has a value for the step.

    Example:
        >>> import numpy as np
        >>> joined(np.array([[[1.0], [2.0]], [[4.0], [8.0]]]), np.array([0, 1]), 3).ravel().tolist()
        [1.0, 3.0, 8.0]
    """
    sums, counts = np.zeros((steps, parts.shape[2])), np.zeros((steps, parts.shape[2]))
    for place in range(parts.shape[1]):  # the starts differ, so each adds to a step once
        values = parts[:, place]
        sums[first + place] += np.nan_to_num(values)
        counts[first + place] += ~np.isnan(values)
    return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)


def are_observed(windows: np.ndarray) -> np.ndarray:
    """Say of each window, (windows, window, channels), whether at least half of its values are observed: (windows,)."""
    return np.isnan(windows).mean(axis=(1, 2)) <= MOST_MISSING
