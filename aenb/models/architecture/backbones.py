"""Backbones of encoders and decoders: dense layers, convolutions, or token embeddings, depending on the data.

A body goes down, from examples to features, and up, from codes to the values of an example. Odd sizes are rounded up on
the way down and cropped on the way up, so any height and width work.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from aenb.core.backend import Model, Tensor, keras
from aenb.core.errors import AenbError
from aenb.core.layout import Layout
from aenb.models.architecture import layers
from aenb.models.architecture.mixed_heads import heads

DENSE, CONV = (512, 256), (32, 64)  # default units and filters
AFTER_FILTERS = (256,)  # units between convolutions and code, for models with a prior
SMALLEST = 12  # pixels of the shorter side from which convolutions are the default
WORD = 64  # size of the embedding of a token


@dataclass(frozen=True)
class Body:
    """The layers of an encoder, mirrored in the decoder.

    Attributes:
        hidden_units: Units of the dense layers; with filters, of the layers between convolutions and code.
        filters: Filters of each level of convolutions, which halve the image; empty: a dense body.
        kernel_size: Side of the filters.
        activation: The activation of all these layers.
        vocabulary: How many different tokens there are; 0: examples are numbers.
        layout: The layout of a mixed table, whose columns have heads of their own; None: all values are of one kind.
        layer_norm: Whether to normalise the layers on the way up (Ba et al. 2016, arXiv 1607.06450).
        begins_at_zero: Whether the last layer on the way up begins at 0, for what is added to a linear path.
    """

    hidden_units: tuple[int, ...] = DENSE
    filters: tuple[int, ...] = ()
    kernel_size: int = 3
    activation: str = "relu"
    vocabulary: int = 0
    layer_norm: bool = False
    layout: Layout | None = None
    begins_at_zero: bool = False

    def input(self, item_shape: tuple[int, ...]) -> Tensor:
        """Return the Keras input for examples."""
        return keras.Input(item_shape, name="input", dtype="int32" if self.vocabulary else None)

    def down(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Go from examples to features, with one-hot labels: (batch, *item_shape) → (batch, features)."""
        if self.vocabulary:
            x = keras.layers.Embedding(self.vocabulary, WORD, name="words")(x)
        x = self.shrink(x)
        if len(x.shape) > 2:
            x = keras.layers.Flatten(name="flatten")(x)
        x = _with_label(x, labels)
        for number, units in enumerate(self.hidden_units, 1):
            x = layers.dense(units, self.activation, f"hidden_{number}")(x)
        return x

    def shrink(self, x: Tensor) -> Tensor:
        """Halve images at each level of convolutions: (batch, H, W, channels) → (batch, ⌈H/2ˡ⌉, ⌈W/2ˡ⌉, f_l)."""
        for level, count in enumerate(self.filters, 1):  # (batch, ⌈H/2ˡ⌉, ⌈W/2ˡ⌉, count)
            x = keras.layers.Conv2D(
                count, self.kernel_size, strides=2, padding="same", activation=self.activation,
                kernel_initializer="he_normal", name=f"conv_{level}",
            )(x)  # fmt: skip
        return x

    def up(
        self, code: Tensor, item_shape: tuple[int, ...], labels: Tensor | None = None, last: str = "linear"
    ) -> Tensor:
        """Go from codes to the values of examples, with the activation `last`.

        Returns:
            (batch, *item_shape), or for tokens (batch, length, vocabulary).
        """
        x = _with_label(code, labels)
        for number, units in enumerate(self.hidden_units[::-1], 1):
            x = self._activate(layers.dense(units, self._inner, f"hidden_{number}")(x), f"hidden_{number}")
        if self.filters:
            return self._up_convolutions(x, item_shape, last)
        if self.vocabulary:
            x = layers.dense(item_shape[0] * WORD, "linear", "spread")(x)  # embeddings have both signs
            x = keras.layers.Reshape((item_shape[0], WORD), name="positions")(x)
            return layers.dense(self.vocabulary, last, "output")(x)
        if self.layout is not None:
            return heads(x, self.layout)
        initial = {"kernel_initializer": "zeros"} if self.begins_at_zero else {}
        x = layers.dense(math.prod(item_shape), last, "output", **initial)(x)
        return layers.unflatten(x, item_shape)

    def _up_convolutions(self, x: Tensor, item_shape: tuple[int, ...], last: str) -> Tensor:
        smallest = _sides(item_shape, len(self.filters))[-1]
        x = layers.dense(math.prod(smallest) * self.filters[-1], self._inner, "spread")(x)
        x = self._activate(x, "spread")
        return self.grow(keras.layers.Reshape((*smallest, self.filters[-1]), name="reshape")(x), item_shape, last)

    def grow(self, x: Tensor, item_shape: tuple[int, ...], last: str, bias: float = 0.0) -> Tensor:
        """Undo `shrink`: (batch, ⌈H/2ˡ⌉, ⌈W/2ˡ⌉, features) → (batch, *item_shape).

        Args:
            x: The features.
            item_shape: The shape of an example.
            last: The last activation.
            bias: The initial bias of the last layer.
        """
        sides = _sides(item_shape, len(self.filters))
        channels = (item_shape[-1], *self.filters[:-1])
        initial = "zeros" if self.begins_at_zero else "glorot_uniform"
        for level in range(len(self.filters), 0, -1):
            end = level == 1
            x = keras.layers.Conv2DTranspose(
                channels[level - 1], self.kernel_size, strides=2, padding="same",
                activation=last if end else self._inner,
                kernel_initializer=initial if end else "he_normal",
                bias_initializer=keras.initializers.Constant(bias) if end else "zeros", name=f"conv_{level}",
            )(x)  # fmt: skip
            spare = tuple((0, x.shape[axis + 1] - sides[level - 1][axis]) for axis in (0, 1))
            if any(over for _, over in spare):
                x = keras.layers.Cropping2D(spare, name=f"crop_{level}")(x)
            x = x if end else self._activate(x, f"conv_{level}")
        return x

    @property
    def _inner(self) -> str:
        """The activation within the layers on the way up; with normalisation, it comes after that instead."""
        return "linear" if self.layer_norm else self.activation

    def _activate(self, x: Tensor, name: str) -> Tensor:
        if not self.layer_norm:
            return x
        x = keras.layers.LayerNormalization(name=f"{name}_norm")(x)
        return keras.layers.Activation(self.activation, name=f"{name}_{self.activation}")(x)


