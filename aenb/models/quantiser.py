"""Vector quantisation: each vector is replaced by the nearest of a codebook, which follows the vectors it stands for.

Van den Oord, Vinyals & Kavukcuoglu (2017), "Neural discrete representation learning", arXiv 1711.00937. For vectors z
and a codebook e₁ … e_K, with nᵢ vectors zᵢⱼ in a batch to which eᵢ is the nearest:

    index(z) = argminᵢ ‖z − eᵢ‖²,    quantised z = z + sg[e_index − z]: the gradient goes straight through

    Nᵢ ← γ Nᵢ + (1 − γ) nᵢ,     mᵢ ← γ mᵢ + (1 − γ) Σⱼ zᵢⱼ,     eᵢ ← mᵢ / Nᵢ                     (appendix A.1)

with Nᵢ smoothed as (Nᵢ + ε) / (ΣN + Kε) · ΣN, so that a code that is never used does not divide by zero. A code that is
hardly used is put in the place of a vector at hand, to begin anew (Dhariwal et al. 2020, "Jukebox", arXiv 2005.00341).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from aenb.core.backend import keras

EPSILON = 1e-5  # of the smoothing
DEAD = 0.05  # a code that is used less than this part of an even share counts as dead
BEGIN = 2 * DEAD  # what a code that begins anew counts for: it has ln 2 / (1 − γ) steps to be used, and moves fast


class Codebook(NamedTuple):
    """What the moving averages keep.

    Attributes:
        vectors: (num_embeddings, embedding_dim), eᵢ, float32.
        sizes: (num_embeddings,), Nᵢ, how many vectors of a batch each stands for.
        sums: (num_embeddings, embedding_dim), mᵢ.
    """

    vectors: Any
    sizes: Any
    sums: Any


def nearest(z: Any, vectors: Any) -> Any:
    """Return the index of the nearest vector of a codebook: (n, embedding_dim) → (n,), int32.

    Example:
        >>> import numpy as np
        >>> from aenb.models.quantiser import nearest
        >>> np.asarray(nearest(np.float32([[0.9, 0.1], [0, 3]]), np.float32([[0, 1], [1, 0]]))).tolist()
        [1, 0]
    """
    ops = keras.ops
    distance = ops.sum(ops.square(vectors), axis=1) - 2 * ops.matmul(z, ops.transpose(vectors))  # less ‖z‖²
    return ops.cast(ops.argmin(distance, axis=1), "int32")


def straight_through(z: Any, quantised: Any) -> Any:
    """Return the quantised vectors, with a gradient that goes through to z as if they were z."""
    return z + keras.ops.stop_gradient(quantised - z)


def update(codebook: Codebook, z: Any, indices: Any, decay: float) -> Codebook:
    """Move a codebook towards the vectors of a batch, by exponential moving averages.

    Args:
        codebook: Before.
        z: (n, embedding_dim), the batch's vectors.
        indices: (n,), the nearest code of each.
        decay: γ, from 0 to 1.

    Returns:
        The codebook after.
    """
    ops, count = keras.ops, codebook.sizes.shape[0]
    chosen = ops.one_hot(indices, count)  # (n, num_embeddings)
    sizes = decay * codebook.sizes + (1 - decay) * ops.sum(chosen, axis=0)
    sums = decay * codebook.sums + (1 - decay) * ops.matmul(ops.transpose(chosen), z)
    total = ops.sum(sizes)
    smooth = (sizes + EPSILON) / (total + count * EPSILON) * total
    return Codebook(sums / smooth[:, None], sizes, sums)


def restart(codebook: Codebook, z: Any, seed: Any) -> Codebook:
    """Put each dead code in the place of a vector of the batch, drawn at random.

    A codebook whose sizes are all 0 is dead as a whole: the first batch gives it its first vectors.

    Args:
        codebook: Before.
        z: (n, embedding_dim), the batch's vectors.
        seed: A `keras.random.SeedGenerator`.

    Returns:
        The codebook after.
    """
    ops, count = keras.ops, codebook.sizes.shape[0]
    share = ops.cast(ops.shape(z)[0], "float32") / count
    drawn = ops.take(z, keras.random.randint((count,), 0, ops.shape(z)[0], seed=seed), axis=0)
    dead = codebook.sizes < DEAD * share
    return Codebook(
        ops.where(dead[:, None], drawn, codebook.vectors),
        ops.where(dead, BEGIN * share, codebook.sizes),
        ops.where(dead[:, None], BEGIN * share * drawn, codebook.sums),
    )


def perplexity(indices: Any, num_embeddings: int) -> Any:
    """Return exp of the entropy of the codes' use in a batch: 1 if all is one code, num_embeddings if all are alike."""
    ops = keras.ops
    share = ops.mean(ops.one_hot(ops.reshape(indices, (-1,)), num_embeddings), axis=0)
    return ops.exp(-ops.sum(share * ops.log(share + 1e-10)))
