"""The attention autoencoder: a transformer whose patches or tokens attend to each other in encoder and decoder.

An image is cut into patches, a signal into segments, a text into tokens. Each becomes a vector with its position added,
and passes through blocks of self-attention (Vaswani et al. 2017, arXiv 1706.03762; for images Dosovitskiy et al. 2020,
arXiv 2010.11929). The latent code is a linear function of all of them. The decoder computes a vector for each position
from the code, and passes them through blocks again, to patches:

    t_p = W x_p + b_p,   h = blocks(t),   z = c + Σ_p V_p h_p ∈ ℝᵏ,   x̂_p = g(O · blocks(u)_p),   u_p = U_p z + m_p
    softmax(Q Kᵀ / √d) V           form "multihead"
    softmax(vᵀ tanh(W q + U k)) V   form "additive", one head (Bahdanau, Cho & Bengio 2014, arXiv 1409.0473)

The encoder ignores padding: nothing attends to it, and it is not in the sum Σ_p.

With `mask_ratio` r > 0, it is a masked autoencoder (He et al. 2021, arXiv 2111.06377): in each training step, a random
share r of the patches is masked, the encoder gets only the visible ones, m_p represents the masked ones, and the loss
is the error on the masked ones only. In the paper, the decoder also gets the visible tokens; here it gets only the
code, as in RetroMAE (Xiao et al. 2022, arXiv 2205.12035), so that the code still represents the whole example. The sum
Σ_p over visible patches is divided by their share.

    loss = Σ_{p masked} ‖x_p − x̂_p‖² / (number of values in masked patches)

Of pairs of texts, it is the transformer that learns the targets (`translator`), with attention over the source.
"""

from __future__ import annotations

import math
from typing import Annotated

from aenb.core.backend import Model, keras
from aenb.core.errors import AenbError
from aenb.core.fields import Field
from aenb.models.architecture import layers
from aenb.models.architecture.attending_body import AttendingBody
from aenb.models.architecture.causal_body import CausalBody
from aenb.models.architecture.custom_parts import as_part
from aenb.models.architecture.transformer import Patches, Transformer
from aenb.models.autoregressive.translator import Bottleneck, Code, Dropout, TargetLength, translator
from aenb.models.hyperparameters import Activation, LatentDim, Loss, OutputActivation, Part, Vocabulary, WordDropout
from aenb.models.losses.perceptual import Perceptual
from aenb.models.players.masking import Masking
from aenb.models.players.training_step import Player
from aenb.models.registry import check_unused, family

SIDE, LENGTH = 4, 64  # default patches along the shorter side of an image; largest default number along a signal


@family(
    order=5,
    summary="patches or tokens attend to each other in encoder and decoder; masked on request",
    paper="Vaswani et al. 2017; He et al. 2021",
    learning_rate=2e-3,
    takes=("image", "signal", "text"),
)
def attention(
    input_shape: tuple[int, ...],
    *,
    latent_dim: LatentDim = 32,
    patch_size: Annotated[
        int | None, Field("side of a patch in pixels, or steps of a signal; None: by the data", low=1, high=4096)
    ] = None,
    embed_dim: Annotated[int, Field("size of the vector of a token", low=1, high=4096)] = 64,
    num_heads: Annotated[int, Field("attention heads in each block", low=1, high=256)] = 4,
    num_layers: Annotated[int, Field("blocks of the encoder, and of the decoder", low=1, high=64)] = 2,
    form: Annotated[
        str, Field("attention: dot products in several heads, or additive in one", choices=("multihead", "additive"))
    ] = "multihead",
    positions: Annotated[
        str, Field("position embeddings: learned, or sines and cosines", choices=("learned", "sincos"))
    ] = "learned",
    mask_ratio: Annotated[
        float, Field("share of the patches that is masked in training; 0: none", low=0, high=0.99)
    ] = 0.0,
    activation: Activation = "gelu",
    output_activation: OutputActivation = None,
    loss: Loss = "mse",
    perceptual: Perceptual = 0.0,
    word_dropout: WordDropout = 0.0,
    bottleneck: Bottleneck = False,
    dropout: Dropout = 0.0,
    target_length: TargetLength = 0,
    vocabulary: Vocabulary = 0,
    encoder: Part = None,
    decoder: Part = None,
) -> Model:
    """Build a transformer autoencoder for images, signals or texts, compiled.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("attention", (28, 28, 1), latent_dim=30, patch_size=7)
        >>> model.get_layer("encoder").get_layer("blocks").output_shape  # 16 patches; any number works
        (None, None, 64)
    """
    if target_length:
        given = {"patch_size": patch_size, "form": form, "positions": positions, "mask_ratio": mask_ratio}
        check_unused("attention", given | {"activation": activation}, "pairs of texts")
        _check_heads(embed_dim, num_heads)
        widths, parts = (embed_dim,) * num_layers, {"encoder": encoder, "decoder": decoder}
        if not bottleneck:
            body_of_pairs = AttendingBody(widths, vocabulary, num_heads, dropout)
            return translator("attention", body_of_pairs, (input_shape[0], target_length), None, word_dropout, parts)
        check_unused("attention", {"dropout": dropout}, "a bottleneck")
        narrow = CausalBody(widths, vocabulary)
        return translator("attention", narrow, (input_shape[0], target_length), Code(latent_dim), word_dropout, parts)
    given = {"bottleneck": bottleneck, "dropout": dropout, "word_dropout": word_dropout}
    check_unused("attention", given, "a task that learns no pairs of texts")
    patches = _patches(input_shape, patch_size, vocabulary)
    body = Transformer(embed_dim, num_heads, num_layers, form, positions, activation)
    _check_widths(body, patches)
    if encoder is None:
        encoder = _encoder(body, patches, input_shape, latent_dim, vocabulary)
    last = layers.output_activation(input_shape, output_activation, vocabulary)

    def build_decoder(size: int) -> Model:
        return _decoder(body, patches, size, vocabulary, last)

    kind = "tokens" if vocabulary else loss
    if not mask_ratio:
        return layers.autoencoder(
            "attention", input_shape, encoder, decoder or build_decoder, loss=kind, perceptual=perceptual
        )
    if perceptual:
        raise AenbError(
            f"`perceptual`: expected 0 with a mask, whose loss is that of patches; received {perceptual:g}."
        )
    from aenb.models.network import Network  # starts TensorFlow

    masking = Masking(patches, mask_ratio, kind)
    masking.check(encoder)
    size = encoder.output_shape[-1]
    decoder = as_part(decoder or build_decoder(size), keras.Input((size,), name="input"), "decoder")
    return Network(
        input_shape,
        (size,),
        {"encoder": encoder, "decoder": decoder},
        [Player("autoencoder", masking.loss, ("loss",), ("encoder", "decoder"))],
        prior=False,
        name="attention",
    )


