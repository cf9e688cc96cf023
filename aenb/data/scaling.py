"""Images as float32 in [0, 1], or as bytes that stand for it: (n, height, width, channels)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aenb.data.numeric import SIGNALS, extent
from aenb.errors import AenbError

DIVIDED = "Pixels in [0, 255] were divided by 255."


def add_channel(images: np.ndarray) -> np.ndarray:
    """Give grey images their channel axis: (n, height, width) → (n, height, width, 1)."""
    return images[..., None] if images.ndim == 3 else images


def units(items: np.ndarray) -> np.ndarray:
    """Bring items to a model's units: bytes are 255ths of [0, 1]; tokens are int32; all else is in them already."""
    if items.dtype == np.uint8:
        return items.astype("float32") / np.float32(255)
    return items.astype("int32") if items.dtype.kind in "iu" else items


def image_units(images: np.ndarray) -> tuple[np.ndarray, str]:
    """Bring images to float32 in [0, 1], or to bytes that stand for it, and say what was done.

    Args:
        images: (n, height, width) or (n, height, width, channels), of any number type, finite.

    Returns:
        The images, and a sentence that is empty where nothing was changed.

    Raises:
        AenbError: The range is none of [0, 1], [−1, 1], [0, 255], [0, 65535].
    """
    to_units, note = image_rule(images.dtype, *extent(images))
    images = add_channel(images)
    return (images if to_units is None else to_units(images)), note


def image_rule(dtype: np.dtype, low: float, high: float) -> tuple[Callable | None, str]:
    """Return the function that brings images to float32 in [0, 1], and a sentence as `image_units` does.

    Args:
        dtype: Of the images.
        low: Their least value.
        high: Their greatest value.

    Returns:
        The function is None for bytes, which stand for [0, 1] as they are.

    Raises:
        AenbError: As `image_units`.
    """
    if dtype == np.uint8:
        return None, DIVIDED
    if dtype.kind == "b" or (low >= 0 and high <= 1 and dtype.kind == "f"):
        return _as_they_are, ""
    if low >= 0 and 1 < high <= 255:
        return _from_255, DIVIDED
    if dtype == np.uint16:
        return _from_65535, "Pixels in [0, 65535] were divided by 65,535."
    if low >= 0 and high <= 1:
        return _as_they_are, ""
    if low >= -1 and high <= 1:
        return _from_both_signs, "Pixels in [−1, 1] were moved to [0, 1]."
    raise AenbError(
        f"Images: expected pixels in [0, 1] (or [−1, 1], or whole numbers up to 255); received values from "
        f"{low:.4g} to {high:.4g}. Scale them: (x - x.min()) / (x.max() - x.min()).{SIGNALS}"
    )


def _as_they_are(images: np.ndarray) -> np.ndarray:
    return images.astype("float32")


def _from_255(images: np.ndarray) -> np.ndarray:
    return images.astype("float32") / np.float32(255)


def _from_65535(images: np.ndarray) -> np.ndarray:
    return (images / 65535).astype("float32")


def _from_both_signs(images: np.ndarray) -> np.ndarray:
    return ((images + 1) / 2).astype("float32")
