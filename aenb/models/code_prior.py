"""A small autoregressive prior over the codes of an item: p(k) = Πₚ p(kₚ | k₁ … kₚ₋₁), a causal transformer.

Van den Oord et al. (2017), arXiv 1711.00937, fit a PixelCNN on the codes. Here the conditionals are of causal
self-attention (Vaswani et al. 2017, arXiv 1706.03762; in the order of Radford et al. 2019, GPT-2), which takes codes of
images in raster order and those of a vector alike, and is trained along with the codes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aenb.core.backend import keras, tf
from aenb.models import layers
from aenb.models.transformer import Transformer

HEADS = 4
CHUNK = 512  # items that are drawn at once: what bounds the memory


def build(positions: int, num_embeddings: int, units: int, num_layers: int) -> Any:
    """Build the prior, of stock layers.

    Returns:
        A `keras.Model` named "prior_model", codes (batch, positions), int → logits (batch, positions,
        num_embeddings); those of a position hang on the codes before it only.
    """
    body = Transformer(units, HEADS, num_layers, activation="relu", is_causal=True)
    codes = keras.Input((positions,), dtype="int32", name="codes")
    x = keras.layers.Embedding(num_embeddings, units, name="words")(codes)
    x = keras.layers.ZeroPadding1D((1, 0), name="begin")(x)  # each position is told the code of the one before it
    x = keras.layers.Cropping1D((0, 1), name="shifted")(x)
    x = body.blocks(body.embed(x, (positions,)))
    return keras.Model(codes, layers.dense(num_embeddings, "linear", "logits")(x), name="prior_model")


def cross_entropy(logits: Any, codes: Any) -> Any:
    """Return −log p(codes) in nats: (batch, positions, num_embeddings) and (batch, positions) → (batch,)."""
    ops = keras.ops
    each = keras.losses.sparse_categorical_crossentropy(codes, ops.cast(logits, "float32"), from_logits=True)
    return ops.sum(each, axis=-1)


def sampler(prior: Any) -> Callable[[int, int], np.ndarray]:
    """Return a function (n, seed) → n codes drawn from a prior, (n, positions), int32.

    It draws one position after the other, of all items at once, in a graph that is traced when it is first called.
    """
    positions = prior.input_shape[1]

    def draw(n, seed):
        def step(position, codes, kept):
            logits, kept = next_logits(prior, codes, position, kept)
            drawn = tf.random.stateless_categorical(logits, 1, tf.stack([seed, position]), dtype="int32")
            return position + 1, tf.where(tf.range(positions) == position, drawn, codes), kept

        start = tf.constant(0), tf.zeros((n, positions), "int32"), nothing_kept(prior, n)
        return tf.while_loop(lambda position, *_: position < positions, step, start)[1]

    compiled = tf.function(draw, input_signature=[tf.TensorSpec((), "int32")] * 2, autograph=False)

    def sample(n: int, seed: int) -> np.ndarray:
        seeds = np.random.SeedSequence(seed).generate_state(-(-n // CHUNK), "uint32") >> 1
        sizes = [min(CHUNK, n - begin) for begin in range(0, n, CHUNK)]
        return np.concatenate([compiled(size, int(seed)).numpy() for size, seed in zip(sizes, seeds, strict=True)])

    return sample


def nothing_kept(prior: Any, n: Any) -> list[Any]:
    """Return what `next_logits` keeps before the first position: keys and values of each block, all 0."""
    blocks = [layer for layer in prior.layers if layer.name.startswith("attention")]
    size = (prior.input_shape[1], n, HEADS, blocks[0].key_dim)
    return [(tf.zeros(size), tf.zeros(size)) for _ in blocks]


def next_logits(prior: Any, codes: Any, position: Any, kept: list[Any]) -> tuple[Any, list[Any]]:
    """Compute a prior's logits at one position from the code before it and what was kept of the positions before that.

    It gives what the whole model gives there, at the price of one position.

    Args:
        prior: As `build` made it.
        codes: (n, positions), of which only the one before the position is read.
        position: From 0, an int scalar.
        kept: Keys and values of each block, (positions, n, heads, units / heads), those of the positions before.

    Returns:
        (n, num_embeddings), float32; and what is kept for the next position.
    """
    of = prior.get_layer
    x = _float(of("words")(codes[:, tf.maximum(position - 1, 0)])) * tf.cast(position > 0, "float32")
    x = tf.matmul(x, of("embed").kernel) + tf.gather(of("embed").bias, position)  # (n, units)
    after = []
    for number, (keys, values) in enumerate(kept, 1):
        attention, inner = of(f"attention_{number}"), of(f"before_attention_{number}")(x)[:, None]
        projections = attention.query_dense, attention.key_dense, attention.value_dense
        query, key, value = (_float(projection(inner))[:, 0] for projection in projections)  # (n, heads, units / heads)
        keys = tf.tensor_scatter_nd_update(keys, [[position]], key[None])
        values = tf.tensor_scatter_nd_update(values, [[position]], value[None])
        after.append((keys, values))
        scores = tf.reduce_sum(query * keys, axis=-1) * attention.key_dim**-0.5  # (positions, n, heads)
        known = tf.range(tf.shape(keys)[0])[:, None, None] <= position
        weights = tf.nn.softmax(tf.where(known, scores, -np.inf), axis=0)
        seen = tf.reduce_sum(weights[..., None] * values, axis=0)
        x += _float(attention.output_dense(seen[:, None]))[:, 0]
        x += _float(of(f"narrow_{number}")(of(f"wide_{number}")(of(f"before_dense_{number}")(x))))
    return _float(of("logits")(of("last")(x))), after


def _float(x: Any) -> Any:
    return tf.cast(x, "float32")
