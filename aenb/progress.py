"""What a training shows while it runs.

A view has four methods: `stage(text)` names what is being waited for, `start(title, epochs, steps)` opens the
training, `step(epoch, step, logs)` is called for each batch and must be cheap, and `end(text)` closes with a line.
This module has the view of a terminal; the notebook extension puts its own in place with `use_view`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable


class Silent:
    """A view that shows nothing."""

    def stage(self, text: str) -> None:
        """Pass over what is being waited for."""

    def start(self, title: str, epochs: int, steps: int) -> None:
        """Pass over the training's title, epochs and steps an epoch."""

    def step(self, epoch: int, step: int, logs: dict) -> None:
        """Pass over a step."""

    def end(self, text: str) -> None:
        """Pass over the closing line."""


class TextBar(Silent):
    """A tqdm bar of epochs on stdout, for terminals and scripts."""

    def __init__(self):
        self.bar = None
        self.epochs = 0

    def start(self, title: str, epochs: int, steps: int) -> None:
        """Print the title and open the bar."""
        from tqdm import tqdm

        print(title)
        self.bar = tqdm(total=epochs * steps, file=sys.stdout, leave=False, mininterval=0.25, bar_format=_FORMAT)
        self.epochs = epochs

    def step(self, epoch: int, step: int, logs: dict) -> None:
        """Move the bar on by a step."""
        self.bar.set_description(f"epoch {epoch}/{self.epochs}", refresh=False)
        self.bar.set_postfix({name: f"{value:.4g}" for name, value in logs.items()}, refresh=False)
        self.bar.update()

    def end(self, text: str) -> None:
        """Close the bar and print the closing line."""
        if self.bar is not None:
            self.bar.close()
        print(text)


_FORMAT = "{desc} {percentage:3.0f}% |{bar}| {elapsed}<{remaining}{postfix}"
_view: Callable[[], Silent] = TextBar


def use_view(view: Callable[[], Silent] | None) -> None:
    """Show trainings from now on in views that `view()` makes; None: in a terminal's."""
    global _view
    _view = view or TextBar


def new_view(verbose: bool) -> Silent:
    """Make the view of a training that begins."""
    return _view() if verbose else Silent()
