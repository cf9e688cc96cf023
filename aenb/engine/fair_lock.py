"""A lock that is fair: a thread that has waited goes before the one that has just had it."""

from __future__ import annotations

import threading


class FairLock:
    """Lets one thread at a time through; the thread that has its turn may take it again inside.

    A training takes it for each chunk and gives it back for a moment, which is no chance for another thread with a
    plain lock. Here a waiting thread stands at the gate, and the training can't pass it. Whoever has the turn passes
    the gate freely: the thread that stands there waits for this very turn to end.
    """

    def __init__(self):
        self._gate, self._lock = threading.Lock(), threading.Lock()
        self._owner: int | None = None
        self._depth = 0

    @property
    def mine(self) -> bool:
        """Whether the calling thread has the turn."""
        return self._owner == threading.get_ident()

    def __enter__(self) -> FairLock:
        if not self.mine:
            with self._gate:
                self._lock.acquire()
            self._owner = threading.get_ident()
        self._depth += 1
        return self

    def __exit__(self, *_) -> None:
        self._depth -= 1
        if not self._depth:
            self._owner = None
            self._lock.release()
