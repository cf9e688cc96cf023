"""Estimates of the log-likelihood of held-out examples, for models that have one, and of the KL divergence, in nats.

Both bounds are estimated from latent codes z₁ … zₖ ~ q(z|x) of each example, with wᵢ = p(x|zᵢ) p(zᵢ) / q(zᵢ|x):

    ELBO = E log wᵢ = E log p(x|z) − KL(q(z|x) ‖ p(z))  ≤  E log 1/k Σᵢ wᵢ  ≤  log p(x)

The second is the importance-weighted bound (Burda, Grosse & Salakhutdinov 2015, arXiv 1509.00519). It gets closer to
log p(x) with more codes, so minus it is an upper bound on the NLL: report the number of codes with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from aenb.core.backend import Tensor, keras, tf
from aenb.models.autoencoder import Evidence

SAMPLES = 5000  # latent codes of each example, as usual in the literature
ROOM = 2**22  # numbers of decoded examples in memory at a time
BATCH = 128  # examples at a time


@dataclass(frozen=True)
class Estimates:
    """Estimated bounds on log p(x) for each example, in nats.

    Attributes:
        log_likelihood: (n,), E_q[log p(x|z)].
        kl: (n,), KL(q(z|x) ‖ p(z)).
        log_evidence: (n,), log 1/k Σᵢ wᵢ.
        samples: k.
    """

    log_likelihood: np.ndarray
    kl: np.ndarray
    log_evidence: np.ndarray
    samples: int

    def scores(self) -> dict[str, float]:
        """Return the means over examples: `elbo`, its parts `log_likelihood` and `kl`, `nll`, and `nll_samples`."""
        means = {name: float(getattr(self, name).mean()) for name in ("log_likelihood", "kl")}
        elbo = means["log_likelihood"] - means["kl"]
        return {"elbo": elbo, **means, "nll": -float(self.log_evidence.mean()), "nll_samples": self.samples}


def estimate_evidence(evidence: Evidence, data: Any, *, samples: int = SAMPLES, seed: int = 0) -> Estimates:
    """Estimate the bounds on log p(x), some of the codes and of the examples at a time.

    Args:
        evidence: (data, k, seeds) → log p(x|z) and log p(z) − log q(z|x), each (k, batch), as `Network.bound_terms`.
        data: Arrays (n, …) as for a training step: (inputs, targets); NaN in targets marks missing values, which do not
            count.
        samples: Latent codes drawn for each example.
        seed: The random seed; the same seed gives the same results.

    Returns:
        The `Estimates`.

    Example:
        >>> import aenb
        >>> run = aenb.train("vae", "digits", latent_dim=2, epochs=1, verbose=False)
        >>> x = run.data.x_test[:20]
        >>> scores = estimate_evidence(run.model.evidence, (x, x), samples=50).scores()
        >>> scores["elbo"] <= -scores["nll"]
        True
    """
    arrays = tf.nest.flatten(data)
    n = len(arrays[0])
    together = min(n, BATCH)
    parts = _parts(samples, max(1, ROOM // (together * max(1, arrays[-1][0].size))))
    seeds = keras.random.SeedGenerator(seed)

    @tf.function(reduce_retracing=True, autograph=False)
    def sums(batch: Any, k: int) -> tuple[Tensor, ...]:
        log_px, log_ratio = evidence(batch, k, seeds)
        totals = [tf.reduce_sum(tf.cast(values, "float64"), axis=0) for values in (log_px, log_ratio)]
        return *totals, tf.reduce_logsumexp(tf.cast(log_px + log_ratio, "float64"), axis=0)

    batches = []
    for begin in range(0, n, together):
        here = [tf.convert_to_tensor(array[begin : begin + together]) for array in arrays]
        batch = tf.nest.pack_sequence_as(data, here)
        of_parts = [[np.asarray(value) for value in sums(batch, k)] for k in parts]
        log_px, log_ratio, log_w = map(np.stack, zip(*of_parts, strict=True))  # (parts, examples)
        batches.append((log_px.sum(axis=0), -log_ratio.sum(axis=0), np.logaddexp.reduce(log_w, axis=0)))
    log_px, kl, log_w = map(np.concatenate, zip(*batches, strict=True))
    return Estimates(log_px / samples, kl / samples, log_w - np.log(samples), samples)


def kl_per_dimension(z_mean: np.ndarray, z_log_var: np.ndarray) -> np.ndarray:
    """Return the mean over examples of KL(q(zⱼ|x) ‖ N(0, 1)): (n, latent_dim) twice → (latent_dim,), nats.

    Example:
        >>> import numpy as np
        >>> kl_per_dimension(np.array([[1.0, 0.0]]), np.zeros((1, 2))).tolist()
        [0.5, 0.0]
    """
    return (0.5 * (z_mean**2 + np.exp(z_log_var) - 1 - z_log_var)).mean(axis=0)


def active_units(z_mean: np.ndarray, threshold: float = 0.01) -> np.ndarray:
    """Say which latent dimensions are active: those with Covₓ(E[zⱼ|x]) > 0.01 (Burda et al. 2015).

    Args:
        z_mean: (n, latent_dim), the posterior means of the examples.
        threshold: The variance over examples above which a dimension is active.

    Returns:
        (latent_dim,), bool.

    Example:
        >>> import numpy as np
        >>> active_units(np.array([[-1.0, 0.0], [1.0, 0.1]])).tolist()
        [True, False]
    """
    return np.var(z_mean, axis=0) > threshold


def _parts(samples: int, largest: int) -> list[int]:
    """Divide samples into parts of nearly equal size, at most `largest`: each different size is compiled."""
    count = -(-samples // largest)
    return [samples // count + (number < samples % count) for number in range(count)]
