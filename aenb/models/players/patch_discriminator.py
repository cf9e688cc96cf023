"""A discriminator on patches: an adversarial loss that makes a decoder's images sharp, beside its reconstruction.

Isola, Zhu, Zhou & Efros (2017), arXiv 1611.07004: a convolutional discriminator D scores each patch of an image, since
what a squared error gets wrong is local. Esser, Rombach & Ommer (2021), "Taming transformers for high-resolution image
synthesis", arXiv 2012.09841, add it to a VQ-VAE, and Rombach et al. (2022), arXiv 2112.10752, to the first stage of
latent diffusion. With the mean E over patches and batch, and reconstructions x̂,

    autoencoder    minimises   its loss + w λ · −E[D(x̂)],      λ = ‖∂L_rec / ∂x̂‖ / (‖∂E[D(x̂)] / ∂x̂‖ + δ)
    D              minimises   ½ E[max(0, 1 − D(x))] + ½ E[max(0, 1 + D(x̂))]       hinge (Lim & Ye 2017, 1705.02894)

With w = 1, λ makes both gradients at the decoder's output equally large, whatever the scale of the likelihood. The
papers take the gradients with respect to the decoder's last kernel; those with respect to its output (Défossez et al.
2022, arXiv 2210.13438) need no such kernel, and so work with any decoder. D counts only after `begin` steps, as in
Esser et al.: before it has learnt anything, its gradient is noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from aenb.core.backend import Model, Tensor, keras, tf
from aenb.core.errors import AenbError
from aenb.core.fields import Field
from aenb.models.players.adversarial import squared_error
from aenb.models.players.training_step import Batch, Player

FILTERS, SIDE = (32, 64), 4  # of each level, which halves the image; pixels
SMALLEST = 8  # pixels of the shorter side
DELTA, MOST = 1e-6, 1e4  # δ, and the largest λ
BEGIN = 500  # steps before D counts
TERMS = ("discriminator_loss", "real_score", "fake_score")

AdversarialWeight = Annotated[
    float,
    Field("weight of a discriminator on patches, relative to the reconstruction: sharper images (Esser et al. 2021)",
          low=0, only_for="image"),
]  # fmt: skip


def build(item_shape: tuple[int, ...]) -> Model:
    """Build the discriminator: (batch, H, W, channels) in [0, 1] → (batch, ⌈H/4⌉, ⌈W/4⌉, 1), a score of each patch.

    A score depends on a patch of 22 × 22 pixels.

    Raises:
        AenbError: The examples are not images of at least 8 × 8 pixels.
    """
    if len(item_shape) != 3 or min(item_shape[:2]) < SMALLEST:
        raise AenbError(
            f"`adversarial_weight`: expected 0 for examples that are not images of at least {SMALLEST} × {SMALLEST} "
            f"pixels; received examples of {item_shape}."
        )
    image = keras.Input(item_shape, name="input")
    x = keras.layers.Rescaling(2.0, -1.0, name="scale")(image)
    for level, count in enumerate(FILTERS, 1):
        x = keras.layers.Conv2D(
            count, SIDE, strides=2, padding="same", activation="leaky_relu", kernel_initializer="he_normal",
            name=f"conv_{level}",
        )(x)  # fmt: skip
    score = keras.layers.Conv2D(1, SIDE, padding="same", name="score")(x)
    return keras.Model(image, score, name="discriminator")


@dataclass(frozen=True)
class Patches:
    """The adversarial loss on patches.

    Attributes:
        weight: w.
        begin: The steps before D counts.
    """

    weight: float
    begin: int = BEGIN

    def loss(
        self, net: Model, output: Tensor, reconstruction: Callable[[Tensor], Tensor], image: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """Return w λ · −E[D(x̂)], to be added to the autoencoder's loss: a scalar.

        Args:
            net: The network, with the part "discriminator".
            output: The decoder's output, with respect to which the gradients are taken.
            reconstruction: output → L_rec, a scalar.
            image: output → x̂, (batch, H, W, channels), with 0 for missing pixels.
        """
        ops = keras.ops
        fixed = ops.stop_gradient(output)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(fixed)
            error, against = reconstruction(fixed), generator_loss(net.discriminator, image(fixed))
        norms = [ops.norm(ops.reshape(tape.gradient(value, fixed), (-1,))) for value in (error, against)]
        balance = ops.stop_gradient(ops.minimum(norms[0] / (norms[1] + DELTA), MOST))
        counts = ops.cast(net.step >= self.begin, "float32")
        return counts * self.weight * balance * generator_loss(net.discriminator, image(output))

    def player(self, images: Callable[[Model, Batch], Tensor], learning_rate: float | None = None) -> Player:
        """Return the player that trains D.

        Args:
            images: (network, batch) → reconstructions x̂, (batch, H, W, channels), with 0 for missing pixels.
            learning_rate: Of D; None: that of the training.
        """

        def loss(net: Model, batch: Batch) -> dict[str, Tensor]:
            return discriminator_loss(net.discriminator, batch.y, keras.ops.stop_gradient(images(net, batch)))

        return Player("discriminator", loss, TERMS, ("discriminator",), learning_rate, beta_1=0.5, gradient_norm=True)


def generator_loss(discriminator: Model, images: Tensor) -> Tensor:
    """Return −E[D(x̂)]: (batch, H, W, channels) → ()."""
    return -keras.ops.mean(keras.ops.cast(discriminator(images), "float32"))


def discriminator_loss(discriminator: Model, real: Tensor, reconstructed: Tensor) -> dict[str, Tensor]:
    """Return the hinge loss of D, and its mean scores of patches of real and of reconstructed images: scalars."""
    ops = keras.ops
    s, t = (ops.cast(discriminator(x), "float32") for x in (real, reconstructed))
    loss = 0.5 * ops.mean(ops.relu(1 - s)) + 0.5 * ops.mean(ops.relu(1 + t))
    return dict(zip(TERMS, (loss, ops.mean(s), ops.mean(t)), strict=True))


def with_discriminator(model: Model, weight: float) -> Model:
    """Return an autoencoder with a discriminator on patches, trained with the squared error.

    Args:
        model: A Keras model of images with the parts "encoder" and "decoder".
        weight: w.

    Returns:
        A `Network` with these parts and "discriminator".

    Raises:
        AenbError: The images are too small.
    """
    from aenb.models.network import Network  # starts TensorFlow

    shape, patches = tuple(model.input_shape[1:]), Patches(weight)
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")

    def images(net: Model, batch: Batch) -> Tensor:
        return batch.observed * keras.ops.cast(net.decoder(net.encoder(batch.x)), "float32")

    def loss(net: Model, batch: Batch) -> dict[str, Tensor]:
        found = images(net, batch)
        error = squared_error(batch, found)
        against = patches.loss(net, found, lambda x: squared_error(batch, x), lambda x: x)
        return {"loss": error + against, "reconstruction_loss": error, "adversarial_loss": against}

    terms = ("loss", "reconstruction_loss", "adversarial_loss")
    return Network(
        shape,
        encoder.output_shape[1:],
        {"encoder": encoder, "decoder": decoder, "discriminator": build(shape)},
        [Player("autoencoder", loss, terms, ("encoder", "decoder")), patches.player(images)],
        prior=False,
        name=model.name,
    )
