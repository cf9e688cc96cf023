"""Untrusted JSON: plain values, of a limited size and depth.

read_json(path, what, max_bytes)   # plain values, not nested deeply; NaN and infinities are strings
plain(value)                       # values that `json.dumps` takes and `read_json` can read back
"""

from __future__ import annotations

import json
import math
import os
import sys
from typing import Any

import numpy as np

from aenb.core.files import read_bytes, regular

JSON, DEPTH, CONTAINERS = 2**26, 100, 300_000  # limits: bytes, depth, number of lists and objects
LARGEST = sys.float_info.max  # number


def read_json(path: str | os.PathLike, what: str, max_bytes: int = JSON) -> Any:
    """Return the plain values of a JSON file.

    JSON has no NaN: such numbers are the strings "NaN", "Infinity" and "-Infinity", which `float` and pydantic read.
    The bare words that Python writes become these strings.

    Raises:
        AenbError: As `regular` does, or it is not JSON in UTF-8, is nested deeply, or holds what JSON can't.
    """
    content = read_bytes(path, what, max_bytes)
    with regular(path, what):
        return parse_json(content)


def parse_json(content: bytes, depth: int = DEPTH) -> Any:
    """Return the plain values of JSON in UTF-8, nested at most `depth` levels deep, as `read_json` does.

    Raises:
        ValueError: It is broken.
        RecursionError: It is nested too deeply.
    """
    if content.count(b"[") + content.count(b"{") > CONTAINERS:
        raise ValueError(f"more than {CONTAINERS:,} lists and objects")
    values = json.loads(content.decode("utf-8"), parse_constant=str)
    _check_plain(values, depth)
    return values


def _check_plain(values: Any, depth: int) -> None:
    """Raise an error if plain values cannot be shown and written again."""
    level = [values]
    for _ in range(depth):
        if not level:
            return
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += value
                below += value.values()
            elif isinstance(value, list):
                below += value
            elif isinstance(value, str) and not value.isascii():
                value.encode("utf-8")  # a lone surrogate raises UnicodeEncodeError
            elif isinstance(value, (int, float)) and not abs(value) <= LARGEST:
                raise ValueError("a number that is too large")
        level = below
    raise RecursionError


def plain(value: Any) -> Any:
    """Return plain values for JSON: NumPy's numbers as Python's, NaN and infinities as text."""
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
