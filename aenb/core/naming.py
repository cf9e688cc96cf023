"""Names that people choose for runs: which are names, and which are free."""

from __future__ import annotations

import builtins
import keyword
import unicodedata
from collections.abc import Mapping
from typing import Any

from aenb.core.errors import AenbError, shown

LONGEST = 100  # characters


def is_name(word: Any) -> bool:
    """Say whether a word is a Python name, written as Python keeps it."""
    return (
        isinstance(word, str)
        and len(word) <= LONGEST
        and word.isidentifier()
        and not keyword.iskeyword(word)
        and unicodedata.normalize("NFKC", word) == word
    )


def check_name(word: Any) -> str:
    """Return the name of a run.

    Raises:
        AenbError: It is not a Python name.
    """
    if not is_name(word):
        raise AenbError(
            f"`name`: expected a Python name of at most {LONGEST} characters, such as v2; received {shown(word)!r}."
        )
    return word


def check_free(name: str | None, variables: Mapping[str, Any], replaced: type) -> None:
    """See that a run may be bound to a name: nothing is lost but a run, or None, that has it.

    Args:
        name: The name, or None.
        variables: The notebook's names.
        replaced: The class of what may be replaced.

    Raises:
        AenbError: It is a variable of another kind, or one of Python's own names.
    """
    value = variables.get(name)
    if value is not None and not isinstance(value, replaced):
        raise AenbError(
            f"`{name}` is a variable of this notebook ({type(value).__name__}), which the run would replace. Choose "
            f"another name for the run, such as {name[: LONGEST - 4]}_run, or `del {name}` first."
        )
    if name is not None and value is None and hasattr(builtins, name):
        raise AenbError(
            f"`{name}` is a name of Python's own, which the run would hide. Choose another, such as {name}_run."
        )
