"""The maximum mean discrepancy between two samples: how far the means of their features in a kernel's space are apart.

Gretton et al. (2012), "A kernel two-sample test", JMLR 13; Tolstikhin, Bousquet, Gelly & Schölkopf (2018), "Wasserstein
auto-encoders", arXiv 1711.01558, take the inverse multiquadratics kernel, whose tails let codes that are far away feel
the prior, and the unbiased estimate (algorithm 2): for codes x₁ … xₙ and draws y₁ … yₙ from N(0, I) in d dimensions,

    k(x, y) = C / (C + ‖x − y‖²),  C = 2 d
    MMD² ≈ Σ_{i≠j} (k(xᵢ, xⱼ) + k(yᵢ, yⱼ)) / n(n − 1) − 2 Σᵢⱼ k(xᵢ, yⱼ) / n²
"""

from __future__ import annotations

from aenb.core.backend import Tensor, keras


def mean_discrepancy(x: Tensor, y: Tensor) -> Tensor:
    """Return the unbiased estimate of the squared discrepancy of two samples: (n, d) twice → (), float32.

    It may be below 0. For n = 1 the first sum is empty.

    Example:
        >>> import numpy as np
        >>> round(float(mean_discrepancy(np.float32([[0.0], [0.0]]), np.float32([[1.0], [1.0]]))), 4)  # 2 − 2 · 2 / 3
        0.6667
    """
    ops = keras.ops
    n = ops.cast(ops.shape(x)[0], "float32")
    pairs = ops.maximum(n * (n - 1), 1.0)
    within = (ops.sum(_kernel(x, x)) - n) + (ops.sum(_kernel(y, y)) - n)  # k(x, x) = 1
    return within / pairs - 2 * ops.sum(_kernel(x, y)) / ops.square(n)


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    """Return the kernel of each pair: (n, d) and (m, d) → (n, m)."""
    ops, scale = keras.ops, 2.0 * x.shape[-1]
    distance = ops.sum(ops.square(x[:, None] - y[None]), axis=-1)
    return scale / (scale + distance)
