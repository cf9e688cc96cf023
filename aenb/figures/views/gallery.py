"""The gallery: views of a run, each drawn when it is first looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from matplotlib.figure import Figure

from aenb.core.errors import AenbError, failure, unknown
from aenb.core.html import pictures_as_html
from aenb.core.numerics import usual_errors
from aenb.figures.plots import to_png
from aenb.figures.views.view import View
from aenb.figures.views.view_inputs import ViewInputs


class Gallery(Mapping[str, Figure]):
    """Figures by the names of their views. It displays all of them, each with its caption.

    Args:
        inputs: What they are drawn from.
        views: All views.
        names: The views to show; none: all that this run has.

    Raises:
        AenbError: A view is unknown, or this run does not have it.
    """

    def __init__(self, inputs: ViewInputs, views: Mapping[str, View], names: tuple[str, ...] = ()):
        for name in names:
            if name not in views:
                raise unknown("view", name, views)
            if not views[name].fits(inputs):
                available = ", ".join(view for view in views if views[view].fits(inputs))
                raise AenbError(f"There is no view `{name}` of this run. Expected one of: {available}.")
        self._inputs, self._views = inputs, views
        self._names = names or tuple(name for name, one in views.items() if one.fits(inputs))
        self._figures: dict[str, Figure] = {}
        self.notes: list[str] = []  # on views that `pictures` could not draw

    @usual_errors
    def __getitem__(self, name: str) -> Figure:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._figures:
            self._figures[name] = self._views[name].draw(self._inputs)
        return self._figures[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    @usual_errors
    def pictures(self) -> dict[str, bytes]:
        """Return the figures as PNG files, by caption; for each that can't be drawn, add a note to `notes`."""
        drawn, self.notes = {}, []
        for name in self:
            try:
                drawn[f"{name}: {self._views[name].summary}"] = to_png(self[name], dpi=110)
            except Exception as error:  # odd data or a custom model can raise anything: draw the other views
                self.notes.append(failure(f"The view `{name}` could not be drawn", error))
        return drawn

    def _beside(self) -> str:
        """Return the HTML that belongs to views beside their pictures; for each that fails, add a note to `notes`."""
        found = []
        for name in self:
            if (beside := self._views[name].beside) is None:
                continue
            try:
                found.append(beside(self._inputs))
            except Exception as error:  # as for pictures
                self.notes.append(failure(f"What belongs to the view `{name}` could not be shown", error))
        return "".join(found)

    def __repr__(self) -> str:
        return "\n".join(f"{name}: {self._views[name].summary}" for name in self)

    def _repr_html_(self) -> str:
        pictures = pictures_as_html(self.pictures()) + self._beside()
        notes = "".join(f"<div>{escape(note)}</div>" for note in self.notes)
        return f'<div class="aenb-views">{pictures}{notes}</div>'
