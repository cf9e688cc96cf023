"""Images as float32 in [0, 1], or as bytes that stand for it: (n, height, width, channels)."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from aenb.core.backend import Tensor, tf
from aenb.core.errors import AenbError
from aenb.data.values.numeric import SIGNALS, extent
from aenb.data.values.streamed import Examples, blocks

Range = tuple[float, float]  # the raw pixel values that stand for 0 and for 1

UNIT, BYTES, WORDS, SIGNED = (0.0, 1.0), (0.0, 255.0), (0.0, 65535.0), (-1.0, 1.0)
BYTE = np.float32(1 / 255)  # what a byte of 1 is
TOLERANCE = 0.05  # how far values may lie outside a range, as a share of it: resizing overshoots
MARGIN = 2.0  # how far inputs may exceed the training images' range, as a multiple of it: noise may be added
NOTES = {
    BYTES: "Pixels in [0, 255] were divided by 255.",
    WORDS: "Pixels in [0, 65535] were divided by 65,535.",
    SIGNED: "Pixels in [−1, 1] were moved to [0, 1].",
}
MASKS = "Bytes of 0 and 1 were taken for masks: they were not divided by 255."
CLIPPED = "Pixels outside [{least:g}, {most:g}], from {low:.4g} to {high:.4g}, were clipped."


def add_channel(images: np.ndarray) -> np.ndarray:
    """Give grey images their channel axis: (n, height, width) → (n, height, width, 1)."""
    return images[..., None] if images.ndim == 3 else images


def units(examples: np.ndarray | Tensor) -> np.ndarray | Tensor:
    """Convert examples to a model's units: bytes are divided by 255, tokens become int32, all else is left as it is.

    The last bit is the same in arrays as in graphs, compiled or not: XLA replaces a division by a constant by a
    multiplication with its reciprocal, so this multiplies.

    Args:
        examples: A NumPy array or a TensorFlow tensor.
    """
    if isinstance(examples, np.ndarray):
        cast, is_integer = np.ndarray.astype, examples.dtype.kind in "iu"
    else:
        cast, is_integer = tf.cast, examples.dtype.is_integer
    if examples.dtype == "uint8":
        return cast(examples, "float32") * BYTE
    return cast(examples, "int32") if is_integer else examples


def infer_range(images: Examples, ends: np.ndarray | None, name: str = "Images") -> tuple[Range, list[str]]:
    """Infer the pixel range from the training images, so that all other images are scaled alike.

    The dtype decides first: bytes range to 255, except masks of 0 and 1. Other integers get the smallest of [0, 1],
    [0, 255] and [0, 65535] that holds them; floats get the smallest of [0, 1], [−1, 1] and [0, 255] that holds them,
    up to a tolerance for the overshoot of resizing, which is clipped.

    Args:
        images: (n, height, width, channels), the training images, readable in blocks.
        ends: (n, 2), the smallest and the largest value of each; None for bytes and booleans.
        name: Their name, for errors.

    Returns:
        The range, and notes on it.

    Raises:
        AenbError: The values fit none of these ranges.

    Example:
        >>> infer_range(np.zeros((2, 1, 1), "float32"), np.array([[0, 0.5], [-1e-6, 1.0002]]))[0]
        (0.0, 1.0)
    """
    if images.dtype == bool:
        return UNIT, []
    if images.dtype == np.uint8:
        is_mask = all(block.max(initial=0) <= 1 for block in blocks(images))
        return (UNIT, [MASKS]) if is_mask else (BYTES, [NOTES[BYTES]])
    low, high = float(ends[:, 0].min()), float(ends[:, 1].max())
    known = (UNIT, SIGNED, BYTES, WORDS) if images.dtype.kind in "iu" else (UNIT, SIGNED, BYTES)
    for pixel_range in known:
        if fits(pixel_range, low, high, tolerance_of(images.dtype)):
            clipped = not fits(pixel_range, low, high, 0)
            return pixel_range, [
                *([NOTES[pixel_range]] if pixel_range in NOTES else []),
                *([CLIPPED.format(low=low, high=high, least=pixel_range[0], most=pixel_range[1])] if clipped else []),
            ]
    raise AenbError(
        f"{name}: expected pixels in [0, 1] (or [−1, 1], or whole numbers up to 255); received values from "
        f"{low:.4g} to {high:.4g}. Scale them: (x - x.min()) / (x.max() - x.min()).{SIGNALS}"
    )


def check_range(images: Examples, ends: np.ndarray | None, pixel_range: Range, name: str = "Images") -> None:
    """Raise an error if held-out images are outside the range that was inferred from the training images.

    Args:
        images: (n, height, width, channels), readable in blocks.
        ends: As for `infer_range`.
        pixel_range: The inferred range.
        name: Their name, for the error.

    Raises:
        AenbError: They are outside it.
    """
    if images.dtype == bool or (ends is None and pixel_range == BYTES):
        return
    if ends is None:
        low, high = 0.0, float(max((block.max(initial=0) for block in blocks(images)), default=0))
    else:
        low, high = float(ends[:, 0].min()), float(ends[:, 1].max())
    if not fits(pixel_range, low, high, tolerance_of(images.dtype)):
        raise AenbError(
            f"{name}: expected pixels from {pixel_range[0]:g} to {pixel_range[1]:g} in the held-out images, as in "
            f"the training images; received values from {low:.4g} to {high:.4g}. Scale all images alike."
        )


def tolerance_of(dtype: np.dtype) -> float:
    """Return how far pixels of a dtype may lie outside a range, as a share of it: 0 for integers."""
    return TOLERANCE if dtype.kind == "f" else 0.0


def fits(pixel_range: Range, low: float, high: float, tolerance: float = TOLERANCE) -> bool:
    """Say whether values from `low` to `high` lie within a pixel range, up to a tolerance."""
    least, most = pixel_range
    margin = tolerance * (most - least)
    return least - margin <= low and high <= most + margin


def from_range(pixel_range: Range) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function that scales pixels of a range to float32 in [0, 1] and clips them."""
    return functools.partial(_from_range, pixel_range=pixel_range)