def choose_body(
    item_shape: tuple[int, ...],
    hidden_units: tuple[int, ...] | None,
    filters: tuple[int, ...] | None,
    units_after_filters: tuple[int, ...] = (),
    **others: Any,
) -> Body:
    """Choose the body that fits the examples: convolutions for images, else dense layers.

    Args:
        item_shape: The shape of an example.
        hidden_units: None: (512, 256) for a dense body, `units_after_filters` for convolutions.
        filters: None: (32, 64) for images of 12 pixels or more, unless `hidden_units` are given; (): a dense body.
        units_after_filters: Units between convolutions and code. Without them, the feature map of a decoder is linear
            in the code, and samples from the prior have realistic parts but no coherent whole.
        **others: Other attributes of the `Body`.

    Raises:
        AenbError: `filters` are given, but examples are not images.
    """
    image = len(item_shape) == 3
    if filters and not image:
        raise AenbError(f"`filters`: expected images, (height, width, channels); received examples of {item_shape}.")
    if filters is None:
        filters = CONV if image and hidden_units is None and min(item_shape[:2]) >= SMALLEST else ()
    if hidden_units is None:
        hidden_units = units_after_filters if filters else DENSE
    return replace(Body(**others), hidden_units=hidden_units, filters=filters)


def encoder(body: Body, item_shape: tuple[int, ...], latent_dim: int, activation: str = "linear") -> Model:
    """Build an encoder: a body on the way down, and a dense layer to the latent code.

    Returns:
        A `keras.Model` named "encoder", (batch, *item_shape) → (batch, latent_dim).
    """
    inputs = body.input(item_shape)
    return keras.Model(inputs, layers.dense(latent_dim, activation, "code")(body.down(inputs)), name="encoder")


def decoder(body: Body, latent_dim: int, item_shape: tuple[int, ...], last: str) -> Model:
    """Build a decoder: a body on the way up from a latent code.

    Returns:
        A `keras.Model` named "decoder", (batch, latent_dim) → (batch, *item_shape); for tokens (batch, length,
        vocabulary).
    """
    code = keras.Input((latent_dim,), name="code")
    return keras.Model(code, body.up(code, item_shape, last=last), name="decoder")


def label_input(num_classes: int) -> Tensor:
    """Return the Keras input for one-hot labels."""
    return keras.Input((num_classes,), name="label")


def _with_label(x: Tensor, labels: Tensor | None) -> Tensor:
    return x if labels is None else keras.layers.Concatenate(name="with_label")([x, labels])


def _sides(item_shape: tuple[int, ...], levels: int) -> list[tuple[int, ...]]:
    """List height and width of each level, from the image down: each halves, rounding up."""
    sides = [item_shape[:2]]
    for _ in range(levels):
        sides.append(tuple(math.ceil(side / 2) for side in sides[-1]))
    return sides
