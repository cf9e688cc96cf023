"""The encoder of a distribution and the decoder of its mean: built of a body, or models of the user's own made to fit.

A conditional model's parts take the one-hot label as second input; one of the user's own that has a single input is
given the label beside the vector that it gives (an encoder) or takes (a decoder).
"""

from __future__ import annotations

from typing import Any

from aenb.core.backend import keras
from aenb.core.errors import AenbError
from aenb.models import backbones


def beside(x: Any, labels: Any) -> Any:
    """Return the inputs of a part: items or codes, with their labels where there are any."""
    return x if labels is None else [x, labels]


def gaussian_encoder(
    given: Any, body: backbones.Body, item_shape: tuple[int, ...], latent_dim: int, classes: int
) -> Any:
    """Build an encoder whose outputs are `z_mean` and `z_log_var`, around one of the user's own where there is one.

    Raises:
        AenbError: The user's own does not fit the items, or gives neither a vector nor two of them.
    """
    x, label = body.input(item_shape), backbones.label_input(classes) if classes else None
    inputs = beside(x, label)
    if given is not None and _is_whole(given, "encoder", inputs) and len(given.outputs) == 2:
        return given
    features = body.down(x, label) if given is None else _features(given, x, label)
    if isinstance(features, list):
        return keras.Model(inputs, features, name="encoder")
    mean = keras.layers.Dense(latent_dim, name="z_mean")(features)
    # at first σ = 1 for all items: an exponential of random numbers would be unbounded
    log_var = keras.layers.Dense(latent_dim, kernel_initializer="zeros", name="z_log_var")(features)
    return keras.Model(inputs, [mean, log_var], name="encoder")


def mean_decoder(
    given: Any, body: backbones.Body, item_shape: tuple[int, ...], latent_dim: int, classes: int, last: str
) -> Any:
    """Build a decoder that ends with the activation `mean`, or make one of the user's own fit.

    Raises:
        AenbError: The user's own does not take such codes, or makes no such items.
    """
    code, label = keras.Input((latent_dim,), name="code"), backbones.label_input(classes) if classes else None
    inputs = beside(code, label)
    if given is None:
        made = keras.layers.Activation(last, name="mean")(body.up(code, item_shape, label))
        return keras.Model(inputs, made, name="decoder")
    if not _is_whole(given, "decoder", inputs):
        if label is not None and not _takes_two(given):
            code, label = keras.layers.Concatenate(name="with_label")([code, label]), None
        given = keras.Model(inputs, _apply(given, "decoder", code, label), name="decoder")
    shape = (*item_shape, body.vocabulary) if body.vocabulary else tuple(item_shape)
    if tuple(given.output_shape[1:]) != shape:
        raise AenbError(f"`decoder`: expected to give {shape}; received {tuple(given.output_shape[1:])}.")
    return given


def _features(given: Any, x: Any, label: Any) -> Any:
    """Return what an encoder of the user's own gives: a vector, or a list of means and log variances."""
    made = _apply(given, "encoder", x, label)
    shapes = [tuple(output.shape) for output in (made if isinstance(made, list | tuple) else [made])]
    if any(len(shape) != 2 for shape in shapes) or len(shapes) > 2 or len(set(shapes)) > 1:
        raise AenbError(
            "`encoder`: expected to give a vector for each item, or two of one length, the means and the log variances "
            f"of the codes; received {', '.join(map(str, shapes))}."
        )
    if len(shapes) == 2:
        return list(made)
    return made if label is None or _takes_two(given) else keras.layers.Concatenate(name="with_label")([made, label])


def _takes_two(part: Any) -> bool:
    return len(getattr(part, "inputs", None) or ()) == 2


def _is_whole(part: Any, name: str, inputs: Any) -> bool:
    """Say whether a part has the name and the inputs that it is to have: one that was built here before."""
    wanted = inputs if isinstance(inputs, list) else [inputs]
    has = getattr(part, "inputs", None) or []
    return part.name == name and [tuple(x.shape) for x in has] == [tuple(x.shape) for x in wanted]


def _apply(part: Any, name: str, x: Any, label: Any) -> Any:
    try:
        return part([x, label] if label is not None and _takes_two(part) else x)
    except (ValueError, TypeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise AenbError(f"`{name}`: expected a Keras model that takes {tuple(x.shape[1:])}. {reason}") from error
