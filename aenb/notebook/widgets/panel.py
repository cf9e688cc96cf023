"""The training panel: choose settings, train, inspect and compare runs, and copy the equivalent cell."""

from __future__ import annotations

import threading
from collections.abc import MutableMapping
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets
from IPython import get_ipython
from IPython.display import display

from aenb.core.arguments import checked
from aenb.core.errors import AenbError
from aenb.core.naming import check_free
from aenb.data.load import find_data
from aenb.notebook.widgets.controls import ERROR_COLOUR
from aenb.notebook.widgets.copy_button import CopyButton
from aenb.notebook.widgets.keys import NAMED, spare_keys
from aenb.notebook.widgets.live import LiveView
from aenb.notebook.widgets.placement import InBox, is_live
from aenb.notebook.widgets.preview import Preview
from aenb.notebook.widgets.runs_list import RunsList
from aenb.notebook.widgets.settings import Settings
from aenb.notebook.widgets.slot import Slot
from aenb.notebook.widgets.train_button import train_button
from aenb.runs.run import Run
from aenb.runs.spec import Spec, options
from aenb.training.checkpointing import automatic
from aenb.training.train import make_spec, train_spec

HERE = Path(__file__).parent
FIRST, SOON = 1.5, 0.6  # seconds until the preview begins: after the panel is there; after a change, not at each key


