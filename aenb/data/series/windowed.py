"""What `Data` knows about the series that its windows are from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Windowed:
    """The series behind windows.

    Attributes:
        stride: Steps between the starts of two training windows.
        scoring_stride: The same when a series is scored: at most a quarter of a window.
        step: The usual time between two steps, in seconds; 0 without times.
        starts: (training windows,), the first step of each, ascending.
        held: The rows of the held-out part, as they were given: an array (rows, channels) or a DataFrame.
        is_anomaly: (held-out rows,), bool, the labels of these rows; None without labels.
    """

    stride: int
    scoring_stride: int
    step: float
    starts: np.ndarray
    held: Any
    is_anomaly: np.ndarray | None = None

    def only(self, windows: np.ndarray) -> Windowed:
        """Return the same for some of the training windows."""
        return replace(self, starts=self.starts[windows])
