"""Attention between two texts: what the decoder of one looks at in the other, token by token.

The maps are recomputed from the decoder's layers "cross_1", "cross_2", …, so a loaded model has them too.
"""

from __future__ import annotations

import numpy as np

from aenb.core.backend import Model, keras
from aenb.core.errors import AenbError
from aenb.latent import coding
from aenb.models.architecture.text_body import counted, tokens_before
from aenb.models.autoencoder import part, parts

BATCH = 64
LAYER = "cross_"  # how the names of the layers begin


def has_cross_attention(model: Model) -> bool:
    """Say whether the decoder of a model attends to another text."""
    decoder = parts(model).get("decoder")
    return any(layer.name.startswith(LAYER) for layer in getattr(decoder, "layers", ()))


def cross_attention(model: Model, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return what a decoder attends to in the source when it predicts each token of the target.

    Args:
        model: A model of pairs of texts, without a bottleneck.
        x: (n, source length), token ids.
        y: (n, target length), token ids.

    Returns:
        (n, layers, heads, target length, source length), float32, rows in [0, 1] with the sum 1; 0 for padding, but for
        the end of a target.

    Raises:
        AenbError: The decoder attends to no other text.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("attention", (4,), vocabulary=9, target_length=3, embed_dim=8, num_heads=2)
        >>> cross_attention(model, np.array([[2, 3, 4, 0]]), np.array([[5, 6, 0]])).shape
        (1, 2, 2, 3, 4)
    """
    if not has_cross_attention(model):
        raise AenbError(
            "`attention`: expected a model of pairs of texts without a bottleneck; received one whose decoder "
            "attends to no other text."
        )
    decoder = part(model, "decoder")
    layers = [layer for layer in decoder.layers if layer.name.startswith(LAYER)]
    inputs = keras.Model(decoder.inputs, [layer.input[0] for layer in layers])
    maps = []
    for begin in range(0, len(x), BATCH):
        source = x[begin : begin + BATCH]
        target = keras.ops.convert_to_tensor(np.asarray(y[begin : begin + BATCH], "int32"))
        codes = keras.ops.convert_to_tensor(coding.encode(model, source))
        queries = inputs([tokens_before(target), codes])
        queries = queries if isinstance(queries, list) else [queries]
        is_there = (np.asarray(source) != 0)[:, None, :]
        shares = [
            np.asarray(layer(query, codes, attention_mask=is_there, return_attention_scores=True)[1])
            for layer, query in zip(layers, queries, strict=True)
        ]
        maps.append(np.stack(shares, axis=1) * np.asarray(counted(target))[:, None, None, :, None])
    return np.concatenate(maps).astype("float32")
