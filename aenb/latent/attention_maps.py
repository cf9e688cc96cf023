"""Attention maps: what each patch or token of an example attends to, and how much the latent code depends on it.

The maps are recomputed from the attention layers of the encoder, so any model of the family `attention` has them, even
if it was loaded from a file.
"""

from __future__ import annotations

import warnings

import numpy as np

from aenb.core.backend import Layer, Model, Tensor, keras
from aenb.core.errors import AenbError
from aenb.latent import coding
from aenb.models.autoencoder import part

BATCH = 256


def attention(model: Model, x: np.ndarray) -> np.ndarray:
    """Return the attention maps of an encoder.

    Args:
        model: A model whose part "encoder" has attention layers.
        x: One example, (*input_shape), or several, (n, *input_shape), in the units of the training data; greyscale
            images may omit the channel axis.

    Returns:
        (layers, heads, queries, keys), float32, or for several examples (n, layers, heads, queries, keys): each row is
        the attention of a token to all tokens, in [0, 1] with the sum 1. Rows and columns of padding are 0.

    Raises:
        AenbError: The model has no attention layers, or the examples do not fit.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("attention", (28, 28, 1))
        >>> attention(model, np.zeros((28, 28, 1))).shape
        (2, 4, 16, 16)
    """
    encoder, x = _readable(model), np.asarray(x)
    shape = coding.item_shape(model)
    is_one = x.shape == shape or (shape[-1:] == (1,) and x.shape == shape[:-1])
    examples = coding._fitted(x[None] if is_one else x, shape, "x")
    blocks = encoder.get_layer("blocks")
    attending: list[Layer] = [layer for layer in blocks.layers if isinstance(layer, _kinds())]
    inputs = keras.Model(blocks.input, [layer.input for layer in attending])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "You are using a softmax")  # for a single token, which attends to itself
        parts = [
            _maps(encoder, inputs, attending, examples[i : i + BATCH]) for i in range(0, max(1, len(examples)), BATCH)
        ]
    maps = np.concatenate(parts)
    return maps[0] if is_one else maps


def rollout(maps: np.ndarray) -> np.ndarray:
    """Return how much the latent code depends on each patch or token, by attention rollout through all layers.

    Abnar & Zuidema (2020), "Quantifying attention flow in transformers", arXiv 2005.00928: half of the output
    of a layer comes from its input (the residual connection), and half from the mean attention of its heads,
    A′ = ½ (A + I); for all layers, this gives A′_L ⋯ A′_1. The code depends on all tokens, so the rows are averaged.

    Args:
        maps: (n, layers, heads, tokens, tokens), or without n for one example, as `attention` gives them.

    Returns:
        (n, tokens), or (tokens,): shares in [0, 1] with the sum 1.

    Example:
        >>> even = np.full((1, 1, 2, 2), 0.5)  # one layer, one head, two tokens
        >>> rollout(even).tolist()
        [0.5, 0.5]
    """
    present = maps[..., 0, 0, :, :].sum(axis=-1)  # 1 for tokens, 0 for padding
    flow = np.eye(maps.shape[-1])
    for layer in range(maps.shape[-4]):
        flow = (maps[..., layer, :, :, :].mean(axis=-3) + np.eye(maps.shape[-1])) / 2 @ flow
    weights = present / np.maximum(present.sum(axis=-1, keepdims=True), 1e-12)
    return np.einsum("...q,...qk->...k", weights, flow).astype("float32")


def on_places(model: Model, shares: np.ndarray) -> np.ndarray:
    """Expand the shares of patches to the pixels of an image or the steps of a signal.

    Args:
        model: The model whose `attention` they come from.
        shares: (…, patches), from `rollout`, or rows of a map.

    Returns:
        (…, height, width), or for signals (…, length): the share of the patch of each pixel or step.

    Raises:
        AenbError: The model is for texts, which have no patches.
    """
    *sides, _ = coding.item_shape(model)
    if not sides:
        raise AenbError(
            f"Expected a model for images or signals; received one for examples of {coding.item_shape(model)}."
        )
    cells = _readable(model).get_layer("tokens").get_layer("cells").target_shape
    counts, size = cells[: 2 * len(sides) : 2], cells[1]
    expanded = shares.reshape(*shares.shape[:-1], *counts)
    for axis, side in enumerate(sides, -len(sides)):
        expanded = np.take(expanded.repeat(size, axis=axis), np.arange(side), axis=axis)
    return expanded


def _readable(model: Model) -> Model:
    """Return the encoder of a model with attention."""
    encoder = part(model, "encoder")
    if not {"tokens", "blocks"} <= {layer.name for layer in encoder.layers}:
        raise AenbError(
            f"Expected a model of the family `attention`; the encoder of `{model.name}` has no attention layers that "
            "can be read."
        )
    return encoder


def _kinds() -> tuple[type, ...]:
    return keras.layers.MultiHeadAttention, keras.layers.AdditiveAttention


def _maps(encoder: Model, inputs: Model, attending: list[Layer], x: np.ndarray) -> np.ndarray:
    tokens = encoder.get_layer("tokens")(x)
    tensors = inputs(tokens)
    tensors = tensors if isinstance(tensors[0], list | tuple) else [tensors]  # for one layer, Keras returns a flat list
    shares = (_shares(layer, of_layer) for layer, of_layer in zip(attending, tensors, strict=True))
    maps = np.stack([np.asarray(one, "float32") for one in shares], axis=1)
    if isinstance(tokens, list | tuple):
        present = np.asarray(tokens[1], "float32")
        maps = maps * present[:, None, None, :, None] * present[:, None, None, None, :]
    return maps


def _shares(layer: Layer, tensors: list[Tensor]) -> Tensor:
    """Call an attention layer again, to get its attention weights: (batch, heads, queries, keys)."""
    if isinstance(layer, keras.layers.MultiHeadAttention):
        query, value, *mask = tensors
        return layer(query, value, attention_mask=mask[0] if mask else None, return_attention_scores=True)[1]
    *qkv, mask = tensors if len(tensors) == 4 else (*tensors, None)
    return layer(qkv, mask=None if mask is None else [None, mask], return_attention_scores=True)[1][:, None]
