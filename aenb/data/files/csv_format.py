"""How a .csv file is written: its separator, its decimals and its encoding, from its first two lines."""

from __future__ import annotations

import csv
import re
from collections import Counter
from typing import BinaryIO, NamedTuple

from aenb.data.tables.columns import listed

MAX_COLUMNS = 100_000  # of a table
DECIMAL = re.compile(r"\d,\d")
WORDS = {";": "semicolons", "\t": "tabs", "|": "bars"}


class CsvFormat(NamedTuple):
    """How a table is written, and notes on what is unusual."""

    separator: str
    decimal: str
    columns: int
    notes: tuple[str, ...]


def csv_format(stream: BinaryIO) -> CsvFormat:
    """Read the first two lines of a table, and return the stream to its start.

    Raises:
        ValueError: It is in UTF-16, or has too many columns.
    """
    first = stream.readline()
    if first[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ValueError("text in UTF-16; save it as UTF-8")
    head, row = (line.decode("utf-8-sig", "replace") for line in (first, stream.readline()))
    stream.seek(0)
    separator, decimal = _separators(head, row)
    columns = head.count(separator) + 1
    if columns > MAX_COLUMNS:
        raise ValueError(f"{columns:,} columns, more than {MAX_COLUMNS:,}")
    notes = []
    if separator in WORDS:
        decimals = ", and decimals are written with commas" if decimal == "," else ""
        notes.append(f"Its values are separated by {WORDS[separator]}{decimals}.")
    names = next(csv.reader([head], delimiter=separator), [])
    if twice := [name for name, count in Counter(names).items() if count > 1 and name]:
        notes.append(f"Columns of one name were numbered, such as `{twice[0]}.1`: {listed(twice)}.")
    return CsvFormat(separator, decimal, columns, tuple(notes))


def _separators(head: str, row: str) -> tuple[str, str]:
    """Return what separates values, and decimals, from the first two lines of a table."""
    counts = {one: head.count(one) for one in ",;\t|"}
    separator = max(counts, key=lambda one: (counts[one], one == ","))
    if not counts[separator] or (separator != "," and row.count(separator) != counts[separator]):
        separator = ","
    return separator, "," if separator != "," and DECIMAL.search(row) else "."
