"""The latent explorer: the latent codes of held-out examples in a plane, in which a point is moved and decoded."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import anywidget
import numpy as np
import traitlets
from IPython import get_ipython

from aenb.core.arguments import checked
from aenb.core.fields import Field
from aenb.figures.plots import BLUE, GREEN, ORANGE, class_colours
from aenb.figures.views.view_inputs import ViewInputs
from aenb.latent import coding
from aenb.notebook.widgets.browser_decoder import page_decoder
from aenb.notebook.widgets.latent_layout import lay_out
from aenb.notebook.widgets.placement import PLAIN, is_live
from aenb.notebook.widgets.slot import Slot
from aenb.notebook.widgets.static_plane import sheet_html, still_picture
from aenb.runs.run import Run

LIMIT, SLIDERS = 3000, 64
HERE = Path(__file__).parent


class LatentExplorer(anywidget.AnyWidget):
    """Explore the latent space of a run: drag a point over a plane, change one dimension, interpolate between points.

    The plane shows the latent codes of held-out examples (for a generator, draws from its prior), coloured by class.
    Hovering shows the nearest example. Dragging or the arrow keys move a point, and its decoding is shown: the page
    computes it if the decoder is a chain of layers that it supports, else the kernel does. Each dimension has a
    slider, most informative first. Without a kernel it is a static page or a picture.

    Args:
        run: The `Run`.
        plane: "pca", the principal axes of the codes (or their own two dimensions); "umap", a layout that keeps
            neighbours together, which needs the package umap-learn.
        limit: The largest number of examples to show.

    Raises:
        AenbError: Its codes are discrete, or the plane is unknown.

    Example:
        >>> import aenb
        >>> run = aenb.train("deep", "digits", latent_dim=2, epochs=1, verbose=False)
        >>> explorer = aenb.LatentExplorer(run)
        >>> explorer.about["latent_dim"]
        2
    """

    _esm = HERE / "explorer.js"
    _css = HERE / "explorer.css"
    about = traitlets.Dict().tag(sync=True)
    points = traitlets.Bytes().tag(sync=True)
    codes = traitlets.Bytes().tag(sync=True)
    classes = traitlets.Bytes().tag(sync=True)
    examples = traitlets.Bytes().tag(sync=True)
    weights = traitlets.Bytes().tag(sync=True)

    @checked
    def __init__(self, run: Run, *, plane: str = "pca", limit: Annotated[int, Field("examples", low=1)] = LIMIT):
        self._run, self._layout = run, lay_out(ViewInputs(run, limit), plane)
        layout, inputs = self._layout, self._layout.inputs
        steps, weights = page_decoder(run.model) or ([], b"")
        super().__init__(
            about=self._describe(steps),
            points=layout.points.astype("<f4").tobytes(),
            codes=inputs.codes.astype("<f4").tobytes(),
            classes=b"" if layout.classes is None else layout.classes.astype("u1").tobytes(),
            examples=b"" if run.is_generator else _packed(inputs.x, inputs.data.kind),
            weights=weights,
        )
        self._decode = coding.quick_decoder(run.model)
        self.on_msg(self._answer)

    @property
    def run(self) -> Run:
        """The run that is explored."""
        return self._run

    def _describe(self, steps: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the data for the page, except the arrays."""
        layout, inputs, run, data = self._layout, self._layout.inputs, self.run, self._layout.inputs.data
        return {
            "title": layout.title,
            "kind": data.kind,
            "shape": list(data.input_shape),
            "latent_dim": inputs.codes.shape[1],
            "bounds": list(layout.bounds),
            "origin": inputs.plane.origin.tolist(),
            "axes": inputs.plane.axes.tolist() if layout.is_flat else [],
            "axis_names": "   ".join(f"{mark} {name}" for mark, name in zip("→↑", layout.names, strict=True) if name),
            "start": np.median(inputs.codes, axis=0).tolist(),
            "steps": steps,
            "sliders": [self._slider(int(dimension)) for dimension in inputs.ranking[:SLIDERS]],
            "class_names": list(layout.class_words),
            "colours": class_colours(len(layout.class_words)),
            "condition_classes": list(data.class_words) if run.is_conditional else [],
            "colour": BLUE,
            "line_colours": [BLUE, ORANGE, GREEN],
            "range": self._range,
            "feature_names": [str(name) for name in data.feature_names or range(1, data.input_shape[-1] + 1)],
            "texts": data.texts(inputs.x) if data.kind == "text" else [],
            "has_examples": not run.is_generator,
            "has_prior": inputs.has_prior,
            "random_help": "Draw a latent code from the prior"
            if inputs.has_prior
            else "Take the latent code of a random example",
        }

    @property
    def _range(self) -> list[float]:
        """The range of values in which signals and features are drawn."""
        if self._layout.inputs.data.kind in ("image", "text"):
            return [0.0, 1.0]
        low, high = np.quantile(self._layout.inputs.x, (0.005, 0.995))
        return [float(min(low, 0.0)), float(max(high, 1e-6))]

    def _slider(self, dimension: int) -> dict[str, Any]:
        inputs = self._layout.inputs
        low, high = inputs.range_of(dimension)
        amount = f"{inputs.codes[:, dimension].var():.2g}" if inputs.kl is None else f"{inputs.kl[dimension]:.2g} nats"
        measure = "variance over the examples" if inputs.kl is None else "KL"
        distribution = "the prior" if inputs.has_prior else "the latent codes"
        return {
            "dimension": dimension, "low": low, "high": high, "label": f"z{dimension} · {amount}",
            "help": f"{measure} {amount}; from the 1% to the 99% quantile of {distribution}",
        }  # fmt: skip

    def _answer(self, _: object, content: dict[str, Any], buffers: Sequence[Any]) -> None:
        """Decode the latent code that the page sends."""
        if content.get("kind") != "decode" or len(buffers) != 1:
            return
        code = np.frombuffer(bytes(buffers[0]), "<f4")
        if code.shape != (self._layout.inputs.codes.shape[1],) or not np.isfinite(code).all():
            return
        labels = None
        if self.run.is_conditional:
            labels = [
                self._layout.inputs.data.classes[int(content.get("label", 0)) % len(self._layout.inputs.data.classes)]
            ]
        with self.run.turns:
            decoded = self._decode(code[None], self.run.class_numbers(labels))
        if self._layout.inputs.data.kind == "text":
            self.send({"kind": "decoded", "text": self._layout.inputs.data.texts(decoded)[0]})
        else:
            self.send({"kind": "decoded"}, buffers=[_packed(decoded, self._layout.inputs.data.kind)])

    @functools.cached_property
    def _still(self) -> dict[str, Any]:
        """Return what is shown without a kernel."""
        picture = still_picture(self._layout)
        return {"text/plain": self._layout.title, "text/html": sheet_html(self._layout, picture), "image/png": picture}

    def _ipython_display_(self) -> None:
        """Display it below the cell, in a slot whose static content the notebook keeps."""
        shell = get_ipython()
        if not is_live(shell):
            raise NotImplementedError  # then IPython asks for the bundle
        Slot(shell, self, lambda: self._still)

    def _repr_mimebundle_(self, **arguments: Any) -> Any:
        """Return the widget, and what is shown without a kernel."""
        still = self._still
        if os.environ.get("AENB_LIVE") == "0" or PLAIN in os.environ:
            return still
        bundle: Any = super()._repr_mimebundle_(**arguments) or ({}, {})
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, **still}, metadata


def _packed(x: np.ndarray, kind: str) -> bytes:
    """Return examples in the page's format: images as bytes, texts as nothing, all else as float32."""
    if kind == "image":
        pixels: np.ndarray = np.round(np.clip(x, 0, 1) * 255)
        return pixels.astype("u1").tobytes()
    return b"" if kind == "text" else x.astype("<f4").tobytes()
