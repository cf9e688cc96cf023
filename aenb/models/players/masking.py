"""Masked autoencoding: the encoder gets a part of an example, and the loss is the error on the rest.

He et al. (2021), "Masked autoencoders are scalable vision learners", arXiv 2111.06377; for texts, it is a masked
language model (Devlin et al. 2018, arXiv 1810.04805) without mask tokens in the encoder.
"""

from __future__ import annotations

from dataclasses import dataclass

from aenb.core.backend import Model, Tensor, keras, tf
from aenb.core.errors import AenbError
from aenb.models.architecture.transformer import Patches
from aenb.models.hyperparameters import LOSSES
from aenb.models.players.training_step import Batch


@dataclass(frozen=True)
class Masking:
    """The loss of a masked autoencoder.

    Attributes:
        patches: How to cut examples into patches.
        ratio: The share of patches that is masked, in (0, 1); at least one is visible.
        error: The error of an entry: a key of `LOSSES`, or "tokens", the cross-entropy of a token.
    """

    patches: Patches
    ratio: float
    error: str

    def check(self, encoder: Model) -> None:
        """Check that patches can be masked.

        Raises:
            AenbError: There is only one patch, or the encoder does not take a subset of the patches.
        """
        if self.patches.count < 2:
            raise AenbError("`mask_ratio`: expected at least 2 patches; received 1: choose a smaller `patch_size`.")
        if not {"tokens", "blocks", "code"} <= {layer.name for layer in encoder.layers}:
            raise AenbError("`mask_ratio`: expected 0 with your own `encoder`, which takes whole examples only.")

    def loss(self, net: Model, batch: Batch) -> dict[str, Tensor]:
        """Return the mean error of observed entries in masked patches."""
        ops = keras.ops
        code, masked = self.encode(net.encoder, batch.x, net.seeds)
        output = ops.cast(net.decoder(code), "float32")
        if self.error == "tokens":  # padding counts too, so that the end of texts is learnt
            errors = ops.sparse_categorical_crossentropy(batch.y, output)
            counted = ops.cast(ops.logical_or(masked, ops.equal(batch.y, 0)), "float32")
        else:
            errors = keras.losses.get(LOSSES[self.error])(batch.y[..., None], output[..., None])
            counted = batch.observed * ops.cast(self.patches.spread(masked), "float32")
        return {"loss": ops.sum(counted * errors) / ops.maximum(ops.sum(counted), 1.0)}

    def encode(self, encoder: Model, x: Tensor, seeds: keras.random.SeedGenerator) -> tuple[Tensor, Tensor]:
        """Encode a random subset of the patches, with the others masked.

        Returns:
            The latent codes, (batch, latent_dim), and which patches were masked, (batch, patches), bool.
        """
        ops, embedded = keras.ops, encoder.get_layer("tokens")(x)
        is_sequence = isinstance(embedded, list | tuple)
        tokens, present = embedded if is_sequence else (embedded, ops.ones_like(embedded[..., 0], "bool"))
        order, rank = _shuffle(present, seeds)
        counts = ops.sum(ops.cast(present, "float32"), axis=1, keepdims=True)  # (batch, 1)
        length = min(self.patches.count - 1, max(1, round(self.patches.count * (1 - self.ratio))))
        shown = ops.clip(ops.round(counts * (1 - self.ratio)), 1, length)
        visible = tf.gather(tokens, order[:, :length], batch_dims=1)  # (batch, length, embed_dim)
        is_shown = ops.cast(ops.arange(length), "float32")[None] < shown
        h = encoder.get_layer("blocks")([visible, is_shown] if is_sequence else visible)
        h = h * ops.cast((counts / shown) * ops.cast(is_shown, "float32"), h.dtype)[..., None]
        h = ops.pad(h, ((0, 0), (0, self.patches.count - length), (0, 0)))
        h = tf.gather(h, rank, batch_dims=1)  # at their positions, with zeros at those of masked patches
        code = encoder.get_layer("code")(ops.reshape(h, (-1, h.shape[1] * h.shape[2])))
        return code, ops.logical_and(present, ops.cast(rank, "float32") >= shown)


def _shuffle(present: Tensor | None, seeds: keras.random.SeedGenerator) -> tuple[Tensor, Tensor]:
    """Shuffle the patches of each example, with padding at the end: (batch, patches) → order and ranks."""
    draw = keras.random.uniform(keras.ops.shape(present), seed=seeds)
    order = keras.ops.argsort(keras.ops.where(present, draw, draw + 1), axis=1)
    return order, keras.ops.argsort(order, axis=1)
