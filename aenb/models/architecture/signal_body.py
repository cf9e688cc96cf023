"""The body of encoders and decoders of signals: convolutions along time, and a recurrent layer on request.

Each level halves the steps with a strided convolution, and the decoder mirrors it with transposed ones. With
`recurrent_units`, a gated recurrent unit (GRU; Cho et al. 2014, arXiv 1406.1078) then reads the steps in both
directions, and its last states are the features. In the decoder, another one gets the code at each step, and unrolls it
(sequence autoencoders: Srivastava, Mansimov & Salakhutdinov 2015, arXiv 1502.04681).

    (T, C) → (⌈T/2⌉, f₁) → (⌈T/4⌉, f₂) → [→ GRU ←] → z ∈ ℝᵏ → [GRU →] → (⌈T/4⌉, f₂) → … → (T, C)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from aenb.core.backend import Tensor, keras
from aenb.models.architecture import backbones, layers


@dataclass(frozen=True)
class SignalBody(backbones.Body):
    """The layers of an encoder of signals, mirrored in the decoder; `filters` halve the steps, not height and width.

    Attributes:
        recurrent_units: Units of the recurrent layer, in each direction; 0: none.
    """

    recurrent_units: int = 0

    def down(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Go from signals to features: (batch, steps, channels) → (batch, features); there are no labels."""
        for level, count in enumerate(self.filters, 1):  # (batch, ⌈T/2ˡ⌉, count)
            x = keras.layers.Conv1D(
                count, self.kernel_size, strides=2, padding="same", activation=self.activation,
                kernel_initializer="he_normal", name=f"conv_{level}",
            )(x)  # fmt: skip
        if not self.recurrent_units:
            return keras.layers.Flatten(name="flatten")(x)
        return keras.layers.Bidirectional(keras.layers.GRU(self.recurrent_units), name="recurrent")(x)

    def up(
        self, code: Tensor, item_shape: tuple[int, ...], labels: Tensor | None = None, last: str = "linear"
    ) -> Tensor:
        """Go from codes to signals, with the activation `last`: (batch, latent_dim) → (batch, steps, channels)."""
        lengths = [item_shape[0]]
        for _ in self.filters:
            lengths.append(math.ceil(lengths[-1] / 2))
        width = self.filters[-1] if self.filters else self.recurrent_units
        if self.recurrent_units:
            x = keras.layers.RepeatVector(lengths[-1], name="repeat")(code)
            x = keras.layers.GRU(self.recurrent_units, return_sequences=True, name="recurrent")(x)
        else:
            x = layers.dense(lengths[-1] * width, self.activation, "spread")(code)
            x = keras.layers.Reshape((lengths[-1], width), name="reshape")(x)
        return self._grown(x, lengths, item_shape[-1], last)

    def _grown(self, x: Tensor, lengths: list[int], channels: int, last: str) -> Tensor:
        """Double the steps at each level: (batch, lengths[-1], features) → (batch, lengths[0], channels)."""
        initial = "zeros" if self.begins_at_zero else "glorot_uniform"
        if not self.filters:
            return layers.dense(channels, last, "output", kernel_initializer=initial)(x)
        counts = (channels, *self.filters[:-1])
        for level in range(len(self.filters), 0, -1):
            end = level == 1
            x = keras.layers.Conv1DTranspose(
                counts[level - 1], self.kernel_size, strides=2, padding="same",
                activation=last if end else self.activation,
                kernel_initializer=initial if end else "he_normal", name=f"conv_{level}",
            )(x)  # fmt: skip
            if over := x.shape[1] - lengths[level - 1]:
                x = keras.layers.Cropping1D((0, over), name=f"crop_{level}")(x)
        return x
