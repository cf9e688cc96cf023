"""A view: what it shows, for which runs, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import overload

from matplotlib.figure import Figure

from aenb.core.catalogue import LAST, Catalogue, summary_of
from aenb.figures.views.view_inputs import ViewInputs

Draw = Callable[[ViewInputs], Figure]


@dataclass(frozen=True)
class View:
    """A picture of what a model learnt.

    Attributes:
        name: What you type: "traversals".
        summary: What it shows, in a line: its caption, and its words for those who can't see it.
        fits: Whether there is such a picture of a run.
        draw: Draws it: a matplotlib Figure.
        order: Its place among the others.
        beside: Returns HTML that is shown below the picture, such as players of sounds; None: nothing.
    """

    name: str
    summary: str
    fits: Callable[[ViewInputs], bool]
    draw: Draw
    order: int = LAST
    beside: Callable[[ViewInputs], str] | None = None

    def row(self) -> dict[str, str]:
        """Return the view's row in the catalogue."""
        return {"what": self.summary}


_views: Catalogue[View] = Catalogue("view", "aenb.figures.views", "aenb.views")


@overload
def view(draw: Draw) -> View: ...
@overload
def view(
    *,
    summary: str = "",
    fits: Callable[[ViewInputs], bool] = ...,
    order: int = LAST,
    beside: Callable[[ViewInputs], str] | None = None,
) -> Callable[[Draw], View]: ...
def view(
    draw: Draw | None = None,
    *,
    summary: str = "",
    fits: Callable[[ViewInputs], bool] = lambda inputs: True,
    order: int = LAST,
    beside: Callable[[ViewInputs], str] | None = None,
) -> View | Callable[[Draw], View]:
    """Register the decorated function as the view of its name, for `run.show` and the figures of a run.

    The function takes `ViewInputs`: the run with what most views need of it, such as up to 2,000 held-out examples,
    `x`, and their latent codes, `codes`. It returns a matplotlib Figure, made without pyplot.

    A package registers its own by naming its module in the entry-point group `aenb.views`.

    Args:
        draw: The function.
        summary: What it shows, in a line; by default the first line of the function's docstring.
        fits: Whether there is such a picture of a run.
        order: Its place among the views.
        beside: A function that returns HTML to show below the picture, in which all labels are escaped; None: nothing.

    Returns:
        The `View`, whose `draw` is the function.

    Raises:
        AenbError: Another module has a view of that name.

    Example:
        >>> import aenb
        >>> from matplotlib.figure import Figure
        >>> @aenb.view(summary="the values of all latent codes", fits=lambda inputs: inputs.data.kind == "tabular")
        ... def code_values(inputs):
        ...     figure = Figure()
        ...     figure.add_subplot().hist(inputs.codes.ravel())
        ...     return figure
        >>> run = aenb.train("deep", "wine", latent_dim=2, epochs=1, verbose=False)
        >>> list(run.show("code_values"))
        ['code_values']
    """

    def register(draw: Draw) -> View:
        one = View(draw.__name__, summary or summary_of(draw), fits, draw, order, beside)
        _views.add(one.name, one, draw.__module__)
        return one

    return register if draw is None else register(draw)


def views() -> Catalogue[View]:
    """List the views by name: `View`s, in their order."""
    return _views.discover()
