"""The registry of families: what each is, which hyperparameters it takes, and how it is built.

A family is a function from an input shape and hyperparameters to a compiled `keras.Model` whose parts are
named (`encoder`, `decoder`). Help, validation, completion, controls and the contract test read this registry.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from aenb.core.catalogue import Catalogue
from aenb.core.errors import AenbError, shown, unknown
from aenb.core.fields import Field, read_fields

CLASSES = {"classes", "network", "observed", "sparsity"}  # modules that define Keras classes, and so start TensorFlow


@dataclass(frozen=True)
class Family:
    """A kind of model.

    Attributes:
        name: What one types: "deep".
        build: The function from (input_shape, **hyperparameters) to a compiled model.
        summary: The idea in a line.
        paper: Where it comes from.
        order: Its place in the story of the field.
        fields: Its hyperparameters by name.
        learning_rate: What Adam trains it with unless told otherwise.
        batch_size: How many items a step takes of large data, unless told otherwise.
    """

    name: str
    build: Callable
    summary: str
    paper: str
    order: int
    fields: dict[str, Field]
    learning_rate: float = 1e-3
    batch_size: int = 256

    def check(self, hyperparameters: dict[str, Any], also: Iterable[str] = ()) -> dict[str, Any]:
        """Return the hyperparameters with their types right.

        Args:
            hyperparameters: What was given.
            also: Other names that a misspelt one may have meant.

        Raises:
            AenbError: A name is unknown (the nearest is named), or a value is of a wrong type or range.
        """
        place = f" of family `{self.name}`"
        for name in hyperparameters:
            if name not in self.fields:
                raise unknown("hyperparameter", name, self.fields, f" for family `{self.name}`", also)
        return {name: self.fields[name].check(value, place) for name, value in hyperparameters.items()}

    def row(self) -> dict[str, str]:
        """Return the family's row in the catalogue."""
        return {
            "idea": self.summary,
            "hyperparameters": ", ".join(self.fields),
            "paper": self.paper,
        }


_families: Catalogue = Catalogue("family")


def family(
    *, summary: str, paper: str, order: int, learning_rate: float = 1e-3, batch_size: int = 256
) -> Callable[[Callable], Callable]:
    """Register the decorated function as the family of its name."""

    def register(build: Callable) -> Callable:
        fields = read_fields(build)

        @functools.wraps(build)
        def built(input_shape, **hyperparameters):
            model = build(input_shape, **hyperparameters)
            if hasattr(model, "recipe"):  # a model of ours remembers how to build it again
                plain = {name: field.default for name, field in fields.items() if field.kind != "model"}
                given = {name: value for name, value in hyperparameters.items() if name in plain}
                model.recipe = {
                    "family": build.__name__, "input_shape": input_shape, "hyperparameters": plain | given,
                }  # fmt: skip
            return model

        _families[build.__name__] = Family(
            build.__name__, built, summary, paper, order, fields, learning_rate, batch_size
        )
        return built

    return register


@functools.cache
def families() -> Catalogue:
    """List the families of models, by name, in the order of the field's history.

    Returns:
        A dict from name to `Family` that shows itself as a table.

    Example:
        >>> import aenb
        >>> "deep" in aenb.families()
        True
    """
    return _families.discover("aenb.models", leave_out=CLASSES)


def build_model(family: str, input_shape: tuple[int, ...], **hyperparameters):
    """Build a compiled model of a family.

    Args:
        family: The family's name, as `aenb.families()` lists them.
        input_shape: The shape of one item: `(height, width, channels)`, `(length, channels)`, `(features,)`, or
            `(length,)` of tokens, with `vocabulary`.
        **hyperparameters: The family's hyperparameters.

    Returns:
        A compiled `keras.Model` whose parts are layers of it, themselves models: "encoder" and "decoder", or
        "generator" and "discriminator".

    Raises:
        AenbError: The family, a hyperparameter or the shape is not one it takes.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("deep", input_shape=(28, 28, 1), latent_dim=2)
        >>> model.get_layer("encoder").output_shape
        (None, 2)
    """
    entry = families().lookup(family)
    shape = _checked_shape(input_shape)
    return entry.build(shape, **entry.check(hyperparameters))


def _checked_shape(input_shape) -> tuple[int, ...]:
    try:
        shape = tuple(int(side) for side in input_shape)
    except (TypeError, ValueError, OverflowError):
        shape = ()
    if len(shape) not in (1, 2, 3) or min(shape) < 1:
        raise AenbError(
            "`input_shape`: expected (height, width, channels) for images, (length, channels) for signals or "
            f"(features,) for tables, all at least 1; received {shown(input_shape)}."
        )
    return shape
