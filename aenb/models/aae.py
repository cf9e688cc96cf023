"""The adversarial autoencoder: an autoencoder whose codes a discriminator draws towards a prior.

Makhzani et al. (2015), "Adversarial autoencoders", arXiv 1511.05644. The prior is p(z) = N(0, I). For each batch three
moves follow one another, each with its own Adam:

    reconstruction    encoder and decoder minimise   E‖x − Dec(Enc(x))‖² / d
    discriminator     D minimises                   −E[log σ(D(z))] − E[log(1 − σ(D(Enc(x))))],   z ~ p
    regularisation    the encoder minimises         −E[log σ(D(Enc(x)))]

d is the number of entries that were observed, so that the first is the mean squared error. New items are decoded from
draws of the prior.
"""

from __future__ import annotations

from typing import Annotated, Any

from aenb.backend import keras
from aenb.fields import Field
from aenb.models import adversarial, bodies, layers
from aenb.models.adversarial import GAMES
from aenb.models.hyperparameters import (
    Activation,
    BodyUnits,
    Conditional,
    Filters,
    KernelSize,
    LatentDim,
    NumClasses,
    Part,
    classes_of,
)
from aenb.models.parts import beside, mean_decoder
from aenb.models.players import Batch, Player, network
from aenb.models.registry import family

GAME = GAMES["nonsaturating"]


@family(
    order=7,
    summary="an autoencoder whose codes a discriminator draws towards a prior: it generates",
    paper="Makhzani et al. 2015",
)
def aae(
    input_shape: tuple[int, ...],
    *,
    latent_dim: LatentDim = 16,
    hidden_units: BodyUnits = None,
    filters: Filters = None,
    kernel_size: KernelSize = 3,
    activation: Activation = "relu",
    discriminator_units: Annotated[tuple[int, ...], Field("units of the discriminator's layers", low=1, high=65536)] = (
        256,
        256,
    ),
    discriminator_learning_rate: Annotated[
        float | None, Field("of the discriminator; None: that of the training", above=0)
    ] = None,
    regulariser_learning_rate: Annotated[
        float | None, Field("of the encoder against the discriminator; None: that of the training", above=0)
    ] = 1e-4,
    conditional: Conditional = False,
    num_classes: NumClasses = 0,
    encoder: Part = None,
    decoder: Part = None,
):
    """Build an adversarial autoencoder, compiled.

    Its parts are "encoder", "decoder" and "discriminator", which takes codes. A conditional one tells the decoder the
    class (section 4 of the paper): what the code is left to say is the style.

    Raises:
        AenbError: A part does not fit the items, or there are no classes to be conditional on.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("aae", (28, 28, 1), latent_dim=2)
        >>> model.get_layer("discriminator").input_shape
        (None, 2)
    """
    classes = classes_of(conditional, num_classes)
    body = bodies.choose_body(input_shape, hidden_units, filters, kernel_size=kernel_size, activation=activation)
    if encoder is None:
        encoder = bodies.encoder(body, input_shape, latent_dim)
    encoder = adversarial.fitted(encoder, body.input(input_shape), (None,), "encoder")
    size = encoder.output_shape[-1]
    decoder = mean_decoder(decoder, body, input_shape, size, classes, layers.output_activation(input_shape, None))
    judge = bodies.Body(discriminator_units, activation="leaky_relu")
    return network(
        input_shape,
        (size,),
        {"encoder": encoder, "decoder": decoder, "discriminator": adversarial.discriminator(judge, (size,))},
        [
            Player("autoencoder", reconstruction, ("reconstruction_loss",), ("encoder", "decoder")),
            Player(
                "discriminator", discrimination, ("discriminator_loss", "real_score", "fake_score"),
                ("discriminator",), discriminator_learning_rate, beta_1=0.5, gradient_norm=True,
            ),
            Player(
                "regulariser", regularisation, ("regularisation_loss",), ("encoder",), regulariser_learning_rate,
                beta_1=0.5, gradient_norm=True,
            ),
        ],
        encode=lambda net, x, labels: net.encoder(x),
        num_classes=classes,
        name="aae",
    )  # fmt: skip


def reconstruction(net: Any, batch: Batch) -> dict[str, Any]:
    """Return the mean squared error of what was observed."""
    made = net.decoder(beside(net.encoder(batch.x), batch.labels))
    return {"reconstruction_loss": adversarial.squared_error(batch, made)}


def discrimination(net: Any, batch: Batch) -> dict[str, Any]:
    """Return what D minimises, and with what mean probabilities it takes draws, and codes, for draws of the prior."""
    code = keras.ops.stop_gradient(_codes(net, batch))
    z = keras.random.normal(keras.ops.shape(code), seed=net.seeds)
    real, fake = adversarial.scores(net.discriminator, z, code)
    return {
        "discriminator_loss": GAME.discriminator(real, fake),
        "real_score": keras.ops.mean(GAME.reads(real)),
        "fake_score": keras.ops.mean(GAME.reads(fake)),
    }


def regularisation(net: Any, batch: Batch) -> dict[str, Any]:
    """Return what the encoder minimises against D."""
    (fake,) = adversarial.scores(net.discriminator, _codes(net, batch))
    return {"regularisation_loss": GAME.generator(fake)}


def _codes(net: Any, batch: Batch) -> Any:
    return keras.ops.cast(net.encoder(batch.x), "float32")
