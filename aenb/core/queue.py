"""One training at a time in a process: the others wait in a queue, in the foreground or in their own threads."""

from __future__ import annotations

import atexit
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from aenb.core.control import Control, Stopped
from aenb.core.errors import AenbError

NAP = 0.05  # seconds between two polls while waiting

_queue: list[Job] = []
_changed = threading.Condition()


class Job:
    """A training that is waiting, running, or over.

    Attributes:
        name: The name of its run, or None.
        control: Pause, resume and stop.
        error: The exception that it raised, if it failed.
    """

    def __init__(self, name: str | None, control: Control):
        self.name, self.control = name, control
        self.error: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._owner: int | None = None

    @property
    def alive(self) -> bool:
        """Whether it is waiting or running."""
        return self in _queue

    @property
    def mine(self) -> bool:
        """Whether the calling thread is the one that trains: it cannot wait for its own end."""
        return self._owner == threading.get_ident() or self._thread is threading.current_thread()

    def start(self, work: Callable[[], Any]) -> None:
        """Do the work in a thread; it joins the queue now, and takes its `turn` itself."""
        self._thread = threading.Thread(target=self._run, args=(work,), name=f"aenb-{self.name}", daemon=True)
        with _changed:
            _queue.append(self)
        self._thread.start()

    def wait(self, poll: Callable[[], object] = lambda: None) -> None:
        """Wait until it is over, calling `poll` meanwhile.

        Raises:
            AenbError: The training's own thread calls this: it would wait for itself.
            BaseException: Whatever the work raised, at each call.
        """
        if self.alive and self.mine:
            raise AenbError(
                "Expected to wait from another thread; received a training that waits for its own end, in a callback. "
                "stop() requests the end and returns."
            )
        self.over(poll)
        if self.error is not None:
            raise self.error

    def over(self, poll: Callable[[], object] = lambda: None) -> None:
        """Wait until it is over, however it ends, calling `poll` meanwhile; the training's own thread does not wait."""
        if self.mine:
            return
        while self.alive:
            poll()
            with _changed:
                _changed.wait(NAP)
        if self._thread is not None:
            self._thread.join()

    @contextlib.contextmanager
    def turn(self, waiting: Callable[[Job], object] = lambda first: None) -> Iterator[None]:
        """Hold the turn for a block; wait for it, calling `waiting` with the job that holds it.

        Raises:
            Stopped: It was stopped while waiting.
        """
        with _changed:
            nested = bool(_queue) and _queue[0]._owner == threading.get_ident()
            if self not in _queue:
                _queue.insert(0 if nested else len(_queue), self)
        try:
            while _queue[0] is not self:
                waiting(_queue[0])
                if self.control.stopping:
                    raise Stopped
                with _changed:
                    _changed.wait(NAP)
            self._owner = threading.get_ident()
            yield
        finally:
            self._leave()

    def _leave(self) -> None:
        """Pass the turn to the next job."""
        with _changed:
            if self in _queue:
                _queue.remove(self)
            _changed.notify_all()

    def _run(self, work: Callable[[], Any]) -> None:
        try:
            work()
        except BaseException as error:  # re-raised in `wait`
            self.error = error
        finally:
            self._leave()


def jobs() -> list[Job]:
    """List the running and waiting trainings, the running one first."""
    return list(_queue)


def stop_all(seconds: float = 10.0) -> None:
    """Stop every training, and wait until they are over."""
    end = time.monotonic() + seconds
    for job in jobs():
        job.control.stop()
    while not all(job.mine for job in jobs()) and time.monotonic() < end:
        time.sleep(NAP)


atexit.register(stop_all)
