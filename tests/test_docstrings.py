"""The docstrings of public names: each section that a reader needs. `--doctest-modules` runs their examples."""

import ast
import dataclasses
import functools
import inspect
import re
import textwrap

import pytest

import aenb
from aenb.comparison.result import Comparison
from aenb.evaluation.drift import Drift
from aenb.runs.explanation import Explanation
from tests.test_public import MEMBERS

OWNERS = {name: getattr(aenb, name) for name in aenb.__all__ if inspect.isclass(getattr(aenb, name))}
OWNERS["Comparison"] = Comparison
OWNERS |= {one.__name__: one for one in (Drift, Explanation)}
OWNERS |= {name: getattr(aenb.sklearn, name) for name in aenb.sklearn.__all__}
PUBLIC = {  # the rest of a class is for aenb's own rooms
    owner: MEMBERS.get(owner, [name for name in vars(one) if name[0] != "_" and name != "best"])
    for owner, one in OWNERS.items()
}
FUNCTIONS = {name: getattr(aenb, name) for name in aenb.__all__ if inspect.isfunction(getattr(aenb, name))} | {
    f"{owner}.{name}": getattr(OWNERS[owner], name)
    for owner, names in PUBLIC.items()
    for name in names
    if isinstance(vars(OWNERS[owner]).get(name), type(lambda: None) | classmethod)
}
PROPERTIES = [
    (owner, name)
    for owner, names in PUBLIC.items()
    for name in names
    if isinstance(vars(OWNERS[owner]).get(name), property | functools.cached_property)
]
ARRAYS = {"x", "z", "mask"}  # arguments that are arrays, whose shapes the text gives


def missing(function):
    """List what the docstring of a function lacks: arguments, shapes, sections, a runnable example."""
    text, signature = inspect.getdoc(function) or "", inspect.signature(inspect.unwrap(function))
    names = [name for name in signature.parameters if name not in ("self", "cls")]
    lacks = [f"Args: {name}" for name in names if not described(text, "Args", name)]
    lacks += [f"shape of {name}" for name in names if name in ARRAYS and "(n, " not in described(text, "Args", name)]
    return lacks + (["Returns"] if returns(function) and "Returns:\n" not in text else []) + unsaid(function, text)


def missing_of_class(one):
    """List what the docstring of a class lacks: fields or arguments, errors, a runnable example."""
    text = inspect.getdoc(one) or ""
    start = vars(one).get("__post_init__", one.__init__)
    if dataclasses.is_dataclass(one):
        lacks = [field.name for field in dataclasses.fields(one) if field.name[0] != "_"]
        lacks = [name for name in lacks if not described(text, "Attributes", name)]
        return lacks + unsaid(start if "__post_init__" in vars(one) else described, text)
    names = list(inspect.signature(one).parameters)
    return [name for name in names if not described(text, "Args", name)] + unsaid(start, text)


def described(text, section, name):
    """Return what a section says of an argument or an attribute."""
    entries = text.partition(f"{section}:\n")[2].partition("\n\n")[0]
    entry = re.search(rf"^    \*{{0,2}}{name}: (.*(?:\n      .*)*)", entries, re.MULTILINE)
    return entry[1] if entry else ""


def unsaid(function, text):
    """List which of errors and example are missing."""
    lines = re.findall(r"^ *>>> (.*)", text.partition("Example:\n")[2], re.MULTILINE)
    has_example = lines and not any("+SKIP" in line for line in lines)
    lacks = ["Raises"] if raises(function) and "Raises:\n" not in text else []
    return lacks + ([] if has_example else ["Example"])


def returns(function):
    """Say whether a function returns something."""
    return any(isinstance(node, ast.Return) and node.value is not None for node in ast.walk(tree(function)))


def raises(function):
    """Say whether a function raises errors that it does not catch itself."""
    if any(getattr(one, "id", "") == "checked" for one in tree(function).decorator_list):
        return True
    nodes = list(ast.walk(tree(function)))
    tries = [node for node in nodes if isinstance(node, ast.Try) and node.handlers]
    caught = {inner for node in tries for one in node.body for inner in ast.walk(one)}
    return any(isinstance(node, ast.Raise) and node not in caught for node in nodes)


def tree(function):
    """Parse the source of a function."""
    return ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function)))).body[0]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_says_what_it_takes_returns_and_raises_and_shows_it(name):
    assert missing(FUNCTIONS[name]) == []


@pytest.mark.parametrize("name", OWNERS)
def test_a_class_says_what_it_takes_and_raises_and_shows_it(name):
    assert missing_of_class(OWNERS[name]) == []


@pytest.mark.parametrize(("owner", "name"), PROPERTIES)
def test_a_property_says_what_it_is(owner, name):
    assert inspect.getdoc(vars(OWNERS[owner])[name])


def test_what_is_missing_is_found():
    def bare(x, n):
        """Do it."""
        if n:
            raise ValueError
        return x

    def shapeless(x):
        """Do it.

        Args:
            x: Numbers.

        Example:
            >>> shapeless(1)  # doctest: +SKIP
        """

    assert missing(bare) == ["Args: x", "Args: n", "shape of x", "Returns", "Raises", "Example"]
    assert missing(shapeless) == ["shape of x", "Example"]


def test_what_is_missing_of_a_class_is_found():
    class Bare:
        """Something.

        Example:
            >>> Bare(1)
        """

        def __init__(self, size):
            if size < 0:
                raise ValueError(size)

    assert missing_of_class(Bare) == ["size", "Raises"]
