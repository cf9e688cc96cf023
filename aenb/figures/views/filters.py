"""Filters: what the first layer of an encoder looks for, and what it responds to in an example."""

from __future__ import annotations

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aenb.core.backend import Layer, Model, keras
from aenb.figures.plots import STYLE, image_grid, signed_colours
from aenb.figures.views.view import view
from aenb.figures.views.view_inputs import ViewInputs
from aenb.models.autoencoder import parts

SHOWN, EXAMPLES = 48, 2


def _first(inputs: ViewInputs) -> Layer | None:
    """Return the first layer of the encoder that has weights; None if its filters can't be drawn."""
    encoder = _encoder(inputs)
    layer = next((layer for layer in getattr(encoder, "layers", ()) if layer.weights), None)
    dense = isinstance(layer, keras.layers.Dense) and layer.kernel.shape[0] == np.prod(inputs.data.input_shape)
    return layer if dense or isinstance(layer, keras.layers.Conv2D) else None


def _encoder(inputs: ViewInputs) -> Model | None:
    """Return the encoder; if it only wraps a custom model, that model."""
    part = parts(inputs.model).get("encoder")
    while len(inside := [layer for layer in getattr(part, "layers", ()) if layer.weights]) == 1 and hasattr(
        inside[0], "layers"
    ):
        part = inside[0]
    return part


def _fits(inputs: ViewInputs) -> bool:
    return inputs.data.kind == "image" and _first(inputs) is not None


@view(order=10, summary="the filters of the encoder's first layer, and their responses to an example", fits=_fits)
def filters(inputs: ViewInputs) -> Figure:
    """Draw the filters of the first layer: units of a dense layer as images; of a convolution its feature maps too."""
    layer = _first(inputs)
    kernel = np.asarray(layer.kernel)
    is_conv = kernel.ndim == 4
    images = np.moveaxis(kernel, -1, 0) if is_conv else kernel.T.reshape(-1, *inputs.data.input_shape)
    strongest = np.argsort(-np.square(images).sum(axis=(1, 2, 3)))[: 16 if is_conv else SHOWN]
    shown = images[strongest].mean(axis=-1)
    tiles = signed_colours(shown / np.abs(shown).max(axis=(1, 2), keepdims=True))
    with rc_context(STYLE):
        if not is_conv:
            grid = image_grid(tiles, columns=12)
            figure = Figure(figsize=(7.4, 0.4 + 7.4 * grid.shape[0] / grid.shape[1]), layout="constrained")
            _sheet(figure.subplots(), grid, f"weights of {len(tiles)} units of `{layer.name}`")
            return figure
        figure = Figure(figsize=(7.4, 2.5), layout="constrained")
        panels = figure.subplots(1, 1 + EXAMPLES, width_ratios=(1, *[2] * EXAMPLES))
        _sheet(panels[0], image_grid(tiles, columns=4), f"filters of `{layer.name}`")
        for axes, example in zip(panels[1:], inputs.data.examples(), strict=False):
            _sheet(axes, _feature_maps(inputs, layer, example, strongest), "an example and its feature maps")
        return figure


def _feature_maps(inputs: ViewInputs, layer: Layer, example: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the example beside the layer's feature maps: RGBA."""
    encoder = _encoder(inputs)
    with inputs.run.turns:
        activations = np.asarray(keras.Model(encoder.inputs[0], layer.output)(example[None]))[0]
    maps = np.moveaxis(activations, -1, 0)[chosen]  # (filters, height, width)
    maps = (maps - maps.min()) / max(float(maps.max() - maps.min()), 1e-9)
    tiles = image_grid(maps[..., None], columns=4)
    scale = tiles.shape[0] // example.shape[0]
    large = image_grid(example.repeat(scale, axis=0).repeat(scale, axis=1)[None], columns=1)
    top = (tiles.shape[0] - large.shape[0]) // 2
    pad = ((top, tiles.shape[0] - large.shape[0] - top), (0, 4), (0, 0))
    return np.concatenate([np.pad(large, pad), tiles], axis=1)


def _sheet(axes: Axes, grid: np.ndarray, title: str) -> None:
    axes.imshow(grid, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.set_title(title, parse_math=False)
    axes.spines[:].set_visible(False)
