"""An autoencoder of texts whose decoder is autoregressive: a code, without a prior, and teacher forcing.

Dai & Le (2015), "Semi-supervised sequence learning", arXiv 1511.01432. With a task that corrupts its input, it learns
to denoise sentences (Wang, Reimers & Gurevych 2021, arXiv 2104.06979).

    loss = −Σₜ log p(xₜ | x₁ … xₜ₋₁, z) / T,   over the T tokens of a batch, the ends of texts included
"""

from __future__ import annotations

from dataclasses import dataclass

from aenb.core.backend import Model, Tensor, keras
from aenb.models.architecture import backbones
from aenb.models.architecture.custom_parts import as_part
from aenb.models.architecture.text_body import TextBody, counted, tokens_before
from aenb.models.autoregressive.text_bound import hide, writing
from aenb.models.autoregressive.text_decoder import text_decoder
from aenb.models.autoregressive.writing import Writer
from aenb.models.losses.likelihoods import LIKELIHOODS, parameter_of
from aenb.models.players.training_step import Batch, Player


@dataclass(frozen=True)
class TeacherForcing:
    """The cross-entropy of a token, given those before it and the code.

    Attributes:
        decoder: The decoder.
        word_dropout: The share of the tokens before each position that training hides from the decoder.
    """

    decoder: Model
    word_dropout: float

    def loss(self, net: Model, batch: Batch) -> dict[str, Tensor]:
        """Return the mean over the tokens of a batch, in nats."""
        ops, likelihood, before = keras.ops, LIKELIHOODS["categorical"], tokens_before(batch.y)
        if self.word_dropout and batch.training:
            before = hide(before, self.word_dropout, net.seeds)
        codes = net.encoder(batch.x, training=batch.training)
        logits = parameter_of(self.decoder, likelihood)([before, codes], training=batch.training)
        logits = ops.cast(logits, "float32")
        weights = counted(batch.y)
        return {"loss": -ops.sum(weights * likelihood.log_prob(batch.y, logits)) / ops.sum(weights)}


def text_autoencoder(
    name: str, body: TextBody, length: int, latent_dim: int, activation: str, word_dropout: float,
    encoder: Model | None, decoder: Model | None,
) -> Model:  # fmt: skip
    """Build an autoencoder of texts, compiled.

    Args:
        name: The family's name.
        body: The layers of its parts.
        length: The length of a text, in tokens.
        latent_dim: The size of a code.
        activation: The activation of the code.
        word_dropout: As for `TeacherForcing`.
        encoder: A custom encoder, (batch, length) → (batch, latent_dim); None: one of the body's layers.
        decoder: One that was built by this function; None: a new one.
    """
    from aenb.models.network import Network  # starts TensorFlow

    if encoder is None:
        encoder = backbones.encoder(body, (length,), latent_dim, activation)
    encoder = as_part(encoder, body.input((length,)), "encoder", (None,))
    size = encoder.output_shape[1]
    decoder = text_decoder(body, (size,), length, "softmax", decoder)
    forcing = TeacherForcing(decoder, word_dropout)
    return Network(
        (length,), (size,), {"encoder": encoder, "decoder": decoder},
        [Player("autoencoder", forcing.loss, ("loss",), ("encoder", "decoder"))], prior=False, name=name,
        **writing(Writer(body, decoder)),
    )  # fmt: skip