def _patches(item_shape: tuple[int, ...], size: int | None, vocabulary: int) -> Patches:
    """Choose how to cut examples: images and signals into patches, texts into tokens.

    Raises:
        AenbError: A patch size is given for texts.
    """
    if vocabulary:
        if size not in (None, 1):
            raise AenbError(f"`patch_size`: expected None for texts, which are cut into tokens; received {size}.")
        return Patches((*item_shape, 1), 1)
    is_image = len(item_shape) == 3
    by_data = min(item_shape[:2]) / SIDE if is_image else item_shape[0] / LENGTH
    return Patches(item_shape, size or math.ceil(by_data))


def _check_widths(body: Transformer, patches: Patches) -> None:
    """Check that the size of tokens is divisible by the number of heads, and for positions.

    Raises:
        AenbError: `embed_dim` is not divisible.
    """
    _check_heads(body.embed_dim, body.num_heads if body.form == "multihead" else 1)
    waves = 2 * len(patches.grid)
    if body.positions == "sincos" and body.embed_dim % waves:
        raise AenbError(
            f'`embed_dim`: expected a multiple of {waves} for positions="sincos"; received {body.embed_dim}.'
        )


def _check_heads(embed_dim: int, heads: int) -> None:
    if embed_dim % heads:
        raise AenbError(f"`embed_dim`: expected a multiple of num_heads={heads}; received {embed_dim}.")


def _encoder(
    body: Transformer, patches: Patches, item_shape: tuple[int, ...], latent_dim: int, vocabulary: int
) -> Model:
    """Build the encoder: the parts "tokens" and "blocks", and the layer "code", which takes all tokens."""
    x = keras.Input(item_shape, name="input", dtype="int32" if vocabulary else None)
    tokens = _tokens(body, patches, item_shape, vocabulary)(x)
    inputs = [keras.Input((None, body.embed_dim), name="token")]
    if len(item_shape) < 3:  # sequences, which may be padded
        inputs.append(keras.Input((None,), name="is_there", dtype="bool"))
    blocks = keras.Model(inputs if len(inputs) > 1 else inputs[0], body.blocks(*inputs), name="blocks")
    h = blocks(tokens)
    if len(inputs) > 1:
        h = keras.layers.Multiply(name="of_those_there")([h, keras.ops.cast(tokens[1], h.dtype)[..., None]])
    h = keras.layers.Flatten(name="flatten")(h)
    return keras.Model(x, layers.dense(latent_dim, "linear", "code")(h), name="encoder")


def _tokens(body: Transformer, patches: Patches, item_shape: tuple[int, ...], vocabulary: int) -> Model:
    """Build the model from examples to tokens; for sequences, it also marks which tokens are not all zeros."""
    x = keras.Input(item_shape, name="item", dtype="int32" if vocabulary else None)
    cut = keras.layers.Embedding(vocabulary, body.embed_dim, name="words")(x) if vocabulary else patches.cut(x)
    tokens = body.embed(cut, patches.grid)
    if len(item_shape) == 3:
        return keras.Model(x, tokens, name="tokens")
    is_there = keras.ops.not_equal(x, 0) if vocabulary else keras.ops.any(keras.ops.not_equal(cut, 0), axis=-1)
    return keras.Model(x, [tokens, is_there], name="tokens")


def _decoder(body: Transformer, patches: Patches, latent_dim: int, vocabulary: int, last: str) -> Model:
    """Build the decoder: from a latent code to patches, or to the probabilities of tokens."""
    code = keras.Input((latent_dim,), name="code")
    u = layers.dense(patches.count * body.embed_dim, "linear", "spread")(code)
    u = keras.layers.Reshape((patches.count, body.embed_dim), name="places")(u)
    h = body.blocks(body.place(u, patches.grid))
    output = layers.dense(vocabulary or patches.width, last, "output")(h)
    return keras.Model(code, output if vocabulary else patches.join(output), name="decoder")
