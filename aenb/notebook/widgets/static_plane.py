"""The latent plane without a kernel: a picture, and a page that responds to the pointer."""

from __future__ import annotations

import base64
import io
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from aenb.core.html import png_image, png_source, script_tag, with_id
from aenb.figures.plots import BLUE, STYLE, class_colours, image_grid, image_png, to_png
from aenb.figures.views.latent_scatter import scatter
from aenb.notebook.widgets.latent_layout import Layout

CELLS, SMALL, STILL = 18, 8, 12  # decoded images per side: in the sheet, in a sheet of large images, in the picture
LARGE = 48 * 48  # pixels; a sheet of larger images has fewer of them
POINTS = 1000
SCRIPT = (Path(__file__).parent / "sheet.js").read_text(encoding="utf-8")


def still_picture(layout: Layout) -> bytes:
    """Draw the latent plane next to what its points decode to: a PNG file."""
    bounds, images = layout.bounds, _is_decoded(layout)
    with rc_context(STYLE):
        figure = Figure(figsize=(7.4, 3.7) if images else (4.9, 4.7), layout="constrained")
        panels = figure.subplots(1, 1 + images, squeeze=False)[0]
        scatter(panels[0], layout.points, layout.classes, layout.class_words)
        panels[0].set(xlim=bounds[:2], ylim=bounds[2:], xlabel=layout.names[0], ylabel=layout.names[1])
        panels[0].set_title(
            "draws from the prior" if layout.inputs.run.is_generator else "latent codes of held-out examples"
        )
        if images:
            grid = image_grid(_decoded(layout, STILL), columns=STILL, gap=0)
            panels[1].imshow(grid, interpolation="nearest", extent=bounds, aspect="auto")
            panels[1].set(title="what the points of the plane decode to", yticklabels=[], xlabel=layout.names[0])
        return to_png(figure, dpi=100)


def sheet_html(layout: Layout, picture: bytes) -> str:
    """Return the plane as HTML that works without a kernel; without scripts it shows the picture."""
    alt = "The plane of codes, and what its points decode to"
    still = png_image(alt, picture, css="aenb-still")
    head = f'<div style="font-size:1.1em;font-weight:600;margin:.3em 0">{escape(layout.title)}</div>'
    if not _is_decoded(layout):
        return f"<div>{head}{still}</div>"
    about = with_id(_about(layout))
    height, width = layout.inputs.data.input_shape[:2]
    return (
        f'<div data-aenb-sheet="{about["id"]}">{head}{still}'
        '<div class="aenb-live-sheet" style="display:none;gap:18px;align-items:flex-start">'
        '<div style="flex:0 1 420px;min-width:0"><canvas class="aenb-plane" tabindex="0" '
        'data-lm-suppress-shortcuts="true" role="application" '
        'aria-label="Plane of codes: the pointer or the arrow keys choose a point" style="width:100%;'
        "box-sizing:border-box;aspect-ratio:1;border:1px solid #8888;border-radius:4px;cursor:crosshair;"
        'touch-action:none"></canvas>'
        f'<div style="opacity:.85">{_legend(layout)}</div></div>'
        '<figure style="margin:0;flex:0 1 196px;min-width:88px">'
        f'<canvas class="aenb-decoded" width="{width}" height="{height}" role="img" '
        'aria-label="what the point decodes to" style="width:100%;image-rendering:pixelated;border-radius:3px">'
        "</canvas><figcaption>decoded; move the pointer over the plane</figcaption></figure></div>"
        f"{script_tag(about, SCRIPT)}</div>"
    )


def _is_decoded(layout: Layout) -> bool:
    """Whether there is an image at each point of the plane."""
    return layout.is_flat and layout.inputs.data.kind == "image"


def _about(layout: Layout) -> dict[str, Any]:
    """Return the data for the page."""
    height, width, _ = layout.inputs.data.input_shape
    cells = SMALL if height * width > LARGE else CELLS
    points, (x0, x1, y0, y1) = layout.points, layout.bounds
    places = np.stack([(points[:, 0] - x0) / (x1 - x0), (y1 - points[:, 1]) / (y1 - y0)], axis=1)
    inside = np.flatnonzero(((places >= 0) & (places <= 1)).all(axis=1))[:POINTS]
    classes = layout.classes
    return {
        "points": _text(np.round(places[inside] * 65535).astype("<u2")),
        "classes": "" if classes is None else _text(classes[inside].astype("u1")),
        "colours": [BLUE] if classes is None else class_colours(len(layout.class_words)),
        "count": len(inside), "cells": cells, "width": width, "height": height,
        "sprite": _sprite(_decoded(layout, cells), cells),
    }  # fmt: skip


def _decoded(layout: Layout, cells: int) -> np.ndarray:
    """Decode the centres of cells that cover the plane, row by row from the top: (cells², *input_shape)."""
    x0, x1, y0, y1 = layout.bounds
    centres = (np.arange(cells) + 0.5) / cells
    x, y = np.meshgrid(x0 + centres * (x1 - x0), y1 - centres * (y1 - y0))
    return layout.inputs.decoded(np.stack([x.ravel(), y.ravel()], axis=1))


def _sprite(images: np.ndarray, cells: int) -> str:
    grid = image_grid(images, columns=cells, gap=0)
    if images.shape[-1] == 3:
        return png_source(image_png(grid[..., :3]))
    from PIL import Image

    buffer = io.BytesIO()  # in 64 greys it takes a fifth of the bytes
    grey = Image.fromarray(np.round(grid[..., 0] * 255).astype("uint8"), "L")
    grey.quantize(64, dither=Image.Dither.NONE).save(buffer, "png", optimize=True)
    return png_source(buffer.getvalue())


def _legend(layout: Layout) -> str:
    return " ".join(
        f'<span style="white-space:nowrap"><span style="color:{colour}">●</span> {escape(name)}</span>'
        for colour, name in zip(class_colours(len(layout.class_words)), layout.class_words, strict=True)
    )


def _text(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()
