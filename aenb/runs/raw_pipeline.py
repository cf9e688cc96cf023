"""The pipeline of a run: one Keras model from raw rows or byte images to reconstructions, scaling included.

`run.save` writes it as `pipeline.keras`. It is built of stock layers, so it opens without aenb, and gives what
`run.reconstruct` gives for the same raw array:

    images          pixels in the range of the training images   ──▶  reconstructions in [0, 1]
    rows, signals   values in their original units, NaN if missing  ──▶  reconstructions in their original units
"""

from __future__ import annotations

import numpy as np

from aenb.core.backend import Model, Tensor, keras
from aenb.data.preprocessing import Preprocessing
from aenb.latent.trained_run import TrainedRun
from aenb.models.autoencoder import parts

CHECKED = 4  # examples on which it is compared with the run
TOLERANCE = 1e-3  # in the model's units: the difference of float32 from the double precision of the preprocessing


def pipeline(run: TrainedRun) -> Model | None:
    """Build the pipeline of a run.

    Args:
        run: The `Run`.

    Returns:
        A `keras.Model` (batch, *input_shape) → (batch, *input_shape); None if there is none: for texts, mixed tables,
        conditional models, models without an encoder, and those whose codes need more than the decoder.
    """
    preprocessing, own = run.preprocessing, parts(run.model)
    if preprocessing.kind == "text" or preprocessing.columns or run.is_conditional:
        return None
    if not {"encoder", "decoder"} <= own.keys() or len(own["encoder"].inputs) > 1:
        return None
    raw = keras.Input(preprocessing.input_shape, name="raw")
    code = own["encoder"](_scaled(raw, preprocessing))
    code = code[0] if isinstance(code, list | tuple) else code
    if tuple(code.shape[1:]) != tuple(own["decoder"].input_shape[1:]):
        return None
    decoded = own["decoder"](code)
    if tuple(decoded.shape[1:]) != preprocessing.input_shape:
        return None
    model = keras.Model(raw, _unscaled(decoded, preprocessing), name="pipeline")
    return model if _agrees(model, run) else None


def _scaled(raw: Tensor, preprocessing: Preprocessing) -> Tensor:
    if preprocessing.kind == "image":
        low, high = preprocessing.pixel_range
        return keras.layers.Rescaling(1 / (high - low), -low / (high - low), name="scaling")(raw)
    if preprocessing.mean:
        variance = [scale**2 for scale in preprocessing.scale]
        raw = keras.layers.Normalization(mean=list(preprocessing.mean), variance=variance, name="scaling")(raw)
    return keras.ops.nan_to_num(raw, nan=0.0)  # a missing value is at its mean


def _unscaled(decoded: Tensor, preprocessing: Preprocessing) -> Tensor:
    if preprocessing.kind == "image" or not preprocessing.mean:
        return decoded
    return keras.layers.Rescaling(list(preprocessing.scale), list(preprocessing.mean), name="original_units")(decoded)


def _agrees(model: Model, run: TrainedRun) -> bool:
    """Say whether the pipeline gives what the run gives, on random examples."""
    preprocessing = run.preprocessing
    draw = np.random.default_rng(0)
    if preprocessing.kind == "image":
        inputs = draw.random((CHECKED, *preprocessing.input_shape), "float32")
        low, high = preprocessing.pixel_range
        raw = inputs * (high - low) + low
    else:
        inputs = draw.standard_normal((CHECKED, *preprocessing.input_shape), "float32")
        raw = preprocessing.to_raw(inputs)
    with run.turns:
        given = np.asarray(model(raw.astype("float32")))
    expected = run.reconstruct(inputs)
    if preprocessing.mean and preprocessing.kind != "image":
        given = (given - np.asarray(preprocessing.mean)) / np.asarray(preprocessing.scale)
    return bool(np.allclose(given, expected, rtol=TOLERANCE, atol=TOLERANCE))
