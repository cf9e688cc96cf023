"""Arguments of public functions, checked against the types that their signatures declare."""

from __future__ import annotations

import functools
import inspect
import numbers
import os
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from aenb.core.errors import AenbError, shown
from aenb.core.fields import Field, parameter_hints, plain_kind, read_fields

F = TypeVar("F", bound=Callable)


def checked(function: F) -> F:
    """Make a function refuse arguments of a wrong type.

    Arguments annotated as `int`, `float`, `bool`, `str`, `str | Path`, a class of aenb, or any of these or None, are
    checked against that; those with a `Field` also against its range. The function checks all others itself.

    Raises:
        AenbError: If the function is called with an argument of a wrong type or range.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:  # too many, too few or unknown arguments: Python raises the error
            return function(*args, **kwargs)
        for name, check in _checks(function).items():
            if name in bound.arguments:
                bound.arguments[name] = check(bound.arguments[name])
        return function(*bound.args, **bound.kwargs)

    return cast(F, call)


@functools.cache
def _checks(function: Callable) -> dict[str, Callable[[Any], Any]]:
    """Return the checks of a function's arguments, by name."""
    fields, hints = read_fields(function), parameter_hints(function)
    checks: dict[str, Callable[[Any], Any]] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        hint = hints.get(name)
        kind, optional = plain_kind(hint)
        field = fields.get(name) or (kind and Field("", name=name, kind=kind, optional=optional))
        if field and field.kind == "bool":
            checks[name] = functools.partial(_truth, field)
        elif field:
            checks[name] = functools.partial(_value, field, parameter.kind is inspect.Parameter.VAR_POSITIONAL)
        elif set(typing.get_args(hint)) - {type(None)} == {str, Path}:
            checks[name] = functools.partial(_path, name, type(None) in typing.get_args(hint))
        elif inspect.isclass(hint) and hint.__module__.startswith("aenb."):
            checks[name] = functools.partial(_instance, name, hint)
    return checks


def _value(field: Field, several: bool, value: Any) -> Any:
    return tuple(field.check(one) for one in value) if several else field.check(value)


def _truth(field: Field, value: Any) -> bool:
    return bool(value) if isinstance(value, numbers.Integral) and value in (0, 1) else field.check(value)


def _path(name: str, optional: bool, value: Any) -> Any:
    if value is None and optional:
        return None
    try:
        text = os.fspath(value)
    except Exception:  # not a path, or a user's object that raises anything
        text = None
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        raise AenbError(f"`{name}`: expected a path; received {shown(value)!r}, a {type(value).__name__}.")
    return value


def _instance(name: str, kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise AenbError(f"`{name}`: expected a {kind.__name__}; received a {type(value).__name__}.")
    return value
