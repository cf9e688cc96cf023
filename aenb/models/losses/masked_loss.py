"""A loss for targets with missing values: entries that are NaN do not count."""

from __future__ import annotations

from typing import Any

from aenb.core.backend import Model, Tensor, keras


@keras.saving.register_keras_serializable("aenb")
class Observed(keras.losses.Loss):
    """The mean of a loss over the observed entries of a batch.

    Args:
        loss: "mean_squared_error", "mean_absolute_error" or "binary_crossentropy".
    """

    def __init__(self, loss: str, name: str = "observed", **kwargs: Any):
        super().__init__(name=name, reduction=None)
        self.loss = loss

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the mean over entries of y_true that are not NaN: (batch, ...) twice → ()."""
        missing = keras.ops.isnan(y_true)
        target = keras.ops.where(missing, y_pred, y_true)
        count = keras.ops.sum(1.0 - keras.ops.cast(missing, y_pred.dtype))
        per_entry = keras.losses.get(self.loss)(target[..., None], y_pred[..., None])
        per_entry = keras.ops.where(missing, keras.ops.zeros_like(per_entry), per_entry)
        return keras.ops.sum(per_entry) / keras.ops.maximum(count, 1.0)

    def get_config(self) -> dict[str, Any]:
        """Return the configuration, for Keras to restore the loss."""
        return {"name": self.name, "loss": self.loss}


def observed_only(model: Model) -> None:
    """Recompile a model, so that missing values (NaN) in targets do not count; in mixed tables they never do."""
    if not isinstance(model.loss, str):
        return
    optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
    model.compile(optimizer, loss=Observed(model.loss))
