"""Widget messages handled inside a running cell, so that a button works while a model trains.

A kernel handles one message after another, and a training cell is one message: a click waits until the cell has ended.
A `Pump` that the cell calls between its batches takes the waiting widget (comm) messages out of the queue and handles
them at once, and answers what a page that is loaded again asks first: the kernel's version and its widgets. All other
messages keep their order and run after the cell.

ipykernel has no public way to do this. For each of its major versions, a small class here knows where messages wait,
and names the parts it needs. If one of them is missing, the pump does nothing, and only interrupting the kernel stops
the cell.
"""

from __future__ import annotations

import inspect
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import compress
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

    from ipykernel.kernelbase import Kernel

COMM_TYPES = ("comm_open", "comm_msg", "comm_close")
INFO_TYPES = ("kernel_info_request", "comm_info_request")  # what a page asks when it is loaded; no code runs for it

# What a changed ipykernel raises when its inner parts are used as those of a version we know.
SURPRISES = (AssertionError, AttributeError, ImportError, LookupError, TypeError, ValueError)


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
        self._kernel, self._inbox, self._surprises = _connect()

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
        with _Interrupt() as interrupt:
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

    def _drain(self, interrupt: _Interrupt) -> int:
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
        return message["header"]["msg_type"] in (*COMM_TYPES, *INFO_TYPES)

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

    def _run(self, handler: Callable[[], object], interrupt: _Interrupt) -> None:
        """Run a message's handler; log what it raises, as ipykernel does: a callback's error is not the cell's."""
        try:
            with interrupt.allowed():
                answer = handler()
                if inspect.iscoroutine(answer):  # of INFO_TYPES: it waits for nothing
                    _finish(answer)
                    self._inbox.send()
        except Exception:
            self._kernel.log.error("Exception in message handler:", exc_info=True)


class _Queue6:
    """What has arrived in ipykernel 6: a stream that fills a queue, which one coroutine empties, call after call."""

    parts = ("shell_stream.flush", "dispatch_shell", "msg_queue.qsize", "msg_queue.get_nowait", "msg_queue.put_nowait")

    def __init__(self, kernel: Kernel):
        attrgetter(*self.parts)(kernel)
        self.dispatch = kernel.dispatch_shell
        self.queue = kernel.msg_queue
        self.replies = kernel.shell_stream

    def empty(self) -> list:
        """Take all entries of the queue: (number, function, arguments)."""
        self.replies.flush(1)  # zmq.POLLIN: what the socket holds goes into the queue first
        return [self.queue.get_nowait() for _ in range(self.queue.qsize())]

    def frames(self, entry: tuple) -> list:
        """Return an entry's message; nothing for the other functions that ipykernel queues."""
        _, function, arguments = entry
        return arguments[0] if function == self.dispatch else []

    def send(self) -> None:
        """Send the replies that wait for the event loop, which stands still."""
        self.replies.flush(2)  # zmq.POLLOUT

    def put_back(self, entry: tuple) -> None:
        """Leave an entry to the coroutine."""
        self.queue.put_nowait(entry)


class _Socket7:
    """What has arrived in ipykernel 7: a socket that a thread fills, read by a stream of the main event loop."""

    parts = ("io_loop.add_callback", "shell_channel_thread.manager")

    def __init__(self, kernel: Kernel):
        attrgetter(*self.parts)(kernel)
        self.loop = kernel.io_loop
        manager = kernel.shell_channel_thread.manager
        self.replies = manager.get_subshell_to_shell_channel_socket(None)
        stream = manager.get_shell_channel_to_subshell_pair(None).to_stream
        attrgetter("poll", "recv_multipart")(stream.socket)
        self.socket, self.deliver = stream.socket, stream._recv_callback
        if not callable(self.deliver):
            raise TypeError(f"Expected the stream's callback. Received: {self.deliver!r}.")

    def empty(self) -> list:
        """Take all messages from the socket: the event loop would not be notified of any that are left."""
        messages = []
        while self.socket.poll(0):
            messages.append(self.socket.recv_multipart(copy=False))
        return messages

    def frames(self, entry: list) -> list:
        """Return the message: here it is the entry itself."""
        return entry

    def send(self) -> None:
        """Do nothing: a socket sends at once."""

    def put_back(self, entry: list) -> None:
        """Deliver a message when the event loop runs again: after the cell, and before what arrives later."""
        self.loop.add_callback(self.deliver, entry)


INBOXES = {6: _Queue6, 7: _Socket7}


def _connect() -> tuple:
    """Return the kernel, its inbox, and the exceptions it may raise; None for both if the kernel is unknown."""
    from IPython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return None, None, SURPRISES
    try:
        from ipykernel import version_info
        from zmq import ZMQError

        _check(kernel)
        return kernel, INBOXES[version_info[0]](kernel), (*SURPRISES, ZMQError)
    except SURPRISES:
        return None, None, SURPRISES


def _check(kernel: Kernel) -> None:
    """Raise one of SURPRISES if the kernel lacks a part that every version has, or has a different one."""
    attrgetter("log.warning", "log.error", "session.feed_identities", "session.digest_history.discard")(kernel)
    inspect.signature(kernel.session.deserialize).bind([], content=False, copy=False)
    inspect.signature(kernel._publish_status).bind("busy", "shell", parent={})
    inspect.signature(kernel.set_parent).bind(
        kernel._parent_ident["shell"], kernel.get_parent("shell"), channel="shell"
    )
    itemgetter(*INFO_TYPES)(kernel.shell_handlers)
    for name in COMM_TYPES:
        if inspect.iscoroutinefunction(kernel.shell_handlers[name]):
            raise TypeError(f"Expected a plain function for `{name}`. Received: a coroutine function.")


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


class _Interrupt:
    """Delays SIGINT while messages are being moved: an interrupt between two lines would lose them.

    The signal is raised when the block ends. Callbacks run with `allowed`, where it is raised at once.
    """

    def __enter__(self) -> _Interrupt:
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
