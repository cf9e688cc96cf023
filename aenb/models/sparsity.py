"""The layer that asks for a sparse code by a Kullback-Leibler divergence (Ng 2011, CS294A lecture notes)."""

from __future__ import annotations

from aenb.backend import keras


@keras.saving.register_keras_serializable("aenb")
class KLSparsity(keras.layers.Layer):
    """Pass the code on, and add weight · meanⱼ KL(ρ ‖ ρ̂ⱼ) to the loss, ρ̂ⱼ the batch's mean of unit j.

    Args:
        weight: λ, the weight of the penalty; 0 leaves it out.
        target: ρ in (0, 1), the mean activation asked of each unit.
    """

    def __init__(self, weight: float, target: float, **kwargs):
        super().__init__(**kwargs)
        self.weight, self.target = weight, target

    def call(self, code):
        """Add the penalty and return the code: (batch, latent_dim), each in (0, 1)."""
        mean = keras.ops.clip(keras.ops.mean(code, axis=0), 1e-7, 1 - 1e-7)
        on, off = self.target, 1 - self.target
        divergence = on * keras.ops.log(on / mean) + off * keras.ops.log(off / (1 - mean))
        self.add_loss(self.weight * keras.ops.mean(divergence))
        return code

    def compute_output_shape(self, input_shape):
        """Return the code's shape as it is."""
        return input_shape

    def get_config(self):
        """Return what Keras needs to make the layer again."""
        return {**super().get_config(), "weight": self.weight, "target": self.target}
