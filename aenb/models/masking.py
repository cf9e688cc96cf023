"""Masked autoencoding: the encoder is given a part of an item, and the loss is the error on the rest.

He et al. (2021), "Masked autoencoders are scalable vision learners", arXiv 2111.06377; of texts it makes masked
language models (Devlin et al. 2018, arXiv 1810.04805) whose encoder never sees a mask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aenb.core.backend import keras, tf
from aenb.core.errors import AenbError
from aenb.models.hyperparameters import LOSSES
from aenb.models.players import Batch
from aenb.models.transformer import Patches


@dataclass(frozen=True)
class Masking:
    """The loss of a masked autoencoder.

    Attributes:
        patches: How items are cut.
        ratio: The share of an item's patches that is hidden, in (0, 1); at least one is shown.
        error: Of an entry: a key of `LOSSES`, or "tokens", the cross-entropy of a token.
    """

    patches: Patches
    ratio: float
    error: str

    def check(self, encoder: Any) -> None:
        """Refuse what cannot be hidden.

        Raises:
            AenbError: There is one patch only, or the encoder has no parts that take some of the patches.
        """
        if self.patches.count < 2:
            raise AenbError("`mask_ratio`: expected at least 2 patches; received 1: choose a smaller `patch_size`.")
        if not {"tokens", "blocks", "code"} <= {layer.name for layer in encoder.layers}:
            raise AenbError("`mask_ratio`: expected 0 with an `encoder` of your own, which takes whole items only.")

    def loss(self, net: Any, batch: Batch) -> dict[str, Any]:
        """Return the mean error of the entries that were observed in hidden patches."""
        ops = keras.ops
        code, hidden = self.encode(net.encoder, batch.x, net.seeds)
        made = ops.cast(net.decoder(code), "float32")
        if self.error == "tokens":  # 0 after the end counts too: so the end is learnt
            errors = ops.sparse_categorical_crossentropy(batch.y, made)
            counted = ops.cast(ops.logical_or(hidden, ops.equal(batch.y, 0)), "float32")
        else:
            errors = keras.losses.get(LOSSES[self.error])(batch.y[..., None], made[..., None])
            counted = batch.observed * ops.cast(self.patches.spread(hidden), "float32")
        return {"loss": ops.sum(counted * errors) / ops.maximum(ops.sum(counted), 1.0)}

    def encode(self, encoder: Any, x: Any, seeds: Any) -> tuple[Any, Any]:
        """Make codes of patches drawn at random, all others hidden.

        Returns:
            The codes, (batch, latent_dim), and which patches were hidden, (batch, patches), bool.
        """
        ops, found = keras.ops, encoder.get_layer("tokens")(x)
        is_sequence = isinstance(found, list | tuple)
        tokens, there = found if is_sequence else (found, ops.ones_like(found[..., 0], "bool"))
        order, rank = _shuffle(there, seeds)
        counts = ops.sum(ops.cast(there, "float32"), axis=1, keepdims=True)  # (batch, 1)
        most = min(self.patches.count - 1, max(1, round(self.patches.count * (1 - self.ratio))))
        shown = ops.clip(ops.round(counts * (1 - self.ratio)), 1, most)
        visible = tf.gather(tokens, order[:, :most], batch_dims=1)  # (batch, most, embed_dim)
        is_shown = ops.cast(ops.arange(most), "float32")[None] < shown
        h = encoder.get_layer("blocks")([visible, is_shown] if is_sequence else visible)
        h = h * ops.cast((counts / shown) * ops.cast(is_shown, "float32"), h.dtype)[..., None]
        h = ops.pad(h, ((0, 0), (0, self.patches.count - most), (0, 0)))
        h = tf.gather(h, rank, batch_dims=1)  # each in its place, zeros in those of the others
        code = encoder.get_layer("code")(ops.reshape(h, (-1, h.shape[1] * h.shape[2])))
        return code, ops.logical_and(there, ops.cast(rank, "float32") >= shown)


def _shuffle(there: Any, seeds: Any) -> tuple[Any, Any]:
    """Shuffle the patches of each item, those that are not there to the end: (batch, patches) → order and ranks."""
    draw = keras.random.uniform(keras.ops.shape(there), seed=seeds)
    order = keras.ops.argsort(keras.ops.where(there, draw, draw + 1), axis=1)
    return order, keras.ops.argsort(order, axis=1)
