"""Encoders of a Gaussian posterior and decoders of a mean: built from a body, or from custom models.

The parts of a conditional model take one-hot labels as a second input. If a custom part has a single input, the labels
are concatenated to its output (encoder) or input (decoder).
"""

from __future__ import annotations

from collections.abc import Sequence

from aenb.core.backend import Model, Tensor, keras
from aenb.core.errors import AenbError
from aenb.models.architecture import backbones
from aenb.models.architecture.custom_parts import as_part, is_part, refusing


def with_labels(x: Tensor, labels: Tensor | None) -> Tensor | list[Tensor]:
    """Return the inputs of a part: examples or codes, and their labels if there are any."""
    return x if labels is None else [x, labels]


def gives_posterior(encoder: Model | None) -> bool:
    """Say whether an encoder has two outputs of equal shape, the means and the log variances of q(z|x)."""
    outputs: Sequence[Tensor] = getattr(encoder, "outputs", None) or ()
    return len(outputs) == 2 and outputs[0].shape == outputs[1].shape


def gaussian_encoder(
    given: Model | None, body: backbones.Body, item_shape: tuple[int, ...], latent_dim: int, classes: int
) -> Model:
    """Build an encoder with the outputs `z_mean` and `z_log_var`, from a custom encoder if there is one.

    Raises:
        AenbError: The custom encoder does not fit the examples, or returns neither a vector nor two of them.
    """
    x, label = body.input(item_shape), backbones.label_input(classes) if classes else None
    inputs = with_labels(x, label)
    if given is not None and is_part(given, inputs, "encoder") and gives_posterior(given):
        return given
    features = body.down(x, label) if given is None else _features(given, x, label)
    if isinstance(features, list):
        return keras.Model(inputs, features, name="encoder")
    mean = keras.layers.Dense(latent_dim, name="z_mean")(features)
    # initially σ = 1 for all examples: the exponential of random numbers would be unbounded
    log_var = keras.layers.Dense(latent_dim, kernel_initializer="zeros", name="z_log_var")(features)
    return keras.Model(inputs, [mean, log_var], name="encoder")


def mean_decoder(
    given: Model | None, body: backbones.Body, item_shape: tuple[int, ...], latent_dim: int, classes: int, last: str
) -> Model:
    """Build a decoder that ends with the activation `mean`, or adapt a custom decoder.

    Raises:
        AenbError: The custom decoder does not fit the codes or the examples.
    """
    code, label = keras.Input((latent_dim,), name="code"), backbones.label_input(classes) if classes else None
    inputs = with_labels(code, label)
    if given is None:
        mean = keras.layers.Activation(last, name="mean")(body.up(code, item_shape, label))
        return keras.Model(inputs, mean, name="decoder")
    shape = (*item_shape, body.vocabulary) if body.vocabulary else tuple(item_shape)
    taken = inputs if label is None or _takes_two(given) else keras.layers.Concatenate(name="with_label")(inputs)
    return as_part(given, inputs, "decoder", shape, taken)


def _features(given: Model, x: Tensor, label: Tensor | None) -> Tensor | list[Tensor]:
    """Return the output of a custom encoder: a vector, or a list of means and log variances."""
    inputs = with_labels(x, label) if _takes_two(given) else x
    with refusing("encoder", inputs):
        outputs = given(inputs)
    shapes = [tuple(output.shape) for output in (outputs if isinstance(outputs, list | tuple) else [outputs])]
    if any(len(shape) != 2 for shape in shapes) or len(shapes) > 2 or len(set(shapes)) > 1:
        raise AenbError(
            "`encoder`: expected to give a vector for each example, or two of equal length, the means and the log "
            f"variances of the codes; received {', '.join(map(str, shapes))}."
        )
    if len(shapes) == 2:
        return list(outputs)
    return (
        outputs if label is None or _takes_two(given) else keras.layers.Concatenate(name="with_label")([outputs, label])
    )


def _takes_two(part: Model) -> bool:
    return len(getattr(part, "inputs", None) or ()) == 2
