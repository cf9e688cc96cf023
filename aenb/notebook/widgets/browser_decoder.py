"""A decoder for the page: its layers as plain values for `explorer_page/decoder.js`, if it supports them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aenb.core.backend import Layer, Model, keras
from aenb.latent import coding
from aenb.models.autoencoder import interface, parts

MAX_WEIGHTS = 2**22  # that are sent
ACTIVATIONS = {"linear", "relu", "elu", "selu", "gelu", "silu", "leaky_relu", "tanh", "sigmoid", "softplus"}
CLOSE = 1e-4
Step = tuple[dict[str, Any], list[np.ndarray]]


def page_decoder(model: Model) -> tuple[list[dict[str, Any]], bytes] | None:
    """Return what a page needs in order to decode without a kernel.

    Args:
        model: A model whose decoder is a chain of dense layers, transposed convolutions, and the like.

    Returns:
        The steps in order, and their weights, float32, concatenated; None if the page does not support a step, if
        there are too many weights, or if the model's decoding is more than its decoder.
    """
    for name in ("averaged_decoder", "decoder", "averaged_generator", "generator"):
        part = parts(model).get(name)
        steps = None if part is None else _steps(part)
        if steps is None or interface(model).num_classes or sum(w.size for _, ws in steps for w in ws) > MAX_WEIGHTS:
            continue
        codes = np.random.default_rng(0).standard_normal((4, *coding.code_shape(model))).astype("float32")
        if np.allclose(np.asarray(part(codes)), coding.decode(model, codes), atol=CLOSE):
            weights = [np.asarray(array, "<f4").ravel() for _, arrays in steps for array in arrays]
            return [about for about, _ in steps], np.concatenate(weights).tobytes()
    return None


def _steps(part: Model) -> list[Step] | None:
    """Translate the layers of a part; None if one is unsupported, or if they are not a chain."""
    steps, tensor = [], part.inputs[0] if len(part.inputs) == 1 else None
    for layer in part.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        try:
            follows, shape = layer.input is tensor, layer.output.shape[1:]
        except (AttributeError, ValueError):  # it has several inputs, or is used several times
            return None
        step = _KINDS.get(type(layer).__name__, lambda layer: None)(layer) if follows else None
        if step is None or step[0].get("activation", "linear") not in ACTIVATIONS:
            return None
        steps.append((step[0] | {"shape": list(shape), "from": list(layer.input.shape[1:])}, step[1]))
        tensor = layer.output
    return steps


def _weights(layer: Layer) -> list[np.ndarray]:
    """Return the kernel and the bias (zeros if there is none)."""
    kernel = np.asarray(layer.kernel)
    units = kernel.shape[2] if kernel.ndim == 4 else kernel.shape[-1]
    return [kernel, np.asarray(layer.bias) if layer.use_bias else np.zeros(units)]


def _dense(layer: Layer) -> Step | None:
    if len(layer.input.shape) != 2:
        return None
    return {"kind": "dense", "activation": layer.activation.__name__}, _weights(layer)


def _transposed(layer: Layer) -> Step | None:
    plain = layer.padding == "same" and layer.strides[0] == layer.strides[1] and set(layer.dilation_rate) == {1}
    if not plain or layer.output_padding is not None or layer.data_format != "channels_last":
        return None
    about = {"kind": "transposed", "activation": layer.activation.__name__, "stride": layer.strides[0]}
    return about | {"kernel": list(layer.kernel.shape[:2])}, _weights(layer)


def _norm(layer: Layer) -> Step | None:
    if not layer.center or not layer.scale or list(layer.axis) not in ([-1], [len(layer.input.shape) - 1]):
        return None
    return {"kind": "norm", "epsilon": layer.epsilon}, [np.asarray(layer.gamma), np.asarray(layer.beta)]


def _cropping(layer: Layer) -> Step:
    return {"kind": "crop", "top": layer.cropping[0][0], "left": layer.cropping[1][0]}, []


def _activation(layer: Layer) -> Step:
    return {"kind": "activation", "activation": layer.activation.__name__}, []


_KINDS: dict[str, Callable[[Layer], Step | None]] = {
    "Dense": _dense,
    "Conv2DTranspose": _transposed,
    "LayerNormalization": _norm,
    "Cropping2D": _cropping,
    "Activation": _activation,
    "Reshape": lambda layer: ({"kind": "as_is"}, []),
    "Flatten": lambda layer: ({"kind": "as_is"}, []),
}
