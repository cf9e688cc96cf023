"""Names of runs: which are valid, and which are free."""

from __future__ import annotations

import builtins
import keyword
import unicodedata
from collections.abc import Mapping
from typing import Any

from aenb.core.errors import AenbError, shown

MAX_LENGTH = 100  # characters


def is_name(word: object) -> bool:
    """Say whether a word is a Python name in normalised form."""
    return (
        isinstance(word, str)
        and len(word) <= MAX_LENGTH
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
            f"`name`: expected a Python name of at most {MAX_LENGTH} characters, such as v2; received {shown(word)!r}."
        )
    return word


def check_free(name: str | None, variables: Mapping[str, Any], replaced: type) -> None:
    """Raise an error if binding a run to a name would overwrite anything but a run or None.

    Args:
        name: The name, or None.
        variables: The notebook's variables.
        replaced: The class of what may be replaced.

    Raises:
        AenbError: It is a variable of another class, or a Python built-in.
    """
    value = variables.get(name)
    if value is not None and not isinstance(value, replaced):
        raise AenbError(
            f"`{name}` is a variable of this notebook ({type(value).__name__}), which the run would replace. Choose "
            f"another name for the run, such as {name[: MAX_LENGTH - 4]}_run, or `del {name}` first."
        )
    if name is not None and value is None and hasattr(builtins, name):
        raise AenbError(f"`{name}` is a Python built-in, which the run would hide. Choose another, such as {name}_run.")
