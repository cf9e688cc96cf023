"""Transformer bodies of pairs of texts: the decoder of one text attends to all tokens of the other.

Vaswani et al. (2017), "Attention is all you need", arXiv 1706.03762: encoder blocks of self-attention over the source;
decoder blocks of causal self-attention over the target, of cross attention to the source, and of a dense layer. There
is no bottleneck: the code is a vector for each token of the source, and 0 for padding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aenb.core.backend import Layer, Model, Tensor, keras
from aenb.models.architecture.text_body import embedded, source_tokens, which_are_there
from aenb.models.architecture.transformer import EPSILON, WIDER, Transformer, dropped


@dataclass(frozen=True)
class AttendingBody:
    """Blocks of attention with cross attention: see `TextBody`, whose codes are here sequences.

    Attributes:
        hidden_units: The width of each block, all the same.
        vocabulary: How many different tokens there are.
        num_heads: Attention heads in each block, which divide the width.
        dropout: The share of values that training sets to 0, in embeddings and before each sum.
    """

    hidden_units: tuple[int, ...]
    vocabulary: int
    num_heads: int = 4
    dropout: float = 0.0

    @property
    def width(self) -> int:
        """The size of the vector of a token."""
        return self.hidden_units[0]

    @property
    def needed(self) -> set[str]:
        """The names of the layers that `step` needs."""
        kinds = ("before_attention", "attention", "before_cross", "cross", "before_dense", "wide", "narrow")
        blocks = {f"{kind}_{number}" for kind in kinds for number in self._numbers}
        return blocks | {"words", "places", "last", "output"}

    @property
    def _numbers(self) -> range:
        return range(1, len(self.hidden_units) + 1)

    def input(self, item_shape: tuple[int, ...]) -> Tensor:
        """Return the Keras input for texts: (batch, length), token ids."""
        return keras.Input(item_shape, name="input", dtype="int32")

    def down(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Let the tokens of the source attend to each other: (batch, length) → (batch, length, width)."""
        is_there = keras.ops.not_equal(x, 0)
        body = Transformer(self.width, self.num_heads, len(self.hidden_units), dropout=self.dropout)
        return source_tokens(body.blocks(self._tokens(x), is_there), is_there)

    def up(self, before: Tensor, code: Tensor, length: int) -> Tensor:
        """Predict features of each position of the target.

        Args:
            before: (batch, length), the tokens before each position.
            code: (batch, source length, width).
            length: The length of the target.

        Returns:
            (batch, length, width).
        """
        is_there = which_are_there(code)[:, None, :]  # (batch, 1, source length)
        h = self._tokens(before)
        for number in self._numbers:
            normed = _norm(f"before_attention_{number}")(h)
            attended = self._attention(f"attention_{number}")(normed, normed, use_causal_mask=True)
            h = keras.layers.Add(name=f"attended_{number}")([h, dropped(attended, self.dropout)])
            normed = _norm(f"before_cross_{number}")(h)
            read = self._attention(f"cross_{number}")(normed, code, attention_mask=is_there)
            h = keras.layers.Add(name=f"read_{number}")([h, dropped(read, self.dropout)])
            wide = keras.layers.Dense(WIDER * self.width, "gelu", name=f"wide_{number}")
            narrow = keras.layers.Dense(self.width, name=f"narrow_{number}")
            dense = narrow(wide(_norm(f"before_dense_{number}")(h)))
            h = keras.layers.Add(name=f"block_{number}")([h, dropped(dense, self.dropout)])
        return _norm("last")(h)

    def start(self, decoder: Model, code: Tensor) -> Any:
        """Return which source tokens there are, their keys and values in each block, and an empty cache."""
        ops = keras.ops
        is_there = which_are_there(code)[:, None, None, :]  # (batch, 1, 1, source length)
        crosses = [decoder.get_layer(f"cross_{number}") for number in self._numbers]
        sources = [part for cross in crosses for part in (cross.key_dense(code), cross.value_dense(code))]
        shape = (ops.shape(code)[0], decoder.output_shape[1], self.num_heads, self.width // self.num_heads)
        return [is_there, *sources, *(ops.zeros(shape, sources[0].dtype) for _ in sources)]

    def step(self, decoder: Model, token: Tensor, position: Tensor, memory: Any) -> tuple[Tensor, Any]:
        """Predict a token from the one before it, from the cache and the source: see `TextBody`."""
        ops, layer = keras.ops, decoder.get_layer
        depth = 2 * len(self.hidden_units)
        is_there, sources, cache = memory[0], memory[1 : 1 + depth], list(memory[1 + depth :])
        place = ops.cast(position, "int32")
        h = layer("words")(token[:, None]) + layer("places")(ops.reshape(place, (1, 1)))  # (batch, 1, width)
        steps = ops.arange(cache[0].shape[1])
        is_here, is_known = ops.equal(steps, place)[None, :, None, None], ops.less_equal(steps, place)[None, None, None]
        for number in self._numbers:
            first, second = 2 * number - 2, 2 * number - 1
            normed, attention = layer(f"before_attention_{number}")(h), layer(f"attention_{number}")
            cache[first] = ops.where(is_here, attention.key_dense(normed), cache[first])
            cache[second] = ops.where(is_here, attention.value_dense(normed), cache[second])
            h = h + attended(attention, normed, cache[first], cache[second], is_known)
            cross, normed = layer(f"cross_{number}"), layer(f"before_cross_{number}")(h)
            h = h + attended(cross, normed, sources[first], sources[second], is_there)
            h = h + layer(f"narrow_{number}")(layer(f"wide_{number}")(layer(f"before_dense_{number}")(h)))
        return ops.cast(layer("output")(layer("last")(h))[:, 0], "float32"), [is_there, *sources, *cache]

    def _tokens(self, x: Tensor) -> Tensor:
        return dropped(embedded(x, self.vocabulary, self.width), self.dropout)

    def _attention(self, name: str) -> Layer:
        return keras.layers.MultiHeadAttention(self.num_heads, self.width // self.num_heads, name=name)


def attended(layer: Layer, query: Tensor, keys: Tensor, values: Tensor, is_known: Tensor) -> Tensor:
    """Return what one token reads by an attention layer, whose keys and values are known.

    Args:
        layer: A `keras.layers.MultiHeadAttention`.
        query: (batch, 1, width).
        keys: (batch, length, heads, size).
        values: (batch, length, heads, size).
        is_known: (batch or 1, 1, 1, length), bool: what may be attended to.

    Returns:
        (batch, 1, width).
    """
    ops = keras.ops
    projected = layer.query_dense(query)
    scores = ops.einsum("bqhd,bkhd->bhqk", projected, keys) / projected.shape[-1] ** 0.5
    weights = ops.softmax(ops.where(is_known, scores, -1e9), axis=-1)
    return layer.output_dense(ops.einsum("bhqk,bkhd->bqhd", weights, values))


def _norm(name: str) -> Layer:
    return keras.layers.LayerNormalization(epsilon=EPSILON, name=name)
