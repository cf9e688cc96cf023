"""A small reader of SWORD modules of the kind zText, whose books are compressed each by itself (CrossWire).

A module has two testaments of three files: `.bzs`, where each book begins in `.bzz`; `.bzz`, the books, compressed by
zlib; and `.bzv`, where each entry is in its book. An entry is a verse, or a heading of a book or a chapter, in OSIS, a
form of XML. Modules of one versification have the same entries, so they are aligned by their places.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from html import unescape
from pathlib import Path

from aenb.core.errors import AenbError
from aenb.core.files import named, read_bytes

TESTAMENTS = ("ot", "nt")
BYTES = 2**24  # of a file, and of a book
_HIDDEN = re.compile(r"<(note|title)\b[^>]*(?<!/)>.*?</\1>", re.DOTALL)  # what is no part of a verse
_CHAPTER = re.compile(r'<chapter [^>]*osisID="([^"]+)"')


def verses(folder: Path) -> dict[str, str]:
    """Read the verses of a module.

    Args:
        folder: The folder with its files, such as `ot.bzs`.

    Returns:
        Texts without markup, by names such as "Gen.1.1", in the order of the module.

    Raises:
        AenbError: A file is missing, truncated or broken.
    """
    found: dict[str, str] = {}
    for testament in TESTAMENTS:
        chapter, number = "", 0
        for entry in _entries(folder, testament):
            if begun := _CHAPTER.search(entry):
                chapter, number = begun[1], 0
            elif chapter:
                number += 1
                if text := plain(entry):
                    found[f"{chapter}.{number}"] = text
    return found


def plain(entry: str) -> str:
    """Return the text of an entry without markup, notes and headings.

    Example:
        >>> plain('<title>A psalm</title>The <w lemma="strong:H3068">Lord</w> <note>or: he</note> is &amp; was. ')
        'The Lord is & was.'
    """
    return " ".join(unescape(re.sub(r"<[^>]*>", "", _HIDDEN.sub("", entry))).replace("¶", "").split())


def _entries(folder: Path, testament: str) -> Iterator[str]:
    """Yield the entries of a testament in their order, as they are."""
    files = [read_bytes(folder / f"{testament}.{ending}", "a SWORD module", BYTES) for ending in ("bzs", "bzv", "bzz")]
    books: dict[int, bytes] = {}
    try:
        starts = list(struct.iter_unpack("<III", files[0]))
        for book, begin, size in struct.iter_unpack("<IIH", files[1]):
            if not size:
                yield ""
                continue
            if book not in books:
                place, length, _ = starts[book]
                books = {book: _decompressed(files[2][place : place + length])}
            yield books[book][begin : begin + size].decode("utf-8")
    except (struct.error, zlib.error, IndexError, ValueError) as error:
        raise AenbError(f"Expected a SWORD module of the kind zText in {named(folder)}; received {error}.") from error


def _decompressed(block: bytes) -> bytes:
    stream = zlib.decompressobj()
    book = stream.decompress(block, BYTES)
    if stream.unconsumed_tail:
        raise ValueError(f"a book of more than {BYTES // 2**20} MB")
    return book
