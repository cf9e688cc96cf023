"""The page of the latent explorer: its script, and the facts that it needs about a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex

from aenb.figures.plots import BLUE, GREEN, ORANGE, class_colours
from aenb.figures.views.view_inputs import MAX_CLASSES, ViewInputs
from aenb.notebook.widgets.latent_layout import Layout
from aenb.notebook.widgets.point_columns import PointColumns

FOLDER = Path(__file__).parent / "explorer_page"
FILES = (  # in order: a file may use what stands in those before it
    "decoder", "drawing", "latent_space", "view", "points", "gestures", "colouring", "selecting", "placing", "path",
    "pictures", "explorer",
)  # fmt: skip
SLIDERS = 64
# Perceptually uniform, and distinct for colour-blind readers (matplotlib's viridis, by Smith & van der Walt 2015)
SCALE = [to_hex(colour) for colour in colormaps["viridis"](np.linspace(0, 1, 64))]


def script() -> str:
    """Return the page's script: its files, joined to the one module that anywidget loads."""
    return "\n".join((FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in FILES)


def page_facts(layout: Layout, columns: PointColumns, steps: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the data for the page, except arrays.

    Args:
        layout: The points.
        columns: What they can be coloured by.
        steps: The decoder's steps; none: the kernel decodes.
    """
    inputs, run, data = layout.inputs, layout.inputs.run, layout.inputs.data
    return {
        "title": layout.title,
        "kind": data.kind,
        "shape": list(data.input_shape),
        "latent_dim": inputs.codes.shape[1],
        "bounds": list(layout.bounds),
        "origin": inputs.plane.origin.tolist(),
        "axes": inputs.plane.axes.tolist() if layout.is_flat else [],
        "axis_names": " · ".join(f"{mark} {name}" for mark, name in zip("→↑", layout.names, strict=True) if name),
        "start": np.median(inputs.codes, axis=0).tolist(),
        "steps": steps,
        "sliders": [_slider(inputs, int(dimension)) for dimension in inputs.ranking[:SLIDERS]],
        "class_names": list(layout.class_words),
        "labels": _labels(layout),
        "names": columns.row_names,
        "columns": columns.names,
        "colours": class_colours(MAX_CLASSES),
        "scale": SCALE,
        "condition_classes": list(data.class_words) if run.is_conditional else [],
        "colour": BLUE,
        "line_colours": [BLUE, ORANGE, GREEN],
        "range": _range(inputs),
        "feature_names": [str(name) for name in data.feature_names or range(1, data.input_shape[-1] + 1)],
        "texts": data.texts(inputs.x) if data.kind == "text" else [],
        "has_examples": not run.is_generator,
        "has_prior": inputs.has_prior,
        "random_help": "Draw a latent code from the prior"
        if inputs.has_prior
        else "Take the latent code of a random example",
    }


def packed(x: np.ndarray, kind: str) -> bytes:
    """Return examples in the page's format: images as bytes, texts as nothing, all else as float32."""
    if kind == "image":
        pixels: np.ndarray = np.round(np.clip(x, 0, 1) * 255)
        return pixels.astype("u1").tobytes()
    return b"" if kind == "text" else np.nan_to_num(x).astype("<f4").tobytes()


def _labels(layout: Layout) -> list[str]:
    """Return the labels of the points if their classes are too many for colours, or unknown."""
    labels = layout.inputs.labels
    no_words = layout.classes is not None or labels is None or layout.inputs.run.is_generator
    return [] if no_words else [str(label) for label in labels]


def _range(inputs: ViewInputs) -> list[float]:
    """Return the range of values in which signals and features are drawn."""
    if inputs.data.kind in ("image", "text"):
        return [0.0, 1.0]
    low, high = np.quantile(inputs.x, (0.005, 0.995))
    return [float(min(low, 0.0)), float(max(high, 1e-6))]


def _slider(inputs: ViewInputs, dimension: int) -> dict[str, Any]:
    low, high = inputs.range_of(dimension)
    amount = f"{inputs.codes[:, dimension].var():.2g}" if inputs.kl is None else f"{inputs.kl[dimension]:.2g} nats"
    measure = "variance over the examples" if inputs.kl is None else "KL"
    distribution = "the prior" if inputs.has_prior else "the latent codes"
    return {
        "dimension": dimension, "low": low, "high": high, "label": f"z{dimension} · {amount}",
        "help": f"{measure} {amount}; from the 1% to the 99% quantile of {distribution}",
    }  # fmt: skip
