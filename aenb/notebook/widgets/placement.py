"""Where widgets are displayed, below a cell or inside a panel, and what replaces them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import ipywidgets as widgets

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

PLAIN = "KAGGLE_KERNEL_RUN_TYPE"  # in the environment of a host that has no anywidget


class Place(Protocol):
    """Where the live view of a training is displayed."""

    def open(self, box: widgets.Widget) -> None:
        """Show widgets."""

    def close(self, plain: str, html: str, box: widgets.Widget) -> None:
        """Replace the widgets with text, and close them."""


class InBox:
    """A place among other widgets.

    Args:
        holder: The box that holds it.
    """

    def __init__(self, holder: widgets.Box):
        self._holder = holder

    def open(self, box: widgets.Widget) -> None:
        """Add widgets below the existing ones."""
        self._holder.children = (*self._holder.children, box)

    def close(self, plain: str, html: str, box: widgets.Widget) -> None:
        """Remove the widgets: the panel reports the result itself."""
        self._holder.children = tuple(child for child in self._holder.children if child is not box)
        dispose(box)


def in_main_loop(shell: InteractiveShell, work: Callable[[], object]) -> None:
    """Run a function: at once from the main thread, otherwise there as soon as the kernel is free."""
    if threading.current_thread() is threading.main_thread():
        work()
    else:
        shell.kernel.io_loop.add_callback(work)


def is_live(shell: InteractiveShell) -> bool:
    """Whether widgets can be displayed."""
    return getattr(shell, "kernel", None) is not None and os.environ.get("AENB_LIVE") != "0"


def bundle_of(widget: widgets.Widget) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the display data and metadata of a widget."""
    bundle = widget._repr_mimebundle_() or {}
    return bundle if isinstance(bundle, tuple) else (bundle, {})


def dispose(box: widgets.Widget) -> None:
    """Close a widget and everything inside it."""
    for widget in _all(box):
        widget.close()


def _all(box: widgets.Widget) -> list[widgets.Widget]:
    """List a widget, everything inside it, and their layouts and styles."""
    inner = [widget for child in getattr(box, "children", ()) for widget in _all(child)]
    looks = [getattr(box, name) for name in ("layout", "style") if hasattr(box, name)]
    return [*inner, *looks, box]
