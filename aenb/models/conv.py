"""The convolutional autoencoder: shared small filters, with coarser resolution and more channels at each level.

Masci et al. (2011), "Stacked convolutional auto-encoders for hierarchical feature extraction", ICANN. Each level halves
height and width with a strided convolution; a dense layer computes the latent code. The decoder mirrors this with
transposed convolutions. Odd sizes are rounded up in the encoder and cropped in the decoder, so any height, width and
number of channels work.

    (H, W, C) → (⌈H/2⌉, ⌈W/2⌉, f₁) → (⌈H/4⌉, ⌈W/4⌉, f₂) → z ∈ ℝᵏ → … → (H, W, C)

With penalties on codes and on the decoder's weights, it is a regularised autoencoder (`regularised`).
With `perceptual`, λ d(x, x̂) is added to the loss (`perceptual`): reconstructions are sharper, and their error larger.
"""

from __future__ import annotations

from typing import Annotated

from aenb.core.backend import Model, keras
from aenb.core.errors import AenbError
from aenb.core.fields import Field
from aenb.models.architecture import backbones, layers
from aenb.models.architecture import linear_path as pca_path
from aenb.models.hyperparameters import LOSSES, Activation, LatentDim, LinearPath, Loss, OutputActivation, Part
from aenb.models.losses import regularised
from aenb.models.losses.perceptual import Perceptual
from aenb.models.registry import family


@family(
    order=3,
    summary="strided convolutions down to a code and transposed ones back, for images of any size",
    paper="Masci et al. 2011",
    takes=("image",),
)
def conv(
    input_shape: tuple[int, ...],
    *,
    latent_dim: LatentDim = 32,
    filters: Annotated[
        tuple[int, ...], Field("filters of each level; each level halves the image", low=1, high=4096)
    ] = (32, 64),
    kernel_size: Annotated[int, Field("side of the filters, in pixels", low=1, high=31)] = 3,
    activation: Activation = "relu",
    output_activation: OutputActivation = None,
    loss: Loss = "mse",
    linear_path: LinearPath = False,
    perceptual: Perceptual = 0.0,
    code_penalty: regularised.CodePenalty = 0.0,
    decoder_penalty: regularised.DecoderPenalty = 0.0,
    encoder: Part = None,
    decoder: Part = None,
) -> Model:
    """Build a convolutional autoencoder for images, compiled.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("conv", (27, 31, 3), filters=(16, 32), latent_dim=10)
        >>> model.output_shape
        (None, 27, 31, 3)
    """
    if not filters:
        raise AenbError("`filters` of family `conv`: expected at least one level; received none.")
    body = backbones.Body((), filters, kernel_size, activation)
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
        between=regularised.code_penalty(code_penalty),
        metrics=regularised.reported(code_penalty, decoder_penalty) if loss == "mse" else [],
    )
    if perceptual:
        _compare_features(model, loss, perceptual)
    regularised.penalise_kernels(model.get_layer("decoder"), decoder_penalty)
    return model


def _compare_features(model: Model, loss: str, weight: float) -> None:
    """Recompile a model with the perceptual distance added to its loss."""
    from aenb.models.losses.perceptual_loss import WithPerceptual  # starts TensorFlow

    model.compile(keras.optimizers.Adam(), loss=WithPerceptual(LOSSES[loss], weight))
