"""A series that a run is given later: the windows that its model takes, and results for each row that was given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.series import windows
from aenb.data.series.recording import Recording, read
from aenb.data.values.numeric import is_frame

if TYPE_CHECKING:
    from aenb.data.preprocessing import Preprocessing


@dataclass(frozen=True, eq=False)
class GivenSeries:
    """A series as windows.

    Attributes:
        recording: The series on its grid, with the caller's rows and index.
        starts: (windows,), the first step of each window.
    """

    recording: Recording
    starts: np.ndarray

    @property
    def steps(self) -> int:
        """The number of steps on the grid."""
        return len(self.recording.values)

    @property
    def begins(self) -> Any:
        """The index of the row with which each window begins, or the last one before it; the step without an index."""
        import pandas as pd

        order = np.argsort(self.recording.places, kind="stable")
        places = np.searchsorted(self.recording.places[order], self.starts, side="right") - 1
        rows = order[places]
        return pd.RangeIndex(len(rows)) if self.recording.index is None else self.recording.index[rows]

    def by_row(self, parts: np.ndarray) -> np.ndarray:
        """Return the mean over windows for each row: (windows, window, channels) → (rows, channels), float64."""
        return self.recording.rows(windows.joined(parts, self.starts, self.steps))

    def in_rows(self, parts: np.ndarray) -> Any:
        """Return the same as a DataFrame if the series has an index."""
        import pandas as pd

        values, recording = self.by_row(parts), self.recording
        if recording.index is None:
            return values
        return pd.DataFrame(values, index=recording.index, columns=list(recording.channels))

    def scored(self, scores: np.ndarray) -> Any:
        """Return a score for each row, (rows,), as a pandas Series if the series has an index."""
        import pandas as pd

        index = self.recording.index
        return scores if index is None else pd.Series(scores, index=index, name="score")


def is_given_series(x: Any) -> bool:
    """Say whether something is a series, not windows: a Series, a table, or numbers with one axis or two."""
    if is_frame(x) or (hasattr(x, "to_frame") and hasattr(x, "index")):
        return True
    if isinstance(x, list | tuple) and len(x) and not np.isscalar(x[0]):
        return False
    return np.ndim(x) in (1, 2) and np.asarray(x).dtype.kind != "O"


def given_series(x: Any, preprocessing: Preprocessing, name: str) -> tuple[GivenSeries, np.ndarray]:
    """Cut a series into the windows of a model.

    Args:
        x: The series, in its original units, with the channels of the training series.
        preprocessing: That of the run.
        name: The name of what was given, for errors.

    Returns:
        The series, and its windows in the model's units, (windows, *input_shape), float32.

    Raises:
        AenbError: It has other channels, or is shorter than a window.

    Example:
        >>> import numpy as np, aenb
        >>> data = aenb.load_data(np.sin(np.arange(300) / 4), window=20)
        >>> given_series(np.zeros(30), data.preprocessing, "x")[1].shape
        (11, 20, 1)
    """
    window, channels = preprocessing.input_shape
    recording = read(x, name, longest_gap=window, channels=preprocessing.feature_names or None, step=preprocessing.step)
    found = recording.values
    if found.shape[1] != channels:
        raise AenbError(f"`{name}`: expected a series of {channels} channels; received {found.shape[1]}.")
    if len(found) < window:
        raise AenbError(
            f"`{name}`: expected a series of at least {window} steps, the window of the model; received {len(found)}."
        )
    first = windows.starts(len(found), window, preprocessing.stride)
    scaled = preprocessing.scaled(found, name)
    return GivenSeries(recording, first), windows.cut(scaled, first, window)
