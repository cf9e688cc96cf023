"""The explorer of plain ipywidgets, for hosts that have no anywidget: sliders, and what the code decodes to."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets
import numpy as np

from aenb.core.tables import html_table
from aenb.figures.plots import examples_png
from aenb.notebook.widgets.latent_layout import Layout

MOST = 16  # sliders


def slider_explorer(layout: Layout, sliders: list[dict]) -> widgets.Widget:
    """Make a slider for each of the dimensions that tell most, beside the item that the code decodes to.

    Args:
        layout: The run and its codes.
        sliders: For each dimension what `LatentExplorer` says of it: "dimension", "low", "high", "label", "help".
    """
    inputs = layout.inputs
    code = np.median(inputs.codes, axis=0).astype("float32")
    classes = [(word, number) for number, word in enumerate(inputs.data.class_words)]
    drawn = inputs.data.kind in ("image", "signal")
    picture = widgets.Image(format="png", layout={"width": "240px"}) if drawn else widgets.HTML()
    told = widgets.Dropdown(options=classes, description="class")
    rows = [
        widgets.FloatSlider(
            value=float(np.clip(code[one["dimension"]], one["low"], one["high"])), min=one["low"], max=one["high"],
            step=(one["high"] - one["low"]) / 100, description=one["label"], tooltip=one["help"],
            style={"description_width": "9em"}, layout={"width": "auto"},
        )
        for one in sliders[:MOST]
    ]  # fmt: skip

    def show(_: object = None) -> None:
        for one, row in zip(sliders, rows, strict=False):
            code[one["dimension"]] = row.value
        labels = [inputs.data.classes[told.value]] if inputs.run.is_conditional else None
        made = inputs.run.decode(code[None], labels)
        if drawn:
            picture.value = examples_png({"decoded": made})
        elif inputs.data.kind == "text":
            picture.value = f"<code>{escape(inputs.data.texts(made)[0])}</code>"
        else:
            names = inputs.data.feature_names or [f"feature {number}" for number in range(1, len(made[0]) + 1)]
            table = [[str(name), f"{value:.2f}"] for name, value in zip(names, made[0], strict=True)]
            picture.value = html_table([["feature", "decoded"], *table])

    for row in (*rows, told):
        row.observe(show, "value")
    show()
    right = [told, *rows] if inputs.run.is_conditional else rows
    return widgets.HBox(
        [picture, widgets.VBox(right, layout={"flex": "1 1 20em"})],
        layout={"flex_flow": "row wrap", "grid_gap": "16px"},
    )
