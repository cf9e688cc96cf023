"""A lock that is fair: who has waited goes before who has just had it."""

from __future__ import annotations

import threading


class Turns:
    """Lets one thread at a time through, in the order in which they came.

    A training takes it for each chunk and gives it back for a moment, which is no chance for another thread with a
    plain lock. Here a waiting thread stands at the gate, and the training can't pass it.
    """

    def __init__(self):
        self._gate, self._lock = threading.Lock(), threading.RLock()

    def __enter__(self) -> Turns:
        with self._gate:
            self._lock.acquire()
        return self

    def __exit__(self, *_) -> None:
        self._lock.release()
