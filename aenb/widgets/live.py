"""The live view of a training in a notebook: one line that is updated in place and ends as text."""

from __future__ import annotations

import os
from html import escape

from IPython.display import display

from aenb.progress import Counter, Silent


class LiveView(Silent):
    """A line with a progress bar under the cell, updated at most four times a second.

    It ends as plain text, which a saved or exported notebook keeps.
    """

    def __init__(self):
        self.handle = self.counter = None
        self.title = ""

    def stage(self, text: str) -> None:
        """Show what is being waited for."""
        self._show(text)

    def start(self, title: str, epochs: int, steps: int) -> None:
        """Show the title, with an empty bar."""
        self.title, self.counter = title, Counter(epochs, steps)
        self._show("Preparing the first step …", bar=0.0)

    def step(self, epoch: int, step: int | None, logs: dict) -> None:
        """Move the bar."""
        if self.counter.step(epoch, step, logs):
            self._show(self.counter.words(), bar=self.counter.part)

    def end(self, text: str) -> None:
        """Leave the closing line."""
        self._show(text)

    def _show(self, text: str, bar: float | None = None) -> None:
        progress = (
            f'<progress aria-label="training" max="1" value="{bar:.3f}" style="width:16em;vertical-align:middle">'
            "</progress> "
            if bar is not None
            else ""
        )
        html = f'<div class="aenb-live">{escape(self.title)}<div>{progress}{escape(text)}</div></div>'
        plain = "\n".join(line for line in (self.title, text) if line)
        bundle = {"text/plain": plain, "text/html": html}
        if self.handle is None:
            self.handle = display(bundle, raw=True, display_id=True)
        else:
            self.handle.update(bundle, raw=True)


def view_for(shell):
    """Return what makes the views of a shell: live in a notebook, silent with AENB_LIVE=0, text in a terminal."""
    if os.environ.get("AENB_LIVE") == "0":
        return Silent
    return LiveView if getattr(shell, "kernel", None) is not None else None
