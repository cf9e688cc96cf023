"""Shallow autoencoders, the first kind: one hidden layer, squared error.

Baldi & Hornik (1989), "Neural networks and principal component analysis", Neural Networks 2: with linear units and
squared error, every minimum spans the subspace of the first principal components, and there are no other local minima.
To go beyond PCA needs extensions: non-linear units, tied weights of encoder and decoder (Vincent et al. 2010, JMLR 11),
or sparse codes, in which only few units are active at a time (Ng 2011, CS294A lecture notes).

    z = f(W x + b),   x̂ = g(V z + c),   V = Wᵀ if tied
    loss = ‖x − x̂‖² / d + λ · penalty(z)
    penalty:  L1  meanⱼ |zⱼ|      KL  meanⱼ ρ log(ρ/ρ̂ⱼ) + (1 − ρ) log((1 − ρ)/(1 − ρ̂ⱼ)),  ρ̂ⱼ the batch mean of zⱼ

Error and penalty are both means over their units, so λ has the same effect for any size of image or code.
"""

from __future__ import annotations

import math
from typing import Annotated

from aenb.core.backend import Layer, Model, keras
from aenb.core.errors import AenbError
from aenb.core.fields import Field
from aenb.models.architecture import backbones, layers
from aenb.models.hyperparameters import (
    Activation,
    LatentDim,
    Loss,
    OutputActivation,
    Part,
    TableLayout,
    layout_of,
)
from aenb.models.registry import family


@family(
    order=1,
    summary="one hidden layer; linear, it spans the PCA subspace; tied or sparse on request",
    paper="Baldi & Hornik 1989; Ng 2011",
)
def shallow(
    input_shape: tuple[int, ...],
    *,
    latent_dim: LatentDim = 32,
    activation: Activation = "relu",
    output_activation: OutputActivation = None,
    tied: Annotated[bool, Field("use the transposed weights of the encoder in the decoder")] = False,
    sparsity: Annotated[str | None, Field("penalty that makes the latent code sparse", choices=("l1", "kl"))] = None,
    sparsity_weight: Annotated[float, Field("weight of the penalty in the loss", low=0)] = 0.01,
    sparsity_target: Annotated[float, Field("target ρ of the mean activation, for kl", above=0, high=0.99)] = 0.05,
    loss: Loss = "mse",
    layout: TableLayout = None,
    encoder: Part = None,
    decoder: Part = None,
) -> Model:
    """Build an autoencoder with one hidden layer, compiled.

    With `activation="linear"`, the output is linear too, unless `output_activation` is given.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("shallow", (8, 8, 1), latent_dim=5, activation="linear", tied=True)
        >>> len(model.trainable_variables)  # one kernel, two biases
        3
    """
    if tied and (encoder or decoder):
        raise AenbError("`tied`: expected built-in parts; received your own `encoder` or `decoder`.")
    table = layout_of(layout, input_shape)
    if tied and table is not None:
        raise AenbError(
            "`tied`: expected a table of numbers; received a mixed one, whose outputs differ from its inputs."
        )
    if sparsity == "kl" and activation != "sigmoid" and not encoder:
        raise AenbError(
            '`sparsity="kl"`: expected activation="sigmoid", whose means are in (0, 1); '
            f'received activation="{activation}".'
        )
    body = backbones.Body((), layout=table)
    last = output_activation or ("linear" if activation == "linear" else layers.output_activation(input_shape, None))
    encoder = encoder or backbones.encoder(body, input_shape, latent_dim, activation)
    if tied:
        decoder = _tied_decoder(encoder.get_layer("code"), input_shape, last)
    return layers.autoencoder(
        "shallow",
        input_shape,
        encoder,
        decoder or (lambda size: backbones.decoder(body, size, input_shape, last)),
        loss=loss,
        layout=table,
        between=_penalty(sparsity, sparsity_weight, sparsity_target) if sparsity else None,
        metrics=[keras.metrics.MeanSquaredError("reconstruction_loss")]
        if sparsity and loss == "mse" and table is None
        else [],
    )


def _tied_decoder(code: Layer, output_shape: tuple[int, ...], activation: str) -> Model:
    """Build a decoder of stock layers whose kernel is the encoder's own variable, used transposed.

    An `EinsumDense` layer takes a kernel of shape (features, latent_dim) transposed. It gets the encoder's variable
    instead of creating its own, so one variable is trained through both uses. A saved model gives the same outputs in
    plain Keras, where the kernel is stored once for each use.
    """
    features = math.prod(output_shape)
    output = keras.layers.EinsumDense("bk,fk->bf", features, bias_axes="f", activation=activation, name="output")
    add_weight = output.add_weight
    output.add_weight = lambda *a, name=None, **k: code.kernel if name == "kernel" else add_weight(*a, name=name, **k)
    inputs = keras.Input((code.units,), name="code")
    return keras.Model(inputs, layers.unflatten(output(inputs), output_shape), name="decoder")


def _penalty(kind: str, weight: float, target: float) -> Layer:
    from aenb.models.losses.sparsity import Sparsity

    return Sparsity(kind, weight, target, name="sparsity")
