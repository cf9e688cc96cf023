"""The VAE with a learned metric: what a reconstruction is compared by are the features of a discriminator.

Larsen, Sønderby, Larochelle & Winther (2015), "Autoencoding beyond pixels using a learned similarity metric", arXiv
1512.09300. The decoder of a variational autoencoder is the generator of a game too: pixel by pixel a squared error asks
for a blur, while the discriminator's features φ tell whether an item looks alike. With z ~ q(z|x), x̃ = Dec(z),
x_p = Dec(z_p) of a draw z_p ~ p(z) = N(0, I), and D's score s of an item,

    L_prior = KL(q(z|x) ‖ p(z))
    L_llike = E[½ ‖φ(x) − φ(x̃)‖²]                                     −log N(φ(x) | φ(x̃), I), without its constant
    L_GAN   = −E[log σ(s(x))] − E[log(1 − σ(s(x̃)))] − E[log(1 − σ(s(x_p)))]

    the encoder minimises L_prior + L_llike, the decoder γ L_llike − L_GAN, the discriminator L_GAN

(algorithm 1 of the paper), all three from where they stand together. All are sums over an item's entries or features
and means over the batch, in nats.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

from aenb.core.backend import keras
from aenb.core.fields import Field
from aenb.models import adversarial, backbones, layers
from aenb.models.adversarial import GAMES
from aenb.models.assembly import network
from aenb.models.hyperparameters import Activation, BodyUnits, Filters, KernelSize, LatentDim, Part
from aenb.models.likelihoods import kl
from aenb.models.parts import gaussian_encoder, mean_decoder
from aenb.models.players import Batch, Player
from aenb.models.registry import family

GAME = GAMES["nonsaturating"]


@family(
    order=8,
    summary="a VAE that compares items by what a discriminator sees in them",
    paper="Larsen et al. 2015",
    batch_size=64,
)
def vaegan(
    input_shape: tuple[int, ...],
    *,
    latent_dim: LatentDim = 32,
    hidden_units: BodyUnits = None,
    filters: Filters = None,
    kernel_size: KernelSize = 4,
    activation: Activation = "relu",
    gamma: Annotated[float, Field("weight of the features' error against the game, for the decoder", low=0)] = 0.01,
    discriminator_learning_rate: Annotated[
        float | None, Field("of the discriminator; None: that of the training", above=0)
    ] = None,
    encoder: Part = None,
    decoder: Part = None,
):
    """Build a VAE/GAN, compiled.

    Its parts are "encoder", whose outputs are the means and the log variances of the codes, "decoder", and
    "discriminator", which gives scores and features. A part of one's own is as `vae` takes it. `mse` is reported so
    that a reader can compare: nobody minimises it.

    Raises:
        AenbError: A part does not fit the items.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("vaegan", (28, 28, 1), latent_dim=16)
        >>> [output.shape for output in model.get_layer("discriminator").outputs]
        [(None, 1), (None, 3136)]
    """
    body = backbones.choose_body(
        input_shape, hidden_units, filters, kernel_size=kernel_size, activation=activation, layer_norm=True
    )
    encoder = gaussian_encoder(encoder, body, input_shape, latent_dim, 0)
    size = encoder.outputs[0].shape[-1]
    decoder = mean_decoder(decoder, body, input_shape, size, 0, layers.output_activation(input_shape, None))
    match = Match(gamma)
    return network(
        input_shape,
        (size,),
        {"encoder": encoder, "decoder": decoder, "discriminator": _discriminator(body, input_shape)},
        [
            Player("encoder", match.encoder_loss, ("encoder_loss", "kl_loss", "feature_loss", "mse"), ("encoder",)),
            Player("decoder", match.decoder_loss, ("decoder_loss",), ("decoder",), beta_1=0.5, gradient_norm=True),
            Player(
                "discriminator", match.discriminator_loss, ("discriminator_loss", "real_score", "fake_score"),
                ("discriminator",), discriminator_learning_rate, beta_1=0.5, gradient_norm=True,
            ),
        ],
        forward=look,
        name="vaegan",
    )  # fmt: skip


class Seen(NamedTuple):
    """What the losses of a step are made of.

    Attributes:
        mean: (batch, latent_dim), of q(z|x), float32.
        log_var: The same of its log variances.
        scores: Of items, of their reconstructions, and of items made of draws from the prior: (batch, 1) each.
        features: Of the same three: (batch, features) each.
        error: The mean squared error of the reconstructions.
    """

    mean: Any
    log_var: Any
    scores: list[Any]
    features: list[Any]
    error: Any


def look(net: Any, batch: Batch) -> Seen:
    """Encode a batch, decode draws of its codes and of the prior, and let D judge."""
    ops = keras.ops
    mean, log_var = (ops.cast(part, "float32") for part in net.encoder(batch.x, training=batch.training))
    z = mean + ops.exp(log_var / 2) * keras.random.normal(ops.shape(mean), seed=net.seeds)
    codes = [z, keras.random.normal(ops.shape(mean), seed=net.seeds)]
    made = [batch.observed * ops.cast(net.decoder(code, training=batch.training), "float32") for code in codes]
    judged = [net.discriminator(items, training=False) for items in (batch.y, *made)]
    scores, features = ([ops.cast(part, "float32") for part in parts] for parts in zip(*judged, strict=True))
    return Seen(mean, log_var, scores, features, adversarial.squared_error(batch, made[0]))


@dataclass(frozen=True)
class Match:
    """What the three players minimise.

    Attributes:
        gamma: Weight of L_llike for the decoder.
    """

    gamma: float

    def encoder_loss(self, net: Any, seen: Seen) -> dict[str, Any]:
        """Return L_prior + L_llike, the two of them, and the mean squared error."""
        prior = keras.ops.mean(keras.ops.sum(kl(seen.mean, seen.log_var), axis=-1))
        llike = feature_error(*seen.features[:2])
        return {"encoder_loss": prior + llike, "kl_loss": prior, "feature_loss": llike, "mse": seen.error}

    def decoder_loss(self, net: Any, seen: Seen) -> dict[str, Any]:
        """Return γ L_llike − L_GAN."""
        return {"decoder_loss": self.gamma * feature_error(*seen.features[:2]) - gan_loss(*seen.scores)}

    def discriminator_loss(self, net: Any, seen: Seen) -> dict[str, Any]:
        """Return L_GAN, and the mean probabilities with which D takes real and made items for real."""
        real, *fakes = (keras.ops.mean(GAME.reads(score)) for score in seen.scores)
        return {
            "discriminator_loss": gan_loss(*seen.scores), "real_score": real, "fake_score": sum(fakes) / len(fakes),
        }  # fmt: skip


def feature_error(real: Any, rebuilt: Any) -> Any:
    """Return L_llike of features (batch, features) of items and of their reconstructions, in nats: a scalar."""
    return 0.5 * keras.ops.mean(keras.ops.sum(keras.ops.square(real - rebuilt), axis=-1))


def gan_loss(real: Any, rebuilt: Any, made: Any) -> Any:
    """Return L_GAN of the scores (batch, 1) of items, of their reconstructions and of items made of draws: a scalar."""
    softplus = keras.ops.softplus  # softplus(−s) = −log σ(s), softplus(s) = −log(1 − σ(s))
    return keras.ops.mean(softplus(-real) + softplus(rebuilt) + softplus(made))


def _discriminator(body: backbones.Body, item_shape: tuple[int, ...]) -> Any:
    """Build who gives scores, and the features that they are made of: (batch, 1) and (batch, features)."""
    judge = adversarial.discriminator(body, item_shape)
    return keras.Model(judge.input, [judge.output, judge.get_layer("score").input], name="discriminator")
