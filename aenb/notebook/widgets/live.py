"""The live view of a training in a notebook: its progress, learning curves, examples, and its buttons.

The page draws it from numbers that are sent a few times a second; only the picture of examples is drawn here, by the
training's own thread, in at most a fixed fraction of its time. Buttons only set flags that the training checks between
two chunks. It ends as text and HTML, which a saved or exported notebook keeps.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from aenb.core.control import Control
from aenb.core.page_chart import CHART_SCRIPT, CHART_STYLE, curve_points
from aenb.core.progress import Counter, Silent, Training
from aenb.notebook.widgets.kernel_messages import Pump
from aenb.notebook.widgets.placement import PLAIN, Place
from aenb.notebook.widgets.slot import UnderCell

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

SHARE, CURVES_SHARE = 0.007, 0.007  # the fractions of the training's time for the picture of examples, and for curves
HERE = Path(__file__).parent
INTERRUPT = "To stop: interrupt the kernel (■). What was learnt is kept."
STATES = {"": "Training", "pausing": "Pausing after the running steps …", "paused": "Paused"}
STATES |= {"stopping": "Stopping after the running steps …"}
SCORING, DRAWING, CANCELLING = "scoring", "drawing", "Cancelling …"


class _Page(anywidget.AnyWidget):
    """What the page shows of a training; `now` changes often, the rest rarely."""

    _esm = CHART_SCRIPT + (HERE / "live.js").read_text(encoding="utf-8")
    _css = CHART_STYLE + (HERE / "live.css").read_text(encoding="utf-8")
    title = traitlets.Unicode().tag(sync=True)
    notes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    has_buttons = traitlets.Bool(True).tag(sync=True)
    now = traitlets.Dict().tag(sync=True)
    curves = traitlets.List().tag(sync=True)
    examples = traitlets.Bytes().tag(sync=True)
    result = traitlets.Unicode().tag(sync=True)  # HTML without scripts


class LiveView(Silent):
    """The progress of a training below its cell.

    Args:
        place: Where it is displayed.
        title: What is shown as its title until the training starts.
    """

    def __init__(self, place: Place, title: str = ""):
        self._place, self._pump = place, Pump()
        self._page: _Page | None = None
        self._control: Control | None = None
        self._counter: Counter | None = None
        self._notes: list[str] = []
        self._title, self._text = title, ""
        self._phase, self._state, self._part = "preparing", "", 0.0
        self._trains = False
        self._examples_time, self._curves_time = _Budget(SHARE), _Budget(CURVES_SHARE)
        self._trace: list[tuple[float, float]] = []
        # a click and the training update the view from two threads: the last one wins
        self._showing = threading.RLock()

    def prepare(self) -> None:
        """Keep the place of the curves from the start, so that what stands below does not move."""
        self._trains = True

    def stage(self, text: str, control: Control | None = None) -> None:
        """Show what is being prepared or evaluated. Stop is heard by `control`, or interrupts the running cell."""
        self._open()
        if self._phase != SCORING:
            self._phase = "preparing"
        self._state, self._control = "", control
        self._show(text)

    def start(self, training: Training) -> None:
        """Show the title, an empty bar and the buttons; again at each restart."""
        self._open()
        self._counter, self._title = Counter(training), training.title
        self._trace.clear()
        self._page.title = training.title
        self._phase, self._state, self._control, self._trains = "training", "", training.control, True
        training.control.poll = self._poll
        if _in_main_thread() and not self._pump.works:
            self._page.has_buttons = False
            self.note(INTERRUPT)
        self._page.send({"announce": f"{training.title}: started."})
        self._show("Preparing the first step …")

    def step(self, epoch: int, step: int | None, logs: dict) -> None:
        """Show the numbers if it is time to, and the pictures if there is time for it."""
        if self._counter.step(epoch, step, logs):
            with self._showing:
                self._show(STATES[self._state])
            if epoch == 1 and step is not None and "loss" in logs:
                self._trace.append((step / self._counter.training.steps, float(logs["loss"])))
            if self._curves_time.allows():
                with self._curves_time:
                    self._page.curves = _curves(self._counter.training.history, self._trace)
        self._draw_examples()

    def result(self, page: Callable[[], str], part: float) -> None:
        """Show a result that grows; the whole one is only made ready, since it takes the view's place."""
        self._open()
        self._part, self._state = part, ""
        self._phase = SCORING if part < 1 else DRAWING
        self._show(self._text if part < 1 else "Drawing the figures …")
        html = page()
        if part < 1:
            self._page.result = html

    def note(self, text: str) -> None:
        """Add a line below the others."""
        self._notes.append(text)
        if self._page is not None:
            self._show_notes()

    def end(self, text: str) -> None:
        """Replace the widget with the closing line; from a thread, as soon as the kernel is free."""
        self._text = text
        if self._page is None:
            return
        self._page.send({"announce": text, "end": True})
        plain = "\n".join(line for line in (self._title, self._text, *self._notes) if line)
        self._place.close(plain, _html(self._title, self._text, self._notes), self._page)
        self._page = None

    def _open(self) -> None:
        """Display the widget below the cell."""
        if self._page is None:
            self._page = _Page(title=self._title, notes=self._notes, now=self._now(""))
            self._page.on_msg(self._hear)
            self._place.open(self._page)

    def _hear(self, page: _Page, content: dict[str, Any], _: list[memoryview]) -> None:
        """Send a request to the training, and acknowledge it at once: a step can take long."""
        request = {"pause": "pause", "resume": "resume", "stop": "stop"}.get(content.get("ask", ""))
        if request and self._control is not None:
            getattr(self._control, request)()
            self._answer()

    def _poll(self) -> None:
        """Handle waiting clicks, and show their effect."""
        self._pump()
        self._answer()

    def _answer(self) -> None:
        """Show the state that was requested, if it is not shown yet."""
        control = self._control
        with self._showing:
            state = (
                "stopping" if control.stopping else "paused" if control.waits else "pausing" if control.paused else ""
            )
            if state != self._state and self._page is not None:
                self._state = state
                words = CANCELLING if state == "stopping" and self._phase == SCORING else STATES[state]
                self._show(words if state or self._phase == "training" else self._text)
                if state in ("paused", "stopping"):
                    self._page.send({"announce": words})

    def _show(self, text: str) -> None:
        with self._showing:
            self._text = text
            self._page.now = self._now(text)
            self._show_notes()

    def _now(self, text: str) -> dict[str, Any]:
        """Return what changes often."""
        counter = self._counter
        cells = [] if counter is None else [list(cell) for cell in counter.cells()]
        heard = "ask" if self._control is not None else "interrupt" if _in_main_thread() else ""
        return {
            "phase": self._phase, "state": self._state, "text": text, "cells": cells,
            "part": round(self._part if counter is None else counter.part, 4),
            "stop": "" if self._phase == DRAWING else heard, "trains": self._trains,
        }  # fmt: skip

    def _show_notes(self) -> None:
        device = [] if self._counter is None else [" · ".join(filter(None, [self._counter.training.device, _memory()]))]
        self._page.notes = [*device, *self._notes]

    def _draw_examples(self) -> None:
        from aenb.figures.plots import examples_png

        training = self._counter.training
        if training.examples is not None and self._examples_time.allows():
            with self._examples_time:
                self._page.examples = examples_png(training.examples())


