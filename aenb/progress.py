"""What a training shows while it runs.

A view has four methods: `stage(text)` names what is being waited for, `start(title, epochs, steps)` opens the
training, `step(epoch, step, logs)` is called for each batch (and with the step None at an epoch's end) and must be
cheap, `end(text)` closes with a line. This module has the view of a terminal; the notebook extension puts its own in
place with `use_view`.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

INTERVAL = 0.25  # seconds between two updates


class Silent:
    """A view that shows nothing."""

    def stage(self, text: str) -> None:
        """Pass over what is being waited for."""

    def start(self, title: str, epochs: int, steps: int) -> None:
        """Pass over the training's title, epochs and steps an epoch."""

    def step(self, epoch: int, step: int | None, logs: dict) -> None:
        """Pass over a step."""

    def end(self, text: str) -> None:
        """Pass over the closing line."""


class Counter:
    """How far a training is: counts steps, keeps the last logs, and says when an update is due."""

    def __init__(self, epochs: int, steps: int):
        self.epochs, self.steps, self.epoch, self.done = epochs, steps, 1, 0
        self.logs: dict = {}
        self.begin = time.perf_counter()
        self._next = 0.0

    def step(self, epoch: int, step: int | None, logs: dict) -> bool:
        """Count a step; return whether it is time to show it."""
        self.epoch = epoch
        self.done = (epoch - 1) * self.steps + (self.steps if step is None else step)
        now = time.perf_counter()
        if step is None:
            self.logs = dict(logs)
        if now < self._next:
            return False
        self._next = now + INTERVAL
        self.logs |= logs
        return True

    @property
    def part(self) -> float:
        """The part of the training that is done, in [0, 1]."""
        return self.done / (self.epochs * self.steps)

    def words(self) -> str:
        """Say where the training stands: epoch, losses, time left."""
        seconds = time.perf_counter() - self.begin
        left = f"{seconds / self.part * (1 - self.part):.0f} s left" if self.part else ""
        names = {"loss": "loss", "val_loss": "validation loss"}
        losses = [f"{names[name]} {float(value):.4g}" for name, value in self.logs.items() if name in names]
        return " · ".join([f"epoch {self.epoch} of {self.epochs}", *losses, left])


class TextBar(Silent):
    """A tqdm bar on stdout, for terminals and scripts."""

    def __init__(self):
        self.bar = self.counter = None

    def start(self, title: str, epochs: int, steps: int) -> None:
        """Print the title and open the bar."""
        from tqdm import tqdm

        print(title)
        self.counter = Counter(epochs, steps)
        self.bar = tqdm(
            total=epochs * steps, file=sys.stdout, leave=False, bar_format="{percentage:3.0f}% |{bar}| {desc}"
        )

    def step(self, epoch: int, step: int | None, logs: dict) -> None:
        """Move the bar, at most four times a second."""
        if self.counter.step(epoch, step, logs):
            self.bar.n = self.counter.done
            self.bar.set_description_str(self.counter.words())

    def end(self, text: str) -> None:
        """Close the bar and print the closing line."""
        if self.bar is not None:
            self.bar.close()
            print(text)


_view: Callable[[], Silent] = TextBar


def use_view(view: Callable[[], Silent] | None) -> None:
    """Show trainings from now on in views that `view()` makes; None: in a terminal's."""
    global _view
    _view = view or TextBar


@contextlib.contextmanager
def open_view(verbose: bool) -> Iterator[Silent]:
    """Open the view of a training that begins; where the training fails, the view says so and ends."""
    view = _view() if verbose else Silent()
    try:
        yield view
    except BaseException:
        view.end("Nothing was trained.")
        raise
