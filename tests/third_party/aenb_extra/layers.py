"""Keras classes: imported when a model is built or loaded."""

import keras


@keras.saving.register_keras_serializable("aenb_extra")
class Swish(keras.layers.Layer):
    """x · sigmoid(x)."""

    def call(self, x):
        """Apply it."""
        return x * keras.ops.sigmoid(x)
