"""A view: what it shows, for which runs, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aenb.figures.views.view_inputs import ViewInputs


@dataclass(frozen=True)
class View:
    """A picture of what a model learnt.

    Attributes:
        name: What one types: "traversals".
        summary: What it shows, in a line: its caption, and its words for those who can't see it.
        fits: Whether there is such a picture of a run.
        draw: Draws it: a matplotlib Figure.
    """

    name: str
    summary: str
    fits: Callable[[ViewInputs], bool]
    draw: Callable[[ViewInputs], Any]


def view(summary: str, fits: Callable[[ViewInputs], bool]) -> Callable[[Callable], View]:
    """Make a view of the function that draws it, whose name it bears."""

    def made(draw: Callable[[ViewInputs], Any]) -> View:
        return View(draw.__name__, summary, fits, draw)

    return made
