"""Image files, read by Pillow: their sizes, and their pixels as bytes at one size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")  # Pillow's, whatever the suffix; others may run programs
GREY = ("1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "I;16N")  # Pillow's modes without colour
CHANGES = {
    "grey": "{} grey among colour images: given three equal channels.",
    "turned": "{} turned upright, as its EXIF orientation says.",
    "first frame": "{} of several frames: the first was taken.",
    "transparent": "{} with transparency: laid over white.",
    "16 bits": "{} of 16 bits a channel: reduced to 8.",
    "CMYK": "{} in CMYK: converted to RGB.",
}


class Header(NamedTuple):
    """What a file declares about its image, once it is upright."""

    height: int
    width: int
    has_colour: bool


def look(path: Path) -> Header:
    """Read what a file declares about its image, without decoding it.

    Raises:
        Exception: Whatever Pillow raises for a broken file.
    """
    with _opened(path) as image:
        width, height = image.size
        if _orientation(image) >= 5:  # lies on its side
            width, height = height, width
        return Header(height, width, image.mode not in GREY)


def pixels(path: Path, size: tuple[int, int], mode: str, resized: bool) -> tuple[np.ndarray, set[str]]:
    """Decode an image and convert it to a size.

    Args:
        path: The file.
        size: The height and width to convert to.
        mode: The mode to convert to, "RGB" or "L".
        resized: Whether to crop it around its centre and resize it; if not, it must have the size already.

    Returns:
        uint8, (height, width) or (height, width, 3), and which of `CHANGES` were made.

    Raises:
        Exception: Whatever Pillow raises for a broken file.
    """
    with _opened(path) as image:
        changes = {"first frame"} if getattr(image, "is_animated", False) else set()
        if resized:
            image.draft(None, (4 * max(size), 4 * max(size)))  # JPEG: decode no more detail than needed
        image = _upright(image, changes)
        image = _in_mode(image, mode, changes)
        if resized:
            image = _resize(image, size)
        array = np.array(image)
    if array.shape[:2] != size:
        raise ValueError(f"it is {array.shape[0]}×{array.shape[1]}, though it declares {size[0]}×{size[1]}")
    return array, changes


def _opened(path: Path) -> Image:
    from PIL import Image

    Image.init()  # once, so that FORMATS are registered
    image = Image.open(path, formats=FORMATS)
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and image.width * image.height > limit:
        image.close()
        raise ValueError(f"{image.width:,}×{image.height:,} pixels, more than Pillow's limit of {limit:,}")
    return image


def _orientation(image: Image) -> int:
    """Return the EXIF orientation, 1 (upright) to 8, without decoding the image."""
    try:
        return image.getexif().get(0x0112, 1) if "exif" in image.info else 1
    except Exception:  # broken EXIF does not affect the pixels
        return 1


def _upright(image: Image, changes: set[str]) -> Image:
    from PIL import ImageOps

    if _orientation(image) not in range(2, 9):
        return image
    changes.add("turned")
    return ImageOps.exif_transpose(image)


def _in_mode(image: Image, mode: str, changes: set[str]) -> Image:
    from PIL import Image

    if mode == "RGB" and image.mode in GREY:
        changes.add("grey")
    if image.mode.startswith("I"):
        changes.add("16 bits")
        image = Image.fromarray((np.clip(np.asarray(image), 0, 65535) >> 8).astype("uint8"))
    if image.mode == "CMYK":
        changes.add("CMYK")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        if image.getchannel("A").getextrema()[0] < 255:
            changes.add("transparent")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image if image.mode == mode else image.convert(mode)


def _resize(image: Image, size: tuple[int, int]) -> Image:
    """Crop an image around its centre to the proportions of a size, and resize it with antialiasing."""
    from PIL import Image

    height, width = size
    scale = min(image.width / width, image.height / height)
    left, top = (image.width - scale * width) / 2, (image.height - scale * height) / 2
    box = (left, top, left + scale * width, top + scale * height)
    return image.resize((width, height), Image.Resampling.LANCZOS, box=box)
