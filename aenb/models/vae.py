"""The variational autoencoder.

Kingma & Welling (2013), "Auto-encoding variational Bayes", arXiv 1312.6114.
"""

from __future__ import annotations

from typing import Annotated

from aenb.backend import keras
from aenb.fields import Field
from aenb.models import bodies, layers
from aenb.models.hyperparameters import (
    Activation,
    BodyUnits,
    Conditional,
    Filters,
    KernelSize,
    LatentDim,
    NumClasses,
    Part,
)
from aenb.models.players import Batch, Player, network
from aenb.models.registry import family


@family(order=4, summary="a distribution q(z|x) for each item", paper="Kingma & Welling 2013")
def vae(
    input_shape: tuple[int, ...],
    *,
    latent_dim: LatentDim = 32,
    hidden_units: BodyUnits = None,
    filters: Filters = None,
    kernel_size: KernelSize = 3,
    activation: Activation = "relu",
    beta: Annotated[float, Field("weight of the KL term", low=0)] = 1.0,
    conditional: Conditional = False,
    num_classes: NumClasses = 0,
    encoder: Part = None,
    decoder: Part = None,
):
    """Build."""
    body = bodies.choose_body(input_shape, hidden_units, filters, kernel_size=kernel_size, activation=activation)
    if encoder is None:
        x = body.input(input_shape)
        label = bodies.label_input(num_classes) if conditional else None
        h = body.down(x, label)
        outs = [layers.dense(latent_dim, "linear", n)(h) for n in ("z_mean", "z_log_var")]
        encoder = keras.Model(x if label is None else [x, label], outs, name="encoder")
    if decoder is None:
        z = keras.Input((latent_dim,), name="code")
        label = bodies.label_input(num_classes) if conditional else None
        decoder = keras.Model(
            z if label is None else [z, label], body.up(z, input_shape, label, last="sigmoid"), name="decoder"
        )

    def loss(net, batch: Batch):
        ops = keras.ops
        mean, log_var = net.encoder(batch.x if batch.labels is None else [batch.x, batch.labels])
        z = mean + ops.exp(log_var / 2) * keras.random.normal(ops.shape(mean), seed=net.seeds)
        made = net.decode(z, batch.labels)
        axes = tuple(range(1, 1 + len(input_shape)))
        rec = ops.mean(ops.sum(batch.observed * ops.square(made - batch.y), axis=axes))
        kl = ops.mean(0.5 * ops.sum(ops.exp(log_var) + ops.square(mean) - 1 - log_var, axis=-1))
        return {"loss": rec + beta * kl, "reconstruction_loss": rec, "kl_loss": kl}

    return network(
        input_shape,
        (latent_dim,),
        {"encoder": encoder, "decoder": decoder},
        [Player("autoencoder", loss, ("loss", "reconstruction_loss", "kl_loss"), ("encoder", "decoder"))],
        num_classes=num_classes if conditional else 0,
        name="vae",
    )
