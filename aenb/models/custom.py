"""Your own Keras model: trained as it was compiled, and looked at by its encoder and its decoder.

A model with layers called "encoder" and "decoder" that are models themselves stays as it is. Any other functional or
sequential model is cut at its narrowest layer, whose output is taken for the latent code: the parts share the layers of
the model, so training them trains it.
"""

from __future__ import annotations

from typing import Annotated, Any

from aenb.core.backend import Model, keras
from aenb.core.errors import AenbError
from aenb.core.fields import Field
from aenb.models.autoencoder import parts
from aenb.models.registry import family


@family(summary="your own compiled Keras model, from examples to examples", is_listed=False, learning_rate=None)
def custom(
    input_shape: tuple[int, ...],
    *,
    model: Annotated[Any, Field("a compiled Keras model that takes and returns examples", optional=True)] = None,
) -> Model:
    """Return the model, or an autoencoder that shares its layers.

    Args:
        input_shape: The shape of an example.
        model: A compiled model (batch, *input_shape) → (batch, *input_shape). It is trained in place.

    Raises:
        AenbError: There is no model, it is not compiled, it takes or returns another shape, or it can't be cut in two.

    Example:
        >>> import aenb, keras
        >>> model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(2), keras.layers.Dense(13)])
        >>> model.compile("adam", "mse")
        >>> run = aenb.train(model, "wine", epochs=1, verbose=False)
        >>> run.encode(run.data.x_test).shape
        (36, 2)
    """
    if model is None:
        raise AenbError("`model`: expected a compiled Keras model; received none.")
    if not getattr(model, "compiled", False) or model.optimizer is None:
        raise AenbError(
            '`model`: expected a compiled Keras model; received one that is not. Call model.compile("adam", "mse").'
        )
    try:
        shapes = tuple(model.input_shape[1:]), tuple(model.output_shape[1:])
    except (AttributeError, TypeError, ValueError):  # a class of the user's, or several inputs
        shapes = None
    if shapes != (input_shape, input_shape):
        received = "one whose shapes are unknown" if shapes is None else f"one from {shapes[0]} to {shapes[1]}"
        raise AenbError(
            f"`model`: expected a functional or sequential model from {input_shape} to {input_shape}; received "
            f"{received}. keras.layers.Reshape brings examples to another shape and back."
        )
    return model if {"encoder", "decoder"} <= parts(model).keys() else _cut(model)


def _cut(model: Model) -> Model:
    """Return an autoencoder that shares a model's layers, cut after the narrowest of them."""
    inside = [layer for layer in model.layers[:-1] if not isinstance(layer, keras.layers.InputLayer)]
    vectors = [layer for layer in inside if len(layer.output.shape) == 2]
    if not vectors:
        raise _uncut("no layer before the last returns a vector for each example")
    narrowest = min(vectors, key=lambda layer: layer.output.shape[1])
    try:
        encoder = keras.Model(model.inputs[0], narrowest.output, name="encoder")
        decoder = keras.Model(narrowest.output, model.outputs[0], name="decoder")
    except ValueError as error:  # a path around the narrowest layer
        raise _uncut(f"another path leads around the layer `{narrowest.name}`") from error
    inputs = keras.Input(model.input_shape[1:], name="input")
    whole = keras.Model(inputs, decoder(encoder(inputs)), name=model.name)
    whole.compile(optimizer=model.optimizer, loss=model.loss)
    whole.notes = [f"The latent code is the output of the layer `{narrowest.name}`, the narrowest of the model."]
    return whole


def _uncut(reason: str) -> AenbError:
    return AenbError(
        '`model`: expected layers "encoder" and "decoder" that are models themselves, or a model that can be cut at '
        f"its narrowest layer; received one in which {reason}."
    )
