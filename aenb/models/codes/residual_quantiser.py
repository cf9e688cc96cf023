"""Residual vector quantisation: each codebook quantises what the ones before it left over.

Zeghidour, Luebs, Omran, Skoglund & Tagliasacchi (2021), "SoundStream: an end-to-end neural audio codec", arXiv
2107.03312, algorithm 1. For a vector z and codebooks C₁ … C_Q of K entries each:

    r₁ = z,    k_q = argminᵢ ‖r_q − C_q[i]‖²,    r_{q+1} = r_q − C_q[k_q],    quantised z = Σ_q C_q[k_q]

A vector takes Q log₂ K bits, with Q · K entries; one codebook would need K^Q. The codebooks are kept as one array, (Q ·
K, embedding_dim), stage by stage, and an index counts all of its entries. Each codebook follows the vectors that it
gets by moving averages, as that of `quantiser` does.
"""

from __future__ import annotations

from typing import NamedTuple

from aenb.core.backend import Tensor, keras
from aenb.models.codes import quantiser
from aenb.models.codes.quantiser import Codebook


class Quantised(NamedTuple):
    """Vectors after all stages.

    Attributes:
        vectors: (n, embedding_dim), the sums of the nearest entries.
        indices: (n, stages), int32, in the array of all entries.
        residuals: What each stage got: (n, embedding_dim) each.
    """

    vectors: Tensor
    indices: Tensor
    residuals: tuple[Tensor, ...]


def quantise(z: Tensor, codebooks: Tensor, stages: int) -> Quantised:
    """Quantise vectors stage by stage.

    Args:
        z: (n, embedding_dim), float32.
        codebooks: (stages · num_embeddings, embedding_dim).
        stages: How many codebooks there are.

    Returns:
        The `Quantised` vectors; no gradient passes through their indices.

    Example:
        >>> import numpy as np
        >>> books = np.float32([[0, 0], [4, 4], [0, 0], [0, 1]])
        >>> found = quantise(np.float32([[4.1, 4.9]]), books, 2)
        >>> np.asarray(found.indices).tolist(), np.asarray(found.vectors).tolist()
        ([[1, 3]], [[4.0, 5.0]])
    """
    ops, count = keras.ops, codebooks.shape[0] // stages
    total, indices, residuals = ops.zeros_like(z), [], []
    for stage in range(stages):
        residuals.append(z - total)
        chosen = quantiser.nearest(residuals[-1], codebooks[stage * count : (stage + 1) * count]) + stage * count
        indices.append(chosen)
        total = total + ops.take(codebooks, chosen, axis=0)
    return Quantised(total, ops.stack(indices, axis=-1), tuple(residuals))


def summed(codes: Tensor, codebooks: Tensor) -> Tensor:
    """Return the vectors of indices: (…, stages), int, and (entries, embedding_dim) → (…, embedding_dim)."""
    return keras.ops.sum(keras.ops.take(codebooks, codes, axis=0), axis=-2)


def trained(codebook: Codebook, z: Tensor, stages: int, decay: float, seeds: Tensor) -> tuple[Quantised, Codebook]:
    """Quantise the vectors of a training batch, and move each codebook towards what it got.

    Args:
        codebook: All codebooks as one, stage by stage.
        z: (n, embedding_dim), without a gradient.
        stages: How many codebooks there are.
        decay: γ of the moving averages.
        seeds: A `keras.random.SeedGenerator`, for entries that are restarted.

    Returns:
        The quantised vectors, by the codebooks after their restart and before their update; and the updated ones.
    """
    ops, count = keras.ops, codebook.sizes.shape[0] // stages
    total, indices, residuals, books = ops.zeros_like(z), [], [], []
    for stage in range(stages):
        residuals.append(z - total)
        own = Codebook(*(part[stage * count : (stage + 1) * count] for part in codebook))
        own = quantiser.restart(own, residuals[-1], seeds)
        chosen = quantiser.nearest(residuals[-1], own.vectors)
        total = total + ops.take(own.vectors, chosen, axis=0)
        indices.append(chosen + stage * count)
        books.append(quantiser.update(own, residuals[-1], chosen, decay))
    updated = Codebook(*(ops.concatenate(parts, axis=0) for parts in zip(*books, strict=True)))
    return Quantised(total, ops.stack(indices, axis=-1), tuple(residuals)), updated
