"""Objects of others' classes: read with care, since reading them runs their code."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np
import psutil

from aenb.core.errors import AenbError

DEEPEST = 5  # axes of a list in lists
PLAIN = (
    int,
    float,
    complex,
    str,
    bytes,
    list,
    tuple,
    np.ndarray,
    np.generic,
    type(None),
)  # what runs no code of others


@contextlib.contextmanager
def reading(x: Any, what: str) -> Iterator[None]:
    """Read an object that was given in a block: whatever its own methods raise becomes the cause of an `AenbError`.

    So a rubbish object gives an error like any other data, and what its code raised is not lost: it is the error's
    `__cause__`, and its message is in it. What interrupts (`KeyboardInterrupt`, `SystemExit`) passes.

    Args:
        x: The object.
        what: What it is called, in errors.

    Raises:
        AenbError: Reading it raised an exception.
    """
    try:
        yield
    except AenbError:
        raise
    except Exception as error:
        words = " ".join(str(error).split())
        said = f"{type(error).__name__}{f': {words[:200]}' if words else ''}"
        raise AenbError(
            f"{what}: expected an array, a table or a list that can be read; "
            f"reading a {type(x).__name__} raised {said}."
        ) from error


def as_list(x: Any, what: str, depth: int = DEEPEST) -> Any:
    """Return a sequence of another class as a list of its items, as many as it says that it has, and all else as it is.

    NumPy would ask such an object for items until it raises an IndexError, which some never do.

    Args:
        x: The object; such objects inside a list become lists too.
        what: What it is called, in errors.
        depth: How many more axes there may be.

    Raises:
        AenbError: It is a mapping or a set; its items would need more memory than there is, or are nested too deeply.
    """
    if isinstance(x, Mapping | AbstractSet):
        remedy = " A dict of columns becomes a table by pandas.DataFrame(x)." if isinstance(x, Mapping) else ""
        raise AenbError(f"{what}: expected an array, a table or a list; received a {type(x).__name__}.{remedy}")
    if isinstance(x, list | tuple):
        has_foreign = depth and any(not issubclass(kind, PLAIN) for kind in set(map(type, x)))
        return [as_list(item, what, depth - 1) for item in x] if has_foreign else x
    if isinstance(x, PLAIN) or _is_array(x) or not (hasattr(x, "__len__") and hasattr(x, "__getitem__")):
        return x
    if not depth:
        raise AenbError(f"{what}: expected up to {DEEPEST} axes; received a {type(x).__name__} with more inside.")
    n = len(x)
    first = x[0] if n else None
    room = psutil.virtual_memory().available
    if n * max(8, first.nbytes if isinstance(first, np.ndarray) else 8) > room:
        raise AenbError(
            f"{what}: expected items that fit into memory, {room / 2**20:,.0f} MB; received a {type(x).__name__} of "
            f"{n:,}, which need more. Write them to a .npy file: it is read in parts."
        )
    return [as_list(x[place], what, depth - 1) for place in range(n)]


def _is_array(x: Any) -> bool:
    """Say whether something gives NumPy its array itself."""
    if hasattr(x, "__array__") or hasattr(x, "__array_interface__") or hasattr(x, "__array_struct__"):
        return True
    try:
        memoryview(x)
    except TypeError:
        return False
    return True
