"""Keys pressed in a control stay there, and each control has an accessible name."""

from __future__ import annotations

import os
from pathlib import Path

import anywidget
import ipywidgets as widgets

from aenb.notebook.widgets.placement import PLAIN


class _Keys(anywidget.AnyWidget):
    """Never shown: the page runs its script when the widget is created. Without anywidget, shortcuts stay active."""

    _esm = Path(__file__).parent / "keys.js"


NAMED = "aenb-named"  # the class of a box: its label is the accessible name of the controls in it
_keys: _Keys | None = None  # one serves all controls of a kernel


def spare_keys(box: widgets.DOMWidget) -> None:
    """Let the controls in a box handle the keys that are pressed in them, and name those beside a label."""
    global _keys
    if PLAIN not in os.environ and (_keys is None or _keys.comm is None):  # None: all widgets were closed
        _keys = _Keys()
    box.add_class("aenb-keys")
