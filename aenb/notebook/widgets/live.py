"""The live view of a training in a notebook: its progress, its loss, reconstructions or samples, and its buttons.

During the training it consists of plain ipywidgets. It ends as text and HTML, which a saved or exported notebook keeps.
Buttons only set flags that the training checks between two chunks. The training's own thread draws the pictures, which
take at most a fixed fraction of its time.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

import ipywidgets as widgets

from aenb.core.progress import Counter, Silent, Training
from aenb.notebook.widgets.kernel_messages import Pump
from aenb.notebook.widgets.keys import spare_keys
from aenb.notebook.widgets.placement import Place, UnderCell

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

SHARE = 0.012  # the fraction of the training's time for each of the two pictures
INTERRUPT = "To stop: interrupt the kernel (■). What was learnt is kept."


class LiveView(Silent):
    """The progress of a training below its cell.

    Args:
        place: Where it is displayed.
    """

    def __init__(self, place: Place):
        self._place, self._pump = place, Pump()
        self._counter: Counter | None = None
        self._notes: list[str] = []
        self._title = self._text = self._state = ""
        self._curves_time, self._examples_time = _Budget(SHARE), _Budget(SHARE)
        self._trace: list[tuple[float, float]] = []
        self._box = None
        self._showing = (
            threading.RLock()
        )  # a click and the training update the view from two threads: the last one wins

    def stage(self, text: str) -> None:
        """Show what is being prepared, with the buttons disabled."""
        self._open()
        self._toggle.disabled = self._stop.disabled = True
        self._show(text)

    def start(self, training: Training) -> None:
        """Show the title, an empty bar and the buttons; again at each restart."""
        self._open()
        previous, self._counter, self._title = self._counter, Counter(training), training.title
        self._trace.clear()
        control, mine = training.control, threading.current_thread() is threading.main_thread()
        control.poll = self._poll
        self._toggle.disabled = self._stop.disabled = False
        if previous is None:
            self._toggle.on_click(lambda _: self._ask(control.resume if control.paused else control.pause))
            self._stop.on_click(lambda _: self._ask(control.stop))
        if mine and not self._pump.works:
            self.note(INTERRUPT)
        else:
            self._buttons.layout.display = ""
        self._show("Preparing the first step …", bar=0.0)

    def step(self, epoch: int, step: int | None, logs: dict) -> None:
        """Move the bar, and redraw the pictures if there is time for it."""
        if self._counter.step(epoch, step, logs):
            with self._showing:
                self._show(self._state + self._counter.words(), bar=self._counter.part)
            if epoch == 1 and step is not None and "loss" in logs:
                self._trace.append((step / self._counter.training.steps, float(logs["loss"])))
        self._draw()

    def note(self, text: str) -> None:
        """Add a line below the others."""
        self._notes.append(text)
        self._show(self._text)

    def end(self, text: str) -> None:
        """Replace the widgets with the closing line; from a thread, as soon as the kernel is free."""
        self._text = text
        if self._box is None:
            return
        self._show(text)
        self._buttons.layout.display = "none"
        plain = "\n".join(line for line in (self._title, self._text, *self._notes) if line)
        self._place.close(plain, _html(self._title, "", self._text, self._notes), self._box)
        self._box = None

    def _open(self) -> None:
        """Display the widgets below the cell."""
        if self._box is not None:
            return
        self._line = widgets.HTML()
        self._toggle = widgets.Button(description="Pause", tooltip="Pause or resume the training")
        self._stop = widgets.Button(description="Stop", tooltip="Stop the training and keep what was learnt")
        self._buttons = widgets.HBox([self._toggle, self._stop], layout={"display": "none"})
        self._curves = widgets.Image(format="png", layout={"display": "none", "max_width": "48%"})
        self._examples = widgets.Image(format="png", layout={"display": "none", "max_width": "50%"})
        pictures = widgets.HBox([self._curves, self._examples], layout={"align_items": "center"})
        for widget, name in ((self._toggle, "aenb-pause"), (self._stop, "aenb-stop"), (self._line, "aenb-live")):
            widget.add_class(name)
        for image, words in (
            (self._curves, "learning curves so far"),
            (self._examples, "held-out examples with reconstructions or generated samples"),
        ):
            _describe(image, words)
        # the buttons come first: below a line that wraps they would move, even between a press and its release
        self._box = widgets.VBox([self._buttons, self._line, pictures])
        spare_keys(self._box)
        self._place.open(self._box)

    def _ask(self, what: Callable[[], None]) -> None:
        """Send a request to the training, and acknowledge it at once: a step can take long."""
        what()
        self._answer()

    def _poll(self) -> None:
        """Handle waiting clicks, and show their effect."""
        self._pump()
        self._answer()

    def _answer(self) -> None:
        """Show the state that was requested, if it is not shown yet."""
        control = self._counter.training.control
        with self._showing:
            if control.stopping:
                state = "Stopping · "
                self._stop.disabled = self._toggle.disabled = True
            else:
                state = "Paused · " if control.waits else "Pausing · " if control.paused else ""
                self._toggle.description = "Resume" if control.paused else "Pause"
            if state != self._state:
                self._state = state
                self._show(state + self._counter.words(), bar=self._counter.part)

    def _show(self, text: str, bar: float | None = None) -> None:
        with self._showing:
            self._set(text, bar)

    def _set(self, text: str, bar: float | None) -> None:
        self._text = text
        lines = [*self._notes]
        if self._counter is not None and bar is not None:
            lines.insert(0, " · ".join(filter(None, [self._counter.training.device, _memory()])))
        progress = (
            f'<progress aria-label="training" max="1" value="{bar:.3f}" style="width:16em;vertical-align:middle">'
            "</progress> "
            if bar is not None
            else ""
        )
        self._line.value = _html(self._title, progress, text, lines)

    def _draw(self) -> None:
        from aenb.figures.plots import examples_png, loss_png

        training = self._counter.training
        if self._curves_time.allows() and (training.history or len(self._trace) >= 3):
            with self._curves_time:
                self._curves.value = loss_png(training.history, self._trace)
                self._curves.layout.display = ""
        if training.examples is not None and self._examples_time.allows():
            with self._examples_time:
                self._examples.value = examples_png(training.examples())
                self._examples.layout.display = ""


class _Budget:
    """Allows work as long as it takes no more than a fraction of the elapsed time."""

    def __init__(self, share: float):
        self._share, self._begin, self._spent = share, time.perf_counter(), 0.0

    def allows(self) -> bool:
        return self._spent <= self._share * (time.perf_counter() - self._begin)

    def __enter__(self) -> None:
        self._entered = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._spent += time.perf_counter() - self._entered


def _html(title: str, progress: str, text: str, lines: list[str]) -> str:
    small = "".join(f'<div style="opacity:.7;font-size:.92em">{escape(line)}</div>' for line in lines)
    line = f"<div>{progress}{escape(text)}</div>"
    return f'<div class="aenb-live" style="line-height:1.5">{escape(title)}{line}{small}</div>'


def _memory() -> str:
    import psutil

    return f"{psutil.Process().memory_info().rss / 2**20:,.0f} MB of memory"


def _describe(image: widgets.Image, words: str) -> None:
    """Give a picture its alternative text, if this version of ipywidgets supports it."""
    if "alt" in image.trait_names():
        image.alt = words


def view_for(shell: InteractiveShell) -> Callable[[], Silent] | None:
    """Return the factory of a shell's views: live in a notebook, silent with AENB_LIVE=0, text in a terminal."""
    if os.environ.get("AENB_LIVE") == "0":
        return Silent
    return (lambda: LiveView(UnderCell(shell))) if getattr(shell, "kernel", None) is not None else None
