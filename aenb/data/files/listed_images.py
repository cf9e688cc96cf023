"""Image files, one example each: converted to one size, decoded once, and made `Data`."""

from __future__ import annotations

import statistics
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.files.file_reader import CHUNK, FileReader
from aenb.data.files.image_files import CHANGES, Header, look, pixels
from aenb.data.files.listing import Listing
from aenb.data.own.arrays import from_arrays
from aenb.data.record import Data
from aenb.data.split import MIN_EXAMPLES
from aenb.data.values.growing_array import GrowingArray

MAX_SIDE = 256  # pixels up to which images of one size are not resized
SIDES = (128, 64, 32)  # pixels that other images are resized to


def from_image_files(listing: Listing) -> Data:
    """Make `Data` from image files.

    Images that all have one size, up to 256×256, are left as they are. Others are resized: to squares, cropped around
    the centre, if their sizes differ; otherwise in proportion. If any image has colour, all get three channels.

    Args:
        listing: The files; those that cannot be read are left out, and named in a note.

    Raises:
        AenbError: Too few can be read, or the disk for temporary files is full.
    """
    reader = FileReader(listing)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")  # sizes are checked
        headers = list(reader.each(look, "Looking at"))
        reader.expect(MIN_EXAMPLES)
        size, size_notes = _size(headers)
        mode = "RGB" if any(header.has_colour for header in headers) else "L"
        array, change_notes = _decode(partial(pixels, size=size, mode=mode, resized=bool(size_notes)), reader, listing)
    reader.expect(MIN_EXAMPLES)
    kept = listing.only(reader.kept)
    return from_arrays(
        array, kept.labels, name=kept.origin, source=kept.source, class_names=kept.class_names,
        notes=[*kept.notes, *reader.notes, *size_notes, *change_notes], names=kept.names, is_held=kept.is_held,
    )  # fmt: skip


def read_images(listing: Listing, shape: tuple[int, ...]) -> tuple[np.ndarray, Listing, list[str]]:
    """Read image files at the size of a model's inputs.

    Args:
        listing: The files; images of another size are cropped around the centre and resized.
        shape: (height, width, channels), with one channel or three.

    Returns:
        (n, *shape), uint8; the files that could be read; and a note on the others.

    Raises:
        AenbError: None can be read, or the model's images have another number of channels.
    """
    if shape[-1] not in (1, 3):
        raise AenbError(f"`{listing.origin}`: expected images of {shape[-1]} channels; files have one or three.")
    size, mode = (shape[0], shape[1]), "L" if shape[-1] == 1 else "RGB"

    def decode(path: Path) -> np.ndarray:
        header = look(path)
        return pixels(path, size, mode, resized=(header.height, header.width) != size)[0]

    reader = FileReader(listing)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")  # sizes are checked
        images = list(reader.each(decode, "Decoding"))
    reader.expect(1)
    return np.stack(images).reshape(len(images), *shape), listing.only(reader.kept), reader.notes


def _decode(decode: Callable, reader: FileReader, listing: Listing) -> tuple[np.ndarray, list[str]]:
    """Return the pixels of all images that can be read, and notes on what was changed."""
    changes: Counter[str] = Counter()
    block: list[np.ndarray] = []
    with GrowingArray(listing.origin) as rows:
        for image, changed in reader.each(decode, "Decoding"):
            block.append(image)
            changes.update(changed)
            if len(block) == CHUNK:
                rows.append(np.stack(block))
                block.clear()
        if block:
            rows.append(np.stack(block))
        notes = [CHANGES[change].format(_counted(changes[change])) for change in CHANGES if changes[change]]
        return rows.array(), [*notes, *([rows.note] if rows.note else [])]


def _size(headers: Sequence[Header]) -> tuple[tuple[int, int], list[str]]:
    """Choose the height and width of all images; return it with notes on any resizing."""
    sizes = {(header.height, header.width) for header in headers}
    if len(sizes) == 1:
        (height, width) = sizes.pop()
        if max(height, width) <= MAX_SIDE:
            return (height, width), []
        scale = SIDES[0] / max(height, width)
        small = max(1, round(height * scale)), max(1, round(width * scale))
        return small, [f"Images of {height}×{width} were resized to {small[0]}×{small[1]}."]
    shorter = [min(size) for size in ((header.height, header.width) for header in headers)]
    median = int(statistics.median(shorter))
    side = next((side for side in SIDES if side <= median), median)
    low, high = min(sizes, key=np.prod), max(sizes, key=np.prod)
    note = (
        f"Images of {len(sizes)} sizes, {low[0]}×{low[1]} to {high[0]}×{high[1]}, were cropped to a square around "
        f"the centre and resized to {side}×{side}."
    )
    num_enlarged = sum(one < side for one in shorter)
    return (side, side), [note, f"That enlarged {_counted(num_enlarged)}."] if num_enlarged else [note]


def _counted(number: int) -> str:
    return f"{number:,} image" if number == 1 else f"{number:,} images"
