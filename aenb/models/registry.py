"""The registry of families: what each is, which hyperparameters it takes, and how it is built.

A family is a function from an input shape and hyperparameters to a compiled `keras.Model` whose parts are
named (`encoder`, `decoder`). Help, validation, completion, controls and the contract test read this registry.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, overload

from aenb.core.backend import Model
from aenb.core.catalogue import LAST, Catalogue, summary_of
from aenb.core.errors import AenbError, shown, unknown
from aenb.core.fields import Field, read_fields
from aenb.models.autoencoder import interface

CLASSES = {
    "custom_objects",
    "network",
    "masked_loss",
    "mixed_loss",
    "perceptual_loss",
    "sparsity",
}  # they define Keras classes, and so start TensorFlow
KINDS = {  # of data: what it is called, and the shape of one example
    "image": ("images", "(height, width, channels)"),
    "signal": ("signals", "(length, channels)"),
    "tabular": ("tables", "(features,)"),
    "text": ("texts", "(length,) of tokens"),
}

Build = Callable[..., Model]


@dataclass(frozen=True)
class Family:
    """A kind of model.

    Attributes:
        name: What you type: "deep".
        build: The function from (input_shape, **hyperparameters) to a compiled model.
        summary: The idea in a line.
        paper: Where it comes from.
        order: Its place in the history of the field.
        fields: Its hyperparameters by name.
        takes: The kinds of data that it takes: of "image", "signal", "tabular" and "text".
        learning_rate: Adam's, unless the user sets another; None: that of the model.
        batch_size: Examples a step on large data, unless the user sets another.
    """

    name: str
    build: Build
    summary: str
    paper: str
    order: int
    fields: dict[str, Field]
    takes: tuple[str, ...]
    learning_rate: float | None = 1e-3
    batch_size: int = 256

    @property
    def trains_a_given_model(self) -> bool:
        """Whether the user gives the whole compiled model, with its learning rate, and it is trained in place."""
        return self.learning_rate is None

    def check_kind(self, kind: str, received: str) -> None:
        """Refuse data of a kind that the family does not take.

        Args:
            kind: "image", "signal", "tabular" or "text".
            received: What was given, for the message.

        Raises:
            AenbError: It is not in `takes`; the message names the families that take it.
        """
        if kind in self.takes:
            return
        expected = ", ".join(f"{word}, {shape}" for word, shape in map(KINDS.__getitem__, self.takes))
        others = ", ".join(name for name, other in families().items() if kind in other.takes)
        raise AenbError(
            f"Family `{self.name}`: expected {expected}; received {received}. Families for {KINDS[kind][0]}: {others}."
        )

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
            "data": ", ".join(KINDS[kind][0] for kind in self.takes),
            "hyperparameters": ", ".join(self.fields),
            "paper": self.paper,
        }


_families: Catalogue[Family] = Catalogue("family", "aenb.models", "aenb.families", CLASSES)


@overload
def family(build: Build) -> Build: ...
@overload
def family(
    *,
    summary: str = "",
    paper: str = "",
    order: int = LAST,
    takes: Collection[str] = ...,
    learning_rate: float | None = 1e-3,
    batch_size: int = 256,
    is_listed: bool = True,
) -> Callable[[Build], Build]: ...
def family(
    build: Build | None = None,
    *,
    summary: str = "",
    paper: str = "",
    order: int = LAST,
    takes: Collection[str] = ("image", "signal", "tabular"),
    learning_rate: float | None = 1e-3,
    batch_size: int = 256,
    is_listed: bool = True,
) -> Build | Callable[[Build], Build]:
    """Register the decorated function as the family of its name.

    The function takes the shape of an example, then hyperparameters as keywords with defaults, and returns a compiled
    `keras.Model` with layers called "encoder" and "decoder", or "generator" and "discriminator", that are models
    themselves. Annotate a hyperparameter as int, float, bool or str, or `Annotated[int, Field("what it does", low=1)]`
    with `aenb.core.fields.Field`: help, completion, the panel's controls and the checks of values read that.

    A package registers its own by naming its module in the entry-point group `aenb.families`. The module should not
    import Keras before the function is called, so that help and completion stay quick.

    Args:
        build: The function.
        summary: The idea in a line; by default the first line of the function's docstring.
        paper: Where it comes from.
        order: Its place in the list of families.
        takes: The kinds of data: of "image", "signal", "tabular" and "text". A family of texts has a hyperparameter
            `vocabulary`, which is set to the number of different tokens.
        learning_rate: Adam's, unless the user sets another; None: that of the model.
        batch_size: Examples a step on large data, unless the user sets another.
        is_listed: Whether it is listed among the families.

    Returns:
        The function as it was, for direct calls.

    Raises:
        AenbError: Another module has a family of that name, a kind is unknown, or a hyperparameter has no default or no
            such annotation.

    Example:
        >>> import aenb
        >>> @aenb.family(summary="one linear layer to the code, one back", takes=("tabular",))
        ... def linear(input_shape, *, latent_dim: int = 2):
        ...     import keras
        ...     encoder = keras.Sequential([keras.Input(input_shape), keras.layers.Dense(latent_dim)], name="encoder")
        ...     decoder = keras.Sequential(
        ...         [keras.Input((latent_dim,)), keras.layers.Dense(input_shape[0])], name="decoder"
        ...     )
        ...     model = keras.Sequential([encoder, decoder])
        ...     model.compile("adam", "mse")
        ...     return model
        >>> aenb.build_model("linear", (5,), latent_dim=3).output_shape
        (None, 5)
    """

    def register(build: Build) -> Build:
        name = build.__name__
        if unknown_kinds := set(takes) - set(KINDS):
            raise unknown("kind of data", sorted(unknown_kinds)[0], KINDS, f" of family `{name}`")
        fields = read_fields(build, plain=True)

        @functools.wraps(build)
        def built(input_shape: tuple[int, ...], **hyperparameters: Any) -> Model:
            model = build(input_shape, **hyperparameters)
            plain = {name: field.default for name, field in fields.items() if field.kind != "model"}
            given = {name: value for name, value in hyperparameters.items() if name in plain}
            interface(model).recipe = {"family": name, "input_shape": input_shape, "hyperparameters": plain | given}
            return model

        entry = Family(
            name, built, summary or summary_of(build), paper, order, fields, tuple(takes), learning_rate, batch_size
        )
        _families.add(name, entry, build.__module__, is_listed=is_listed)
        return built

    return register if build is None else register(build)


def families() -> Catalogue[Family]:
    """List the families of models, by name, in the order of the field's history; those of plug-ins come last.

    Returns:
        A dict from name to `Family` that shows itself as a table.

    Example:
        >>> import aenb
        >>> "deep" in aenb.families()
        True
    """
    return _families.discover()


def check_unused(family: str, given: dict[str, Any], with_what: str) -> None:
    """Refuse hyperparameters that another one leaves without effect.

    Args:
        family: The family's name.
        given: Their values.
        with_what: What leaves them without effect, for the message.

    Raises:
        AenbError: One of them differs from its default.
    """
    for name, value in given.items():
        if value != (usual := families()[family].fields[name].default):
            raise AenbError(f"`{name}`: expected its default, {usual}, together with {with_what}; received {value}.")


def build_model(family: str, input_shape: tuple[int, ...], **hyperparameters: Any) -> Model:
    """Build a compiled model of a family.

    Args:
        family: The family's name, as `aenb.families()` lists them.
        input_shape: The shape of one example: `(height, width, channels)`, `(length, channels)`, `(features,)`, or
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
    kind = "text" if hyperparameters.get("vocabulary") else {1: "tabular", 2: "signal", 3: "image"}[len(shape)]
    if kind != "text" or "vocabulary" in entry.fields:  # else the hyperparameter is unknown, which `check` says
        entry.check_kind(kind, f"the input shape {shape}")
    return entry.build(shape, **entry.check(hyperparameters))


def _checked_shape(input_shape: Iterable[Any]) -> tuple[int, ...]:
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
