"""Hyperparameters that several families take: one name, one range and one help for each."""

from __future__ import annotations

from typing import Annotated, Any

from aenb.fields import Field

ACTIVATIONS = ("relu", "elu", "selu", "gelu", "silu", "leaky_relu", "tanh", "sigmoid", "linear")
LOSSES = {"mse": "mean_squared_error", "mae": "mean_absolute_error", "bce": "binary_crossentropy"}

LatentDim = Annotated[int, Field("dimensions of the code", low=1, high=65536)]
HiddenUnits = Annotated[
    tuple[int, ...], Field("units of the encoder's layers; the decoder mirrors them", low=1, high=65536)
]
Activation = Annotated[str, Field("activation of the hidden layers", choices=ACTIVATIONS)]
CodeActivation = Annotated[str, Field("activation of the code", choices=ACTIVATIONS)]
OutputActivation = Annotated[
    str | None,
    Field("activation of the output; None: sigmoid for images, else linear", choices=ACTIVATIONS),
]
Loss = Annotated[str, Field("squared (mse) or absolute (mae) error, or cross-entropy (bce)", choices=tuple(LOSSES))]
Part = Annotated[Any, Field("a Keras model of your own in place of the built one", optional=True)]
