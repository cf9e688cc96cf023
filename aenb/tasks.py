"""Tasks: what goes into a model and what it should give."""

from __future__ import annotations

import numpy as np


def reconstruct(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give each item as its own target."""
    return x, x


TASKS = {"reconstruct": reconstruct}