class _Budget:
    """Allows work as long as it takes no more than a fraction of the elapsed time.

    The first time is not counted: it also imports and traces, and shows what has learnt nothing yet.
    """

    def __init__(self, share: float):
        self._share, self._begin, self._spent, self._is_first = share, time.perf_counter(), 0.0, True

    def allows(self) -> bool:
        return self._spent <= self._share * (time.perf_counter() - self._begin)

    def __enter__(self) -> None:
        self._entered = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        if not self._is_first:
            self._spent += time.perf_counter() - self._entered
        self._is_first = False


def _curves(history: dict[str, list[float]], trace: list[tuple[float, float]]) -> list[dict[str, Any]]:
    """Return the lines to draw: name, label, colour and points (epoch, value), the last one always among them."""
    from aenb.figures.plots.curves import loss_lines

    lines = []
    for name, (label, colour) in loss_lines(history).items():
        values = history.get(name, ())
        points = curve_points(values)
        if name == "loss" and len(values) < 2:
            points = [[x, y] for x, y in trace if x < 1] + points
        lines.append({"name": name, "label": label, "colour": colour, "points": points})
    return [line for line in lines if line["points"]]


def _html(title: str, text: str, lines: list[str]) -> str:
    small = "".join(f'<div style="opacity:.7;font-size:.92em">{escape(line)}</div>' for line in lines)
    return f'<div class="aenb-live" style="line-height:1.5">{escape(title)}<div>{escape(text)}</div>{small}</div>'


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _memory() -> str:
    import psutil

    return f"{psutil.Process().memory_info().rss / 2**20:,.0f} MB of memory"


def view_for(shell: InteractiveShell) -> Callable[[], Silent] | None:
    """Return the factory of a shell's views: live in a notebook, silent with AENB_LIVE=0, else None for text."""
    if os.environ.get("AENB_LIVE") == "0":
        return Silent
    is_live = getattr(shell, "kernel", None) is not None and PLAIN not in os.environ
    return (lambda: LiveView(UnderCell(shell))) if is_live else None
