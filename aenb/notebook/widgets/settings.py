"""The settings of the panel: a family, its data, and a control for each hyperparameter and option."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets

from aenb.core.errors import AenbError
from aenb.data.sets.data_sets import datasets
from aenb.models.registry import families
from aenb.notebook.widgets.controls import Control
from aenb.notebook.widgets.keys import NAMED
from aenb.runs.spec import Spec, options
from aenb.training.train import make_spec

AT_TOP = ("data",)  # options shown above the tabs
ROWS = "260px"  # of the list of controls


class Settings:
    """Controls from which a spec is made.

    Args:
        family: The initial family.
        defaults: The initial values of the options, by name.
        hyperparameters: Initial hyperparameters that differ from the family's defaults.
        name: The name of the first run.

    Attributes:
        top: The widgets of what is always chosen: the family, the data and a name.
        about: What the family is, in a line.
        tabs: A tab for each group of settings, the family's own first.
    """

    def __init__(self, family: str, defaults: dict[str, Any], hyperparameters: dict[str, Any], name: str | None = None):
        self._callback: Callable[[], object] = lambda: None
        self.family = widgets.Dropdown(options=list(families()), value=family, layout={"width": "11em"})
        self.data = widgets.Combobox(
            value=str(defaults["data"]), options=list(datasets()), ensure_option=False, layout={"width": "13em"}
        )
        self.name = widgets.Text(value=name or f"{family}_1", layout={"width": "9em"})
        for widget, css in ((self.family, "family"), (self.data, "data"), (self.name, "name")):
            widget.add_class(f"aenb-{css}")
        self.family.tooltip = "The kind of model"
        self.data.tooltip = "A data set, a variable of the notebook, or a path"
        self.name.tooltip = "The name of the run in the notebook: a Python name"
        self.about = widgets.HTML()
        self._options = {
            name: Control(option, defaults[name]) for name, option in options().items() if name not in AT_TOP
        }
        self._hyperparameters: dict[str, Control] = {}
        self._kind = ""
        self._model = widgets.VBox(layout=_scrolling())
        groups = {
            group: widgets.VBox(
                [control.row for control in self._options.values() if control.field.group == group], layout=_scrolling()
            )
            for group in dict.fromkeys(control.field.group for control in self._options.values())
        }
        self.tabs = widgets.Tab([self._model, *groups.values()], titles=["Model", *groups])
        self.top = [_named("family", self.family), _named("data", self.data), _named("name", self.name)]
        for control in self._options.values():
            control.on_change(self._changed)
        self._choose(hyperparameters)
        self.family.observe(self._another_family, "value")
        for widget in (self.data, self.name):
            widget.observe(lambda _: self._changed(), "value")

    def on_change(self, callback: Callable[[], object]) -> None:
        """Call a function whenever a setting changes."""
        self._callback = callback

    def spec(self) -> Spec:
        """Return the spec for the current settings.

        Raises:
            AenbError: A value is invalid; every row with an invalid value shows its message.
        """
        errors, values = [], {}
        for name, control in (self._options | self._hyperparameters).items():
            try:
                value = control.read()
            except AenbError as error:
                errors.append(error)
                continue
            if name in self._options or value != control.field.default:
                values[name] = value
        if errors:
            raise errors[0]
        return make_spec(self.family.value, self.name.value.strip() or None, values | {"data": self.data.value.strip()})

    def of_kind(self, kind: str) -> None:
        """Hide the hyperparameters that are for data of another kind, unless one is set.

        Args:
            kind: The kind of the data, such as "image"; "": it is not known, and all are shown.
        """
        self._kind = kind
        for control in self._hyperparameters.values():
            is_other = kind and control.field.only_for not in ("", kind) and control.is_default
            control.row.layout.display = "none" if is_other else ""

    def inputs(self) -> list[widgets.Widget]:
        """Return the widgets that hold the settings, that of the family first: it decides which others there are."""
        controls = [*self._options.values(), *self._hyperparameters.values()]
        return [self.family, self.data, self.name, *(widget for control in controls for widget in control.inputs)]

    def show(self, spec: Spec) -> None:
        """Set all controls to the settings of a spec, but its name."""
        self.family.value = spec.family
        self._choose(spec.hyperparameters)
        for name, control in self._options.items():
            control.write(getattr(spec, name))
        self.data.value = str(spec.data)
        self._changed()

    def _choose(self, given: dict[str, Any]) -> None:
        """Show the hyperparameters of the chosen family."""
        entry = families()[self.family.value]
        shown = {name: field for name, field in entry.fields.items() if field.kind != "model" and not field.of_data}
        self._hyperparameters = {name: Control(field, given.get(name, field.default)) for name, field in shown.items()}
        for control in self._hyperparameters.values():
            control.on_change(self._changed)
        self.of_kind(self._kind)
        self._model.children = [control.row for control in self._hyperparameters.values()]
        self.about.value = (
            f'<div style="line-height:1.4;margin:.2em 0 .4em">{escape(entry.summary)} '
            f'<span style="opacity:.7">({escape(entry.paper)})</span></div>'
        )

    def _another_family(self, change: dict[str, Any]) -> None:
        """Show another family's hyperparameters; those that both have keep valid values."""
        kept = {}
        for name, control in self._hyperparameters.items():
            try:
                if not control.is_default and name in families()[change["new"]].fields:
                    kept[name] = families()[change["new"]].fields[name].check(control.read())
            except AenbError:
                continue
        self._choose(kept)
        if self.name.value.startswith(f"{change['old']}_"):
            self.name.value = f"{change['new']}_1"
        self._changed()

    def _changed(self) -> None:
        self._callback()


def _named(word: str, widget: widgets.Widget) -> widgets.HBox:
    label = widgets.Label(word, layout={"width": "auto", "margin": "2px 4px 2px 10px"})
    box = widgets.HBox([label, widget], layout={"align_items": "center", "overflow": "visible"})
    box.add_class(NAMED)
    return box


def _scrolling() -> dict[str, str]:
    return {"max_height": ROWS, "overflow": "auto", "display": "block"}
