"""A layer that penalises codes that are not sparse, or far from 0.

Sparse codes: by L1 or by a Kullback-Leibler divergence (Ng 2011, CS294A); codes near 0: by L2 (Ghosh et al. 2020, arXiv
1903.12436).

Keras's own activity regulariser is not used: some releases divide by the batch size and others do not, so the effect
of a weight would depend on the version.
"""

from __future__ import annotations

from typing import Any

from aenb.core.backend import Tensor, keras


@keras.saving.register_keras_serializable("aenb")
class Sparsity(keras.layers.Layer):
    """Return the code unchanged, and add weight · penalty to the loss.

    Args:
        kind: "l1": the mean of |zⱼ| over units and batch; "kl": meanⱼ KL(ρ ‖ ρ̂ⱼ), ρ̂ⱼ the batch mean of unit j; "l2":
            the mean of ½‖z‖² over the batch.
        weight: λ, the weight of the penalty; 0: no penalty.
        target: ρ in (0, 1), the target of the mean activation of each unit, for "kl".
    """

    def __init__(self, kind: str, weight: float, target: float, **kwargs: Any):
        super().__init__(**kwargs)
        self.kind, self.weight, self.target = kind, weight, target

    def call(self, code: Tensor) -> Tensor:
        """Add the penalty and return the code: (batch, latent_dim), each in (0, 1) for "kl"."""
        penalty = {"l1": keras.ops.abs, "kl": self._divergence, "l2": _half_square}[self.kind](code)
        self.add_loss(self.weight * keras.ops.mean(penalty))
        return code

    def _divergence(self, code: Tensor) -> Tensor:  # (latent_dim,)
        mean = keras.ops.clip(keras.ops.mean(code, axis=0), 1e-7, 1 - 1e-7)
        on, off = self.target, 1 - self.target
        return on * keras.ops.log(on / mean) + off * keras.ops.log(off / (1 - mean))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the code, which is unchanged."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the configuration, for Keras to restore the layer."""
        return {**super().get_config(), "kind": self.kind, "weight": self.weight, "target": self.target}


def _half_square(code: Tensor) -> Tensor:  # (batch,)
    return 0.5 * keras.ops.sum(keras.ops.square(code), axis=-1)
