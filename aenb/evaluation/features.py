"""The names of an example's features."""

from __future__ import annotations

import itertools

from aenb.data.preprocessing import Preprocessing


def feature_labels(preprocessing: Preprocessing) -> list[str]:
    """Return a name for each feature of a flattened example: those of a table's columns, else their positions.

    Example:
        >>> from aenb.data.preprocessing import Preprocessing
        >>> feature_labels(Preprocessing("tabular", (2,), feature_names=("age", "height")))
        ['age', 'height']
        >>> feature_labels(Preprocessing("image", (1, 2, 1)))
        ['[0, 0, 0]', '[0, 1, 0]']
    """
    if preprocessing.feature_names and preprocessing.kind == "tabular":
        return list(preprocessing.feature_names)
    places = itertools.product(*map(range, preprocessing.input_shape))
    return [f"x{place[0]}" if len(place) == 1 else str(list(place)) for place in places]
