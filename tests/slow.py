"""Which tests are slow: those that train, or start a process, a kernel or a server, themselves or by a fixture.

It is read off their source, so that no list has to be kept. What is slow for another reason has the mark `slow`.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Set
from pathlib import Path

CALLS = {
    "train", "fit", "fit_flow", "train_denoiser", "compare", "run_cell_magic", "getfixturevalue", "Popen", "LiveKernel",
    "Server", "start_new_kernel", "NotebookClient",
}  # fmt: skip
MODULES = {"subprocess", "limits", "fresh"}
FOLDERS = {"browser", "fuzz"}  # hundreds of cases a test, or a server
SHARED = {"trained"}  # a training of the whole session: seconds, once


def is_slow(path: Path, name: str) -> bool:
    """Tell whether a test does what takes long.

    Args:
        path: Its file.
        name: The name of its function.
    """
    return path.parent.name in FOLDERS or bool(_reached(path, name) & CALLS)


def _reached(path: Path, name: str) -> set[str]:
    """Return the names of all that a function calls, by way of helpers, fixtures and constants of its file too."""
    used_by, seen, waiting = _used_by(path), set(), [name]
    while waiting:
        found = waiting.pop()
        if found not in seen and found not in SHARED:
            seen.add(found)
            waiting += used_by.get(found, ())
    return seen


@functools.cache
def _used_by(path: Path) -> dict[str, set[str]]:
    """Return what each function of a file uses, by name, methods and nested ones too, and each of its constants."""
    found: dict[str, list[ast.AST]] = {}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, []).append(node)
    for node in tree.body:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Name):
                found.setdefault(target.id, []).append(node.value)
    return {name: {used for node in nodes for used in _used(node, found.keys())} for name, nodes in found.items()}


def _used(part: ast.AST, defined: Set[str]) -> Iterator[str]:
    """Yield the names of what a part of a file calls, of its fixtures, and of what it takes from its file."""
    for node in ast.walk(part):
        if isinstance(node, ast.arg) or (isinstance(node, ast.Name) and node.id in defined):
            yield node.arg if isinstance(node, ast.arg) else node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from ["train"] if "%autoencoder" in node.value and "--help" not in node.value else []
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            home = node.func.value
            yield "Popen" if isinstance(home, ast.Name) and home.id in MODULES else node.func.attr
