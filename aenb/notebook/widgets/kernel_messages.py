"""Widget messages handled inside a running cell, so that a button works while a model trains.

A kernel handles one message after another, and a training cell is one message: a click waits until the cell has ended.
A `Pump` that the cell calls between its batches takes the waiting widget (comm) messages out of the queue and handles
them at once, and answers what a page that is loaded again asks first: the kernel's version and its widgets. All other
messages keep their order and run after the cell.

ipykernel has no public way to do this: `kernel_inbox` knows where messages wait in each of its major versions. If one
of the parts that it names is missing, the pump does nothing, and only interrupting the kernel stops the cell.
"""

from __future__ import annotations

import inspect
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import compress
from typing import Any

from aenb.notebook.widgets.delayed_interrupt import DelayedInterrupt
from aenb.notebook.widgets.kernel_inbox import TYPES, connect


class Pump:
    """Handles the widget messages that wait while a cell runs.

    Call it often from the main thread, for example after each batch: most calls only look at the clock. The callback
    of a widget should set a flag and return, since ipykernel 7 may run it in a thread of its own as well. As always,
    IPython's `post_execute` follows each callback: a pyplot figure that the cell has left open is shown then.

    Args:
        interval: Seconds between two looks at the messages.

    Example:
        >>> pump = Pump()
        >>> pump.works  # not in a notebook
        False
        >>> pump()
        0
    """

    def __init__(self, interval: float = 0.05):
        self.interval = interval
        self._next = 0.0
        self._busy = False
        self._kernel, self._inbox, self._surprises = connect()

    @property
    def works(self) -> bool:
        """Whether this is a kernel whose inner parts are known; False outside a kernel and after a surprise."""
        return self._inbox is not None

    def __call__(self) -> int:
        """Handle the widget messages that have arrived.

        Returns:
            The number of messages handled: 0 before the interval has passed, outside a kernel, off the main thread,
            and inside a widget's callback that was itself called from here.

        Raises:
            KeyboardInterrupt: The kernel was interrupted. What has not been handled yet runs after the cell.
        """
        if self._inbox is None or self._busy or time.monotonic() < self._next:
            return 0
        if threading.current_thread() is not threading.main_thread():
            return 0
        with DelayedInterrupt() as interrupt:
            self._busy = True
            try:
                return self._drain(interrupt)
            except self._surprises:
                self._kernel.log.warning("Widgets wait for the end of the cell from now on:", exc_info=True)
                self._inbox = None
                return 0
            finally:
                self._busy = False
                self._next = time.monotonic() + self.interval  # from the end: slow callbacks leave room for the cell

    def _drain(self, interrupt: DelayedInterrupt) -> int:
        """Handle the waiting messages. A message whose handler was not started always goes back to the kernel."""
        waiting, handled = deque(self._take()), 0
        try:
            while waiting and not interrupt.came:
                with self._turn(self._inbox.frames(waiting[0])) as handler:
                    waiting.popleft()
                    self._run(handler, interrupt)
                handled += 1
        finally:
            for entry in waiting:
                self._inbox.put_back(entry)
        return handled

    def _take(self) -> list:
        """Return the waiting widget messages, and put all others back in order."""
        entries = self._inbox.empty()
        ours = [False] * len(entries)
        try:
            ours = [self._is_ours(self._inbox.frames(entry)) for entry in entries]
        finally:
            for entry in compress(entries, (not mine for mine in ours)):
                self._inbox.put_back(entry)
        return list(compress(entries, ours))

    def _is_ours(self, frames: list) -> bool:
        """Look at the type of a message, without its content, or its signature would count as already used."""
        session = self._kernel.session
        try:
            _, parts = session.feed_identities(frames, copy=False)
            message = session.deserialize(parts, content=False, copy=False)
        except (TypeError, ValueError):  # malformed, or ipykernel's own note to itself: leave it to ipykernel
            return False
        return message["header"]["msg_type"] in TYPES

    @contextmanager
    def _turn(self, frames: list) -> Iterator[Callable[[], object]]:
        """Make a message the parent of what its callbacks send, and afterwards the cell again.

        The page waits for busy and idle before it sends the next value of a slider, and drops values whose parent is
        not the message that it sent. What a callback prints is sent before idle, as ipykernel does. Then the kernel is
        reported busy again: the cell still runs.
        """
        kernel = self._kernel
        idents, parts = kernel.session.feed_identities(frames, copy=False)
        cell = kernel._parent_ident["shell"], kernel.get_parent("shell")
        try:
            message = kernel.session.deserialize(parts, content=True, copy=False)
            handler = kernel.shell_handlers[message["header"]["msg_type"]]
            kernel.set_parent(idents, message, channel="shell")
            kernel._publish_status("busy", "shell", parent=message)
        except BaseException:  # not handled: it goes back, and the kernel refuses a signature that it has seen
            kernel.session.digest_history.discard(parts[0].bytes)
            kernel.set_parent(*cell, channel="shell")
            raise
        try:
            yield partial(handler, self._inbox.replies, idents, message)
        finally:
            _flush()
            try:
                kernel._publish_status("idle", "shell", parent=message)
            finally:
                kernel.set_parent(*cell, channel="shell")
                kernel._publish_status("busy", "shell", parent=cell[1])

    def _run(self, handler: Callable[[], object], interrupt: DelayedInterrupt) -> None:
        """Run a message's handler; log what it raises, as ipykernel does: a callback's error is not the cell's."""
        try:
            with interrupt.allowed():
                answer = handler()
                if inspect.iscoroutine(answer):  # of a request for information: it waits for nothing
                    _finish(answer)
                    self._inbox.send()
        except Exception:
            self._kernel.log.error("Exception in message handler:", exc_info=True)


def _finish(coroutine: Coroutine[Any, Any, object]) -> None:
    """Run a coroutine to its end within a cell, whose event loop stands still: it may not wait for anything.

    Raises:
        RuntimeError: It waited.
    """
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError(f"Expected a coroutine that does not wait. Received: {coroutine!r}.")


def _flush() -> None:
    """Send the text that was printed so far."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
