"""Transformer bodies of texts: the decoder attends only to tokens before a position, with a cache for writing.

Vaswani et al. (2017), arXiv 1706.03762. The code is added to the embedding of each token, so every block can read it
(Li et al. 2020, "Optimus", arXiv 2004.04092). When a text is written, keys and values of earlier tokens are kept, so a
step costs the attention of one token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aenb.core.backend import Model, Tensor, keras
from aenb.core.errors import AenbError
from aenb.models.architecture.attending_body import attended
from aenb.models.architecture.text_body import embedded, features
from aenb.models.architecture.transformer import Transformer

HEAD = 32  # dimensions of an attention head


@dataclass(frozen=True)
class CausalBody:
    """Blocks of self-attention, one for each entry of `hidden_units`: see `TextBody`.

    Raises:
        AenbError: The widths differ.
    """

    hidden_units: tuple[int, ...]
    vocabulary: int

    def __post_init__(self) -> None:
        if len(set(self.hidden_units)) > 1:
            raise AenbError(
                "`hidden_units`: expected one width for all blocks of attention, such as (128, 128); received "
                f"{self.hidden_units}."
            )

    @property
    def width(self) -> int:
        """The size of the vector of a token."""
        return self.hidden_units[0]

    @property
    def num_heads(self) -> int:
        """How many attention heads a block has: the most that divide the width into 32 dimensions or more."""
        return next(heads for heads in range(max(1, self.width // HEAD), 0, -1) if self.width % heads == 0)

    @property
    def needed(self) -> set[str]:
        """The names of the layers that `step` needs."""
        kinds = ("before_attention", "attention", "before_dense", "wide", "narrow")
        blocks = {f"{kind}_{number}" for kind in kinds for number in range(1, len(self.hidden_units) + 1)}
        return blocks | {"words", "places", "from_code", "last", "output"}

    def input(self, item_shape: tuple[int, ...]) -> Tensor:
        """Return the Keras input for texts: (batch, length), token ids."""
        return keras.Input(item_shape, name="input", dtype="int32")

    def down(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Let all tokens attend to each other: (batch, length) → (batch, features), means over the tokens."""
        is_there = keras.ops.not_equal(x, 0)
        h = self._layers(is_causal=False).blocks(embedded(x, self.vocabulary, self.width), is_there)
        weights = keras.ops.cast(is_there, h.dtype)[..., None]
        mean = keras.ops.sum(h * weights, axis=1) / keras.ops.maximum(keras.ops.sum(weights, axis=1), 1.0)
        return features([mean], labels)

    def up(self, before: Tensor, code: Tensor, length: int) -> Tensor:
        """Predict features of each position: (batch, length) and (batch, latent_dim) → (batch, length, features)."""
        given = keras.layers.Dense(self.width, name="from_code")(code)
        h = keras.layers.Add(name="with_code")([embedded(before, self.vocabulary, self.width), given[:, None, :]])
        return self._layers(is_causal=True).blocks(h)

    def start(self, decoder: Model, code: Tensor) -> Any:
        """Return what the code adds to each token, and an empty cache: keys and values of each block."""
        ops = keras.ops
        given = decoder.get_layer("from_code")(code)  # (batch, width)
        shape = (ops.shape(code)[0], decoder.output_shape[1], self.num_heads, self.width // self.num_heads)
        return [given, *(ops.zeros(shape, given.dtype) for _ in range(2 * len(self.hidden_units)))]

    def step(self, decoder: Model, token: Tensor, position: Tensor, memory: Any) -> tuple[Tensor, Any]:
        """Predict a token from the one before it, and from the cache: see `TextBody`."""
        ops, layer = keras.ops, decoder.get_layer
        given, *cache = memory
        length = cache[0].shape[1]
        place = layer("places")(ops.reshape(ops.cast(position, "int32"), (1, 1)))  # (1, 1, width)
        h = layer("words")(token[:, None]) + place + given[:, None, :]  # (batch, 1, width)
        is_here = ops.equal(ops.arange(length), ops.cast(position, "int32"))[None, :, None, None]
        is_known = ops.less_equal(ops.arange(length), ops.cast(position, "int32"))[None, None, None, :]
        for number in range(1, len(self.hidden_units) + 1):
            keys, values = cache[2 * number - 2], cache[2 * number - 1]
            normed, attention = layer(f"before_attention_{number}")(h), layer(f"attention_{number}")
            keys = ops.where(is_here, attention.key_dense(normed), keys)
            values = ops.where(is_here, attention.value_dense(normed), values)
            cache[2 * number - 2], cache[2 * number - 1] = keys, values
            h = h + attended(attention, normed, keys, values, is_known)
            h = h + layer(f"narrow_{number}")(layer(f"wide_{number}")(layer(f"before_dense_{number}")(h)))
        return ops.cast(layer("output")(layer("last")(h))[:, 0], "float32"), [given, *cache]

    def _layers(self, *, is_causal: bool) -> Transformer:
        return Transformer(self.width, self.num_heads, len(self.hidden_units), is_causal=is_causal)
