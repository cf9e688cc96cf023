"""Building blocks of the autoencoder families: dense layers, output activations, and the compiled autoencoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aenb.core.backend import Layer, Model, Tensor, keras
from aenb.core.errors import AenbError
from aenb.core.layout import Layout
from aenb.models.architecture.custom_parts import as_part
from aenb.models.hyperparameters import LOSSES


def unflatten(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Reshape a flat tensor to an example: (batch, features) → (batch, *shape)."""
    return keras.layers.Reshape(shape, name="reshape")(x) if len(shape) > 1 else x


def dense(units: int, activation: str, name: str | None, **arguments: Any) -> Layer:
    """Return a dense layer with initial weights that preserve the variance of the signal.

    He et al. 2015 (arXiv 1502.01852) for ReLUs, Klambauer et al. 2017 (arXiv 1706.02515) for selu, Glorot &
    Bengio 2010 for the others.
    """
    glorot = dict.fromkeys(("tanh", "sigmoid", "linear"), "glorot_uniform")
    initial = {"selu": "lecun_normal", **glorot}.get(activation, "he_normal")
    return keras.layers.Dense(units, activation, name=name, **{"kernel_initializer": initial, **arguments})


def output_activation(input_shape: tuple[int, ...], chosen: str | None, vocabulary: int = 0) -> str:
    """Choose the decoder's last activation: sigmoid for pixels in [0, 1], softmax for tokens, else linear."""
    if vocabulary:
        return "softmax"
    return chosen or ("sigmoid" if len(input_shape) == 3 else "linear")


def autoencoder(
    name: str,
    input_shape: tuple[int, ...],
    encoder: Model,
    decoder: Model | Callable[[int], Model],
    *,
    loss: str,
    layout: Layout | None = None,
    between: Layer | None = None,
    metrics: Sequence[keras.metrics.Metric] = (),
) -> Model:
    """Join an encoder and a decoder into a compiled model.

    Args:
        name: The family's name.
        input_shape: The shape of an example.
        encoder: A Keras model (batch, *input_shape) → (batch, latent_dim).
        decoder: A Keras model (batch, latent_dim) → (batch, *input_shape), or a function that builds one from
            latent_dim.
        loss: A key of `LOSSES`: the squared error ("mse"), the absolute error ("mae") or the binary
            cross-entropy ("bce"), each the mean over features and examples; or "tokens", the cross-entropy of a token.
        layout: The layout of a mixed table: in place of "mse", each of its columns has the loss of its kind.
        between: A layer between code and decoder, such as a sparsity penalty.
        metrics: Keras metrics to report in addition to the loss.

    Returns:
        A `keras.Model` with the layers "encoder" and "decoder", compiled with Adam (Kingma & Ba 2014, arXiv
        1412.6980).

    Raises:
        AenbError: The parts do not fit each other or the data.
    """
    encoder = as_part(encoder, keras.Input(input_shape, name="input"), "encoder", (None,))
    size = encoder.output_shape[1]
    decoder = decoder if hasattr(decoder, "layers") else decoder(size)
    output_shape = (*input_shape, None) if loss == "tokens" else input_shape
    decoder = as_part(decoder, keras.Input((size,), name="input"), "decoder", output_shape)
    inputs = keras.Input(input_shape, name="input", dtype="int32" if loss == "tokens" else None)
    code = encoder(inputs)
    model = keras.Model(inputs, decoder(between(code) if between else code), name=name)
    error: Any = LOSSES.get(loss) or "sparse_categorical_crossentropy"  # padding counts: the end of texts is learnt
    if layout is not None:
        error = _mixed_loss(layout, loss)
    model.compile(keras.optimizers.Adam(), loss=error, metrics=list(metrics))
    return model


def _mixed_loss(layout: Layout, loss: str) -> keras.losses.Loss:
    from aenb.models.losses.mixed_loss import MixedLoss  # starts TensorFlow

    if loss != "mse":
        raise AenbError(f"`loss`: expected mse for a mixed table, whose columns have losses by kind; received {loss}.")
    return MixedLoss(layout.to_text())
