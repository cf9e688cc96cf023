"""The loss of rows of a mixed table, as a Keras loss: each column by its kind, missing values left out."""

from __future__ import annotations

from typing import Any

from aenb.core.backend import Tensor, keras
from aenb.core.layout import Layout
from aenb.models.losses.mixed import mean_loss


@keras.saving.register_keras_serializable("aenb")
class MixedLoss(keras.losses.Loss):
    """The mean loss of the observed values of a batch, in nats, weighted by column: see `aenb.models.losses.mixed`.

    Args:
        layout: `Layout.to_text()` of the table.
    """

    def __init__(self, layout: str, name: str = "mixed", **kwargs: Any):
        super().__init__(name=name, reduction=None)
        self.layout = layout
        self._layout = Layout.from_text(layout)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the mean over the columns and rows of y_true that are not NaN: (batch, width) twice → ()."""
        missing = keras.ops.isnan(y_true)
        target = keras.ops.where(missing, keras.ops.zeros_like(y_true), y_true)
        return mean_loss(target, y_pred, 1.0 - keras.ops.cast(missing, "float32"), self._layout)

    def get_config(self) -> dict[str, Any]:
        """Return the configuration, for Keras to restore the loss."""
        return {"name": self.name, "layout": self.layout}
