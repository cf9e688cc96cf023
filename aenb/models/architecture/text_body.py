"""Autoregressive bodies for texts: an encoder of tokens, and a decoder that predicts each token from those before it.

    p(x|z) = ∏ₜ p(xₜ | x₁ … xₜ₋₁, z)

The decoder gets the tokens before each position (teacher forcing, Williams & Zipser 1989), so all positions are
computed in one pass; a text is written one token at a time, by `step` (`writing`). Token 0 is the padding after a
text: the first one stands for its end, and is predicted like any other; as an input, it stands for the start.

Everything consists of stock Keras layers and operations, so saved parts open without aenb.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from aenb.core.backend import Layer, Model, Tensor, keras


class TextBody(Protocol):
    """The layers of an encoder and an autoregressive decoder of texts."""

    @property
    def hidden_units(self) -> tuple[int, ...]:
        """The width of each layer."""

    @property
    def vocabulary(self) -> int:
        """How many different tokens there are."""

    def input(self, item_shape: tuple[int, ...]) -> Tensor:
        """Return the Keras input for texts: (batch, length), token ids."""

    def down(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Go from tokens to features: (batch, length) → (batch, features)."""

    def up(self, before: Tensor, code: Tensor, length: int) -> Tensor:
        """Go from the tokens before each position, and codes, to features of each: → (batch, length, features)."""

    def start(self, decoder: Model, code: Tensor) -> Any:
        """Return what `step` remembers, before the first token: tensors of (batch, …)."""

    def step(self, decoder: Model, token: Tensor, position: Tensor, memory: Any) -> tuple[Tensor, Any]:
        """Predict a token from the one before it.

        Args:
            decoder: A decoder with these layers.
            token: (batch,), the token before.
            position: The position of the predicted token, from 0.
            memory: What the last call, or `start`, returned.

        Returns:
            The logits, (batch, vocabulary), float32, and what the next call remembers.
        """

    @property
    def needed(self) -> set[str]:
        """The names of the layers that `step` needs."""


def tokens_before(y: Tensor) -> Tensor:
    """Return the token before each position, 0 before the first one: (batch, length) → (batch, length)."""
    return keras.ops.pad(y[:, :-1], ((0, 0), (1, 0)))


def counted(y: Tensor) -> Tensor:
    """Return 1 for the tokens of each text, and for its end if it has one: (batch, length) → (batch, length), float32.

    Example:
        >>> import numpy as np
        >>> np.asarray(counted(np.array([[3, 4, 0, 0], [5, 6, 7, 8]]))).tolist()
        [[1.0, 1.0, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0]]
    """
    is_token = keras.ops.cast(keras.ops.not_equal(y, 0), "float32")
    return keras.ops.concatenate([keras.ops.ones_like(is_token[:, :1]), is_token[:, :-1]], axis=1)


def embedded(x: Tensor, vocabulary: int, width: int) -> Tensor:
    """Embed tokens and positions, by layers "words" and "places": (batch, length) → (batch, length, width)."""
    places = keras.ops.cumsum(keras.ops.ones_like(x), axis=1) - 1
    both = [_table(vocabulary, width, "words")(x), _table(x.shape[1], width, "places")(places)]
    return keras.layers.Add(name="tokens")(both)


def _table(count: int, width: int, name: str) -> Layer:
    initial = keras.initializers.RandomNormal(stddev=0.02)  # as usual with transformers
    return keras.layers.Embedding(count, width, embeddings_initializer=initial, name=name)


def source_tokens(h: Tensor, is_there: Tensor) -> Tensor:
    """Set the vectors of padding to 0, by which a decoder knows it: (batch, length, size), (batch, length) → the first.

    The layer is called "code".
    """
    return keras.layers.Multiply(name="code")([h, keras.ops.cast(is_there, h.dtype)[..., None]])


def which_are_there(code: Tensor) -> Tensor:
    """Return which tokens of a source are no padding: (batch, length, size), of `source_tokens` → (batch, length)."""
    return keras.ops.any(keras.ops.not_equal(code, 0), axis=-1)


def features(parts: Sequence[Tensor], labels: Tensor | None) -> Tensor:
    """Join features of a text, and one-hot labels if there are any: (batch, …) each → (batch, features)."""
    parts = [*parts] if labels is None else [*parts, labels]
    return keras.layers.Concatenate(name="features")(parts) if len(parts) > 1 else parts[0]
