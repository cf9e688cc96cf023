"""A field: one setting with its type, range, default and help.

Options of the magic and hyperparameters of a family are declared as annotated parameters,

    epochs: Annotated[int, Field("passes over the training data", low=1)] = 10

and validation, help, completion and widgets read them from there, so that each is written once.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import math
import numbers
import os
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from aenb.core.backend import Model
from aenb.core.errors import AenbError, shown, unknown
from aenb.core.model_files import model_from_config

MAX_CHARACTERS = 1000  # of a typed value
MAX_NUMBERS = 1000  # of a list


@dataclass(frozen=True)
class Field:
    """A setting: what it means and which values it takes.

    Attributes:
        help: What it does, in one line.
        low: Smallest value allowed, for numbers (each element, for lists).
        high: Largest value allowed.
        above: Values must be strictly greater than this.
        choices: The values allowed, for text.
        group: The heading under which help lists it.
        metavar: The word that stands for the value in help.
        only_for: The kind of data that it is for, "image" or "text"; "": any.
        of_data: Whether it is inferred from the data unless it is given.
        of_run: Whether, besides a Keras model, it takes a run or the folder of a saved one, and stays as it is.
        unset: What None means, in one word.
        name: The parameter's name (read from the signature).
        kind: One of "int", "float", "bool", "str", "ints", "model" (read from the annotation).
        optional: Whether None is allowed (read from the annotation too).
        default: The default value (read from the signature).
    """

    help: str
    low: float | None = None
    high: float | None = None
    above: float | None = None
    choices: tuple[str, ...] = ()
    group: str = ""
    metavar: str = ""
    only_for: str = ""
    of_data: bool = False
    of_run: bool = False
    unset: str = "automatic"
    name: str = ""
    kind: str = "str"
    optional: bool = False
    default: Any = None

    @property
    def expected(self) -> str:
        """What the field takes, in words: "a whole number from 1 to 65536"."""
        words = _WORDS["run" if self.of_run else self.kind]
        words = "one of " + ", ".join(self.choices) if self.choices else words
        if self.low is not None and self.high is not None:
            words += f" from {self.low:g} to {self.high:g}" if self.high < 1e6 else f" of at least {self.low:g}"
        elif self.low is not None:
            words += f" of at least {self.low:g}"
        if self.above is not None:
            words += f" above {self.above:g}"
            words += f" and at most {self.high:g}" if self.high is not None else ""
        return words + (", or None" if self.optional else "")

    @property
    def is_flag(self) -> bool:
        """Whether it is typed without a value: `--mixed-precision`."""
        return self.kind == "bool" and not self.optional

    def check(self, value: Any, place: str = "") -> Any:
        """Return `value` as the field's type.

        Args:
            value: What was given.
            place: Its context, for the message: " of family `deep`".

        Raises:
            AenbError: The type or the range is wrong.
        """
        if value is None and self.optional:
            return None
        try:
            return _CHECKS[self.kind](self, value)
        except Exception:  # a user's object may raise anything when it is inspected
            if self.choices and isinstance(value, str):
                raise unknown(self.name, value, self.choices, place) from None
            raise AenbError(f"`{self.name}`{place}: expected {self.expected}; received {_short(value)}.") from None

    def parse(self, text: str) -> Any:
        """Read a value typed on the magic's line, and check it."""
        if self.kind == "str" and not (self.optional and text == "None"):
            return self.check(text)
        return self.check(_literal(text))


def _literal(text: str) -> Any:
    """Return the Python literal that a text is; the text itself if it is none."""
    try:
        return ast.literal_eval(text) if len(text) <= MAX_CHARACTERS else text
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return text


def _short(value: object) -> str:
    """Return a value as text for a message; its type if it is too long."""
    text = shown(repr(value) if isinstance(value, str) else value, 60)
    return text if "…" not in text else f"a {type(value).__name__}"


def read_fields(function: Callable, *, plain: bool = False) -> dict[str, Field]:
    """Read the fields that a function or a dataclass declares as annotated parameters, in their order.

    Args:
        function: The function or class.
        plain: Whether keyword-only parameters annotated as `int`, `float`, `bool`, `str`, or one of these or None, are
            fields without help too.

    Raises:
        AenbError: `plain`, and a keyword-only parameter has no such annotation, or no default.
    """
    hints = parameter_hints(function)
    fields = {}
    for name, parameter in inspect.signature(function).parameters.items():
        annotation = _annotated(hints.get(name))
        for note in getattr(annotation, "__metadata__", ()):
            if isinstance(note, Field):
                kind, optional = _kind(annotation.__origin__)
                optional = optional or note.optional
                fields[name] = replace(note, name=name, kind=kind, optional=optional, default=parameter.default)
        if plain and name not in fields and parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            fields[name] = _plain_field(function, parameter, hints.get(name))
    return fields


