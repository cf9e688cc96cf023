"""Imports point one way, and in no circle: this reads them, and holds the rule."""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "aenb"

# From the ground up. A module may import what stands on a lower floor, and its own package.
FLOORS = [
    {"core"},
    {"data", "models"},
    {"engine"},
    {"latent"},
    {"evaluation"},
    {"figures"},
    {"runs"},
    {"training"},
    {"sklearn"},
    {"comparison"},
    {"notebook"},
    {"__init__", "__main__"},
]
FLOOR = {room: number for number, floor in enumerate(FLOORS) for room in floor}


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Return the rooms of aenb that a file imports, at any depth of its code."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "aenb":
            parts = node.module.split(".")[1:]
            found |= {parts[0]} if parts else {n.name if n.name in FLOOR else "__init__" for n in node.names}
        elif isinstance(node, ast.Import):
            found |= {n.name.split(".")[1] for n in node.names if n.name.startswith("aenb.")}
    return found


def files() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path):
    here = room(path)
    if path == ROOT / "__init__.py":
        assert imported(path) <= {"core", "notebook"}  # inside the functions that load and unload the extension
        return
    for other in imported(path) - {here}:
        assert FLOOR[other] < FLOOR[here], f"{here} must not import {other}"


@pytest.mark.parametrize("path", sorted((ROOT / "models").rglob("*.py")), ids=lambda p: p.name)
def test_models_know_nothing_of_notebooks(path):
    source = path.read_text(encoding="utf-8")
    assert "IPython" not in source
    assert "ipywidgets" not in source


def test_every_room_has_a_floor():
    assert {room(path) for path in files()} == set(FLOOR)


def test_the_rooms_are_few_and_each_says_what_lives_there_and_what_does_not():
    assert len(FLOOR) <= 16
    for path in [*ROOT.glob("*/__init__.py"), *ROOT.glob("data/*/__init__.py"), *ROOT.glob("models/*/__init__.py")]:
        assert "Not here:" in ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


@pytest.mark.parametrize("name", ["data", "models"])
def test_the_top_of_a_large_room_stays_small(name):
    """What serves one source, or several families, belongs into a folder of the room: `__init__.py` lists them."""
    tops = [path.stem for path in (ROOT / name).glob("*.py")]
    assert len(tops) <= 20, sorted(tops)
    words = ast.get_docstring(ast.parse((ROOT / name / "__init__.py").read_text(encoding="utf-8")))
    for folder in (path.parent.name for path in (ROOT / name).glob("*/__init__.py")):
        assert f"    {folder}/ " in words, folder


def test_no_two_modules_have_one_name():
    names = [path.name for path in files() if not path.name.startswith("__")]
    assert {name for name in names if names.count(name) > 1} == set()


def module(path: Path) -> str:
    """Return the dotted name of a file."""
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def import_graph() -> dict[str, set[str]]:
    """Return the modules that each module of aenb imports, at any depth of its code."""
    modules = {module(path): path for path in files()}
    graph = {}
    for name, path in modules.items():
        found = graph.setdefault(name, set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module in modules:
                inside = {f"{node.module}.{one.name}" for one in node.names}
                found |= inside & modules.keys() or {node.module}
            elif isinstance(node, ast.Import):
                found |= {one.name for one in node.names} & modules.keys()
        found.discard(name)
    return graph


def test_modules_import_each_other_in_no_circle():
    graph = import_graph()
    assert graph["aenb.runs.run"] > {"aenb.runs.folder", "aenb.latent.coding"}
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, with the circle


def folder(name: str) -> str:
    """Return where a module stands: "data.sets" for "aenb.data.sets.digits", "data" for one at the top of the room."""
    parts = name.split(".")[1:]
    return ".".join(parts[: 2 if len(parts) > 2 or ROOT.joinpath(*parts).is_dir() else 1])


def test_the_folders_of_a_room_import_each_other_in_one_direction():
    graph = {}
    for name, imports in import_graph().items():
        here = folder(name)
        others = {folder(other) for other in imports} - {here}
        same_room = {other for other in others if other.count(".") and other.split(".")[0] == here.split(".")[0]}
        graph.setdefault(here, set()).update(same_room if here.count(".") else ())
    assert graph["data.sets"] >= {"data.own", "data.values"}
    assert graph["figures.views"] == {"figures.plots"}
    assert not graph["models.losses"]
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, with the circle
