"""Arguments of public functions, held against the types that their signatures declare."""

from __future__ import annotations

import functools
import inspect
import numbers
import os
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from aenb.core.errors import AenbError, shown
from aenb.core.fields import Field, plain_kind, read_fields

F = TypeVar("F", bound=Callable)


def checked(function: F) -> F:
    """Let a function refuse arguments of a wrong type.

    Those annotated as `int`, `float`, `bool`, `str`, `str | Path`, a class of aenb, or any of these or None, are held
    against that; those with a `Field` also against its range. All others are the function's own to check.

    Raises:
        AenbError: When the function is called with such an argument.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:  # too many, too few or unknown: Python says so
            return function(*args, **kwargs)
        for name, check in _checks(function).items():
            if name in bound.arguments:
                bound.arguments[name] = check(bound.arguments[name])
        return function(*bound.args, **bound.kwargs)

    return call


@functools.cache
def _checks(function: Callable) -> dict[str, Callable[[Any], Any]]:
    """Return what checks the arguments of a function, by name."""
    fields, hints = read_fields(function), typing.get_type_hints(function)
    found = {}
    for name, parameter in inspect.signature(function).parameters.items():
        hint = hints.get(name)
        kind, optional = plain_kind(hint)
        field = fields.get(name) or (kind and Field("", name=name, kind=kind, optional=optional))
        if field and field.kind == "bool":
            found[name] = functools.partial(_truth, field)
        elif field:
            found[name] = functools.partial(_value, field, parameter.kind is inspect.Parameter.VAR_POSITIONAL)
        elif set(typing.get_args(hint)) - {type(None)} == {str, Path}:
            found[name] = functools.partial(_path, name, type(None) in typing.get_args(hint))
        elif inspect.isclass(hint) and hint.__module__.startswith("aenb."):
            found[name] = functools.partial(_instance, name, hint)
    return found


def _value(field: Field, several: bool, value: Any) -> Any:
    return tuple(field.check(one) for one in value) if several else field.check(value)


def _truth(field: Field, value: Any) -> bool:
    return bool(value) if isinstance(value, numbers.Integral) and value in (0, 1) else field.check(value)


def _path(name: str, optional: bool, value: Any) -> Any:
    if value is None and optional:
        return None
    try:
        text = os.fspath(value)
    except Exception:  # it is no path, or an object of the user's that raises anything
        text = None
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        raise AenbError(f"`{name}`: expected a path; received {shown(value)!r}, a {type(value).__name__}.")
    return value


def _instance(name: str, kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise AenbError(f"`{name}`: expected a {kind.__name__}; received a {type(value).__name__}.")
    return value