def _from_range(images: np.ndarray, pixel_range: Range) -> np.ndarray:
    least, most = pixel_range
    if pixel_range in (UNIT, BYTES):  # in single precision, as bytes are
        scaled = images.astype("float32") * (BYTE if pixel_range == BYTES else 1)
    else:
        scaled = ((images - least) / (most - least)).astype("float32")
    return np.clip(scaled, 0, 1, out=scaled)


def to_unit(images: np.ndarray, pixel_range: Range, reach: Range, name: str) -> np.ndarray:
    """Convert raw images to float32 in [0, 1], and leave floats that are in these units already as they are.

    Args:
        images: (n, height, width, channels).
        pixel_range: The raw pixel values of the training images that stand for 0 and 1.
        reach: The smallest and the largest training value in [0, 1] units, which noise may exceed.
        name: The name of the images, for errors.

    Raises:
        AenbError: They are in neither range.
    """
    if images.dtype.kind == "b":
        return images.astype("float32")
    ends = extent(images, name)
    if images.dtype.kind == "f" and _are_inputs(*ends, pixel_range, reach):
        return images.astype("float32")
    if images.dtype.kind in "iu" and pixel_range == UNIT and ends[1] > 1:  # it was trained on floats
        pixel_range = BYTES
    if not fits(pixel_range, *ends, tolerance_of(images.dtype)):
        least, most = pixel_range
        raise AenbError(
            f"`{name}`: expected pixels from {least:g} to {most:g}, as the training images have, or floats in "
            f"[0, 1]; received values from {ends[0]:.4g} to {ends[1]:.4g}. Scale them alike."
        )
    return from_range(pixel_range)(images)


def _are_inputs(low: float, high: float, pixel_range: Range, reach: Range) -> bool:
    """Say whether images of floats from `low` to `high` are in the model's units, not raw."""
    if pixel_range[0] < 0 and fits(pixel_range, low, high) and not fits(UNIT, low, high):
        return False
    least, most = reach
    margin = MARGIN * max(1.0, most - least)
    return least - margin <= low and high <= most + margin
