"""The adversarial autoencoder: an autoencoder whose codes a discriminator draws towards a prior.

Makhzani et al. (2015), "Adversarial autoencoders", arXiv 1511.05644. The prior is p(z) = N(0, I), and D learns to tell
its draws from codes:

    encoder, decoder    minimise   E‖x − Dec(Enc(x))‖² / d − λ E[log σ(D(Enc(x)))]
    discriminator       minimises  −E[log σ(D(z))] − E[log(1 − σ(D(Enc(x))))],   z ~ p

d is the number of entries that were observed, so that the first is the mean squared error. The paper moves the encoder
twice, for the reconstruction and against D, by plain gradient descent. Moves of Adam are of one length whatever their
loss, so here the two are of one move, and λ weighs them, as in Tolstikhin et al. (2017), "Wasserstein auto-encoders",
arXiv 1711.01558. New items are decoded from draws of the prior.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from aenb.core.backend import keras
from aenb.core.fields import Field
from aenb.models import adversarial, backbones, layers
from aenb.models.adversarial import GAMES
from aenb.models.assembly import network
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
from aenb.models.players import Batch, Player
from aenb.models.registry import family

GAME = GAMES["nonsaturating"]
OF_PIXELS, STANDARDISED = 0.003, 0.03  # λ: a squared error of pixels is a tenth of one of standardised values
TERMS = ("autoencoder_loss", "reconstruction_loss", "regularisation_loss")


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
    ] = 3e-4,
    prior_weight: Annotated[
        float | None,
        Field("weight of the game beside the mean squared error; None: 0.003 for images, else 0.03", low=0),
    ] = None,
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
    body = backbones.choose_body(
        input_shape, hidden_units, filters, beside=backbones.BESIDE, kernel_size=kernel_size, activation=activation
    )
    if encoder is None:
        encoder = backbones.encoder(body, input_shape, latent_dim)
    encoder = adversarial.fitted(encoder, body.input(input_shape), (None,), "encoder")
    size = encoder.output_shape[-1]
    decoder = mean_decoder(decoder, body, input_shape, size, classes, layers.output_activation(input_shape, None))
    judge = backbones.Body(discriminator_units, activation="leaky_relu")
    match = Match(prior_weight if prior_weight is not None else OF_PIXELS if len(input_shape) == 3 else STANDARDISED)
    return network(
        input_shape,
        (size,),
        {"encoder": encoder, "decoder": decoder, "discriminator": adversarial.discriminator(judge, (size,))},
        [
            Player("autoencoder", match.autoencoder_loss, TERMS, ("encoder", "decoder")),
            Player(
                "discriminator", match.discriminator_loss, ("discriminator_loss", "real_score", "fake_score"),
                ("discriminator",), discriminator_learning_rate, beta_1=0.5, gradient_norm=True,
            ),
        ],
        encode=lambda net, x, labels: net.encoder(x),
        num_classes=classes,
        name="aae",
    )  # fmt: skip


@dataclass(frozen=True)
class Match:
    """What the two players minimise.

    Attributes:
        weight: λ, of the game against the mean squared error.
    """

    weight: float

    def autoencoder_loss(self, net: Any, batch: Batch) -> dict[str, Any]:
        """Return the mean squared error + λ · what the encoder minimises against D, and the two of them."""
        code = _codes(net, batch)
        error = adversarial.squared_error(batch, net.decoder(beside(code, batch.labels)))
        (fake,) = adversarial.scores(net.discriminator, code)
        against = GAME.generator(fake)
        return dict(zip(TERMS, (error + self.weight * against, error, against), strict=True))

    def discriminator_loss(self, net: Any, batch: Batch) -> dict[str, Any]:
        """Return what D minimises, and the mean probabilities with which it takes draws, and codes, for draws."""
        code = keras.ops.stop_gradient(_codes(net, batch))
        z = keras.random.normal(keras.ops.shape(code), seed=net.seeds)
        real, fake = adversarial.scores(net.discriminator, z, code)
        return {
            "discriminator_loss": GAME.discriminator(real, fake),
            "real_score": keras.ops.mean(GAME.reads(real)),
            "fake_score": keras.ops.mean(GAME.reads(fake)),
        }


def _codes(net: Any, batch: Batch) -> Any:
    return keras.ops.cast(net.encoder(batch.x), "float32")
