"""The body of a cell: Python that runs in a child namespace, and the names that it assigns."""

from __future__ import annotations

import ast
from typing import Any

from aenb.errors import AenbError


def run_body(shell, line: str, body: str) -> dict[str, Any]:
    """Run the body of a cell where the notebook's names can be read, and return the names it assigned.

    Nothing leaks into the notebook. Names that begin with an underscore, imports, functions, classes and loop
    variables are the body's own. An exception keeps its traceback, with the cell's line numbers.

    Args:
        shell: The IPython shell.
        line: The first line of the cell, without `%%autoencoder`.
        body: The lines after it.

    Raises:
        AenbError: The body is not Python.
    """
    cell = f"%%autoencoder {line}\n{body}"
    file = shell.compile.cache(cell, shell.execution_count, raw_code=cell)
    try:
        tree = ast.parse("\n" + body, file)  # the body begins on the cell's second line
        code = compile(tree, file, "exec")
    except SyntaxError as error:
        where = f"{(error.text or '').rstrip()}\n{' ' * ((error.offset or 1) - 1)}^"
        raise AenbError(f"Expected Python in the cell's body; line {error.lineno}: {error.msg}.\n{where}") from None
    namespace = dict(shell.user_ns)
    try:
        exec(code, namespace)
    except Exception as error:
        _show_only_the_body(shell, error)
        raise
    return {name: namespace[name] for name in _assigned(tree) if name in namespace}


def _show_only_the_body(shell, error: Exception) -> None:
    """Let IPython show the traceback from the body's own frame on: the frames above are not the user's."""
    frames = error.__traceback__.tb_next
    show = shell.InteractiveTB.structured_traceback
    error._render_traceback_ = lambda: show(type(error), error, frames, tb_offset=0)


def _assigned(tree: ast.Module) -> list[str]:
    """List the names that statements outside functions and classes assign, in their order."""
    names: dict[str, None] = {}
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found = (n for target in targets for n in ast.walk(target) if isinstance(n, ast.Name))
            names |= dict.fromkeys(n.id for n in found if isinstance(n.ctx, ast.Store))
        elif isinstance(node, ast.If | ast.For | ast.While | ast.With | ast.Try):
            waiting = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)] + waiting
    return [name for name in names if not name.startswith("_")]
