"""SIGINT delayed while messages are moved."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType


class DelayedInterrupt:
    """Delays SIGINT while messages are being moved: an interrupt between two lines would lose them.

    The signal is raised when the block ends. Callbacks run with `allowed`, where it is raised at once.
    """

    def __enter__(self) -> DelayedInterrupt:
        self.came = False
        self.handler = signal.getsignal(signal.SIGINT)
        self._use(self._note)
        return self

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.came = True

    def _use(self, handler: Any) -> None:
        if self.handler is not None:  # None: it was not set from Python, and can't be restored
            signal.signal(signal.SIGINT, handler)

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Raise an interrupt inside this block at once."""
        self._use(self.handler)
        try:
            yield
        finally:
            self._use(self._note)

    def __exit__(self, *raised: object) -> None:
        self._use(self.handler)
        if self.came:
            signal.raise_signal(signal.SIGINT)
