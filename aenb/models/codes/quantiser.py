"""Vector quantisation: each vector is replaced by the nearest entry of a codebook, which is learnt by moving averages.

Van den Oord, Vinyals & Kavukcuoglu (2017), "Neural discrete representation learning", arXiv 1711.00937. For vectors z
and a codebook e₁ … e_K, with nᵢ vectors zᵢⱼ in a batch whose nearest entry is eᵢ:

    index(z) = argminᵢ ‖z − eᵢ‖²,    quantised z = z + sg[e_index − z]: straight-through gradient

    Nᵢ ← γ Nᵢ + (1 − γ) nᵢ,     mᵢ ← γ mᵢ + (1 − γ) Σⱼ zᵢⱼ,     eᵢ ← mᵢ / Nᵢ                     (appendix A.1)

with Nᵢ smoothed as (Nᵢ + ε) / (ΣN + Kε) · ΣN, so that an unused entry does not lead to a division by zero. Entries
that are hardly used are restarted at a vector of the batch (Dhariwal et al. 2020, "Jukebox", arXiv 2005.00341).
"""

from __future__ import annotations

from typing import NamedTuple

from aenb.core.backend import Tensor, keras

EPSILON = 1e-5  # ε of the smoothing
DEAD = 0.05  # entries with less than this part of an even share of the vectors are dead
RESTARTED = 2 * DEAD  # size of a restarted entry: it has ln 2 / (1 − γ) steps to be used, and moves fast


class Codebook(NamedTuple):
    """A codebook and its moving averages.

    Attributes:
        vectors: (num_embeddings, embedding_dim), eᵢ, float32.
        sizes: (num_embeddings,), Nᵢ, the average number of vectors of a batch assigned to each.
        sums: (num_embeddings, embedding_dim), mᵢ.
    """

    vectors: Tensor
    sizes: Tensor
    sums: Tensor


def nearest(z: Tensor, vectors: Tensor) -> Tensor:
    """Return the index of the nearest vector of a codebook: (n, embedding_dim) → (n,), int32.

    Example:
        >>> import numpy as np
        >>> from aenb.models.codes.quantiser import nearest
        >>> np.asarray(nearest(np.float32([[0.9, 0.1], [0, 3]]), np.float32([[0, 1], [1, 0]]))).tolist()
        [1, 0]
    """
    ops = keras.ops
    distance = ops.sum(ops.square(vectors), axis=1) - 2 * ops.matmul(z, ops.transpose(vectors))  # less ‖z‖²
    return ops.cast(ops.argmin(distance, axis=1), "int32")


def straight_through(z: Tensor, quantised: Tensor) -> Tensor:
    """Return the quantised vectors, with the straight-through gradient: as if they were z."""
    return z + keras.ops.stop_gradient(quantised - z)


def update(codebook: Codebook, z: Tensor, indices: Tensor, decay: float) -> Codebook:
    """Move a codebook towards the vectors of a batch, by exponential moving averages.

    Args:
        codebook: The codebook.
        z: (n, embedding_dim), the vectors of the batch.
        indices: (n,), the nearest entry of each.
        decay: γ, from 0 to 1.

    Returns:
        The updated codebook.
    """
    ops, count = keras.ops, codebook.sizes.shape[0]
    chosen = ops.one_hot(indices, count)  # (n, num_embeddings)
    sizes = decay * codebook.sizes + (1 - decay) * ops.sum(chosen, axis=0)
    sums = decay * codebook.sums + (1 - decay) * ops.matmul(ops.transpose(chosen), z)
    total = ops.sum(sizes)
    smooth = (sizes + EPSILON) / (total + count * EPSILON) * total
    return Codebook(sums / smooth[:, None], sizes, sums)


def restart(codebook: Codebook, z: Tensor, seed: Tensor) -> Codebook:
    """Replace each dead entry by a random vector of the batch.

    If all sizes are 0, all entries are dead: the first batch initialises the codebook.

    Args:
        codebook: The codebook.
        z: (n, embedding_dim), the vectors of the batch.
        seed: A `keras.random.SeedGenerator`.

    Returns:
        The updated codebook.
    """
    ops, count = keras.ops, codebook.sizes.shape[0]
    share = ops.cast(ops.shape(z)[0], "float32") / count
    drawn = ops.take(z, keras.random.randint((count,), 0, ops.shape(z)[0], seed=seed), axis=0)
    dead = codebook.sizes < DEAD * share
    return Codebook(
        ops.where(dead[:, None], drawn, codebook.vectors),
        ops.where(dead, RESTARTED * share, codebook.sizes),
        ops.where(dead[:, None], RESTARTED * share * drawn, codebook.sums),
    )


def perplexity(indices: Tensor, num_embeddings: int) -> Tensor:
    """Return the perplexity of the entries used in a batch: 1 for a single entry, num_embeddings for uniform use."""
    ops = keras.ops
    return perplexity_of(ops.mean(ops.one_hot(ops.reshape(indices, (-1,)), num_embeddings), axis=0))


def perplexity_of(shares: Tensor) -> Tensor:
    """Return the perplexity of a distribution: shares (n,), whose sum is 1 → a scalar from 1 to n."""
    return keras.ops.exp(-keras.ops.sum(shares * keras.ops.log(shares + 1e-10)))
