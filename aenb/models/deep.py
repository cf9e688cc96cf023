"""The deep autoencoder: several dense layers in the encoder, mirrored in the decoder.

Hinton & Salakhutdinov (2006), "Reducing the dimensionality of data with neural networks", Science 313, trained such
a network with a 30-dimensional code, and found it far better than PCA. They pre-trained each layer as a restricted
Boltzmann machine; with modern initialisation and Adam, it trains end to end.

    x ∈ ℝᵈ → h₁ → … → z ∈ ℝᵏ → … → h₁ → x̂ ∈ ℝᵈ,     loss = ‖x − x̂‖² / d, averaged over the batch

With penalties on codes and on the decoder's weights, it is a regularised autoencoder (`regularised`). With
`perceptual`, λ d(x, x̂) is added to the loss of images (`perceptual`): they are sharper, and their error larger. With
`sparsity="topk"`, only the `top_k` largest units of each code are kept (`top_k`). Of pairs of texts, it learns the
targets (`translator`), by gated recurrent units or attention.
"""

from __future__ import annotations

from typing import Annotated

from aenb.core.backend import Model
from aenb.core.fields import Field
from aenb.models.architecture import backbones, layers
from aenb.models.architecture import linear_path as pca_path
from aenb.models.autoregressive.text_decoder import source_body, text_body
from aenb.models.autoregressive.translator import Bottleneck, Code, Dropout, TargetLength, translator
from aenb.models.hyperparameters import (
    Activation,
    CodeActivation,
    DecoderType,
    HiddenUnits,
    LatentDim,
    LinearPath,
    Loss,
    OutputActivation,
    Part,
    TableLayout,
    Vocabulary,
    WordDropout,
    layout_of,
)
from aenb.models.losses import regularised
from aenb.models.losses.perceptual import Perceptual
from aenb.models.players import top_k as k_sparse
from aenb.models.registry import check_unused, family

UNITS = (512, 256)  # default; an autoregressive decoder has one layer of 256


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
    hidden_units: HiddenUnits = UNITS,
    activation: Activation = "relu",
    latent_activation: CodeActivation = "linear",
    output_activation: OutputActivation = None,
    loss: Loss = "mse",
    linear_path: LinearPath = False,
    perceptual: Perceptual = 0.0,
    sparsity: Annotated[str | None, Field("keep only the largest units of the latent code", choices=("topk",))] = None,
    top_k: k_sparse.TopK = 8,
    auxiliary_weight: k_sparse.AuxiliaryWeight = 0.0,
    code_penalty: regularised.CodePenalty = 0.0,
    decoder_penalty: regularised.DecoderPenalty = 0.0,
    decoder_type: DecoderType = "parallel",
    word_dropout: WordDropout = 0.0,
    bottleneck: Bottleneck = False,
    dropout: Dropout = 0.0,
    target_length: TargetLength = 0,
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
    if target_length:
        kind = "gru" if decoder_type == "parallel" else decoder_type
        widths = None if hidden_units == UNITS else hidden_units
        parts = {"encoder": encoder, "decoder": decoder}
        if not bottleneck:
            of_pairs = source_body(kind, widths, vocabulary, dropout)
            return translator("deep", of_pairs, (input_shape[0], target_length), None, word_dropout, parts)
        check_unused("deep", {"dropout": dropout}, "a bottleneck")
        code, of_code = Code(latent_dim, latent_activation), text_body(kind, widths, vocabulary)
        return translator("deep", of_code, (input_shape[0], target_length), code, word_dropout, parts)
    check_unused("deep", {"bottleneck": bottleneck, "dropout": dropout}, "a task that learns no pairs of texts")
    if decoder_type != "parallel":
        from aenb.models.autoregressive.text_autoencoder import text_autoencoder

        of_texts = text_body(decoder_type, None if hidden_units == UNITS else hidden_units, vocabulary)
        return text_autoencoder(
            "deep", of_texts, input_shape[0], latent_dim, latent_activation, word_dropout, encoder, decoder
        )
    check_unused("deep", {"word_dropout": word_dropout}, "decoder_type parallel")
    body = backbones.Body(hidden_units, activation=activation, vocabulary=vocabulary, layout=table)
    if linear_path:
        pca_path.check(
            loss=loss, output_activation=output_activation, vocabulary=vocabulary, is_mixed=table is not None
        )
        encoder = encoder or pca_path.encoder(body, input_shape, latent_dim)
        decoder = decoder or (lambda size: pca_path.decoder(body, size, input_shape))
    if sparsity:
        others = {"linear_path": linear_path, "perceptual": perceptual, "vocabulary": vocabulary, "layout": layout}
        k_sparse.check(loss, code_penalty=code_penalty, decoder_penalty=decoder_penalty, **others)
        encoder = encoder or backbones.encoder(body, input_shape, latent_dim, latent_activation)
        encoder = k_sparse.sparse_encoder(encoder, input_shape, top_k)
    last = layers.output_activation(input_shape, output_activation, vocabulary)
    is_mse = loss == "mse" and not vocabulary and table is None
    model = layers.autoencoder(
        "deep",
        input_shape,
        encoder or backbones.encoder(body, input_shape, latent_dim, latent_activation),
        decoder or (lambda size: backbones.decoder(body, size, input_shape, last)),
        loss="tokens" if vocabulary else loss,
        layout=table,
        perceptual=perceptual,
        between=regularised.code_penalty(code_penalty),
        metrics=regularised.reported(code_penalty, decoder_penalty) if is_mse else [],
    )
    if sparsity:
        return k_sparse.autoencoder(model, auxiliary_weight)
    regularised.penalise_kernels(model.get_layer("decoder"), decoder_penalty)
    return model
