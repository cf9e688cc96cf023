"""The evidence lower bound of a variational autoencoder of texts whose decoder is autoregressive.

    log p(x|z) = Σₜ log p(xₜ | x₁ … xₜ₋₁, z),   over the tokens of a text and its end

Bowman et al. (2015), "Generating sentences from a continuous space", arXiv 1511.06349. Since such a decoder predicts
well without a code, the posterior collapses unless it is kept from it: by `word_dropout`, which hides tokens from the
decoder (Bowman et al.), free bits (Kingma et al. 2016), a weight of the KL that rises in `kl_cycles` (Fu et al. 2019,
arXiv 1903.10145), or a decoder that begins by learning more slowly than the encoder (He et al. 2019, arXiv 1901.05534).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from aenb.core.backend import Model, Tensor, keras, tf
from aenb.models.architecture.text_body import counted, tokens_before
from aenb.models.autoregressive.writing import Writer, with_classes
from aenb.models.bound import Bound, posterior
from aenb.models.players.training_step import Batch, Player

HIDDEN = 1  # the token that stands for one that is hidden


@dataclass(frozen=True)
class TextBound(Bound):
    """The bound on log p(x) of texts, see `Bound`.

    Attributes:
        word_dropout: The share of the tokens before each position that training hides from the decoder.
    """

    word_dropout: float = 0.0

    def _decoded(self, net: Model, z: Tensor, batch: Batch) -> Tensor:
        """Predict each token: (k, batch, latent_dim) → η, (k, batch, length, vocabulary)."""
        ops, (k, _, size) = keras.ops, z.shape
        before = tokens_before(batch.y)
        if self.word_dropout and batch.training:
            before = hide(before, self.word_dropout, net.seeds)
        inputs = [ops.tile(before, (k, 1)), ops.reshape(z, (-1, size))]
        inputs += [] if batch.labels is None else [ops.tile(batch.labels, (k, 1))]
        eta = self.parameter(inputs)
        return ops.cast(ops.reshape(eta, (k, -1, *eta.shape[1:])), "float32")

    def _log_px(self, net: Model, batch: Batch, eta: Tensor, weights: tuple[float, ...] | None = None) -> Tensor:
        """Return log p(x|z), summed over the tokens of each text and its end: (k, batch)."""
        return keras.ops.sum(counted(batch.y) * self.likelihood.log_prob(batch.y, eta), axis=-1)

    def evidence(self, net: Model, batch: Batch, k: int, seeds: keras.random.SeedGenerator) -> tuple[Tensor, Tensor]:
        """Draw k codes per text; return log p(x|z) and log p(z) − log q(z|x), (k, batch) each.

        The codes are decoded one after the other: the logits of all would take gigabytes.
        """
        z, log_ratio = self._draw(net, *posterior(net, batch), k, seeds)
        log_px = tf.map_fn(lambda one: self._log_px(net, batch, self._decoded(net, one[None], batch))[0], z)
        return log_px, log_ratio


def hide(tokens: Tensor, share: float, seeds: keras.random.SeedGenerator) -> Tensor:
    """Replace a share of the tokens by `HIDDEN`; padding stays: (batch, length) → (batch, length)."""
    ops = keras.ops
    is_hidden = ops.logical_and(keras.random.uniform(ops.shape(tokens), seed=seeds) < share, ops.not_equal(tokens, 0))
    return ops.where(is_hidden, ops.full_like(tokens, HIDDEN), tokens)


def autoregressive(
    bound: Bound, writer: Writer, word_dropout: float, lagging: tuple[int, int], trained: tuple[str, ...]
) -> tuple[TextBound, dict[str, Any]]:
    """Return the bound of an autoregressive decoder, and the arguments of its `Network`.

    Args:
        bound: The bound of one that decodes all tokens at once, with its options.
        writer: What writes texts with the decoder.
        word_dropout: As for `TextBound`.
        lagging: In how many training steps the decoder learns more slowly, and how many updates the encoder then makes
            for one of the decoder.
        trained: The names of other parts and weights that are trained with the decoder.
    """
    options = {field.name: getattr(bound, field.name) for field in fields(bound)}
    of_texts = TextBound(**options, word_dropout=word_dropout)
    return of_texts, {**_players(of_texts, *lagging, trained), **writing(writer)}


def writing(writer: Writer) -> dict[str, Any]:
    """Return the arguments of a `Network` that decodes to the most probable tokens, and writes otherwise if asked."""
    return {
        "decode": lambda net, codes, labels: writer.write(with_classes(codes, labels)),
        "write": lambda net, codes, labels, choice, seed: writer.write(with_classes(codes, labels), choice, seed),
    }


def _players(bound: Bound, lagging_steps: int, decoder_every: int, trained: tuple[str, ...]) -> dict[str, Any]:
    """Return one player, or an encoder and a decoder that begins by learning more slowly, with one pass for both."""
    parts = ("encoder", "decoder", *trained)
    if not lagging_steps:
        return {"players": [Player("autoencoder", bound.loss, bound.terms, parts)]}

    def is_due(net: Model) -> Tensor:
        step = keras.ops.cast(net.step, "int32")
        return keras.ops.logical_or(step >= lagging_steps, step % decoder_every == 0)

    def same(net: Model, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        return terms

    encoder = Player("encoder", same, bound.terms, parts[:1])
    return {"players": [encoder, Player("decoder", same, bound.terms, parts[1:], when=is_due)], "forward": bound.loss}
