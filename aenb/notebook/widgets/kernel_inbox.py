"""Where messages wait in a kernel: a small class for each major version of ipykernel names the parts that it needs."""

from __future__ import annotations

import inspect
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipykernel.kernelbase import Kernel

COMM_TYPES = ("comm_open", "comm_msg", "comm_close")
INFO_TYPES = ("kernel_info_request", "comm_info_request")  # what a page asks when it is loaded; no code runs for it
TYPES = (*COMM_TYPES, *INFO_TYPES)

# What a changed ipykernel raises when its inner parts are used as those of a version we know.
SURPRISES = (AssertionError, AttributeError, ImportError, LookupError, TypeError, ValueError)


class Queue6:
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


class Socket7:
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


INBOXES = {6: Queue6, 7: Socket7}


def connect() -> tuple:
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
