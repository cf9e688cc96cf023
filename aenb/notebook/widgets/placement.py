"""Where widgets stand, and what is left of them: under a cell, or inside a panel."""

from __future__ import annotations

import os
import threading
from typing import Any, Protocol

import ipywidgets as widgets
from IPython.display import display

PLAIN = "KAGGLE_KERNEL_RUN_TYPE"  # in the environment of a host that has no anywidget


class Place(Protocol):
    """Where the live view of a training stands."""

    def open(self, box: widgets.Widget) -> None:
        """Show widgets."""

    def close(self, plain: str, html: str, box: widgets.Widget) -> None:
        """Put text in their place, and close them."""


class UnderCell:
    """The output of a cell.

    Args:
        shell: The IPython shell.
    """

    def __init__(self, shell: Any):
        self._shell, self._handle = shell, None

    def open(self, box: widgets.Widget) -> None:
        """Display widgets under the cell that runs."""
        data, metadata = bundle_of(box)
        self._handle = display({**data, "text/plain": "aenb: a training"}, metadata=metadata, raw=True, display_id=True)

    def close(self, plain: str, html: str, box: widgets.Widget) -> None:
        """Put text in their place; from a thread, as soon as the kernel is free."""

        def settle() -> None:
            self._handle.update({"text/plain": plain, "text/html": html}, raw=True)
            dispose(box)

        in_main_loop(self._shell, settle)


class InBox:
    """A place among other widgets.

    Args:
        holder: The box that holds it.
    """

    def __init__(self, holder: widgets.Box):
        self._holder = holder

    def open(self, box: widgets.Widget) -> None:
        """Put widgets under those that are there."""
        self._holder.children = (*self._holder.children, box)

    def close(self, plain: str, html: str, box: widgets.Widget) -> None:
        """Take widgets away: what there is to say of the training, its place says by itself."""
        self._holder.children = tuple(child for child in self._holder.children if child is not box)
        dispose(box)


def in_main_loop(shell: Any, work: Any) -> None:
    """Do something now in the main thread; from another, as soon as the kernel is free."""
    if threading.current_thread() is threading.main_thread():
        work()
    else:
        shell.kernel.io_loop.add_callback(work)


def is_live(shell: Any) -> bool:
    """Whether there may be a page that shows widgets."""
    return getattr(shell, "kernel", None) is not None and os.environ.get("AENB_LIVE") != "0"


def bundle_of(widget: widgets.Widget) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what displays a widget, data and metadata."""
    bundle = widget._repr_mimebundle_() or {}
    return bundle if isinstance(bundle, tuple) else (bundle, {})


def dispose(box: widgets.Widget) -> None:
    """Close a widget and all that is inside it."""
    for widget in _all(box):
        widget.close()


def _all(box: Any) -> list[Any]:
    """List a widget, all that is inside it, and their layouts and styles."""
    inner = [widget for child in getattr(box, "children", ()) for widget in _all(child)]
    looks = [getattr(box, name) for name in ("layout", "style") if hasattr(box, name)]
    return [*inner, *looks, box]
