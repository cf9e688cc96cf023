"""Hyperparameters that families share: each has one name, one range and one help text."""

from __future__ import annotations

from typing import Annotated, Any

from aenb.core.errors import AenbError
from aenb.core.fields import Field
from aenb.core.layout import Layout

ACTIVATIONS = ("relu", "elu", "selu", "gelu", "silu", "leaky_relu", "tanh", "sigmoid", "linear")
LOSSES = {"mse": "mean_squared_error", "mae": "mean_absolute_error", "bce": "binary_crossentropy"}

LatentDim = Annotated[int, Field("dimensions of the latent code", low=1, high=65536)]
HiddenUnits = Annotated[
    tuple[int, ...], Field("units of the encoder's layers; the decoder mirrors them", low=1, high=65536)
]
Activation = Annotated[str, Field("activation of the hidden layers", choices=ACTIVATIONS)]
CodeActivation = Annotated[str, Field("activation of the latent code", choices=ACTIVATIONS)]
OutputActivation = Annotated[
    str | None,
    Field("activation of the output; None: sigmoid for images, else linear", choices=ACTIVATIONS),
]
Loss = Annotated[str, Field("squared (mse) or absolute (mae) error, or cross-entropy (bce)", choices=tuple(LOSSES))]
LinearPath = Annotated[bool, Field("add PCA beside the layers, which learn the difference from it: for few examples")]
Part = Annotated[Any, Field("your own Keras model in place of the built-in one", optional=True)]

Filters = Annotated[
    tuple[int, ...] | None,
    Field("filters of each level, which halves the image; None: by the data; (): dense layers", low=1, high=4096),
]
BodyUnits = Annotated[
    tuple[int, ...] | None,
    Field("units of the encoder's dense layers, which the decoder mirrors; None: by the data", low=1, high=65536),
]
DecoderType = Annotated[
    str,
    Field(
        "how texts are decoded: all tokens at once, or each from those before it, by recurrent units or attention",
        choices=("parallel", "gru", "attention"),
        only_for="text",
    ),
]
WordDropout = Annotated[
    float,
    Field("share of the tokens that training hides from an autoregressive decoder", low=0, high=1, only_for="text"),
]
KernelSize = Annotated[int, Field("side of the filters, in pixels", low=1, high=31)]
Conditional = Annotated[bool, Field("condition the model on classes, to generate samples of a given class")]
NumClasses = Annotated[int, Field("number of classes (found in the data)", low=0, high=65536, of_data=True)]
Vocabulary = Annotated[
    int, Field("number of different tokens; 0: none (found in the data)", low=0, high=10**6, of_data=True)
]
Support = Annotated[
    str | None,
    Field(
        "range of the values: 0 and 1, between 0 and 1, or all numbers; None: unit for images, else real "
        "(found in the data)",
        choices=("binary", "unit", "real"),
        of_data=True,
    ),
]


TableLayout = Annotated[
    str | None,
    Field("columns of a mixed table and their kinds; None: all values are numbers (found in the data)", of_data=True),
]


def layout_of(layout: str | None, input_shape: tuple[int, ...]) -> Layout | None:
    """Return the layout of a mixed table; None if the examples are of one kind.

    Raises:
        AenbError: It does not fit the examples.
    """
    if layout is None:
        return None
    found = Layout.from_text(layout)
    if input_shape != (found.width,):
        raise AenbError(f"`layout`: expected one of examples of {input_shape}; received one of {(found.width,)}.")
    return found


def classes_of(conditional: bool, num_classes: int) -> int:
    """Return how many classes a model is conditional on; 0: none.

    Raises:
        AenbError: The model is conditional, but there are no classes.
    """
    if conditional and not num_classes:
        raise AenbError("`num_classes`: expected how many classes there are, since `conditional` is True; received 0.")
    return num_classes if conditional else 0
