"""Controls: a widget for each field of the registry, which validates its input as the field does."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets

from aenb.core.errors import AenbError
from aenb.core.fields import Field
from aenb.notebook.widgets.keys import NAMED

LABEL, WIDTH = "10.5em", "13em"
ERROR_COLOUR = "var(--jp-error-color1, #c62828)"  # of the page's theme: at least 4.5:1 in both


class Control:
    """A row: the name of a field, its widget, its help, and an error message if the input is invalid.

    Args:
        field: The field.
        value: The initial value.

    Attributes:
        field: The field.
        row: The widgets.
    """

    def __init__(self, field: Field, value: Any):
        self.field = field
        self._input = _input(field, value)
        for widget in self.inputs:  # a tooltip on the box breaks in the page
            widget.tooltip = f"{field.help}: {field.expected}"
        self._input.add_class(f"aenb-field-{field.name}")
        self._message = widgets.HTML(layout={"display": "none"})
        name = widgets.Label(f"{field.name}", layout={"width": LABEL, "flex": "0 0 auto"})
        about = widgets.HTML(_small(field.help), layout={"flex": "1 1 14em", "min_width": "10em"})
        about.add_class("aenb-about")
        line = widgets.HBox(
            [name, self._input, about], layout={"align_items": "center", "flex_flow": "row wrap", "overflow": "visible"}
        )
        line.add_class(NAMED)
        self.row = widgets.VBox([line, self._message], layout={"overflow": "visible"})

    def read(self) -> Any:
        """Return the value.

        Raises:
            AenbError: The value is invalid; the row shows the message too.
        """
        try:
            value = self._value()
        except AenbError as error:
            self._say(str(error))
            raise
        self._say("")
        return value

    def write(self, value: Any) -> None:
        """Show a valid value."""
        if isinstance(self._input, widgets.HBox):
            slider, automatic = self._input.children
            automatic.value, slider.value = value is None, slider.value if value is None else value
        elif isinstance(self._input, widgets.Dropdown):
            self._input.value = value or ""
        else:
            self._input.value = _typed(value) if isinstance(self._input, widgets.Text) else value

    @property
    def is_default(self) -> bool:
        """Whether the value is the field's default."""
        return self.read() == self.field.default

    @property
    def inputs(self) -> list[widgets.Widget]:
        """The widgets that hold its value: of a slider with a box for the family's own value, both."""
        return list(getattr(self._input, "children", (self._input,)))

    def on_change(self, callback: Callable[[], object]) -> None:
        """Call a function whenever the value changes."""
        for widget in self.inputs:
            widget.observe(lambda _: callback(), "value")

    def _value(self) -> Any:
        if isinstance(self._input, widgets.HBox):  # a slider, and a box for the family's own value
            slider, automatic = self._input.children
            return None if automatic.value else self.field.check(float(f"{slider.value:.3g}"))
        typed = self._input.value
        if typed == "" and self.field.choices:
            return self.field.check(None)
        if not isinstance(self._input, widgets.Text):
            return self.field.check(typed)
        if not typed.strip() and self.field.optional:
            return None
        if self.field.kind == "ints" and not typed.strip():
            return self.field.check(())
        return self.field.parse(typed.strip())

    def _say(self, text: str) -> None:
        style = f"margin-left:{LABEL};color:{ERROR_COLOUR}"
        self._message.value = f'<div role="alert" style="{style}">{escape(text)}</div>' if text else ""
        self._message.layout.display = "" if text else "none"


def _input(field: Field, value: Any) -> widgets.Widget:
    """Choose the widget for a field."""
    look = {"width": WIDTH, "flex": "0 0 auto"}
    if field.choices:
        choices = [*([(field.unset, "")] if field.optional else []), *((word, word) for word in field.choices)]
        return widgets.Dropdown(options=choices, value=value or "", layout=look)  # None would be shown as blank
    if field.kind == "bool":
        return widgets.Checkbox(value=bool(value), indent=False, layout=look)
    if field.kind == "float" and field.above == 0 and field.optional and "rate" in field.name:
        return _log_slider(value, field.unset)
    if field.kind == "float" and field.low == 0 and field.high == 1 and not field.optional:
        return widgets.FloatSlider(value=value, min=0.0, max=1.0, step=0.01, readout_format=".2f", layout=look)
    if field.kind == "int" and not field.optional:
        high = 2**31 - 1 if field.high is None else int(field.high)
        return widgets.BoundedIntText(value=value, min=int(field.low or 0), max=high, layout=look)
    return widgets.Text(value=_typed(value), placeholder=field.unset if field.optional else "", layout=look)


def _log_slider(value: float | None, unset: str) -> widgets.HBox:
    """Make a log-scale slider, with a checkbox for the family's own value."""
    slider = widgets.FloatLogSlider(
        value=value or 1e-3, min=-5, max=0, step=0.05, readout_format=".2g", disabled=value is None,
        layout={"width": "14em"},
    )  # fmt: skip
    automatic = widgets.Checkbox(value=value is None, description=unset, indent=False, layout={"width": "8em"})
    automatic.observe(lambda change: setattr(slider, "disabled", change["new"]), "value")
    return widgets.HBox([slider, automatic], layout={"flex": "0 0 auto", "overflow": "visible"})


def _typed(value: Any) -> str:
    """Format a value as it is typed."""
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else f"{value}"


def _small(text: str) -> str:
    return f'<div style="opacity:.75;font-size:.92em;line-height:1.3">{escape(text)}</div>'
