"""Objects of other libraries' classes: read with care, since reading them runs their code."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np
import psutil

from aenb.core.errors import AenbError

MAX_DEPTH = 5  # axes of nested lists
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
)  # reading these runs no foreign code


@contextlib.contextmanager
def reading(x: Any, what: str) -> Iterator[None]:
    """Turn any exception that an object's own methods raise in the block into an `AenbError`.

    The original exception is the error's `__cause__`, and its message is quoted. `KeyboardInterrupt` and `SystemExit`
    pass through.

    Args:
        x: The object.
        what: Its name, for errors.

    Raises:
        AenbError: Reading it raised an exception.
    """
    try:
        yield
    except AenbError:
        raise
    except Exception as error:
        words = " ".join(str(error).split())
        description = f"{type(error).__name__}{f': {words[:200]}' if words else ''}"
        raise AenbError(
            f"{what}: expected an array, a table or a list that can be read; "
            f"reading a {type(x).__name__} raised {description}."
        ) from error


def as_list(x: Any, what: str, depth: int = MAX_DEPTH) -> Any:
    """Return a sequence of a foreign class as a list of its `len(x)` items; return anything else unchanged.

    NumPy would ask such an object for items until it raises an IndexError, which some never do.

    Args:
        x: The object; such objects inside a list become lists too.
        what: Its name, for errors.
        depth: How many more axes are allowed.

    Raises:
        AenbError: It is a mapping or a set, its items need more memory than is available, or the nesting is too deep.
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
        raise AenbError(f"{what}: expected up to {MAX_DEPTH} axes; received a {type(x).__name__} nested deeper.")
    n = len(x)
    first = x[0] if n else None
    free_memory = psutil.virtual_memory().available
    if n * max(8, first.nbytes if isinstance(first, np.ndarray) else 8) > free_memory:
        raise AenbError(
            f"{what}: expected items that fit into memory, {free_memory / 2**20:,.0f} MB; received a "
            f"{type(x).__name__} of {n:,}, which need more. Write them to a .npy file: it is read in parts."
        )
    return [as_list(x[place], what, depth - 1) for place in range(n)]


def _is_array(x: Any) -> bool:
    """Say whether an object converts itself to a NumPy array."""
    if hasattr(x, "__array__") or hasattr(x, "__array_interface__") or hasattr(x, "__array_struct__"):
        return True
    try:
        memoryview(x)
    except TypeError:
        return False
    return True
