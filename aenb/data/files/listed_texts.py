"""Text files, one example each: read, and made `Data`."""

from __future__ import annotations

from pathlib import Path

import psutil

from aenb.core.errors import AenbError
from aenb.core.files import read_bytes
from aenb.data.files.file_reader import FileReader
from aenb.data.files.listing import Listing
from aenb.data.own.texts import from_texts
from aenb.data.record import Data
from aenb.data.split import MIN_EXAMPLES

LARGEST = 2**24  # bytes of a text


def from_text_files(listing: Listing) -> Data:
    """Make `Data` from text files.

    Args:
        listing: The files, in UTF-8, of up to 16 MB each; those that cannot be read are left out, and named in a note.

    Raises:
        AenbError: Too few can be read, or they do not fit into memory.
    """
    texts, kept, notes = read_texts(listing, MIN_EXAMPLES)
    return from_texts(
        texts, kept.labels, kept.origin, kept.source, class_names=kept.class_names, notes=(*kept.notes, *notes),
        names=kept.names, is_held=kept.is_held,
    )  # fmt: skip


def read_texts(listing: Listing, least: int = 1) -> tuple[list[str], Listing, list[str]]:
    """Return the texts of files, the files that could be read, and a note on the others.

    Raises:
        AenbError: Fewer than `least` can be read, or they do not fit into memory.
    """
    needed, free = (
        sum(path.stat().st_size for path in listing.paths if path.is_file()),
        psutil.virtual_memory().available,
    )
    if needed > free / 4:
        raise AenbError(
            f"`{listing.origin}`: expected texts that fit into memory, {free / 2**20:,.0f} MB; received "
            f"{needed / 2**20:,.0f} MB. Take fewer of them."
        )
    reader = FileReader(listing)
    texts = list(reader.each(_text, "Reading"))
    reader.expect(least)
    return texts, listing.only(reader.kept), reader.notes


def _text(path: Path) -> str:
    content = read_bytes(path, "a readable .txt file", LARGEST)
    if not content:
        raise ValueError("it is empty")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8, at byte {error.start}") from error