class Trainer:
    """Train with a mouse: a control for each setting, the live view, the runs so far, and the equivalent cell.

    Trainings run in the background, one after another, and their runs are bound to names in the notebook. The shown
    cell reproduces the training, with the same weights. Without a kernel, the results of the finished runs are shown.

    Args:
        family: The initial family.
        data: A data set's name, a variable of the notebook, or a path.
        **settings: Initial options and hyperparameters, as for `aenb.train`.

    Attributes:
        runs: The runs that the panel has trained, by name.

    Raises:
        AenbError: A setting is unknown, or its value is invalid.

    Example:
        >>> import aenb
        >>> panel = aenb.Trainer("vae", "digits", latent_dim=2, epochs=3)
        >>> print(panel.cell)
        %%autoencoder vae vae_1 --data digits --epochs 3 --seed 0
        latent_dim = 2
    """

    @checked
    def __init__(self, family: str = "deep", data: str = "mnist_5k", **settings: Any):
        spec = make_spec(family, None, settings | {"data": data})
        self._shell = get_ipython()
        self.runs: dict[str, Run] = {}
        self._settings = Settings(family, {name: getattr(spec, name) for name in options()}, spec.hyperparameters)
        self._train = train_button("Train", "Train in the background")
        self._message = widgets.HTML(layout={"flex": "1 1 16em", "display": "none"})
        self._message.add_class("aenb-message")
        self._cell = widgets.Textarea(layout={"width": "auto", "height": "8.5em"}, disabled=False)
        self._cell.add_class("aenb-cell")
        self._copy = CopyButton(label="Copy the cell")
        self._live = widgets.VBox()
        self._list = RunsList(self.runs, self._use, self._forget)
        self._preview = Preview(lambda: self._variables, self._known_runs, self._tell)
        self._box = self._lay_out()
        self._slots: list[Slot] = []
        self._train.on_click(lambda *_: self.train())
        self._settings.on_change(self._show_cell)
        self._show_cell()

    @property
    def cell(self) -> str:
        """The `%%autoencoder` cell that is equivalent to the controls.

        Raises:
            AenbError: A value is invalid.
        """
        return self._settings.spec().to_cell()

    @property
    def _variables(self) -> MutableMapping[str, Any]:
        return {} if self._shell is None else self._shell.user_ns

    def train(self) -> threading.Thread | None:
        """Start a training with the settings of the controls, as the button Train does.

        Returns:
            The `threading.Thread` of the training; None if a setting is invalid, and then the panel says which.

        Example:
            >>> import aenb
            >>> panel = aenb.Trainer("shallow", "digits", epochs=1)
            >>> panel.train().join()
            >>> list(panel.runs)
            ['shallow_1']
        """
        try:
            spec = self._settings.spec()
        except AenbError as error:
            self._say(str(error))
            return None
        try:
            if spec.name is None:
                raise AenbError("`name`: expected a Python name for the run, such as v2; received none.")
            check_free(spec.name, self._variables, Run)
        except AenbError as error:
            self._say(str(error))
            return None
        self._say("")
        self._settings.name.value = _next_name(spec.name, {*self.runs, spec.name})
        self._folds.selected_index = None
        thread = threading.Thread(
            target=self._work, args=(spec, spec.name), name=f"aenb-panel-{spec.name}", daemon=True
        )
        thread.start()
        return thread

    def _work(self, spec: Spec, name: str) -> None:
        """Train, evaluate and list the run of a name."""
        view = LiveView(InBox(self._live), f"{name}: {spec.family} on {spec.data}")
        variables = self._variables
        try:
            data, notes = find_data(spec.data, variables, tokens=spec.tokens, task=spec.task)
            run = train_spec(spec, data, (), view, checkpointing=automatic(name), background=True)
            run.record["notes"] += notes
            variables[name] = run
            run.wait()
            if run.status == "stopped" and not run.record["examples_per_second"]:
                self._forget(run)
                self._say(f"{name} was cancelled before its first step.")
                return
            self._list.say(f"Evaluating {name} on held-out examples …")
            run.evaluate(parts="reconstruction")
            self.runs[name] = run
            self._list.add(run)
            self._keep()
            self._show_cell()  # the time that the next one takes is known now
        except AenbError as error:
            view.end(str(error))
            self._say(str(error))
        except Exception as error:  # show whatever a training raises: nothing else waits for it
            view.end(f"It ended with an error: {type(error).__name__}.")
            self._say(f"{name}: {type(error).__name__}: {error}")

    def _use(self, run: Run) -> None:
        """Set the controls to the settings of a run."""
        self._settings.show(run.spec)
        self._folds.selected_index = 0

    def _forget(self, run: Run) -> None:
        """Remove a run that was deleted from the notebook and from what is stored in it."""
        if self._variables.get(str(run.name)) is run:
            del self._variables[str(run.name)]
        self._keep()

    def _say(self, text: str) -> None:
        """Show an error message."""
        style = f"color:{ERROR_COLOUR};line-height:1.3"
        self._message.value = f'<div role="alert" style="{style}">{escape(text)}</div>' if text else ""
        self._message.layout.display = "" if text else "none"

    def _show_cell(self) -> None:
        try:
            text = self.cell
        except AenbError as error:
            self._say(str(error))
            self._train.disabled = True
            return
        self._say("")
        self._train.disabled = False
        self._train.carry(self._settings.inputs())
        self._cell.value = self._copy.text = text
        self._follow()

    def _follow(self, delay: float = SOON) -> None:
        """Show what is known before the training; not until the panel is displayed."""
        if self._slots:
            self._preview.follow(self._settings.spec(), delay)

    def _tell(self, data: str, model: str, kind: str) -> None:
        """Show in the titles of the folds what is known, so that it is seen when they are closed."""
        self._settings.of_kind(kind)
        self._folds.set_title(1, f"Data: {data}" if data else "Data")
        self._folds.set_title(2, f"Model: {model}" if model else "Model")

    def _known_runs(self) -> list[Run]:
        """Return the runs of the notebook and of the panel."""
        bound = [value for value in list(self._variables.values()) if isinstance(value, Run)]
        return [*bound, *self.runs.values()]

    def _lay_out(self) -> widgets.VBox:
        """Lay out what is needed for a training on top; the settings fold away while it is shown."""
        top = widgets.HBox(
            [*self._settings.top, self._train, self._message], layout={"flex_flow": "row wrap", "align_items": "center"}
        )
        words = widgets.Label("Run it in a cell: it trains the same model to the same weights.")
        same = widgets.VBox([words, self._cell, widgets.HBox([self._copy])])
        same.add_class(NAMED)
        self._folds = widgets.Accordion(
            [self._settings.tabs, self._preview.data, self._preview.model, same],
            titles=["Settings", "Data", "Model", "The equivalent cell"],
            selected_index=0,
        )
        look = widgets.HTML(f"<style>{(HERE / 'panel.css').read_text(encoding='utf-8')}</style>")
        look.layout.display = "none"
        box = widgets.VBox(
            [top, self._settings.about, self._folds, self._live, self._list.box, look],
            layout={"max_width": "1150px", "width": "100%"},
        )
        box.add_class("aenb-panel")
        spare_keys(box)
        return box

    # Display

    def _ipython_display_(self) -> None:
        """Display the panel below the cell."""
        if is_live(self._shell):
            self._slots.append(Slot(self._shell, self._box, self._still))
            self._follow(FIRST)
        else:
            display(self._still(), raw=True)

    def _keep(self) -> None:
        """Store the results in the notebook, to be shown without a kernel."""
        for slot in self._slots:
            slot.update()

    def _still(self) -> dict[str, Any]:
        """Return what is shown without a kernel."""
        results = "".join(run._repr_html_() for run in self.runs.values())
        notice = "Panel (needs a kernel)."
        return {
            "text/plain": f"{notice}\n\n{self._cell.value}",
            "text/html": f"<div>{notice}<pre>{escape(self._cell.value)}</pre>{results}</div>",
        }


def _next_name(name: str, taken: set[str]) -> str:
    """Return the next free name: vae_1 → vae_2."""
    stem, _, number = name.rpartition("_")
    if not number.isdigit():
        stem, number = name, "1"
    count = int(number)
    while f"{stem}_{count}" in taken:
        count += 1
    return f"{stem}_{count}"
