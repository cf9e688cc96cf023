"""Which training examples are for validation: those of a series are the last ones."""

from __future__ import annotations

import numpy as np

from aenb.data.record import Data
from aenb.data.split import hold_out


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
