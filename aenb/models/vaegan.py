"""The VAE/GAN: a variational autoencoder with a learnt similarity metric, the features of a discriminator.

Larsen, Sønderby, Larochelle & Winther (2015), "Autoencoding beyond pixels using a learned similarity metric", arXiv
1512.09300. The decoder of a variational autoencoder is also the generator of a GAN. A squared error of pixels leads to
blurred images; the discriminator's features φ are a better measure of similarity. With z ~ q(z|x), x̃ = Dec(z),
x_p = Dec(z_p) for a sample z_p ~ p(z) = N(0, I), and the score s of the discriminator D,

    L_prior = KL(q(z|x) ‖ p(z)) = ½ Σⱼ (µⱼ² + σⱼ² − 1 − log σⱼ²)
    L_llike = E[½ ‖φ(x) − φ(x̃)‖²]                                     −log N(φ(x) | φ(x̃), I), without its constant
    L_GAN   = −E[log σ(s(x))] − E[log(1 − σ(s(x̃)))] − E[log(1 − σ(s(x_p)))]

    the encoder minimises L_prior + L_llike, the decoder γ L_llike − L_GAN, the discriminator L_GAN

(algorithm 1 of the paper), all three simultaneously. The losses are sums over entries or features, and means over the
batch, in nats.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

from aenb.core.backend import Model, Tensor, keras
from aenb.core.fields import Field
from aenb.models.architecture import backbones, layers
from aenb.models.architecture.parts import gaussian_encoder, mean_decoder
from aenb.models.hyperparameters import Activation, BodyUnits, Filters, KernelSize, LatentDim, Part
from aenb.models.losses.likelihoods import kl
from aenb.models.players import adversarial
from aenb.models.players.adversarial import ADVERSARIAL_LOSSES
from aenb.models.players.training_step import Batch, Player
from aenb.models.registry import family

ADVERSARIAL = ADVERSARIAL_LOSSES["nonsaturating"]


@family(
    order=8,
    summary="a VAE that compares examples by the features of a discriminator",
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
    gamma: Annotated[float, Field("weight of the feature error in the decoder's loss", low=0)] = 0.01,
    discriminator_learning_rate: Annotated[
        float | None, Field("learning rate of the discriminator; None: that of the training", above=0)
    ] = None,
    encoder: Part = None,
    decoder: Part = None,
) -> Model:
    """Build a VAE/GAN, compiled.

    Its parts are "encoder", whose outputs are the means and the log variances of the latent codes, "decoder", and
    "discriminator", which returns scores and features. Custom parts are as in `vae`. `mse` is only reported, for
    comparison: no part minimises it.

    Raises:
        AenbError: A part does not fit the examples.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("vaegan", (28, 28, 1), latent_dim=16)
        >>> [output.shape for output in model.get_layer("discriminator").outputs]
        [(None, 1), (None, 3136)]
    """
    from aenb.models.network import Network  # starts TensorFlow

    body = backbones.choose_body(
        input_shape, hidden_units, filters, kernel_size=kernel_size, activation=activation, layer_norm=True
    )
    encoder = gaussian_encoder(encoder, body, input_shape, latent_dim, 0)
    size = encoder.outputs[0].shape[-1]
    decoder = mean_decoder(decoder, body, input_shape, size, 0, layers.output_activation(input_shape, None))
    losses = Losses(gamma)
    return Network(
        input_shape,
        (size,),
        {"encoder": encoder, "decoder": decoder, "discriminator": _discriminator(body, input_shape)},
        [
            Player("encoder", losses.encoder_loss, ("encoder_loss", "kl_loss", "feature_loss", "mse"), ("encoder",)),
            Player("decoder", losses.decoder_loss, ("decoder_loss",), ("decoder",), beta_1=0.5, gradient_norm=True),
            Player(
                "discriminator", losses.discriminator_loss, ("discriminator_loss", "real_score", "fake_score"),
                ("discriminator",), discriminator_learning_rate, beta_1=0.5, gradient_norm=True,
            ),
        ],
        forward=forward,
        name="vaegan",
    )  # fmt: skip


class Outputs(NamedTuple):
    """The outputs of all parts in a step, from which the losses are computed.

    Attributes:
        mean: (batch, latent_dim), of q(z|x), float32.
        log_var: (batch, latent_dim), its log variances, float32.
        scores: Of examples, of their reconstructions, and of samples from the prior: (batch, 1) each.
        features: Of the same three: (batch, features) each.
        error: The mean squared error of the reconstructions.
    """

    mean: Any
    log_var: Any
    scores: list[Any]
    features: list[Any]
    error: Any


def forward(net: Model, batch: Batch) -> Outputs:
    """Encode a batch, decode its latent codes and samples from the prior, and compute scores and features."""
    ops = keras.ops
    mean, log_var = (ops.cast(part, "float32") for part in net.encoder(batch.x, training=batch.training))
    z = mean + ops.exp(log_var / 2) * keras.random.normal(ops.shape(mean), seed=net.seeds)
    codes = [z, keras.random.normal(ops.shape(mean), seed=net.seeds)]
    decoded = [batch.observed * ops.cast(net.decoder(code, training=batch.training), "float32") for code in codes]
    discriminated = [net.discriminator(x, training=False) for x in (batch.y, *decoded)]
    scores, features = ([ops.cast(part, "float32") for part in parts] for parts in zip(*discriminated, strict=True))
    return Outputs(mean, log_var, scores, features, adversarial.squared_error(batch, decoded[0]))


@dataclass(frozen=True)
class Losses:
    """The losses of encoder, decoder and discriminator.

    Attributes:
        gamma: The weight of L_llike in the decoder's loss.
    """

    gamma: float

    def encoder_loss(self, net: Model, outputs: Outputs) -> dict[str, Tensor]:
        """Return L_prior + L_llike, both terms, and the mean squared error."""
        prior = keras.ops.mean(keras.ops.sum(kl(outputs.mean, outputs.log_var), axis=-1))
        llike = feature_error(*outputs.features[:2])
        return {"encoder_loss": prior + llike, "kl_loss": prior, "feature_loss": llike, "mse": outputs.error}

    def decoder_loss(self, net: Model, outputs: Outputs) -> dict[str, Tensor]:
        """Return γ L_llike − L_GAN."""
        return {"decoder_loss": self.gamma * feature_error(*outputs.features[:2]) - gan_loss(*outputs.scores)}

    def discriminator_loss(self, net: Model, outputs: Outputs) -> dict[str, Tensor]:
        """Return L_GAN, and the mean probabilities of D that real examples, and that generated samples, are real."""
        real, *fakes = (keras.ops.mean(ADVERSARIAL.reported(score)) for score in outputs.scores)
        return {
            "discriminator_loss": gan_loss(*outputs.scores), "real_score": real, "fake_score": sum(fakes) / len(fakes),
        }  # fmt: skip


def feature_error(real: Tensor, reconstructed: Tensor) -> Tensor:
    """Return L_llike of features (batch, features) of examples and of their reconstructions, in nats: a scalar."""
    return 0.5 * keras.ops.mean(keras.ops.sum(keras.ops.square(real - reconstructed), axis=-1))


def gan_loss(real: Tensor, reconstructed: Tensor, generated: Tensor) -> Tensor:
    """Return L_GAN of the scores (batch, 1) of examples, reconstructions, and samples from the prior: a scalar."""
    softplus = keras.ops.softplus  # softplus(−s) = −log σ(s), softplus(s) = −log(1 − σ(s))
    return keras.ops.mean(softplus(-real) + softplus(reconstructed) + softplus(generated))


def _discriminator(body: backbones.Body, item_shape: tuple[int, ...]) -> Model:
    """Build a discriminator with two outputs, scores (batch, 1) and features (batch, features)."""
    critic = adversarial.discriminator(body, item_shape)
    return keras.Model(critic.input, [critic.output, critic.get_layer("score").input], name="discriminator")
