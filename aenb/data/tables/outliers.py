"""Outliers of a mixed table: a few numbers far out would outweigh all others in the loss, and be memorised."""

from __future__ import annotations

import numpy as np

from aenb.data.tables import mixed_table
from aenb.data.tables.column import in_layout

LIMIT = 5.0  # standard deviations, within which numbers are trained on


def limited(train: np.ndarray, columns: mixed_table.Columns) -> tuple[np.ndarray, list[str]]:
    """Limit the standardised numbers of training rows (winsorising: Tukey 1962, "The future of data analysis").

    Rows that are scored later are not limited, so that an outlier keeps its high anomaly score, training rows too.

    Args:
        train: (n, entries), the model's inputs of the training rows, NaN where a value is missing.
        columns: What they are the entries of.

    Returns:
        The rows, and a sentence on what was limited, if anything was.
    """
    kinds = np.array([columns[place].kind for place in in_layout(columns)])
    is_number = (kinds == "numeric")[np.array(mixed_table.layout(columns).owners, int)]
    beyond = (np.abs(train) > LIMIT) & is_number
    if not beyond.any():
        return train, []
    names = [f"`{mixed_table.entry_names(columns)[place]}`" for place in np.flatnonzero(beyond.any(axis=0))]
    return np.where(beyond, np.clip(train, -LIMIT, LIMIT), train), [
        f"Training values more than {LIMIT:g} standard deviations from the mean: {beyond.sum():,}, of "
        f"{', '.join(names)}. They are trained on as {LIMIT:g}, and scored as they are."
    ]
