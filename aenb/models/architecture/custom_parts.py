"""Custom models as parts: each is checked, and wrapped unless it already is the part.

A part that was built here, or loaded, is recognised by its name and its inputs, and stays as it is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from aenb.core.backend import Model, Tensor, keras
from aenb.core.errors import AenbError


def as_part(
    given: Model,
    inputs: Tensor | list[Tensor],
    name: str,
    shape: Sequence[int | None] | None = None,
    taken: Tensor | list[Tensor] | None = None,
) -> Model:
    """Return a model as the part called `name`.

    Args:
        given: A Keras model.
        inputs: The Keras input of the part, or a list of them.
        name: "encoder", "decoder", "generator" or "discriminator".
        shape: The expected output shape for one example, with None for any length; None: any shape.
        taken: What the given model is called on, computed from the inputs; None: the inputs.

    Returns:
        The model if it already is that part, else a `keras.Model` around it.

    Raises:
        AenbError: It does not take these inputs, or its output has another shape.
    """
    part = given
    if not is_part(given, inputs, name):
        taken = inputs if taken is None else taken
        with refusing(name, taken):
            part = keras.Model(inputs, given(taken), name=name)
    if shape is not None:
        _check_output(part, tuple(shape))
    return part


def is_part(model: Model, inputs: Tensor | list[Tensor], name: str) -> bool:
    """Say whether a model already has the name and the inputs of a part."""
    expected = [tuple(x.shape[1:]) for x in _listed(inputs)]
    return model.name == name and [tuple(x.shape[1:]) for x in getattr(model, "inputs", None) or ()] == expected


@contextlib.contextmanager
def refusing(name: str, inputs: Tensor | list[Tensor]) -> Iterator[None]:
    """Raise what a custom model raises for some inputs as an `AenbError`."""
    try:
        yield
    except (ValueError, TypeError) as error:
        shapes = " and ".join(str(tuple(x.shape[1:])) for x in _listed(inputs))
        reason = str(error).strip().splitlines()[0]
        raise AenbError(f"`{name}`: expected a Keras model that takes {shapes}. {reason}") from error


def _check_output(part: Model, shape: tuple[int | None, ...]) -> None:
    found = [tuple(output.shape[1:]) for output in part.outputs]
    is_right = len(found) == 1 and len(found[0]) == len(shape)
    if not is_right or any(
        side is None or expected not in (None, side) for expected, side in zip(shape, found[0], strict=True)
    ):
        expected = "a vector for each example" if shape == (None,) else shape
        raise AenbError(f"`{part.name}`: expected to give {expected}; received {', '.join(map(str, found))}.")


def _listed(inputs: Tensor | Sequence[Tensor]) -> Sequence[Tensor]:
    return inputs if isinstance(inputs, list | tuple) else [inputs]
