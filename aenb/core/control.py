"""Pause, resume and stop: requested from any thread, handled by the training between two chunks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

NAP = 0.02  # seconds between two polls while paused


class Halt(Exception):
    """Ends `fit` at once, between two steps; what was learnt is kept."""


class Stopped(Halt):
    """A stop of the training was requested."""


class Control:
    """The requests to a training.

    Attributes:
        poll: Called at each check: in a notebook it processes waiting messages of widgets.
        held: Seconds spent in pauses.
        waits: Whether the training is paused now: a requested pause begins after the running steps.
    """

    def __init__(self) -> None:
        self._paused, self._stopping = threading.Event(), threading.Event()
        self.poll: Callable[[], object] = lambda: None
        self.held = 0.0
        self.waits = False

    @property
    def paused(self) -> bool:
        """Whether a pause is requested."""
        return self._paused.is_set()

    @property
    def stopping(self) -> bool:
        """Whether a stop is requested."""
        return self._stopping.is_set()

    def pause(self) -> None:
        """Request a pause."""
        self._paused.set()

    def resume(self) -> None:
        """End the pause."""
        self._paused.clear()

    def stop(self) -> None:
        """Request a stop."""
        self._stopping.set()

    def check(self) -> None:
        """Handle the requests: wait while paused.

        Raises:
            Stopped: A stop was requested.
        """
        self.poll()
        if self.paused:
            start = time.perf_counter()
            self.waits = True
            while self.paused and not self.stopping:
                self.poll()
                time.sleep(NAP)
            self.waits = False
            self.held += time.perf_counter() - start
        if self.stopping:
            raise Stopped
