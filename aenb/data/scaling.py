"""Images as float32 in [0, 1], or as bytes that stand for it: (n, height, width, channels)."""

from __future__ import annotations

import numpy as np

from aenb.errors import AenbError

DIVIDED = "Pixels in [0, 255] were divided by 255."


def add_channel(images: np.ndarray) -> np.ndarray:
    """Give grey images their channel axis: (n, height, width) → (n, height, width, 1)."""
    return images[..., None] if images.ndim == 3 else images


def units(items: np.ndarray) -> np.ndarray:
    """Bring items to a model's units: bytes are 255ths of [0, 1], all else is in them already; float32."""
    return items.astype("float32") / np.float32(255) if items.dtype == np.uint8 else items


def image_units(images: np.ndarray) -> tuple[np.ndarray, str]:
    """Bring images to float32 in [0, 1], or to bytes that stand for it, and say what was done.

    Args:
        images: (n, height, width) or (n, height, width, channels), of any number type, finite.

    Returns:
        The images, and a sentence that is empty where nothing was changed.

    Raises:
        AenbError: The range is none of [0, 1], [−1, 1], [0, 255], [0, 65535].
    """
    low, high = float(images.min()), float(images.max())
    if images.dtype == bool or (low >= 0 and high <= 1 and images.dtype.kind == "f"):
        return add_channel(images.astype("float32")), ""
    if images.dtype == np.uint8:
        return add_channel(images), DIVIDED
    if low >= 0 and 1 < high <= 255:
        return add_channel(images.astype("float32") / np.float32(255)), DIVIDED
    if images.dtype == np.uint16:
        return add_channel((images / 65535).astype("float32")), "Pixels in [0, 65535] were divided by 65,535."
    if low >= 0 and high <= 1:
        return add_channel(images.astype("float32")), ""
    if low >= -1 and high <= 1:
        return add_channel(((images + 1) / 2).astype("float32")), "Pixels in [−1, 1] were moved to [0, 1]."
    raise AenbError(
        f"Images: expected pixels in [0, 1] (or [−1, 1], or whole numbers up to 255); received values from "
        f"{low:.4g} to {high:.4g}. Scale them: (x - x.min()) / (x.max() - x.min())."
    )
