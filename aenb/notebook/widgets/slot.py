"""Widgets under a cell, of which the notebook keeps a page that needs no kernel.

A notebook that is saved keeps what its outputs hold. An output that holds a widget shows an error when the notebook is
opened again: its kernel is gone, and the page prefers the widget to the HTML beside it. So the output becomes HTML
alone, as soon as the page has said that it can put the widget into a place inside that HTML: JupyterLab and Notebook 7
can. Elsewhere the output holds the widget, and the HTML beside it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets
import traitlets
from IPython.display import display

from aenb.notebook.widgets.placement import PLAIN, bundle_of, in_main_loop


class _Slot(anywidget.AnyWidget):
    """Is never shown itself: the page runs its script when it hears of it."""

    _esm = Path(__file__).parent / "slot.js"
    name = traitlets.Unicode().tag(sync=True)
    shown = traitlets.Unicode().tag(sync=True)


class Slot:
    """A widget in an output, and what stands in its place without a kernel.

    Args:
        shell: The IPython shell.
        widget: The widget.
        still: Returns what stands in its place: data by MIME type, "text/plain" and "text/html" among them.
    """

    def __init__(self, shell: Any, widget: widgets.DOMWidget, still: Callable[[], dict[str, Any]]):
        self._shell, self._widget, self._still = shell, widget, still
        self._door: _Slot | None = None
        data, metadata = self._bundle()
        self._handle = display(data, metadata=metadata, raw=True, display_id=True)
        if PLAIN not in os.environ:
            door = _Slot(name=secrets.token_hex(6), shown=widget.model_id)
            door.on_msg(self._hear)

    def update(self) -> None:
        """Put what stands there now into the notebook; from a thread, as soon as the kernel is free."""
        in_main_loop(self._shell, self._show)

    def _hear(self, door: _Slot, content: dict[str, Any], _: Any) -> None:
        """Let the HTML stand alone: the page can put the widget into it."""
        if content.get("kind") == "ready":
            self._door = door
            self.update()

    def _show(self) -> None:
        data, metadata = self._bundle()
        self._handle.update(data, metadata=metadata, raw=True)

    def _bundle(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what the output holds, data and metadata."""
        still = self._still()
        if self._door is not None:
            return {**still, "text/html": _place(self._door.name, still["text/html"])}, {}
        data, metadata = bundle_of(self._widget)
        return {**data, **still}, metadata


def _place(name: str, still: str) -> str:
    """Set a place for a widget, with what stands there without one."""
    tell = f'document.dispatchEvent(new CustomEvent("aenb-slot", {{ detail: "{name}" }}))'
    return f'<div data-aenb-slot="{name}">{still}</div><script>{tell}</script>'
