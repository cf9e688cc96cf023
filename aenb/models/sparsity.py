"""The layer that asks for a sparse code, by its absolute values or by a Kullback-Leibler divergence (Ng 2011, CS294A).

Keras's own activity regulariser is not used: some of its releases divide by the batch size and others do not, so that a
weight would not mean the same everywhere.
"""

from __future__ import annotations

from aenb.core.backend import keras


@keras.saving.register_keras_serializable("aenb")
class Sparsity(keras.layers.Layer):
    """Pass the code on, and add weight · penalty to the loss.

    Args:
        kind: "l1": the mean of |zⱼ| over units and batch; "kl": meanⱼ KL(ρ ‖ ρ̂ⱼ), ρ̂ⱼ the batch's mean of unit j.
        weight: λ, the weight of the penalty; 0 leaves it out.
        target: ρ in (0, 1), the mean activation that "kl" asks of each unit.
    """

    def __init__(self, kind: str, weight: float, target: float, **kwargs):
        super().__init__(**kwargs)
        self.kind, self.weight, self.target = kind, weight, target

    def call(self, code):
        """Add the penalty and return the code: (batch, latent_dim), each in (0, 1) for "kl"."""
        penalty = keras.ops.abs(code) if self.kind == "l1" else self._divergence(code)
        self.add_loss(self.weight * keras.ops.mean(penalty))
        return code

    def _divergence(self, code):  # (latent_dim,)
        mean = keras.ops.clip(keras.ops.mean(code, axis=0), 1e-7, 1 - 1e-7)
        on, off = self.target, 1 - self.target
        return on * keras.ops.log(on / mean) + off * keras.ops.log(off / (1 - mean))

    def compute_output_shape(self, input_shape):
        """Return the code's shape as it is."""
        return input_shape

    def get_config(self):
        """Return what Keras needs to make the layer again."""
        return {**super().get_config(), "kind": self.kind, "weight": self.weight, "target": self.target}
