"""A fair lock: a waiting thread goes before the thread that has just released it."""

from __future__ import annotations

import threading


class FairLock:
    """Lets one thread at a time through; the thread that holds the lock may take it again.

    A training takes the lock for each chunk and releases it only for a moment, in which another thread could hardly
    take a plain lock. Here a waiting thread holds the gate, and the training cannot pass it. The thread that holds the
    lock need not pass the gate, since the thread there waits for it to finish.
    """

    def __init__(self) -> None:
        self._gate, self._lock = threading.Lock(), threading.Lock()
        self._owner: int | None = None
        self._depth = 0

    @property
    def mine(self) -> bool:
        """Whether the calling thread holds the lock."""
        return self._owner == threading.get_ident()

    def __enter__(self) -> FairLock:
        if not self.mine:
            with self._gate:
                self._lock.acquire()
            self._owner = threading.get_ident()
        self._depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if not self._depth:
            self._owner = None
            self._lock.release()
