"""Long series for pictures: the smallest and the largest value of each stretch, so that no spike is lost."""

from __future__ import annotations

import itertools

import numpy as np

MOST = 2000  # points of a line


def decimated(values: np.ndarray, most: int = MOST) -> tuple[np.ndarray, np.ndarray]:
    """Thin a series for a line of at most `most` points.

    Args:
        values: (steps,), NaN for missing values.
        most: The number of points, at least 2.

    Returns:
        Places and values, (points,) each: in each of most / 2 stretches the smallest and the largest, in their order.

    Example:
        >>> import numpy as np
        >>> x = np.zeros(1000)
        >>> x[700] = 9
        >>> places, thin = decimated(x, 10)
        >>> len(thin), int(places[thin.argmax()])
        (10, 700)
    """
    steps = len(values)
    if steps <= most:
        return np.arange(steps), values
    edges = np.linspace(0, steps, most // 2 + 1).astype(int)
    places = []
    for begin, end in itertools.pairwise(edges.tolist()):
        part = values[begin:end]
        if np.isnan(part).all():
            places += [begin, end - 1]
        else:
            places += sorted((begin + int(np.nanargmin(part)), begin + int(np.nanargmax(part))))
    index = np.array(places)
    return index, values[index]
