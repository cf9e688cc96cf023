"""k-sparse autoencoders: of each latent code, only the k largest units are kept.

Makhzani & Frey (2013), "k-sparse autoencoders", arXiv 1312.5663. With z the encoder's output, and S the indices of its
k largest entries,

    code = z on S, and 0 elsewhere;   x̂ = Dec(code),   loss = ‖x − x̂‖² / d

so the sparsity of codes is set rather than encouraged by a penalty, and gradients pass through the k units only. Gao et
al. (2024), "Scaling and evaluating sparse autoencoders", arXiv 2406.04093, train such autoencoders with many units on
the activations of language models. A unit that is never among the k largest gets no gradient: it is dead. They revive
such units with an auxiliary loss: the dead units' k' largest entries, z' with 0 elsewhere, learn to reconstruct what
the others left,

    loss + α ‖e − ê‖² / d,    e = x − x̂ (fixed),   ê = Dec(z') − Dec(0)

ê leaves out the decoder's bias, as the paper does. A unit counts as dead if it was not active for 10,000 examples; the
share of dead units is reported as `dead_features`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from aenb.core.backend import Model, Tensor, keras
from aenb.core.errors import AenbError
from aenb.core.fields import Field
from aenb.models.architecture.custom_parts import as_part
from aenb.models.players.adversarial import squared_error
from aenb.models.players.training_step import Batch, Player

DEAD_AFTER = 10_000  # examples without activity
REVIVED = 0.5  # k' as a share of the latent dimensions
NAME = "sparse_code"  # of the layer that keeps the k largest; Keras calls an operation before it top_k

TopK = Annotated[int, Field("how many units of a code are kept, for topk", low=1, high=65536)]
AuxiliaryWeight = Annotated[
    float, Field("weight α of the loss that revives dead units, for topk (Gao et al. 2024)", low=0)
]


def largest(z: Tensor, k: int) -> Tensor:
    """Return which entries are the k largest of their rows: (batch, units) → (batch, units), 1 or 0, exactly k each.

    Of equal entries, the first ones are taken.

    Example:
        >>> import numpy as np
        >>> np.array(largest(np.float32([[3, 1, 2, 2], [0, 0, 0, 0]]), 2)).tolist()
        [[1.0, 0.0, 1.0, 0.0], [1.0, 1.0, 0.0, 0.0]]
    """
    ops = keras.ops
    least = ops.min(ops.top_k(z, k)[0], axis=-1, keepdims=True)
    above, equal = (ops.cast(one, "int32") for one in (ops.greater(z, least), ops.equal(z, least)))
    left = k - ops.sum(above, axis=-1, keepdims=True)
    taken = ops.logical_and(ops.equal(equal, 1), ops.less_equal(ops.cumsum(equal, axis=-1), left))
    return ops.cast(ops.logical_or(ops.equal(above, 1), taken), z.dtype)


def sparse_encoder(encoder: Model, item_shape: tuple[int, ...], k: int) -> Model:
    """Add to an encoder that only the k largest units of a code are kept; a model that does so already stays as it is.

    Args:
        encoder: (batch, *item_shape) → (batch, latent_dim), a Keras model.
        item_shape: The shape of an example.
        k: How many.

    Returns:
        A `keras.Model` named "encoder" of stock layers, the last one called "sparse_code".

    Raises:
        AenbError: The encoder does not fit the examples, or the code has fewer units.
    """
    part = as_part(encoder, keras.Input(item_shape, name="input"), "encoder", (None,))
    if any(layer.name == NAME for layer in part.layers):
        return part
    z = part.outputs[0]
    if k > z.shape[-1]:
        raise AenbError(f"`top_k`: expected at most {z.shape[-1]}, the dimensions of the latent code; received {k}.")
    return keras.Model(part.input, keras.layers.Multiply(name=NAME)([z, largest(z, k)]), name="encoder")


@dataclass(frozen=True)
class Losses:
    """The losses of a k-sparse autoencoder.

    Attributes:
        before: Examples → z, all units, with the encoder's weights.
        auxiliary: α.
        dead_after: After how many examples without activity a unit is dead.
    """

    before: Callable[[Tensor], Tensor]
    auxiliary: float
    dead_after: int = DEAD_AFTER

    @property
    def terms(self) -> tuple[str, ...]:
        """The names of the terms."""
        return ("loss", "reconstruction_loss", *(["auxiliary_loss"] if self.auxiliary else []), "dead_features")

    def loss(self, net: Model, batch: Batch) -> dict[str, Tensor]:
        """Return the loss, its parts without α, and the share of dead units; in training, count their idle examples."""
        ops = keras.ops
        code = ops.cast(net.encoder(batch.x), "float32")
        decoded = ops.cast(net.decoder(code), "float32")
        error = squared_error(batch, decoded)
        idle = net.own["idle"]
        if batch.training:
            n = ops.cast(ops.shape(code)[0], "float32")
            idle.assign(ops.where(ops.any(code != 0, axis=0), 0.0, idle + n))
        dead = ops.cast(idle.value >= self.dead_after, "float32")
        values = [error, error]
        if self.auxiliary:
            revival = self._revival(net, batch, ops.stop_gradient(batch.y - decoded), dead)
            values = [error + self.auxiliary * revival, error, revival]
        return dict(zip(self.terms, [*values, ops.mean(dead)], strict=True))

    def _revival(self, net: Model, batch: Batch, residual: Tensor, dead: Tensor) -> Tensor:
        """Return the error of the dead units' reconstruction of what the others left: a scalar, 0 if none is dead."""
        ops = keras.ops
        z = ops.cast(self.before(batch.x), "float32")
        count = max(1, int(REVIVED * z.shape[-1]))
        chosen = ops.stop_gradient(largest(ops.where(dead > 0, z, -np.inf), count)) * dead
        decoded = [ops.cast(net.decoder(code), "float32") for code in (z * chosen, ops.zeros_like(z))]
        found = squared_error(batch._replace(y=residual), decoded[0] - decoded[1])
        return ops.where(ops.any(dead > 0), found, 0.0)


def autoencoder(model: Model, auxiliary: float) -> Model:
    """Return an autoencoder with the loss of a k-sparse one.

    Args:
        model: With the parts "encoder", as `sparse_encoder` returns it, and "decoder".
        auxiliary: α.

    Returns:
        A `Network` with these parts.
    """
    from aenb.models.network import Network  # starts TensorFlow

    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    z, _ = encoder.get_layer(NAME).input
    losses = Losses(keras.Model(encoder.input, z), auxiliary)
    size = encoder.output_shape[-1]
    return Network(
        tuple(encoder.input_shape[1:]),
        (size,),
        {"encoder": encoder, "decoder": decoder},
        [Player("autoencoder", losses.loss, losses.terms, ("encoder", "decoder"))],
        prior=False,
        weights={"idle": np.zeros(size, "float32")},
        name=model.name,
    )


def check(loss: str, **others: object) -> None:
    """Check that nothing is set that a k-sparse autoencoder does not have.

    Args:
        loss: The loss, which is to be "mse".
        **others: What it does not have, by name, such as `tied`: each is to be None, 0 or False.

    Raises:
        AenbError: One of them is set.
    """
    for name, value in {"loss": loss if loss != "mse" else None, **others}.items():
        if value:
            expected = "mse" if name == "loss" else "none"
            raise AenbError(f'`{name}`: expected {expected} together with sparsity="topk"; received {value}.')
