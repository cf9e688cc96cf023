"""Keys that are pressed in a control stay there: the notebook takes none of them for a command of its own."""

from __future__ import annotations

import os
from pathlib import Path

import anywidget
import ipywidgets as widgets

from aenb.notebook.widgets.placement import PLAIN


class _Keys(anywidget.AnyWidget):
    """Is never shown: the page runs its script when it hears of it. A page without anywidget keeps its shortcuts."""

    _esm = Path(__file__).parent / "keys.js"


_keys: _Keys | None = None  # one serves all controls of a kernel


def spare_keys(box: widgets.DOMWidget) -> None:
    """Leave the keys that are pressed inside a box to its controls."""
    global _keys
    if PLAIN not in os.environ and (_keys is None or _keys.comm is None):  # None: all widgets were closed
        _keys = _Keys()
    box.add_class("aenb-keys")
