"""Widgets below a cell whose output stays usable without a kernel.

An output with a widget shows an error when a saved notebook is opened again: its kernel is gone, and the page prefers
the widget to the HTML in the same output. So the output is replaced with HTML alone, as soon as the page reports that
it can place the widget inside that HTML, as JupyterLab and Notebook 7 can. Elsewhere the output holds both: VS Code
shows the HTML if the kernel does not know the widget any more.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets as widgets
import traitlets
from IPython.display import display

from aenb.notebook.widgets.placement import PLAIN, bundle_of, dispose, in_main_loop

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class _Slot(anywidget.AnyWidget):
    """Never shown itself: the page runs its script when the widget is created."""

    _esm = Path(__file__).parent / "slot.js"
    name = traitlets.Unicode().tag(sync=True)
    docks = traitlets.Bool(False).tag(sync=True)
    shown = traitlets.Unicode().tag(sync=True)


class Slot:
    """A widget in an output, and the static content shown without a kernel.

    Args:
        shell: The IPython shell.
        widget: The widget.
        still: Returns the static content: data by MIME type, including "text/plain" and "text/html".
        docks: Whether a page that is loaded again, and has not saved the output, shows the widget in a corner.
    """

    def __init__(
        self,
        shell: InteractiveShell,
        widget: widgets.DOMWidget,
        still: Callable[[], dict[str, Any]],
        docks: bool = False,
    ):
        self._shell, self._widget, self._still, self._docks = shell, widget, still, docks
        self._door: _Slot | None = None
        self._is_ready = False  # the page can place the widget inside HTML
        self._is_closed = False
        data, metadata = self._bundle()
        self._handle = display(data, metadata=metadata, raw=True, display_id=True)
        if PLAIN not in os.environ:
            self._door = _Slot(name=secrets.token_hex(6), shown=widget.model_id)
            self._door.on_msg(self._hear)

    def update(self) -> None:
        """Store the current static content in the notebook; from a thread, as soon as the kernel is free."""
        in_main_loop(self._shell, self._show)

    def close(self, data: dict[str, Any]) -> None:
        """Replace the output with data by MIME type, for good."""
        self._is_closed = True
        self._handle.update(data, raw=True)
        if self._door is not None:
            dispose(self._door)

    def _hear(self, door: _Slot, content: dict[str, Any], _: list[memoryview]) -> None:
        """Keep only the HTML in the output: the page can place the widget inside it."""
        if content.get("kind") == "ready" and not self._is_closed:  # else it waited for the end of the cell
            self._is_ready = True
            door.docks = self._docks  # a page that reads this when it creates the model has been loaded again
            self.update()

    def _show(self) -> None:
        if self._is_closed:
            return
        data, metadata = self._bundle()
        self._handle.update(data, metadata=metadata, raw=True)

    def _bundle(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the output's data and metadata."""
        still = self._still()
        if self._is_ready:
            return {**still, "text/html": _place(self._door.name, still["text/html"])}, {}
        data, metadata = bundle_of(self._widget)
        return {**data, **still}, metadata


class UnderCell:
    """The output of a cell, for a training under way: `placement.Place`.

    Args:
        shell: The IPython shell.
    """

    def __init__(self, shell: InteractiveShell):
        self._shell = shell

    def open(self, box: widgets.DOMWidget) -> None:
        """Display a widget below the running cell."""
        words = "A training that was under way when this notebook was saved."
        still = {"text/plain": words, "text/html": f"<div>{words}</div>"}
        self._slot = Slot(self._shell, box, lambda: still, docks=True)

    def close(self, plain: str, html: str, box: widgets.DOMWidget) -> None:
        """Replace the widget with text; from a thread, as soon as the kernel is free."""

        def settle() -> None:
            self._slot.close({"text/plain": plain, "text/html": html})
            dispose(box)

        in_main_loop(self._shell, settle)


def _place(name: str, still: str) -> str:
    """Return the HTML of a slot, with its static content."""
    announce = f'document.dispatchEvent(new CustomEvent("aenb-slot", {{ detail: "{name}" }}))'
    return f'<div data-aenb-slot="{name}">{still}</div><script>{announce}</script>'
