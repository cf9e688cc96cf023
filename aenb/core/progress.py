"""What a training shows while it runs.

A view has seven methods: `prepare()` tells that a training will start, `stage(text, control)` names the stage before or
after it, `start(training)` opens the view, `step(epoch, step, logs)` is called after each chunk of steps (with the step
None at an epoch's end) and must be cheap, `note(text)` shows a note to the reader, `result(page, part)` shows a result
that grows, `end(text)` closes with a line. This module has the view for a terminal; the notebook extension sets
its own with `use_view`.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from aenb.core.control import Control
from aenb.core.errors import AenbError

if TYPE_CHECKING:
    from tqdm import tqdm

INTERVAL = 0.25  # seconds between two updates


@dataclass
class Training:
    """What a view gets to know about a training that begins.

    Attributes:
        title: What is trained on what.
        epochs: The number of epochs.
        steps: Steps per epoch.
        num_examples: Examples per epoch.
        device: The device it computes on, in words.
        control: Pause, resume and stop.
        history: Lists by name, one value per epoch; they grow.
        examples: Returns rows of examples and of their current reconstructions, by name; called by the training's own
            thread.
        done: Steps that were done before the training was resumed.
    """

    title: str
    epochs: int
    steps: int
    num_examples: int
    device: str = ""
    control: Control = field(default_factory=Control)
    history: dict[str, list[float]] = field(default_factory=dict)
    examples: Callable[[], dict[str, np.ndarray]] | None = None
    done: int = 0


class Silent:
    """A view that shows nothing."""

    def prepare(self) -> None:
        """Be told that a training will start."""

    def stage(self, text: str, control: Control | None = None) -> None:
        """Ignore the name of a stage, and what hears a Stop meanwhile."""

    def start(self, training: Training) -> None:
        """Ignore a training that begins."""

    def step(self, epoch: int, step: int | None, logs: dict) -> None:
        """Ignore a step."""

    def note(self, text: str) -> None:
        """Ignore a note."""

    def result(self, page: Callable[[], str], part: float) -> None:
        """Ignore a result that grows: what returns it as HTML, and the fraction of it that is there, in [0, 1]."""

    def end(self, text: str) -> None:
        """Ignore the closing line."""


class Counter:
    """Progress of a training: counts steps, keeps the last logs, and says when an update is due."""

    def __init__(self, training: Training):
        self.training, self.epoch, self.done = training, 1, training.done
        self.logs: dict = {}
        self._begin: tuple[float, int] | None = None  # when the first chunk, which compiles, was done; and its steps
        self._next = 0.0

    def step(self, epoch: int, step: int | None, logs: dict) -> bool:
        """Count a step; return whether it is time to show it."""
        self.epoch = epoch
        self.done = (epoch - 1) * self.training.steps + (self.training.steps if step is None else step)
        now = time.perf_counter()
        self._begin = self._begin or (now - self.training.control.held, self.done)
        if step is None:
            self.logs = dict(logs)
        if now < self._next:
            return False
        self._next = now + INTERVAL
        self.logs |= logs
        return True

    @property
    def part(self) -> float:
        """The fraction of the training that is done, in [0, 1]."""
        return self.done / max(1, self.training.epochs * self.training.steps)

    @property
    def rate(self) -> float:
        """Examples per second since the first chunk, without pauses."""
        if self._begin is None:
            return 0.0
        seconds = time.perf_counter() - self._begin[0] - self.training.control.held
        return (self.done - self._begin[1]) * self.training.num_examples / self.training.steps / max(seconds, 1e-9)

    def cells(self) -> list[tuple[str, str]]:
        """Describe the progress in parts, always the same ones: epoch, losses, speed, time left; (name, value)."""
        losses = [
            (name, f"{float(self.logs[key]):.4g}" if key in self.logs else "–")
            for key, name in (("loss", "loss"), ("val_loss", "validation loss"))
        ]
        speed, left = "–", "–"
        if self.rate:
            steps = self.training.epochs * self.training.steps - self.done
            speed = f"{self.rate:,.0f} examples/s"
            left = time_in_words(steps * self.training.num_examples / self.training.steps / self.rate)
        return [("epoch", f"{self.epoch} of {self.training.epochs}"), *losses, ("speed", speed), ("left", left)]

    def words(self) -> str:
        """Describe the progress in a line: what is not known yet is left out."""
        said = {name: value for name, value in self.cells() if value != "–"}
        speed = [said.pop("speed"), f"{said.pop('left')} left"] if "speed" in said else []
        return " · ".join([*(f"{name} {value}" for name, value in said.items()), *speed])


def time_in_words(seconds: float) -> str:
    """Return a time in a suitable unit: 90 s, 48 min, 3 h."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


class TextBar(Silent):
    """A tqdm bar on stdout, for terminals and scripts."""

    def __init__(self) -> None:
        self.bar: tqdm | None = None
        self.counter: Counter | None = None

    def start(self, training: Training) -> None:
        """Print the title and open the bar."""
        from tqdm import tqdm

        if self.bar is not None:  # of the previous restart
            self.bar.close()
        print(training.title)
        self.counter = Counter(training)
        self.bar = tqdm(
            total=training.epochs * training.steps,
            initial=training.done,
            file=sys.stdout,
            leave=False,
            bar_format="{percentage:3.0f}% |{bar}| {desc}",
        )

    def step(self, epoch: int, step: int | None, logs: dict) -> None:
        """Move the bar, at most four times a second."""
        if self.counter.step(epoch, step, logs):
            self.bar.n = self.counter.done
            self.bar.set_description_str(self.counter.words())

    def note(self, text: str) -> None:
        """Print a line above the bar."""
        if self.bar is not None:
            self.bar.write(text, file=sys.stdout)

    def end(self, text: str) -> None:
        """Close the bar and print the closing line."""
        if self.bar is not None:
            self.bar.close()
            print(text)


_view: Callable[[], Silent] = TextBar


def use_view(view: Callable[[], Silent] | None) -> None:
    """Show trainings from now on in views that `view()` returns; None: in the terminal's view."""
    global _view
    _view = view or TextBar


@contextlib.contextmanager
def open_view(verbose: bool) -> Iterator[Silent]:
    """Open the view of a training; if the training fails, the view reports it and ends."""
    view = _view() if verbose else Silent()
    try:
        yield view
    except BaseException as error:
        view.end("" if isinstance(error, AenbError) else f"It ended with an error ({type(error).__name__}).")
        raise
