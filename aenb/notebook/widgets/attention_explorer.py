"""The attention explorer: pick an image patch, time step or word, and see what it attends to."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from aenb.core.arguments import checked
from aenb.core.html import png_image, png_source, script_tag, with_id
from aenb.figures.plots import BLUE, GREEN, ORANGE, STYLE, image_grid, image_png, to_png
from aenb.figures.views.attention_heads import attention
from aenb.figures.views.view_inputs import ViewInputs
from aenb.runs.run import Run

MAX_EXAMPLES, MAX_NUMBERS = 8, 2**19  # examples to pick from, and numbers in the maps sent to the page
SCRIPT = (Path(__file__).parent / "attended.js").read_text(encoding="utf-8")


class AttentionExplorer:
    """What each position of some held-out examples attends to, in each layer and head: a page without a kernel.

    Args:
        run: A `Run` of a model with attention.

    Raises:
        AenbError: The model has no attention.

    Example:
        >>> import aenb
        >>> run = aenb.train("attention", "digits", epochs=1, verbose=False)
        >>> aenb.AttentionExplorer(run)
        attention of attention, 8 held-out examples
    """

    @checked
    def __init__(self, run: Run):
        self._inputs = inputs = ViewInputs(run)
        x = inputs.data.examples() if inputs.data.kind != "text" else inputs.x
        self._x = x[:MAX_EXAMPLES]
        maps = run.attention(self._x)
        fit = max(1, MAX_NUMBERS // maps[0].size)
        self._x, self._maps = self._x[:fit], maps[:fit]

    @property
    def _title(self) -> str:
        run = self._inputs.run
        return f"attention of {run.name or run.spec.family}, {len(self._x)} held-out examples"

    def __repr__(self) -> str:
        return self._title

    def _repr_html_(self) -> str:
        about = with_id(self._about())
        still = png_image(attention.summary, to_png(attention.draw(self._inputs), dpi=100), css="aenb-still")
        return (
            f'<div data-aenb-attention="{about["id"]}">{still}'
            '<div class="aenb-asked" style="display:none"><div style="display:flex;flex-wrap:wrap;gap:.3em 1em;'
            'margin:.4em 0"><label>example <select></select></label><label>layer <select></select></label>'
            '<label>head <select></select></label></div><div class="aenb-stage"></div><output></output></div>'
            f"{script_tag(about, SCRIPT)}</div>"
        )

    def _about(self) -> dict[str, Any]:
        """Return the data for the page."""
        data, maps, (n, layers, heads, tokens, _) = self._inputs.data, self._maps, self._maps.shape
        largest = np.maximum(maps.max(axis=-1, keepdims=True), 1e-9)
        about = {
            "kind": data.kind, "layers": layers, "heads": heads, "tokens": tokens,
            "maps": base64.b64encode(np.round(maps / largest * 255).astype("u1").tobytes()).decode(),
            "counts": [int((one[0, 0].sum(axis=-1) > 0).sum()) for one in maps],
        }  # fmt: skip
        if data.kind == "text":
            words = [text.split()[:count] for text, count in zip(data.texts(self._x), about["counts"], strict=True)]
            return about | {"words": words, "titles": [" ".join(text[:4]) + " …" for text in words]}
        titles = [f"example {number + 1}" for number in range(n)]
        if data.y_test is not None and len(data.classes) <= MAX_EXAMPLES + 2 and len(self._x) <= len(data.shown):
            titles = [data.class_words[number] for number in data.class_numbers(data.y_test[data.shown[:n]])]
        return about | {"titles": titles} | (self._images() if data.kind == "image" else self._signals())

    def _grid(self) -> tuple[tuple[int, ...], int]:
        """Return the number of patches along each side, and the length of a patch."""
        cells = self._inputs.model.get_layer("encoder").get_layer("tokens").get_layer("cells").target_shape
        sides = len(self._inputs.data.input_shape) - 1
        return tuple(cells[: 2 * sides : 2]), cells[1]

    def _images(self) -> dict[str, Any]:
        (rows, columns), size = self._grid()
        height, width, _ = self._inputs.data.input_shape
        grids = (image_grid(image[None], columns=1) for image in self._x)
        pictures = [png_source(image_png(grid[..., :3])) for grid in grids]
        return {"grid": [rows, columns], "patch": size, "height": height, "width": width, "pictures": pictures}

    def _signals(self) -> dict[str, Any]:
        (columns,), size = self._grid()
        length = self._inputs.data.input_shape[0]
        pictures = []
        for signal in np.nan_to_num(self._x):
            with rc_context(STYLE):
                figure = Figure(figsize=(6.4, 2.0))
                axes = figure.add_axes((0, 0, 1, 1))
                for channel, colour in zip(signal.T[:3], (BLUE, ORANGE, GREEN), strict=False):
                    axes.plot(np.arange(length) + 0.5, channel, color=colour)
                axes.set_xlim(0, length)
                axes.set_axis_off()
                pictures.append(png_source(to_png(figure, dpi=100)))
        return {"grid": [1, columns], "patch": size, "height": 1, "width": length, "pictures": pictures}
