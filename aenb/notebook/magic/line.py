"""Splitting a magic's line into words, with variables substituted and quotes removed, in bounded time."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from typing import Any

from IPython.utils.text import FullEvalFormatter

from aenb.core.errors import AenbError, shown

LONGEST = 30_000  # characters: enough for the longest path with every character quoted
MAX_WORDS = 200  # argparse takes seconds for thousands
ESCAPE = "\\" if os.name == "posix" else ""  # elsewhere it separates folders
_VARIABLE = re.compile(r"\{\{|\}\}|\$\$|\$([^\W\d]\w*(?:\.[^\W\d]\w*)*)|\{((?:[^{}]|\{[^{}]*\})+)\}")


def words(line: str, variables: Mapping[str, Any] | None = None) -> list[str]:
    """Split a line into words, as a shell does.

    As in IPython's magics, `{expression}` and `$name` are replaced by their values, `{{`, `}}` and `$$` by single
    characters, and what can't be evaluated stays as it is. Single quotes prevent all of this, and quotes keep a word
    with spaces together. (IPython's own substitution can take minutes for a line of a thousand characters.)

    Args:
        line: What was typed after the magic's name.
        variables: The notebook's names.

    Raises:
        AenbError: A quote is missing, or the line has more than `LONGEST` characters or `MAX_WORDS` words.
    """
    _check_length(line)
    if variables is not None:
        line = _with_values(line, variables)
        _check_length(line)
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split, lexer.commenters, lexer.escape = True, "", ESCAPE
    try:
        split = list(lexer)
    except ValueError as error:
        raise AenbError(f"Expected quotes in pairs; received {shown(line.strip())} ({error}).") from error
    if len(split) > MAX_WORDS:
        raise AenbError(f"Expected a line of at most {MAX_WORDS} words; received {len(split):,}.")
    return split


def _check_length(line: str) -> None:
    if len(line) > LONGEST:
        raise AenbError(f"Expected a line of at most {LONGEST:,} characters; received {len(line):,}.")


def _with_values(line: str, variables: Mapping[str, Any]) -> str:
    parts, place, in_double = [], 0, False
    while place < len(line):
        end = place + 1
        if line[place] == "'" and not in_double:
            end = line.find("'", place + 1) + 1 or len(line)
        elif line[place] == ESCAPE:
            end = place + 2
        elif match := _VARIABLE.match(line, place):
            parts.append(_value(match, variables))
            place = match.end()
            continue
        elif line[place] == '"':
            in_double = not in_double
        parts.append(line[place:end])
        place = end
    return "".join(parts)


def _value(match: re.Match, variables: Mapping[str, Any]) -> str:
    name, expression = match.groups()
    if name is None and expression is None:
        return match[0][0]
    try:
        return FullEvalFormatter().vformat(f"{{{expression or name}}}", (), dict(variables))
    except Exception:  # the notebook's objects can raise anything, and it may not be a variable
        return match[0]
