"""The body of a cell: Python that runs in its own namespace, and the names that it assigns."""

from __future__ import annotations

import ast
import re
from types import CodeType
from typing import TYPE_CHECKING, Any

from aenb.core.errors import AenbError, shown

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

LONGEST, CODE = 1_000_000, 20_000  # characters: of the whole, such as a model as JSON; of what is outside quotes

# Quoted, without a letter before the quote: the braces of an f-string hold code.
_STRING = re.compile(r"""(?<![^\W\d_])(?:'[^'\\\n]*(?:\\.[^'\\\n]*)*'|"[^"\\\n]*(?:\\.[^"\\\n]*)*")""", re.DOTALL)
_PATTERNS = {
    ast.MatchAs: "name",
    ast.MatchStar: "name",
    ast.MatchMapping: "rest",
}  # the attribute with the name that they bind
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def run_body(shell: InteractiveShell, line: str, body: str) -> dict[str, Any]:
    """Run the body of a cell with access to the notebook's names, and return the names that it assigned.

    Nothing leaks into the notebook. Names that begin with an underscore, imports, functions, classes and loop
    variables are the body's own. An exception keeps its traceback, with the cell's line numbers.

    Args:
        shell: The IPython shell.
        line: The first line of the cell, without `%%autoencoder`.
        body: The lines after it.

    Raises:
        AenbError: The body is not Python, is nested too deeply, or is too long.
    """
    _check_length(body)
    tree, code = _compiled(shell, line, body)
    namespace = dict(shell.user_ns)
    try:
        exec(code, namespace)
    except Exception as error:
        _show_only_the_body(shell, error)
        raise
    return {name: namespace[name] for name in _assigned(tree) if name in namespace}


def _check_length(body: str) -> None:
    """Check that a body can be compiled in well under a second."""
    for limit, part, length in (
        (LONGEST, "", len(body)),
        (CODE, " outside of quotes", len(_STRING.sub("", body[: LONGEST + 1]))),
    ):
        if length > limit:
            raise AenbError(
                f"Expected a body of at most {limit:,} characters{part}; received {length:,}. Put long values into "
                "another cell, and use their names in this one."
            )


def _compiled(shell: InteractiveShell, line: str, body: str) -> tuple[ast.Module, CodeType]:
    expected = "Expected Python in the cell's body; "
    try:
        cell = f"%%autoencoder {line}\n{body}"
        file = shell.compile.cache(cell, shell.execution_count, raw_code=cell)
        tree = ast.parse("\n" + body, file)  # the body begins on the cell's second line
        return tree, compile(tree, file, "exec")
    except SyntaxError as error:
        where = f": {shown(error.text.strip())}" if error.text and error.text.strip() else ""
        raise AenbError(f"{expected}line {error.lineno or 2}: {shown(error.msg)}{where}") from None
    except (RecursionError, MemoryError):  # from the parser: nested parentheses, signs or blocks
        raise AenbError(f"{expected}it is nested too deeply, or too large, to be compiled.") from None
    except ValueError as error:  # characters that are not allowed in source code
        raise AenbError(f"{expected}received: {shown(str(error))}.") from None


def _show_only_the_body(shell: InteractiveShell, error: Exception) -> None:
    """Let IPython show the traceback from the body's own frame on: the frames above are not the user's."""
    frames = error.__traceback__.tb_next
    show = shell.InteractiveTB.structured_traceback
    error.__dict__["_render_traceback_"] = lambda: show(type(error), error, frames, tb_offset=0)


def _assigned(tree: ast.Module) -> list[str]:
    """List the names that are assigned outside functions and classes, in order.

    This includes names assigned by `:=` and bound by the patterns of `match`.
    """
    names: dict[str, None] = {}
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, _SCOPES):
            continue
        for name in _bound(node):
            names[name] = None
        waiting += reversed(list(ast.iter_child_nodes(node)))
    return [name for name in names if not name.startswith("_")]


def _bound(node: ast.AST) -> list[str]:
    """List the names that a node itself assigns."""
    if isinstance(node, ast.Assign):
        return [name for target in node.targets for name in _stored(target)]
    if isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
        return _stored(node.target)
    bound = getattr(node, _PATTERNS.get(type(node), ""), None)
    return [bound] if bound else []


def _stored(target: ast.AST) -> list[str]:
    return [node.id for node in ast.walk(target) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