def parameter_hints(function: Callable) -> dict[str, Any]:
    """Return the types of the parameters, without evaluating the type of the result, which may not be imported yet."""
    if inspect.isclass(function):
        return typing.get_type_hints(function, include_extras=True)
    written = {name: hint for name, hint in function.__annotations__.items() if name != "return"}
    parameters = types.SimpleNamespace(__annotations__=written)
    return typing.get_type_hints(parameters, inspect.unwrap(function).__globals__, include_extras=True)


def _plain_field(function: Callable, parameter: inspect.Parameter, hint: Any) -> Field:
    kind, optional = plain_kind(hint)
    if not kind or parameter.default is inspect.Parameter.empty:
        raise AenbError(
            f"`{parameter.name}` of `{function.__name__}`: expected a keyword with a default, annotated as int, float, "
            "bool or str, or as Annotated[…, Field(…)] with a help text; received "
            f"{'no default' if kind else 'another annotation'}."
        )
    return Field("", name=parameter.name, kind=kind, optional=optional, default=parameter.default)


def _annotated(hint: Any) -> Any:
    """Return the `Annotated` in a hint: Python 3.10 wraps it in `Optional` if the default is None."""
    inside = [part for part in typing.get_args(hint) if hasattr(part, "__metadata__")]
    return inside[0] if inside and not hasattr(hint, "__metadata__") else hint


def _kind(annotation: Any) -> tuple[str, bool]:
    """Translate a type annotation into a field's kind, and whether None is allowed."""
    options = [a for a in typing.get_args(annotation) if a is not type(None)]
    optional = type(None) in typing.get_args(annotation)
    plain = options[0] if optional else annotation
    if typing.get_origin(plain) is tuple:
        return "ints", optional
    return _PLAIN.get(plain, "model"), optional


def plain_kind(annotation: Any) -> tuple[str, bool]:
    """Return the kind of a field of a plain type, `int | None`, and whether None is allowed; "" for other types."""
    if annotation in (int, float, bool, str):
        return _PLAIN[annotation], False
    one_of = typing.get_args(annotation) if typing.get_origin(annotation) in (typing.Union, types.UnionType) else ()
    kinds = [_PLAIN.get(one, "") for one in one_of if one is not type(None)]
    return (kinds[0] if len(kinds) == 1 else ""), type(None) in one_of


def _in_range(field: Field, value: float) -> bool:
    return (
        (field.low is None or value >= field.low)
        and (field.high is None or value <= field.high)
        and (field.above is None or value > field.above)
    )


def _whole(field: Field, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or not _in_range(field, int(value)):
        raise ValueError
    return int(value)


def _number(field: Field, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError
    if not math.isfinite(value) or not _in_range(field, float(value)):
        raise ValueError
    return float(value)


def _truth(field: Field, value: Any) -> bool:
    if type(value).__name__ not in {"bool", "bool_"}:  # Python's and NumPy's
        raise TypeError
    return bool(value)


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str) or (field.choices and value not in field.choices):
        raise TypeError
    return value


def _whole_numbers(field: Field, value: Any) -> tuple[int, ...]:
    values = (value,) if isinstance(value, numbers.Integral) else tuple(itertools.islice(value, MAX_NUMBERS + 1))
    if len(values) > MAX_NUMBERS:
        raise ValueError
    return tuple(_whole(field, one) for one in values)


def _model(field: Field, value: Any) -> Model:
    if isinstance(value, dict) and "keras_model" in value:  # from a spec in JSON
        value = model_from_config(value["keras_model"])
    if field.of_run and isinstance(value, str | os.PathLike) and str(value).strip():  # the folder of a saved run
        return str(value)
    value = getattr(value, "model", value) if field.of_run else value
    if not callable(value) or not hasattr(value, "to_json"):
        raise TypeError
    return value


_PLAIN = {int: "int", float: "float", bool: "bool", str: "str"}
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "True or False",
    "str": "text",
    "ints": "a list of whole numbers, each",
    "model": "a Keras model",
    "run": "a run, or the folder of a saved one",
}
_CHECKS = {
    "int": _whole,
    "float": _number,
    "bool": _truth,
    "str": _text,
    "ints": _whole_numbers,
    "model": _model,
}
