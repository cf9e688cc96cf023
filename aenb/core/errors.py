"""The one error that a user causes, and how it names the nearest right thing."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

LONGEST = 100  # characters of a name that others are compared with


class AenbError(ValueError):
    """Something the user asked for cannot be done: the message says what was expected, received, and the fix.

    In a notebook it shows as one line, without a traceback, and is still an error on the kernel's channel.
    """

    def __init__(self, message: str):
        # names and values that others chose stand in it: they neither break the line nor can't be shown
        super().__init__(escaped(str(message)))

    def _render_traceback_(self) -> list[str]:
        """Give IPython the lines to show in place of a traceback."""
        return [f"AenbError: {self}"]


def failure(what: str, error: BaseException) -> str:
    """Say in a sentence what failed, and the first line of the error.

    Example:
        >>> failure("The figure could not be drawn", ValueError("no axis"))
        'The figure could not be drawn (ValueError: no axis).'
    """
    lines = str(error).splitlines()
    said = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return f"{what} ({said.rstrip('.')})."


def shown(value: Any, most: int = 100) -> str:
    """Return a value as it can stand in a message: on one line, printable, of `most` characters or little more."""
    try:
        text = str(value) if isinstance(value, str | int | float | bool | None) else repr(value)
    except Exception:  # whatever an object of the user's raises, or a whole number of thousands of digits
        return f"a {type(value).__name__}"
    text = text if len(text) <= most else f"{text[: most - 20]}…{text[-19:]}"
    return escaped(text)


def escaped(text: str) -> str:
    """Return a text with escapes in the place of what can't be printed, line breaks included."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`, or None where none is alike."""
    known, name = list(known), name[:LONGEST]
    begins = [k for k in known if name and k.lower().startswith(name.lower())]
    close = difflib.get_close_matches(name.lower(), [k.lower() for k in known], n=1, cutoff=0.55)
    if close:
        return next(k for k in known if k.lower() == close[0])
    return begins[0] if begins else None


def unknown(what: str, name: str, known: Iterable[str], place: str = "", also: Iterable[str] = ()) -> AenbError:
    """Build the error for a name that is not among the known ones, with the nearest of them or of `also`."""
    known = list(known)
    guess = nearest(shown(name), [*known, *also])
    hint = f" Did you mean `{guess}`?" if guess else ""
    return AenbError(f"Unknown {what} `{shown(name)}`{place}. Expected one of: {', '.join(known)}.{hint}")
