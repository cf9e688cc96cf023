"""The deep autoencoder: several dense layers in the encoder, mirrored in the decoder.

Hinton & Salakhutdinov (2006), "Reducing the dimensionality of data with neural networks", Science 313, trained such
a network with a 30-dimensional code, and found it far better than PCA. They pre-trained each layer as a restricted
Boltzmann machine; with modern initialisation and Adam, it trains end to end.

    x ∈ ℝᵈ → h₁ → … → z ∈ ℝᵏ → … → h₁ → x̂ ∈ ℝᵈ,     loss = ‖x − x̂‖² / d, averaged over the batch

With penalties on codes and on the decoder's weights, it is a regularised autoencoder (`regularised`).
"""

from __future__ import annotations

from aenb.core.backend import Model
from aenb.models.architecture import backbones, layers
from aenb.models.architecture import linear_path as pca_path
from aenb.models.hyperparameters import (
    Activation,
    CodeActivation,
    HiddenUnits,
    LatentDim,
    LinearPath,
    Loss,
    OutputActivation,
    Part,
    TableLayout,
    Vocabulary,
    layout_of,
)
from aenb.models.losses import regularised
from aenb.models.registry import family


@family(
    order=2,
    summary="several dense layers down to a small code and back: a hierarchy of features",
    paper="Hinton & Salakhutdinov 2006",
    takes=("image", "signal", "tabular", "text"),
)
def deep(
    input_shape: tuple[int, ...],
    *,
    latent_dim: LatentDim = 32,
    hidden_units: HiddenUnits = (512, 256),
    activation: Activation = "relu",
    latent_activation: CodeActivation = "linear",
    output_activation: OutputActivation = None,
    loss: Loss = "mse",
    linear_path: LinearPath = False,
    code_penalty: regularised.CodePenalty = 0.0,
    decoder_penalty: regularised.DecoderPenalty = 0.0,
    vocabulary: Vocabulary = 0,
    layout: TableLayout = None,
    encoder: Part = None,
    decoder: Part = None,
) -> Model:
    """Build a deep dense autoencoder, compiled.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("deep", (28, 28, 1), latent_dim=30, hidden_units=(100,))
        >>> model.get_layer("decoder").output_shape
        (None, 28, 28, 1)
    """
    table = layout_of(layout, input_shape)
    body = backbones.Body(hidden_units, activation=activation, vocabulary=vocabulary, layout=table)
    if linear_path:
        pca_path.check(
            loss=loss, output_activation=output_activation, vocabulary=vocabulary, is_mixed=table is not None
        )
        encoder = encoder or pca_path.encoder(body, input_shape, latent_dim)
        decoder = decoder or (lambda size: pca_path.decoder(body, size, input_shape))
    last = layers.output_activation(input_shape, output_activation, vocabulary)
    is_mse = loss == "mse" and not vocabulary and table is None
    model = layers.autoencoder(
        "deep",
        input_shape,
        encoder or backbones.encoder(body, input_shape, latent_dim, latent_activation),
        decoder or (lambda size: backbones.decoder(body, size, input_shape, last)),
        loss="tokens" if vocabulary else loss,
        layout=table,
        between=regularised.code_penalty(code_penalty),
        metrics=regularised.reported(code_penalty, decoder_penalty) if is_mse else [],
    )
    regularised.penalise_kernels(model.get_layer("decoder"), decoder_penalty)
    return model
