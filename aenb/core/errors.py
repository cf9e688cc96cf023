"""The exception for errors that a user can fix, with suggestions of the nearest valid name."""

from __future__ import annotations

import difflib
import sys
import warnings
from collections.abc import Iterable

MAX_NAME = 100  # characters of a name compared with others


class AenbError(ValueError):
    """A request that cannot be carried out: the message says what was expected, what was received, and how to fix it.

    In a notebook it is shown as one line, without a traceback; on the kernel's channel it is still an error.

    Args:
        message: One line; unprintable characters in it are escaped.

    Example:
        >>> import aenb
        >>> try:
        ...     aenb.build_model("deep", (4,), latent=2)
        ... except aenb.AenbError as error:
        ...     print(str(error).rpartition(". ")[2])
        Did you mean `latent_dim`?
    """

    def __init__(self, message: str):
        # it quotes names and values that others chose: they must not break the line or be unprintable
        super().__init__(escaped(str(message)))

    def _render_traceback_(self) -> list[str]:
        """Return the lines that IPython shows instead of a traceback."""
        return [f"AenbError: {self}"]


def warn(message: str) -> None:
    """Warn of something that a user should know, at the line of their code that led to it."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "aenb":
        level, frame = level + 1, frame.f_back
    warnings.warn(message, stacklevel=level)


def failure(what: str, error: BaseException) -> str:
    """Describe in a sentence what failed, with the first line of the error.

    Example:
        >>> failure("The figure could not be drawn", ValueError("no axis"))
        'The figure could not be drawn (ValueError: no axis).'
    """
    lines = str(error).splitlines()
    cause = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return f"{what} ({cause.rstrip('.')})."


def shown(value: object, max_length: int = 100) -> str:
    """Return a value as text for a message: on one line, printable, of about `max_length` characters at most."""
    try:
        text = str(value) if isinstance(value, str | int | float | bool | None) else repr(value)
    except Exception:  # a user's object may raise anything, and so may an int of thousands of digits
        return f"a {type(value).__name__}"
    text = text if len(text) <= max_length else f"{text[: max_length - 20]}…{text[-19:]}"
    return escaped(text)


def escaped(text: str) -> str:
    """Return a text with unprintable characters escaped, line breaks included."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most similar to `name`, or None if none is similar."""
    known, name = list(known), name[:MAX_NAME]
    prefixed = [k for k in known if name and k.lower().startswith(name.lower())]
    close = difflib.get_close_matches(name.lower(), [k.lower() for k in known], n=1, cutoff=0.55)
    if close:
        return next(k for k in known if k.lower() == close[0])
    return prefixed[0] if prefixed else None


def unknown(what: str, name: str, known: Iterable[str], place: str = "", also: Iterable[str] = ()) -> AenbError:
    """Build the error for an unknown name; it suggests the nearest of the known names and of `also`."""
    known = list(known)
    guess = nearest(shown(name), [*known, *also])
    hint = f" Did you mean `{guess}`?" if guess else ""
    return AenbError(f"Unknown {what} `{shown(name)}`{place}. Expected one of: {', '.join(known)}.{hint}")
