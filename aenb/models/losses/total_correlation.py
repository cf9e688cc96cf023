"""The KL of a VAE in three parts, of which the total correlation is weighted on its own: β-TCVAE.

Chen, Li, Grosse & Duvenaud (2018), "Isolating sources of disentanglement in variational autoencoders", arXiv
1802.04942. With the aggregated posterior q(z) = E_x[q(z|x)], and the prior p(z) = Πⱼ p(zⱼ),

    E_x[KL(q(z|x) ‖ p(z))] = I(x; z)                       E[log q(z|x) − log q(z)]
                           + TC                            E[log q(z) − Σⱼ log q(zⱼ)]
                           + Σⱼ KL(q(zⱼ) ‖ p(zⱼ))          E[Σⱼ (log q(zⱼ) − log p(zⱼ))]

The total correlation TC is 0 if the dimensions of z are independent. With the weight w, the loss is

    −E_q[log p(x|z)] + KL + (w − 1) TC

which is the paper's with α = γ = 1 and β = w, and the KL in closed form. q(z) is estimated from a batch of M examples
(the paper's minibatch-weighted sampling), as are its margins, dimension by dimension:

    log q(z) ≈ log 1/(N M) Σⱼ q(z|xⱼ)

The number N of examples moves TC by the constant (d − 1) log N, without an effect on gradients. Here N = 1: q(z) is the
mixture of the posteriors of the batch, so what is reported is the TC of the codes of a batch. The information in these
is at most log M, and of codes that carry more, what is missing is counted as TC: the sum of the parts stays the same.
"""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

from aenb.core.backend import Tensor, keras
from aenb.core.fields import Field

LOG_2PI = math.log(2 * math.pi)

TotalCorrelation = Annotated[
    float, Field("weight of the total correlation, a part of the KL; over 1: independent dimensions (Chen et al. 2018)",
                 low=0)
]  # fmt: skip


class Parts(NamedTuple):
    """The three parts of the KL, in nats: scalars.

    Attributes:
        mutual_information: I(x; z).
        total_correlation: TC.
        dimension_wise: Σⱼ KL(q(zⱼ) ‖ p(zⱼ)).
    """

    mutual_information: Tensor
    total_correlation: Tensor
    dimension_wise: Tensor


def decompose(z: Tensor, mean: Tensor, log_var: Tensor, size: int = 1) -> Parts:
    """Estimate the parts of the KL from a batch, with the prior N(0, I).

    Args:
        z: (batch, latent_dim), a code of each example, drawn from its posterior.
        mean: (batch, latent_dim), of the posteriors, and
        log_var: (batch, latent_dim), their log variances.
        size: N.

    Returns:
        The parts; their sum is the mean of log q(z|x) − log p(z).

    Example:
        >>> import numpy as np
        >>> z = np.random.default_rng(0).normal(size=(500, 2)).astype("float32")
        >>> parts = decompose(z, np.zeros_like(z), np.zeros_like(z))  # the codes tell nothing about the examples
        >>> abs(float(parts.mutual_information)) < 1e-4, abs(float(parts.total_correlation)) < 1e-4
        (True, True)
    """
    ops = keras.ops
    # log q(zⱼ|x) of each code for each posterior: (codes, posteriors, latent_dim)
    between = _log_normal(z[:, None], mean[None], log_var[None])
    constant = ops.log(ops.cast(ops.shape(z)[0], "float32")) + math.log(size)
    log_q = ops.logsumexp(ops.sum(between, axis=-1), axis=1) - constant  # (codes,)
    log_margins = ops.sum(ops.logsumexp(between, axis=1) - constant, axis=-1)
    log_own = ops.sum(_log_normal(z, mean, log_var), axis=-1)
    log_prior = -0.5 * ops.sum(ops.square(z) + LOG_2PI, axis=-1)
    differences = (log_own - log_q, log_q - log_margins, log_margins - log_prior)
    return Parts(*map(ops.mean, differences))


def _log_normal(z: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    ops = keras.ops
    return -0.5 * (ops.square(z - mean) * ops.exp(-log_var) + log_var + LOG_2PI)
