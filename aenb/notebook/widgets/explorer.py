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
from IPython.display import Image

from aenb.core.arguments import checked
from aenb.core.atomic_write import written_aside
from aenb.core.errors import AenbError
from aenb.core.fields import Field
from aenb.figures.views.view_inputs import ViewInputs
from aenb.latent import coding
from aenb.notebook.widgets.browser_decoder import page_decoder
from aenb.notebook.widgets.explorer_page import FOLDER, packed, page_facts, script
from aenb.notebook.widgets.latent_layout import lay_out
from aenb.notebook.widgets.path_animation import end_code, path_frames, to_gif
from aenb.notebook.widgets.placed_examples import MOST, encoded, marks_of, names_for
from aenb.notebook.widgets.placement import PLAIN, is_live
from aenb.notebook.widgets.point_columns import PointColumns
from aenb.notebook.widgets.selected_examples import Indices
from aenb.notebook.widgets.slot import Slot
from aenb.notebook.widgets.static_plane import sheet_html, still_picture
from aenb.runs.run import Run

LIMIT, STEPS, SECONDS = 3000, 24, 2.0


class LatentExplorer(anywidget.AnyWidget):
    """Explore the latent space of a run: drag a point over a plane, change one dimension, interpolate between points.

    The plane shows the latent codes of held-out examples (for a generator, draws from its prior), coloured by class,
    reconstruction error or a column; images can be points themselves. Dragging or the arrow keys move a point. Its
    decoding is shown, and the example whose latent code is nearest to it, by the Euclidean distance over all
    dimensions. The page decodes if the decoder is a chain of layers that it supports, else the kernel does. Each
    dimension has a slider, most informative first. The plane can be zoomed and panned, and searched. Without a kernel
    it is a static page or a picture.

    `selected` is a sorted tuple of the indices, in `run.data.x_test`, of the examples selected in the page, with a
    lasso, by a search or with the keyboard; () if none are. (For a generator they are numbers of its draws.) It can be
    set, too, and observed: `explorer.observe(lambda change: print(change.new), "selected")`.

    Args:
        run: The `Run`.
        plane: "pca", the principal axes of the codes (or their own two dimensions); "umap", a layout that keeps
            neighbours together, which needs the package umap-learn.
        limit: The largest number of examples to show.
        table: A DataFrame with a row for each held-out example, in the order of `run.data.x_test`: its columns can
            colour the points, and its index, if it is not just 0, 1, 2, …, gives the names of the examples.

    Raises:
        AenbError: Its codes are discrete, the plane is unknown, or the table does not fit.

    Example:
        >>> import aenb
        >>> run = aenb.train("deep", "digits", latent_dim=2, epochs=1, verbose=False)
        >>> explorer = aenb.LatentExplorer(run)
        >>> explorer.about["latent_dim"]
        2
        >>> explorer.selected = [7, 3]
        >>> run.data.y_test[list(explorer.selected)].shape
        (2,)
    """

    _esm = script()
    _css = FOLDER / "explorer.css"
    about = traitlets.Dict().tag(sync=True)
    points = traitlets.Bytes().tag(sync=True)
    codes = traitlets.Bytes().tag(sync=True)
    classes = traitlets.Bytes().tag(sync=True)
    indices = traitlets.Bytes().tag(sync=True)
    examples = traitlets.Bytes().tag(sync=True)
    weights = traitlets.Bytes().tag(sync=True)
    selected = Indices(()).tag(sync=True)
    ends = traitlets.Dict().tag(sync=True)  # the codes of A and B, lists of numbers
    marks = traitlets.List(traitlets.Dict()).tag(sync=True)  # examples placed by the user

    @checked
    def __init__(
        self,
        run: Run,
        *,
        plane: str = "pca",
        limit: Annotated[int, Field("examples", low=1)] = LIMIT,
        table: Any = None,
    ):
        self._run, self._layout = run, lay_out(ViewInputs(run, limit), plane)
        layout, inputs = self._layout, self._layout.inputs
        self._columns = PointColumns(inputs, table)
        self._indices = np.arange(len(inputs.codes)) if run.is_generator else inputs.index
        steps, weights = page_decoder(run.model) or ([], b"")
        super().__init__(
            about=page_facts(layout, self._columns, steps),
            points=layout.points.astype("<f4").tobytes(),
            codes=inputs.codes.astype("<f4").tobytes(),
            classes=b"" if layout.classes is None else layout.classes.astype("u1").tobytes(),
            indices=self._indices.astype("<u4").tobytes(),
            examples=b"" if run.is_generator else packed(inputs.x, inputs.data.kind),
            weights=weights,
        )
        self._decode = coding.quick_decoder(run.model)
        self.on_msg(self._answer)

    @property
    def run(self) -> Run:
        """The run that is explored."""
        return self._run

    @checked
    def place(self, x: Any, name: Any = None, labels: Any = None) -> np.ndarray:
        """Show your own examples as named stars at their latent codes; a click on a star makes it the point.

        Args:
            x: (n, *input_shape), as for `Run.encode`, or one example without the batch axis; at most 50.
            name: The name of one example, the beginning of the names of several, or a list of names; by default
                "mine 1", "mine 2", …. An example that was placed under the same name is replaced.
            labels: (n,), the classes of the examples, if the model is conditional.

        Returns:
            The latent codes, (n, latent_dim), float32.

        Raises:
            AenbError: The examples do not fit the model, or are too many, or the names are not as many.

        Example:
            >>> import aenb
            >>> run = aenb.train("deep", "digits", latent_dim=2, epochs=1, verbose=False)
            >>> explorer = aenb.LatentExplorer(run)
            >>> explorer.place(1 - run.data.x_test[0], "negative").shape
            (1, 2)
            >>> explorer.marks = []  # takes all of them away
        """
        inputs, codes = encoded(self.run, x, labels)
        names = names_for(len(inputs), name, [mark["name"] for mark in self.marks])
        kept = [mark for mark in self.marks if mark["name"] not in names]
        if len(kept) + len(names) > MOST:
            raise AenbError(
                f"`x`: expected at most {MOST} placed examples; received {len(names)} more than the {len(kept)} that "
                "are there. Take those away first: explorer.marks = []."
            )
        self.marks = [*kept, *marks_of(self.run, inputs, codes, names)]
        return codes

    @checked
    def animation(
        self,
        path: str | Path | None = None,
        *,
        a: Any = None,
        b: Any = None,
        steps: Annotated[int, Field("images", low=2, high=500)] = STEPS,
        seconds: Annotated[float, Field("duration", above=0, high=600)] = SECONDS,
        label: Any = None,
    ) -> Image:
        """Return the decoded path from A to B and back as an animation, a GIF.

        Args:
            path: The file to save it to, too; an existing one is overwritten.
            a: The first end: a latent code, (latent_dim,), the index of a held-out example in the explorer, or the
                name of a placed example. By default what A was set to in the page.
            b: The last end.
            steps: How many images there are from A to B, both included.
            seconds: How long it takes from A to B.
            label: The class to generate, if the model is conditional; by default the first.

        Returns:
            An `IPython.display.Image`, which a notebook shows; its file is in `data`.

        Raises:
            AenbError: The examples are no images, an end is not set or unknown, the label is no class of the data, or
                the file cannot be written.

        Example:
            >>> import aenb
            >>> run = aenb.train("deep", "digits", latent_dim=2, epochs=1, verbose=False)
            >>> explorer = aenb.LatentExplorer(run)
            >>> explorer.animation(a=0, b=[1.0, 2.0], steps=5).data[:6]
            b'GIF89a'
        """
        ends = self._end("a", a), self._end("b", b)
        numbers = self.run.class_numbers(None if label is None else [label])
        gif = to_gif(path_frames(self.run, *ends, steps, 0 if numbers is None else int(numbers[0])), seconds)
        if path is not None:
            with written_aside(path) as file:
                file.write_bytes(gif)
        return Image(data=gif, format="gif", alt=f"{self._layout.title}: the decoded path from A to B")

    def _end(self, name: str, end: Any) -> np.ndarray:
        """Return the latent code of an end of the path: (latent_dim,)."""
        end = self.ends.get(name.upper()) if end is None else end
        return end_code(name, end, self._layout.inputs.codes, self._indices, self.marks)

    def _answer(self, _: object, content: dict[str, Any], buffers: Sequence[Any]) -> None:
        """Do what the page asks for."""
        answers = {"decode": self._send_decoded, "column": self._send_column, "animate": self._send_animation}
        if content.get("kind") == "remove":
            self.marks = [mark for mark in self.marks if mark["name"] != content.get("name")]
        elif content.get("kind") in answers:
            try:
                answers[content["kind"]](content, buffers)
            except AenbError as error:
                self.send({"kind": "failed", "text": str(error)})

    def _send_decoded(self, content: dict[str, Any], buffers: Sequence[Any]) -> None:
        """Decode the latent code that the page sends."""
        code = np.frombuffer(bytes(buffers[0]), "<f4") if len(buffers) == 1 else np.zeros(0)
        if code.shape != (self._layout.inputs.codes.shape[1],) or not np.isfinite(code).all():
            return
        data = self._layout.inputs.data
        labels = [data.classes[self._class(content)]] if self.run.is_conditional else None
        with self.run.turns:
            decoded = self._decode(code[None], self.run.class_numbers(labels))
        if data.kind == "text":
            self.send({"kind": "decoded", "text": data.texts(decoded)[0]})
        else:
            self.send({"kind": "decoded"}, buffers=[packed(decoded, data.kind)])

    def _send_column(self, content: dict[str, Any], _: Sequence[Any]) -> None:
        """Send what points are coloured by."""
        number = content.get("number")
        if isinstance(number, int) and 0 <= number < len(self._columns.names):
            values, names = self._columns.column(number)
            self.send({"kind": "column", "number": number, "names": names or None}, buffers=[values.tobytes()])

    def _send_animation(self, content: dict[str, Any], _: Sequence[Any]) -> None:
        """Send the path from A to B as a file."""
        ends = self._end("a", None), self._end("b", None)
        gif = to_gif(path_frames(self.run, *ends, STEPS, self._class(content)), SECONDS)
        name = f"{self.run.name or self.run.spec.family}_A_to_B.gif"
        self.send({"kind": "animation", "name": name, "frames": 2 * STEPS - 2}, buffers=[gif])

    def _class(self, content: dict[str, Any]) -> int:
        """Return the number of the class that the page asks for."""
        label = content.get("label")
        return label if isinstance(label, int) and 0 <= label < len(self._layout.inputs.data.classes) else 0

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
