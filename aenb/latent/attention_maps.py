"""Attention maps: what each patch or token of an item attends to on the way to its code, and what the code depends on.

The maps are computed once more from the layers of a model's encoder, so any model of the family `attention` has them,
also one that was loaded from a file.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from aenb.core.backend import keras
from aenb.core.errors import AenbError
from aenb.latent import coding

BATCH = 256


def attention(model: Any, x: np.ndarray) -> np.ndarray:
    """Return what an encoder attends to.

    Args:
        model: A model whose part "encoder" has attention layers.
        x: One item, (*input_shape), or several, (n, *input_shape), in the units of the training data; grey images may
            leave out the channel axis.

    Returns:
        (layers, heads, queries, keys), float32, for several items (n, layers, heads, queries, keys): row by row how a
        token's attention is shared out among the tokens, all in [0, 1] with the sum 1. Rows and columns of what only
        fills a short sequence up are 0.

    Raises:
        AenbError: The model has no attention, or the items do not fit.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("attention", (28, 28, 1))
        >>> attention(model, np.zeros((28, 28, 1))).shape
        (2, 4, 16, 16)
    """
    encoder, x = _readable(model), np.asarray(x)
    shape = coding.item_shape(model)
    is_one = x.shape == shape or (shape[-1:] == (1,) and x.shape == shape[:-1])
    items = coding._fitted(x[None] if is_one else x, shape, "x")
    blocks = encoder.get_layer("blocks")
    attending = [layer for layer in blocks.layers if isinstance(layer, _kinds())]
    inputs = keras.Model(blocks.input, [layer.input for layer in attending])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "You are using a softmax")  # of a single token, which attends to itself
        parts = [_maps(encoder, inputs, attending, items[i : i + BATCH]) for i in range(0, max(1, len(items)), BATCH)]
    maps = np.concatenate(parts)
    return maps[0] if is_one else maps


def rollout(maps: np.ndarray) -> np.ndarray:
    """Return how much the code depends on each patch or token: attention followed through the layers to the input.

    Abnar & Zuidema (2020), "Quantifying attention flow in transformers", arXiv 2005.00928: a layer passes a token on by
    half as it was (the residual connection), and by half as its heads attend on average, A′ = ½ (A + I); through all
    layers that is A′_L ⋯ A′_1. The code is read from all tokens, so their rows are averaged.

    Args:
        maps: (n, layers, heads, tokens, tokens), or without n for one item, as `attention` gives them.

    Returns:
        (n, tokens), or (tokens,): shares in [0, 1] with the sum 1.

    Example:
        >>> even = np.full((1, 1, 2, 2), 0.5)  # one layer, one head, two tokens
        >>> rollout(even).tolist()
        [0.5, 0.5]
    """
    there = maps[..., 0, 0, :, :].sum(axis=-1)  # 1 for each token, 0 for what fills up
    flow = np.eye(maps.shape[-1])
    for layer in range(maps.shape[-4]):
        flow = (maps[..., layer, :, :, :].mean(axis=-3) + np.eye(maps.shape[-1])) / 2 @ flow
    weights = there / np.maximum(there.sum(axis=-1, keepdims=True), 1e-12)
    return np.einsum("...q,...qk->...k", weights, flow).astype("float32")


def on_places(model: Any, shares: np.ndarray) -> np.ndarray:
    """Lay the shares of patches over the image or the signal they are of.

    Args:
        model: The model whose `attention` they come from.
        shares: (…, patches), such as `rollout` gives, or rows of a map.

    Returns:
        (…, height, width), or of signals (…, length): each pixel or step with the share of its patch.

    Raises:
        AenbError: The model is for texts, whose tokens are places themselves.
    """
    *sides, _ = coding.item_shape(model)
    if not sides:
        raise AenbError(
            f"Expected a model for images or signals; received one for items of {coding.item_shape(model)}."
        )
    cells = _readable(model).get_layer("tokens").get_layer("cells").target_shape
    counts, size = cells[: 2 * len(sides) : 2], cells[1]
    laid = shares.reshape(*shares.shape[:-1], *counts)
    for axis, side in enumerate(sides, -len(sides)):
        laid = np.take(laid.repeat(size, axis=axis), np.arange(side), axis=axis)
    return laid


def _readable(model: Any) -> Any:
    """Return the encoder of a model with attention."""
    encoder = coding.part(model, "encoder")
    if not {"tokens", "blocks"} <= {layer.name for layer in encoder.layers}:
        raise AenbError(
            f"Expected a model of the family `attention`; the encoder of `{model.name}` has no attention layers that "
            "can be read."
        )
    return encoder


def _kinds() -> tuple[type, ...]:
    return keras.layers.MultiHeadAttention, keras.layers.AdditiveAttention


def _maps(encoder: Any, inputs: Any, attending: list[Any], x: np.ndarray) -> np.ndarray:
    found = encoder.get_layer("tokens")(x)
    given = inputs(found)
    given = given if isinstance(given[0], list | tuple) else [given]  # of one layer, Keras gives no list of lists
    maps = [_shares(layer, tensors) for layer, tensors in zip(attending, given, strict=True)]
    maps = np.stack([np.asarray(m, "float32") for m in maps], axis=1)
    if isinstance(found, list | tuple):
        there = np.asarray(found[1], "float32")
        maps = maps * there[:, None, None, :, None] * there[:, None, None, None, :]
    return maps


def _shares(layer: Any, tensors: list[Any]) -> Any:
    """Call an attention layer once more, for its weights: (batch, heads, queries, keys)."""
    if isinstance(layer, keras.layers.MultiHeadAttention):
        query, value, *mask = tensors
        return layer(query, value, attention_mask=mask[0] if mask else None, return_attention_scores=True)[1]
    *qkv, mask = tensors if len(tensors) == 4 else (*tensors, None)
    return layer(qkv, mask=None if mask is None else [None, mask], return_attention_scores=True)[1][:, None]
