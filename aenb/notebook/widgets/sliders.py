"""The explorer of plain ipywidgets, for hosts without anywidget: sliders, and what the latent code decodes to."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets
import numpy as np

from aenb.core.tables import html_table
from aenb.figures.plots import examples_png
from aenb.notebook.widgets.latent_layout import Layout

MAX_SLIDERS = 16


def slider_explorer(layout: Layout, sliders: list[dict]) -> widgets.Widget:
    """Make a slider for each of the most informative dimensions, beside the decoding of the latent code.

    Args:
        layout: The run and its latent codes.
        sliders: For each dimension its description by `LatentExplorer`: "dimension", "low", "high", "label", "help".
    """
    inputs = layout.inputs
    code = np.median(inputs.codes, axis=0).astype("float32")
    classes = [(word, number) for number, word in enumerate(inputs.data.class_words)]
    drawn = inputs.data.kind in ("image", "signal")
    picture = widgets.Image(format="png", layout={"width": "240px"}) if drawn else widgets.HTML()
    condition = widgets.Dropdown(options=classes, description="class")
    rows = [
        widgets.FloatSlider(
            value=float(np.clip(code[one["dimension"]], one["low"], one["high"])), min=one["low"], max=one["high"],
            step=(one["high"] - one["low"]) / 100, description=one["label"], tooltip=one["help"],
            style={"description_width": "9em"}, layout={"width": "auto"},
        )
        for one in sliders[:MAX_SLIDERS]
    ]  # fmt: skip

    def show(_: object = None) -> None:
        for one, row in zip(sliders, rows, strict=False):
            code[one["dimension"]] = row.value
        labels = [inputs.data.classes[condition.value]] if inputs.run.is_conditional else None
        decoded = inputs.run.decode(code[None], labels)
        if drawn:
            picture.value = examples_png({"decoded": decoded})
        elif inputs.data.kind == "text":
            picture.value = f"<code>{escape(inputs.data.texts(decoded)[0])}</code>"
        else:
            names = inputs.data.feature_names or [f"feature {number}" for number in range(1, len(decoded[0]) + 1)]
            table = [[str(name), f"{value:.2f}"] for name, value in zip(names, decoded[0], strict=True)]
            picture.value = html_table([["feature", "decoded"], *table])

    for row in (*rows, condition):
        row.observe(show, "value")
    show()
    right = [condition, *rows] if inputs.run.is_conditional else rows
    return widgets.HBox(
        [picture, widgets.VBox(right, layout={"flex": "1 1 20em"})],
        layout={"flex_flow": "row wrap", "grid_gap": "16px"},
    )
