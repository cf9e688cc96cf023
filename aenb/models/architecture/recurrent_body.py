"""Recurrent bodies of texts: gated recurrent units.

Cho et al. (2014), "Learning phrase representations using RNN encoder–decoder", arXiv 1406.1078. The encoder reads a
text in both directions. The decoder's first state is computed from the code, which it also gets at each step (Bowman et
al. 2015, arXiv 1511.06349; He et al. 2019, arXiv 1901.05534).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aenb.core.backend import Layer, Model, Tensor, keras
from aenb.models.architecture.text_body import features

UNROLLED = 32  # steps of a text up to which the loop is written out, which is faster and takes longer to compile


@dataclass(frozen=True)
class RecurrentBody:
    """Layers of gated recurrent units: see `TextBody`."""

    hidden_units: tuple[int, ...]
    vocabulary: int

    @property
    def word(self) -> int:
        """The size of the embedding of a token."""
        return max(4, self.hidden_units[0] // 2)

    @property
    def needed(self) -> set[str]:
        """The names of the layers that `step` needs."""
        layers = {f"{kind}_{number}" for kind in ("gru", "state") for number in range(1, len(self.hidden_units) + 1)}
        return layers | {"words", "narrow", "output"}

    def input(self, item_shape: tuple[int, ...]) -> Tensor:
        """Return the Keras input for texts: (batch, length), token ids."""
        return keras.Input(item_shape, name="input", dtype="int32")

    def down(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Read tokens in both directions: (batch, length) → (batch, features).

        The features are the last states of both, and the largest state of each unit over the text.
        """
        h = keras.layers.Embedding(self.vocabulary, self.word, name="words")(x)
        for number, units in enumerate(self.hidden_units, 1):
            layer = keras.layers.Bidirectional(self._gru(units, x.shape[1], "gru"), name=f"gru_{number}")
            h = layer(h)  # (batch, length, 2 units)
        units = self.hidden_units[-1]
        return features([h[:, -1, :units], h[:, 0, units:], _largest(h, x)], labels)

    def up(self, before: Tensor, code: Tensor, length: int) -> Tensor:
        """Predict features of each position: (batch, length) and (batch, latent_dim) → (batch, length, features)."""
        h = keras.layers.Embedding(self.vocabulary, self.word, name="words")(before)
        codes = keras.layers.RepeatVector(length, name="codes")(code)
        for number, units in enumerate(self.hidden_units, 1):
            state = keras.layers.Dense(units, "tanh", name=f"state_{number}")(code)
            given = keras.layers.Concatenate(name=f"with_code_{number}")([h, codes])
            h = self._gru(units, length, f"gru_{number}")(given, initial_state=[state])
        both = keras.layers.Concatenate(name="state_and_code")([h, codes])
        return keras.layers.Dense(self.word, name="narrow")(both)

    def start(self, decoder: Model, code: Tensor) -> Any:
        """Return the code and the first states."""
        numbers = range(1, len(self.hidden_units) + 1)
        return [code, *(decoder.get_layer(f"state_{number}")(code) for number in numbers)]

    def step(self, decoder: Model, token: Tensor, position: Tensor, memory: Any) -> tuple[Tensor, Any]:
        """Predict a token from the one before it: see `TextBody`."""
        code, *states = memory
        h, after = decoder.get_layer("words")(token), []
        for number, state in enumerate(states, 1):
            cell = decoder.get_layer(f"gru_{number}").cell
            h, new = cell(keras.ops.concatenate([h, code], axis=-1), [state])
            after.append(new[0])
        h = decoder.get_layer("narrow")(keras.ops.concatenate([h, code], axis=-1))
        return keras.ops.cast(decoder.get_layer("output")(h), "float32"), [code, *after]

    def _gru(self, units: int, length: int, name: str) -> Layer:
        return keras.layers.GRU(units, return_sequences=True, unroll=length <= UNROLLED, name=name)


def _largest(h: Tensor, x: Tensor) -> Tensor:
    """Return the largest state of each unit over the tokens of a text: (batch, length, units) → (batch, units)."""
    is_there = keras.ops.cast(keras.ops.not_equal(x, 0), h.dtype)[..., None]
    return keras.ops.max(h * is_there - (1 - is_there), axis=1)  # states are above −1
