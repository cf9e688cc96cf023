"""What `Data` knows about the series that its windows are from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from aenb.data.split import hold_out

if TYPE_CHECKING:
    from aenb.data.record import Data


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


def validation_split(data: Data, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Split the training examples into those to learn from, and those for validation.

    Windows of a series are split in time: the last ones are for validation, and those that overlap them are left out.
    Other examples are drawn at random, as `hold_out` does.

    Args:
        data: The data.
        size: How many examples are for validation.

    Returns:
        Two ascending arrays of the examples' numbers.

    Example:
        >>> import numpy as np, aenb
        >>> data = aenb.load_data(np.sin(np.arange(300) / 4), window=20)
        >>> kept, validation = validation_split(data, 20)
        >>> int(validation[0] - kept[-1])  # the windows between them overlap both
        20
    """
    if data.series is None:
        return hold_out(len(data.train), size)
    starts, (window, *_) = data.series.starts, data.input_shape
    validation = np.arange(len(starts) - size, len(starts))
    kept = np.flatnonzero(starts + window <= starts[validation[0]])
    return (kept, validation) if len(kept) else (np.arange(validation[0]), validation)
