"""Completion inside `%%autoencoder`, `%autoencoder` and `%aenb`, from the same tables as help and validation."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

from aenb.data.sets.data_sets import datasets
from aenb.models.registry import families
from aenb.notebook.magic.commandline import TABLE
from aenb.notebook.magic.commands import COMMANDS, runs_of
from aenb.runs.spec import flag

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_MAGIC = re.compile(r"^\s*(%%?)(aenb_)?(autoencoder|aenb)\s")


def matcher_for(shell: InteractiveShell) -> Callable[[CompletionContext], dict[str, Any]]:
    """Return the completion matcher for a shell."""

    @context_matcher(identifier="aenb", priority=200)
    def aenb_matcher(context: CompletionContext) -> dict[str, Any]:
        words, others = candidates(shell, context.full_text, context.cursor_position, context.line_with_cursor)
        completions = [SimpleCompletion(word, type="param") for word in words if word.startswith(context.token)]
        if (
            not others and not completions
        ):  # IPython suppresses others only if there is one: offer the typed word itself
            completions = [SimpleCompletion(context.token, type="param")]
        return {"completions": completions, "suppress": bool(completions) and others != "Python"}

    return aenb_matcher


def candidates(shell: InteractiveShell, text: str, position: int, line: str) -> tuple[list[str], str]:
    """List the candidates at the cursor, and what else may stand there: "", "files" or "Python".

    Args:
        shell: The IPython shell.
        text: The whole cell.
        position: The cursor's position in its line.
        line: The line with the cursor.
    """
    first = _MAGIC.match(text)
    here = _MAGIC.match(line)
    if here:
        words = line[:position].split()[1:]
        before = words if line[:position][-1:].isspace() else words[:-1]
        return _command(shell, before) if here[3] == "aenb" else _options(shell, before)
    if first and first[1] == "%%" and first[3] == "autoencoder":
        return _body(text.split("\n", 1)[0].split()[1:2], line[:position])
    return [], "Python"


def _options(shell: InteractiveShell, before: list[str]) -> tuple[list[str], str]:
    """List what can follow these words of the first line."""
    last = before[-1] if before else ""
    if last == flag("data"):
        return _data_names(shell), "files"
    asked = {flag(name): option for name, option in TABLE.items()}
    if last in asked and not asked[last].is_flag:
        return list(asked[last].choices), "files" if asked[last].metavar == "DIR" else ""
    flags = [word for word in asked if word not in before]
    return (flags if before else [*families(), flag("help")]), ""


def _body(family: list[str], line: str) -> tuple[list[str], str]:
    """List the hyperparameters at the start of a line, or after a hyperparameter its choices."""
    fields = families()[family[0]].fields if family and family[0] in families() else {}
    assigned = re.match(r"(\w+)\s*=\s*[\"'](\w*)$", line)
    if assigned:
        return list(fields[assigned[1]].choices) if assigned[1] in fields else [], "files"
    return (list(fields) if re.fullmatch(r"\w*", line) else []), "Python"


def _command(shell: InteractiveShell, before: list[str]) -> tuple[list[str], str]:
    if not before:
        return list(COMMANDS), ""
    name, *given = before
    expected = [*COMMANDS[name][1], ""] if name in COMMANDS else [""]
    last = expected.index("…") - 1 if "…" in expected else len(expected) - 1
    wanted = expected[min(len(given), last)]
    if wanted == "[VIEW]":
        from aenb.figures.views import views

        return list(views()), ""
    if wanted == "[DATA]":
        return _data_names(shell), "files"
    return (list(runs_of(shell)) if wanted == "RUN" else []), "files" if "DIR" in wanted else ""


def _data_names(shell: InteractiveShell) -> list[str]:
    """Return the notebook's variables that hold data, and the data sets."""
    variables = [name for name, value in shell.user_ns.items() if hasattr(value, "__array__") and name[0] != "_"]
    return [*variables, *datasets()]
