"""The button Train: what it starts has the settings that the page shows at the click."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets
import traitlets

from aenb.notebook.widgets.placement import PLAIN

SYNCED = {"value", "index"}  # of a control: what was typed or moved, and the place in a list


class TrainButton(anywidget.AnyWidget):
    """A button whose click carries the values of controls.

    A page sends each change of a control as it is made. But ipykernel 7.4 handles the messages of different widgets in
    different threads, so that a click may come before what was typed before it.

    Args:
        label: What is written on it.
        hint: What it does, shown at the pointer.
    """

    _esm = Path(__file__).parent / "train_button.js"
    label = traitlets.Unicode().tag(sync=True)
    hint = traitlets.Unicode().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)
    controls = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self, label: str, hint: str):
        super().__init__(label=label, hint=hint)
        self._inputs: dict[str, widgets.Widget] = {}
        self._clicks = widgets.CallbackDispatcher()
        self.on_msg(self._hear)

    def carry(self, inputs: Iterable[widgets.Widget]) -> None:
        """Let a click carry the values of these controls; those that decide on others come first."""
        self._inputs = {widget.model_id: widget for widget in inputs if widget.model_id is not None}
        self.controls = list(self._inputs)

    def on_click(self, callback: Callable[[], object]) -> None:
        """Call a function at each click, when the controls have the values that the page shows."""
        self._clicks.register_callback(callback)

    def _hear(self, _: widgets.Widget, content: dict[str, Any], __: list[memoryview]) -> None:
        if content.get("kind") == "click":
            self._take(content.get("state"))
            self._clicks()

    def _take(self, state: Any) -> None:
        """Set the controls; what a page could not have shown is left out."""
        if not isinstance(state, dict):
            return
        for key, values in state.items():
            widget = self._inputs.get(key)
            if widget is None or not isinstance(values, dict):  # None: another family has other controls since
                continue
            for name in SYNCED & values.keys():
                try:
                    widget.set_trait(name, values[name])
                except traitlets.TraitError:
                    self.log.warning("The page sent %r for `%s` of a control.", values[name], name)


class PlainTrainButton(widgets.Button):
    """The same for a host that has no anywidget: its click carries nothing."""

    def __init__(self, label: str, hint: str):
        super().__init__(description=label, tooltip=hint, button_style="primary", layout={"width": "9em"})
        self.add_class("aenb-train")

    def carry(self, inputs: Iterable[widgets.Widget]) -> None:
        """Leave the values to the controls' own messages."""


def train_button(label: str, hint: str) -> TrainButton | PlainTrainButton:
    """Make the button for the host: its `on_click` takes a function of any number of arguments."""
    return (PlainTrainButton if PLAIN in os.environ else TrainButton)(label, hint)
