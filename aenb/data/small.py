"""When data is small: too small for the defaults of the textbook, which are those of large sets of images."""

from __future__ import annotations

from aenb.data.record import Data

FEW_IMAGES = 1000  # training images from which a network finds more than PCA does


def is_small(data: Data) -> bool:
    """Say whether data is small: any tables, signals and texts, and few images, unless they are a part of many.

    Example:
        >>> import aenb
        >>> [is_small(aenb.load_data(name)) for name in ("digits", "wine")]
        [False, True]
    """
    return data.kind != "image" or (not data.is_subset and len(data.train) < FEW_IMAGES)
