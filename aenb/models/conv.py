"""The convolutional autoencoder: shared small filters, with coarser resolution and more channels at each level.

Masci et al. (2011), "Stacked convolutional auto-encoders for hierarchical feature extraction", ICANN. Each level halves
height and width with a strided convolution; a dense layer computes the latent code. The decoder mirrors this with
transposed convolutions. Odd sizes are rounded up in the encoder and cropped in the decoder, so any height, width and
number of channels work. Signals have convolutions along time, and a recurrent layer on request (`signal_body`).

    (H, W, C) → (⌈H/2⌉, ⌈W/2⌉, f₁) → (⌈H/4⌉, ⌈W/4⌉, f₂) → z ∈ ℝᵏ → … → (H, W, C)

With penalties on codes and on the decoder's weights, it is a regularised autoencoder (`regularised`).
With `perceptual`, λ d(x, x̂) is added to the loss (`perceptual`): reconstructions are sharper, and their error larger.
With `adversarial_weight`, so is the loss of a discriminator on patches (`patch_discriminator`).
"""

from __future__ import annotations

from typing import Annotated

from aenb.core.backend import Model
from aenb.core.errors import AenbError
from aenb.core.fields import Field
from aenb.models.architecture import backbones, layers
from aenb.models.architecture import linear_path as pca_path
from aenb.models.architecture.signal_body import SignalBody
from aenb.models.hyperparameters import Activation, LatentDim, LinearPath, Loss, OutputActivation, Part
from aenb.models.losses import regularised
from aenb.models.losses.perceptual import Perceptual
from aenb.models.players.patch_discriminator import AdversarialWeight, with_discriminator
from aenb.models.registry import check_unused, family


@family(
    order=3,
    summary="strided convolutions down to a code and transposed ones back, for images and signals of any size",
    paper="Masci et al. 2011",
    takes=("image", "signal"),
)
def conv(
    input_shape: tuple[int, ...],
    *,
    latent_dim: LatentDim = 32,
    filters: Annotated[
        tuple[int, ...], Field("filters of each level; each level halves the image or the steps", low=1, high=4096)
    ] = (32, 64),
    kernel_size: Annotated[int, Field("side of the filters, in pixels or steps", low=1, high=31)] = 3,
    recurrent_units: Annotated[
        int, Field("units of a recurrent layer (GRU) beside the code, of signals; 0: none", low=0, high=4096)
    ] = 0,
    activation: Activation = "relu",
    output_activation: OutputActivation = None,
    loss: Loss = "mse",
    linear_path: LinearPath = False,
    perceptual: Perceptual = 0.0,
    adversarial_weight: AdversarialWeight = 0.0,
    code_penalty: regularised.CodePenalty = 0.0,
    decoder_penalty: regularised.DecoderPenalty = 0.0,
    encoder: Part = None,
    decoder: Part = None,
) -> Model:
    """Build a convolutional autoencoder for images or signals, compiled.

    With `adversarial_weight`, there is a third part, "discriminator", and the loss is the squared error.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("conv", (27, 31, 3), filters=(16, 32), latent_dim=10)
        >>> model.output_shape
        (None, 27, 31, 3)
        >>> aenb.build_model("conv", (50, 2), filters=(8, 16), recurrent_units=12, latent_dim=4).output_shape
        (None, 50, 2)
    """
    body = _body(input_shape, filters, kernel_size, activation, recurrent_units)
    if adversarial_weight:
        given = {"loss": loss, "perceptual": perceptual, "code_penalty": code_penalty,
                 "decoder_penalty": decoder_penalty}  # fmt: skip
        check_unused("conv", given, "`adversarial_weight`, whose training step has the squared error alone")
    if linear_path:
        pca_path.check(loss=loss, output_activation=output_activation)
        encoder = encoder or pca_path.encoder(body, input_shape, latent_dim)
        decoder = decoder or (lambda size: pca_path.decoder(body, size, input_shape))
    last = layers.output_activation(input_shape, output_activation)
    model = layers.autoencoder(
        "conv",
        input_shape,
        encoder or backbones.encoder(body, input_shape, latent_dim),
        decoder or (lambda size: backbones.decoder(body, size, input_shape, last)),
        loss=loss,
        perceptual=perceptual,
        between=regularised.code_penalty(code_penalty),
        metrics=regularised.reported(code_penalty, decoder_penalty) if loss == "mse" else [],
    )
    if adversarial_weight:
        return with_discriminator(model, adversarial_weight)
    regularised.penalise_kernels(model.get_layer("decoder"), decoder_penalty)
    return model


def _body(
    input_shape: tuple[int, ...], filters: tuple[int, ...], kernel_size: int, activation: str, recurrent_units: int
) -> backbones.Body:
    """Return the layers for images, or those for signals.

    Raises:
        AenbError: There are no layers, or a recurrent one for images.
    """
    is_image = len(input_shape) == 3
    if recurrent_units and is_image:
        raise AenbError("`recurrent_units` of family `conv`: expected 0 for images; received more. Leave it out.")
    if not filters and not recurrent_units:
        raise AenbError("`filters` of family `conv`: expected at least one level; received none.")
    if is_image:
        return backbones.Body((), filters, kernel_size, activation)
    return SignalBody((), filters, kernel_size, activation, recurrent_units=recurrent_units)
