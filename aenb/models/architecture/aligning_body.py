"""Recurrent bodies of pairs of texts: gated recurrent units whose decoder looks back at the tokens of the source.

Bahdanau, Cho & Bengio (2014), arXiv 1409.0473, let a recurrent decoder attend to the states of the encoder; here in the
form of Luong, Pham & Manning (2015), arXiv 1508.04025: the state after each token asks, a scaled product of state and
source token decides, and what is read joins the state for the prediction. There is no bottleneck: the code is a vector
for each token of the source, and 0 for padding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aenb.core.backend import Layer, Model, Tensor, keras
from aenb.models.architecture.attending_body import attended
from aenb.models.architecture.recurrent_body import UNROLLED
from aenb.models.architecture.text_body import source_tokens, which_are_there
from aenb.models.architecture.transformer import dropped


@dataclass(frozen=True)
class AligningBody:
    """Layers of gated recurrent units with cross attention: see `TextBody`, whose codes are here sequences.

    Attributes:
        hidden_units: The units of each layer.
        vocabulary: How many different tokens there are.
        dropout: The share of values that training sets to 0, in embeddings and before the output.
    """

    hidden_units: tuple[int, ...]
    vocabulary: int
    dropout: float = 0.0

    @property
    def word(self) -> int:
        """The size of the embedding of a token."""
        return max(4, self.hidden_units[0] // 2)

    @property
    def needed(self) -> set[str]:
        """The names of the layers that `step` needs."""
        layers = {f"{kind}_{number}" for kind in ("gru", "state") for number in self._numbers}
        return layers | {"words", "cross_1", "narrow", "output"}

    @property
    def _numbers(self) -> range:
        return range(1, len(self.hidden_units) + 1)

    def input(self, item_shape: tuple[int, ...]) -> Tensor:
        """Return the Keras input for texts: (batch, length), token ids."""
        return keras.Input(item_shape, name="input", dtype="int32")

    def down(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Read tokens in both directions: (batch, length) → (batch, length, 2 · units)."""
        h = dropped(keras.layers.Embedding(self.vocabulary, self.word, name="words")(x), self.dropout)
        for number, units in enumerate(self.hidden_units, 1):
            layer = self._gru(units, x.shape[1], "gru")
            h = keras.layers.Bidirectional(layer, name=f"gru_{number}")(h)
        return source_tokens(h, keras.ops.not_equal(x, 0))

    def up(self, before: Tensor, code: Tensor, length: int) -> Tensor:
        """Predict features of each position: (batch, length), (batch, source length, size) → (batch, length, word)."""
        is_there = which_are_there(code)[:, None, :]
        mean = _mean(code)
        h = dropped(keras.layers.Embedding(self.vocabulary, self.word, name="words")(before), self.dropout)
        for number, units in enumerate(self.hidden_units, 1):
            state = keras.layers.Dense(units, "tanh", name=f"state_{number}")(mean)
            h = self._gru(units, length, f"gru_{number}")(h, initial_state=[state])
        read = keras.layers.MultiHeadAttention(1, self.hidden_units[-1], name="cross_1")
        both = keras.layers.Concatenate(name="state_and_read")([h, read(h, code, attention_mask=is_there)])
        return dropped(keras.layers.Dense(self.word, "tanh", name="narrow")(both), self.dropout)

    def start(self, decoder: Model, code: Tensor) -> Any:
        """Return which source tokens there are, their keys and values, and the first states."""
        cross = decoder.get_layer("cross_1")
        is_there = which_are_there(code)[:, None, None, :]
        mean = _mean(code)
        states = (decoder.get_layer(f"state_{number}")(mean) for number in self._numbers)
        return [is_there, cross.key_dense(code), cross.value_dense(code), *states]

    def step(self, decoder: Model, token: Tensor, position: Tensor, memory: Any) -> tuple[Tensor, Any]:
        """Predict a token from the one before it, and from the source: see `TextBody`."""
        is_there, keys, values, *states = memory
        h, after = decoder.get_layer("words")(token), []
        for number, state in enumerate(states, 1):
            h, new = decoder.get_layer(f"gru_{number}").cell(h, [state])
            after.append(new[0])
        read = attended(decoder.get_layer("cross_1"), h[:, None], keys, values, is_there)[:, 0]
        h = decoder.get_layer("narrow")(keras.ops.concatenate([h, read], axis=-1))
        return keras.ops.cast(decoder.get_layer("output")(h), "float32"), [is_there, keys, values, *after]

    def _gru(self, units: int, length: int, name: str) -> Layer:
        return keras.layers.GRU(units, return_sequences=True, unroll=length <= UNROLLED, name=name)


def _mean(code: Tensor) -> Tensor:
    """Return the mean over the tokens of the source: (batch, length, size) → (batch, size)."""
    ops = keras.ops
    count = ops.sum(ops.cast(which_are_there(code)[..., None], code.dtype), axis=1)
    return ops.sum(code, axis=1) / ops.maximum(count, 1.0)
