"""An autoregressive prior over discrete codes: p(k) = Πₚ p(kₚ | k₁ … kₚ₋₁), a small causal transformer.

Van den Oord et al. (2017), arXiv 1711.00937, fit a PixelCNN to the codes. Here the conditionals are computed by causal
self-attention (Vaswani et al. 2017, arXiv 1706.03762; with the block structure of Radford et al. 2019, GPT-2). It takes
codes of images, in raster order, as well as codes of vectors, and is trained along with the autoencoder.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aenb.core.backend import Model, Tensor, keras, tf
from aenb.models.architecture import layers
from aenb.models.architecture.transformer import Transformer

HEADS = 4
CHUNK = 512  # codes to sample at once, which bounds the memory
Cache = list[tuple[Tensor, Tensor]]  # keys and values of each block


def build(positions: int, num_embeddings: int, units: int, num_layers: int) -> Model:
    """Build the prior from stock Keras layers.

    Returns:
        A `keras.Model` named "prior_model", codes (batch, positions), int → logits (batch, positions,
        num_embeddings); the logits at a position depend only on the codes before it.
    """
    body = Transformer(units, HEADS, num_layers, activation="relu", is_causal=True)
    codes = keras.Input((positions,), dtype="int32", name="codes")
    x = keras.layers.Embedding(num_embeddings, units, name="words")(codes)
    x = keras.layers.ZeroPadding1D((1, 0), name="begin")(x)  # each position gets the code of the one before it
    x = keras.layers.Cropping1D((0, 1), name="shifted")(x)
    x = body.blocks(body.embed(x, (positions,)))
    return keras.Model(codes, layers.dense(num_embeddings, "linear", "logits")(x), name="prior_model")


def cross_entropy(logits: Tensor, codes: Tensor) -> Tensor:
    """Return −log p(codes) in nats: (batch, positions, num_embeddings) and (batch, positions) → (batch,)."""
    ops = keras.ops
    each = keras.losses.sparse_categorical_crossentropy(codes, ops.cast(logits, "float32"), from_logits=True)
    return ops.sum(each, axis=-1)


def sampler(prior: Model) -> Callable[[int, int], np.ndarray]:
    """Return a function (n, seed) → n codes sampled from a prior, (n, positions), int32.

    It samples one position after the other, for all codes at once, in a graph that is traced at the first call.
    """
    positions = prior.input_shape[1]

    def draw(n: Tensor, seed: Tensor) -> Tensor:
        def step(position: Tensor, codes: Tensor, cache: Cache) -> tuple[Tensor, Tensor, Cache]:
            logits, cache = next_logits(prior, codes, position, cache)
            drawn = tf.random.stateless_categorical(logits, 1, tf.stack([seed, position]), dtype="int32")
            return position + 1, tf.where(tf.range(positions) == position, drawn, codes), cache

        start = tf.constant(0), tf.zeros((n, positions), "int32"), empty_cache(prior, n)
        return tf.while_loop(lambda position, *_: position < positions, step, start)[1]

    compiled = tf.function(draw, input_signature=[tf.TensorSpec((), "int32")] * 2, autograph=False)

    def sample(n: int, seed: int) -> np.ndarray:
        seeds = np.random.SeedSequence(seed).generate_state(-(-n // CHUNK), "uint32") >> 1
        sizes = [min(CHUNK, n - begin) for begin in range(0, n, CHUNK)]
        return np.concatenate([compiled(size, int(seed)).numpy() for size, seed in zip(sizes, seeds, strict=True)])

    return sample


def empty_cache(prior: Model, n: Tensor) -> Cache:
    """Return the cache of `next_logits` before the first position: keys and values of each block, all 0."""
    blocks = [layer for layer in prior.layers if layer.name.startswith("attention")]
    size = (prior.input_shape[1], n, HEADS, blocks[0].key_dim)
    return [(tf.zeros(size), tf.zeros(size)) for _ in blocks]


def next_logits(prior: Model, codes: Tensor, position: Tensor, cache: Cache) -> tuple[Tensor, Cache]:
    """Compute a prior's logits at one position from the code before it and the cached keys and values.

    The result is that of the whole model at this position, for the cost of one position.

    Args:
        prior: The prior, from `build`.
        codes: (n, positions), of which only the one before the position is used.
        position: From 0, an int scalar.
        cache: Keys and values of each block at the positions before, (positions, n, heads, units / heads).

    Returns:
        (n, num_embeddings), float32; and the cache for the next position.
    """
    layer = prior.get_layer
    x = _float(layer("words")(codes[:, tf.maximum(position - 1, 0)])) * tf.cast(position > 0, "float32")
    x = tf.matmul(x, layer("embed").kernel) + tf.gather(layer("embed").bias, position)  # (n, units)
    updated = []
    for number, (keys, values) in enumerate(cache, 1):
        attention, inner = layer(f"attention_{number}"), layer(f"before_attention_{number}")(x)[:, None]
        projections = attention.query_dense, attention.key_dense, attention.value_dense
        query, key, value = (_float(projection(inner))[:, 0] for projection in projections)  # (n, heads, units / heads)
        keys = tf.tensor_scatter_nd_update(keys, [[position]], key[None])
        values = tf.tensor_scatter_nd_update(values, [[position]], value[None])
        updated.append((keys, values))
        scores = tf.reduce_sum(query * keys, axis=-1) * attention.key_dim**-0.5  # (positions, n, heads)
        known = tf.range(tf.shape(keys)[0])[:, None, None] <= position
        weights = tf.nn.softmax(tf.where(known, scores, -np.inf), axis=0)
        attended = tf.reduce_sum(weights[..., None] * values, axis=0)
        x += _float(attention.output_dense(attended[:, None]))[:, 0]
        x += _float(layer(f"narrow_{number}")(layer(f"wide_{number}")(layer(f"before_dense_{number}")(x))))
    return _float(layer("logits")(layer("last")(x))), updated


def _float(x: Tensor) -> Tensor:
    return tf.cast(x, "float32")
