"""The runs of the panel, to inspect, explore and compare with one click."""

from __future__ import annotations

import threading
from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets

from aenb.core.errors import AenbError
from aenb.notebook.widgets.live import LiveView
from aenb.notebook.widgets.placement import InBox
from aenb.runs.run import Run


class RunsList:
    """A row for each run, and an area that shows results, figures, the explorer or a comparison.

    Args:
        runs: The runs by name; the panel adds to it.
        use: Called with a run whose settings are to be used again.
        forget: Called with a run that was deleted from the list.

    Attributes:
        box: The widgets.
    """

    def __init__(self, runs: dict[str, Run], use: Callable[[Run], object], forget: Callable[[Run], object]):
        self._runs, self._use, self._forget = runs, use, forget
        self._ticks: dict[str, widgets.Checkbox] = {}
        self._rows = widgets.VBox()
        self._status = widgets.HTML()
        self._status.add_class("aenb-status")
        self._compare = widgets.Button(
            description="Compare", tooltip="Compare the ticked runs on the same held-out examples", disabled=True
        )
        self._compare.add_class("aenb-compare")
        self._compare.on_click(lambda _: self._do("Comparing …", self._compared))
        self._head = widgets.HBox(
            [widgets.HTML('<div style="font-weight:600;margin-right:1em">Runs</div>'), self._compare, self._status],
            layout={"align_items": "center", "display": "none", "flex_flow": "row wrap"},
        )
        self._stage = widgets.VBox()
        self._stage.add_class("aenb-stage")
        self.box = widgets.VBox([self._head, self._rows, self._stage])

    def add(self, run: Run) -> None:
        """List a run, and show its result."""
        name = run.name
        scores = run.evaluate(parts="reconstruction")
        tick = widgets.Checkbox(value=False, description=name, indent=False, layout={"width": "7.5em"})
        tick.observe(lambda _: self._count(), "value")
        self._ticks = {**{key: one for key, one in self._ticks.items() if key != name}, name: tick}
        words = f"{run.spec.family} on {run.spec.data} · {_score(scores)} · {run.seconds:.0f} s · {run.status}"
        about = widgets.HTML(f"<div>{escape(words)}</div>", layout={"flex": "1 1 18em"})
        actions = {
            "Result": (f"Show the result of {name}", lambda: self._do("Drawing …", lambda: _report(run))),
            "Figures": (f"Show views of what {name} learnt", lambda: self._do("Drawing …", lambda: _views(run))),
            "Explorer": (f"Explore the latent space of {name}", lambda: self._do("Drawing …", lambda: _explorer(run))),
            "Use settings": (f"Set the controls to the settings of {name}", lambda: self._use(run)),
            "Save": (f"Save {name} in a folder of this name", lambda: self._do("Saving …", lambda: _saved(run))),
            "Delete": (f"Delete {name} from this list and from the notebook", lambda: self._delete(run)),
        }
        buttons = [_button(text, help, press) for text, (help, press) in actions.items()]
        together = widgets.HBox(buttons, layout={"flex": "0 0 auto", "flex_flow": "row wrap"})
        row = widgets.HBox([tick, about, together], layout={"align_items": "center", "flex_flow": "row wrap"})
        row.add_class("aenb-runs-row")
        row.aenb_name = name
        kept = tuple(child for child in self._rows.children if child.aenb_name != name)
        self._rows.children = (*kept, row)
        self._head.layout.display = ""
        self._count()
        self.say(f"Drawing the result of {name} …")
        self._put(_report(run))
        self.say("")

    def _delete(self, run: Run) -> None:
        self._rows.children = tuple(child for child in self._rows.children if child.aenb_name != run.name)
        self._ticks.pop(run.name, None)
        self._runs.pop(run.name, None)
        self._stage.children = ()
        self._count()
        self._forget(run)

    def say(self, text: str) -> None:
        """Show what is being done."""
        self._head.layout.display = ""
        self._status.value = f'<div style="opacity:.8">{escape(text)}</div>' if text else ""

    def _count(self) -> None:
        self._compare.disabled = sum(tick.value for tick in self._ticks.values()) < 2

    def _compared(self) -> widgets.Widget:
        """Compare the ticked runs; their scores are shown as they come, with a button that cancels the rest."""
        from aenb.comparison.compare import compare_in
        from aenb.notebook.widgets.scripted_html import Page

        names = [name for name, tick in self._ticks.items() if tick.value]
        self._stage.children = ()
        view = LiveView(InBox(self._stage), f"Comparing {', '.join(names)}")
        try:
            return Page(html=compare_in(view, [self._runs[name] for name in names])._repr_html_())
        finally:
            view.end("Compared.")

    def _do(self, words: str, make: Callable[[], widgets.Widget]) -> None:
        """Show a widget that is made in a thread, so that the kernel stays free."""

        def work() -> None:
            try:
                self._put(make())
                self.say("")
            except AenbError as error:
                self.say(str(error))
            except Exception as error:
                self.say(f"It ended with an error: {type(error).__name__}: {error}")

        self.say(words)
        threading.Thread(target=work, name="aenb-panel", daemon=True).start()

    def _put(self, widget: widgets.Widget) -> None:
        self._stage.children = (widget,)


def _button(text: str, help: str, press: Callable[[], object]) -> widgets.Button:
    button = widgets.Button(description=text, tooltip=help, layout={"width": "auto"})
    button.on_click(lambda _: press())
    return button


def _score(scores: dict[str, Any]) -> str:
    if "mse" in scores:
        return f"MSE {scores['mse']:.4f} (PCA {scores['pca_mse']:.4f})"
    return f"token accuracy {scores['accuracy']:.1%}"


def _report(run: Run) -> widgets.Widget:
    return widgets.HTML(run._repr_html_())


def _views(run: Run) -> widgets.Widget:
    return widgets.HTML(run.show()._repr_html_())


def _saved(run: Run) -> widgets.Widget:
    return widgets.HTML(f"<div>Saved in the folder {escape(str(run.save(run.name)))}.</div>")


def _explorer(run: Run) -> widgets.Widget:
    from aenb.notebook.widgets.explorer import LatentExplorer

    return LatentExplorer(run)
