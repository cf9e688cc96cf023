"""The layers of a transformer: tokens of an example, position embeddings, and blocks of self-attention.

Vaswani et al. (2017), "Attention is all you need", arXiv 1706.03762; for images Dosovitskiy et al. (2020), arXiv
2010.11929. Everything consists of stock Keras layers and operations, so saved parts open without aenb.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from aenb.core.backend import Layer, Tensor, keras

WIDER = 2  # ratio of the width of the dense layer inside a block to the size of a token
EPSILON = 1e-6  # of layer normalisation, as in vision transformers


@dataclass(frozen=True)
class Patches:
    """How an example is cut into patches: squares of an image, segments of a signal.

    Attributes:
        item_shape: (height, width, channels) or (length, channels).
        size: Side of a patch. If it does not divide a side of the example, that side is zero-padded, and cropped again.
    """

    item_shape: tuple[int, ...]
    size: int

    @property
    def grid(self) -> tuple[int, ...]:
        """How many patches there are along each side."""
        return tuple(math.ceil(side / self.size) for side in self.item_shape[:-1])

    @property
    def count(self) -> int:
        """How many patches there are."""
        return math.prod(self.grid)

    @property
    def width(self) -> int:
        """How many values a patch has."""
        return self.size ** len(self.grid) * self.item_shape[-1]

    def cut(self, x: Tensor) -> Tensor:
        """Cut examples into patches, row by row: (batch, *item_shape) → (batch, patches, width)."""
        sides = len(self.grid)
        if any(self._spare):
            pad = keras.layers.ZeroPadding1D if sides == 1 else keras.layers.ZeroPadding2D
            x = pad(self._ends, name="pad")(x)
        cells = [number for count in self.grid for number in (count, self.size)]
        x = keras.layers.Reshape((*cells, self.item_shape[-1]), name="cells")(
            x
        )  # (batch, rows, size, columns, size, …)
        order = (*range(1, 2 * sides, 2), *range(2, 2 * sides + 1, 2), 2 * sides + 1)
        x = keras.layers.Permute(order, name="by_cell")(x)  # (batch, rows, columns, size, size, channels)
        return keras.layers.Reshape((self.count, self.width), name="patches")(x)

    def join(self, x: Tensor) -> Tensor:
        """Join patches: (batch, patches, width) → (batch, *item_shape)."""
        sides = len(self.grid)
        x = keras.layers.Reshape((*self.grid, *[self.size] * sides, self.item_shape[-1]), name="cells")(x)
        order = [axis for side in range(1, sides + 1) for axis in (side, side + sides)]
        x = keras.layers.Permute((*order, 2 * sides + 1), name="by_side")(x)
        x = keras.layers.Reshape((*(count * self.size for count in self.grid), self.item_shape[-1]), name="item")(x)
        if any(self._spare):
            crop = keras.layers.Cropping1D if sides == 1 else keras.layers.Cropping2D
            x = crop(self._ends, name="crop")(x)
        return x

    def spread(self, marks: Tensor) -> Tensor:
        """Return for each value of an example the mark of its patch: (batch, patches) → (batch, *sides, 1)."""
        marks = keras.ops.reshape(marks, (-1, *self.grid))
        for axis, side in enumerate(self.item_shape[:-1], 1):
            marks = keras.ops.take(keras.ops.repeat(marks, self.size, axis=axis), np.arange(side), axis=axis)
        return marks[..., None]

    @property
    def _spare(self) -> list[int]:
        return [count * self.size - side for count, side in zip(self.grid, self.item_shape, strict=False)]

    @property
    def _ends(self) -> Any:
        ends = [(0, spare) for spare in self._spare]
        return ends if len(ends) > 1 else ends[0]


@dataclass(frozen=True)
class Transformer:
    """The layers of a transformer, for an encoder or a decoder.

    Attributes:
        embed_dim: The size of a token.
        num_heads: How many attention heads a block has, each with a share of these dimensions.
        num_layers: How many blocks there are.
        form: "multihead" or "additive".
        positions: "learned" or "sincos".
        activation: The activation of the dense layers inside the blocks.
        is_causal: Whether tokens attend only to themselves and those before ("multihead").
        dropout: The share of values that training sets to 0 before each sum.
    """

    embed_dim: int
    num_heads: int
    num_layers: int
    form: str = "multihead"
    positions: str = "learned"
    activation: str = "gelu"
    is_causal: bool = False
    dropout: float = 0.0

    def embed(self, x: Tensor, grid: tuple[int, ...]) -> Tensor:
        """Embed patches as tokens, with their positions: (batch, patches, width) → (batch, patches, embed_dim).

        A learned position embedding is a bias for each position: t_p = W x_p + b_p.
        """
        learned = self.positions == "learned"
        shape = (math.prod(grid), self.embed_dim)
        x = keras.layers.EinsumDense(
            "btc,cd->btd", shape, bias_axes="td" if learned else "d", name="embed",
            bias_initializer=keras.initializers.RandomNormal(stddev=0.02) if learned else "zeros",
        )(x)  # fmt: skip
        return x if learned else self.place(x, grid)

    def place(self, x: Tensor, grid: tuple[int, ...]) -> Tensor:
        """Add sines and cosines of its position to each token, unless positions are learned."""
        if self.positions == "learned":
            return x
        table = sincos(grid, self.embed_dim)
        layer = keras.layers.EinsumDense(
            "btd,d->btd", table.shape, bias_axes="td", kernel_initializer="ones", trainable=False, name="positions"
        )
        x = layer(x)
        layer.bias.assign(table)
        return x

    def blocks(self, x: Tensor, present: Tensor | None = None) -> Tensor:
        """Let tokens attend to each other: (batch, tokens, embed_dim) → the same.

            h = x + Attention(LN(x)),   x′ = h + MLP(LN(h))

        Normalisation comes first (pre-LN, Xiong et al. 2020, arXiv 2002.04745): no learning rate warm-up is needed.

        Args:
            x: The tokens.
            present: (batch, tokens), bool, the tokens that may be attended to; None: all.
        """
        for number in range(1, self.num_layers + 1):
            h = _norm(f"before_attention_{number}")(x)
            attended = (
                self._multihead(h, present, number) if self.form == "multihead" else _additive(h, present, number)
            )
            x = keras.layers.Add(name=f"attended_{number}")([x, dropped(attended, self.dropout)])
            h = _norm(f"before_dense_{number}")(x)
            h = keras.layers.Dense(WIDER * self.embed_dim, self.activation, name=f"wide_{number}")(h)
            h = keras.layers.Dense(self.embed_dim, name=f"narrow_{number}")(h)
            x = keras.layers.Add(name=f"block_{number}")([x, dropped(h, self.dropout)])
        return _norm("last")(x)

    def _multihead(self, h: Tensor, present: Tensor | None, number: int) -> Tensor:
        """softmax(Q Kᵀ / √d) V in each head, with the softmax over the tokens that are present."""
        layer = keras.layers.MultiHeadAttention(
            self.num_heads, self.embed_dim // self.num_heads, name=f"attention_{number}"
        )
        mask = None if present is None else present[:, None, :]
        return layer(h, h, attention_mask=mask, use_causal_mask=self.is_causal)


def _additive(h: Tensor, present: Tensor | None, number: int) -> Tensor:
    """One head, αₜₛ = softmaxₛ vᵀ tanh(W hₜ + U hₛ): Bahdanau, Cho & Bengio (2014), arXiv 1409.0473."""
    width = h.shape[-1]
    query = keras.layers.Dense(width, use_bias=False, name=f"query_{number}")(h)
    key = keras.layers.Dense(width, name=f"key_{number}")(h)
    layer = keras.layers.AdditiveAttention(name=f"attention_{number}")
    mean = layer([query, h, key]) if present is None else layer([query, h, key], mask=[None, present])
    return keras.layers.Dense(width, name=f"mean_{number}")(mean)


def dropped(x: Tensor, share: float) -> Tensor:
    """Set a share of the values to 0 in training, by a layer if there is a share at all (Srivastava et al. 2014)."""
    return keras.layers.Dropout(share)(x) if share else x


def _norm(name: str) -> Layer:
    return keras.layers.LayerNormalization(epsilon=EPSILON, name=name)


def sincos(grid: tuple[int, ...], width: int) -> np.ndarray:
    """Return sinusoidal position embeddings (Vaswani et al. 2017, section 3.5).

    Args:
        grid: How many positions there are along each side.
        width: The size of an embedding, divided equally among the sides: an even number for each.

    Returns:
        (positions, width), float32, in [−1, 1], row by row.

    Example:
        >>> sincos((3, 5), 8).shape
        (15, 8)
    """
    share = width // len(grid)
    rates = 10000.0 ** (-np.arange(0, share, 2) / share)
    waves = [np.outer(side.ravel(), rates) for side in np.indices(grid)]
    return np.concatenate([f(wave) for wave in waves for f in (np.sin, np.cos)], axis=1).astype("float32")
