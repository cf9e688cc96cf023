"""The perceptual distance as a part of a Keras loss, for models of stock layers."""

from __future__ import annotations

from typing import Any

from aenb.core.backend import Tensor, keras
from aenb.models.losses.masked_loss import Observed
from aenb.models.losses.perceptual import distance


@keras.saving.register_keras_serializable("aenb")
class WithPerceptual(keras.losses.Loss):
    """The mean of a loss over the observed entries of a batch, and weight · the mean perceptual distance.

    Args:
        error: "mean_squared_error", "mean_absolute_error" or "binary_crossentropy".
        weight: The weight of the distance, see `aenb.models.losses.perceptual`.
    """

    def __init__(self, error: str, weight: float, name: str = "with_perceptual", **kwargs: Any):
        super().__init__(name=name, reduction=None)
        self.error, self.weight = error, weight
        self._observed = Observed(error)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of images, NaN for missing pixels: (batch, H, W, channels) twice → ()."""
        ops = keras.ops
        known = ops.where(ops.isnan(y_true), ops.stop_gradient(y_pred), y_true)
        return self._observed.call(y_true, y_pred) + self.weight * ops.mean(distance(known, y_pred))

    def get_config(self) -> dict[str, Any]:
        """Return the configuration, for Keras to restore the loss."""
        return {"name": self.name, "error": self.error, "weight": self.weight}
