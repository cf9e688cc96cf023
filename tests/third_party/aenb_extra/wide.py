"""A family: one wide hidden layer on each side, and a layer of the package's own."""

from __future__ import annotations

from typing import Annotated

import aenb
from aenb.core.fields import Field


@aenb.family(summary="one wide hidden layer on each side", takes=("tabular",))
def wide(
    input_shape: tuple[int, ...],
    *,
    latent_dim: int = 2,
    width: Annotated[int, Field("units of the hidden layers", low=1)] = 64,
):
    """Build the model, compiled; Keras is imported no sooner."""
    import keras

    from aenb_extra.layers import Swish

    inputs, code = keras.Input(input_shape), keras.Input((latent_dim,))
    hidden = Swish()(keras.layers.Dense(width)(inputs))
    encoder = keras.Model(inputs, keras.layers.Dense(latent_dim)(hidden), name="encoder")
    hidden = Swish()(keras.layers.Dense(width)(code))
    decoder = keras.Model(code, keras.layers.Dense(input_shape[0])(hidden), name="decoder")
    model = keras.Model(inputs, decoder(encoder(inputs)))
    model.compile("adam", "mse")
    return model
