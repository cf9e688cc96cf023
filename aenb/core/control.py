"""Pause, resume and stop: asked for from any thread, heard by the training between two chunks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

NAP = 0.02  # seconds between two looks while paused


class Halt(Exception):
    """Ends `fit` at once, between two steps, with what was learnt."""


class Stopped(Halt):
    """Somebody asked for the training to stop."""


class Control:
    """What others ask of a training.

    Attributes:
        poll: Called at each look: in a notebook it lets waiting messages of widgets through.
        held: Seconds that were spent in pauses.
        waits: Whether the training stands still now: a pause that is asked for begins after the steps that run.
    """

    def __init__(self):
        self._paused, self._stopping = threading.Event(), threading.Event()
        self.poll: Callable[[], object] = lambda: None
        self.held = 0.0
        self.waits = False

    @property
    def paused(self) -> bool:
        """Whether a pause is asked for."""
        return self._paused.is_set()

    @property
    def stopping(self) -> bool:
        """Whether an end is asked for."""
        return self._stopping.is_set()

    def pause(self) -> None:
        """Ask for a pause."""
        self._paused.set()

    def resume(self) -> None:
        """Ask to go on."""
        self._paused.clear()

    def stop(self) -> None:
        """Ask for the end."""
        self._stopping.set()

    def check(self) -> None:
        """Hear what was asked: wait while paused.

        Raises:
            Stopped: An end was asked for.
        """
        self.poll()
        if self.paused:
            begin = time.perf_counter()
            self.waits = True
            while self.paused and not self.stopping:
                self.poll()
                time.sleep(NAP)
            self.waits = False
            self.held += time.perf_counter() - begin
        if self.stopping:
            raise Stopped
