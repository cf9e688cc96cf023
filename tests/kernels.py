"""A harness for protocol tests: a kernel of a given ipykernel version, and what a page sends to it.

with LiveKernel("7.4.0") as kernel:
    kernel.run("button = ...; display(button)")
    cell = kernel.submit("...a cell that blocks...")
    kernel.wait_for(kernel.text("ready"))
    kernel.click(kernel.comm("button.comm.comm_id"))
    kernel.wait_idle(cell)
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from queue import Empty

from filelock import FileLock
from jupyter_client.manager import KernelManager

VERSIONS = ("6.31.0", "7.3.0", "7.4.0")
FOLDER = Path(__file__).parent.parent / "build" / "kernels"


def installed(version: str) -> Path:
    """Return the folder with one version of ipykernel alone, and install it there the first time."""
    folder = FOLDER / f"ipykernel-{version}"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with FileLock(FOLDER / "install.lock"):  # the processes of the tests share the folder
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=FOLDER) as aside:  # renamed when whole: a broken install is not found
                command = [
                    sys.executable,
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--no-deps",
                ]
                subprocess.run([*command, "--target", f"{aside}/whole", f"ipykernel=={version}"], check=True)
                Path(aside, "whole").rename(folder)
    return folder


def path_with(version: str) -> str:
    """Return the PYTHONPATH of a kernel with one version of ipykernel, and what is on this process's."""
    return os.pathsep.join(filter(None, [str(installed(version)), os.environ.get("PYTHONPATH", "")]))


class LiveKernel:
    """A kernel process with the given ipykernel and everything else from this environment.

    `messages` holds all that it has published (iopub) and that was read here, in order. `env` adds to its environment,
    for example `AENB_LIVE="1"`.
    """

    def __init__(self, version: str, **env: str):
        self.version = version
        self.env = env
        self.messages: list[dict] = []
        self._unanswered: set[str] = set()
        self.manager = KernelManager(kernel_name="python3")

    def __enter__(self):
        self.manager.start_kernel(env={**os.environ, **self.env, "PYTHONPATH": path_with(self.version)})
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        return self

    def __exit__(self, *raised):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    # Cells

    def submit(self, code: str) -> str:
        """Send a cell without waiting for it; return its msg_id."""
        cell = self.client.execute(code)
        self._unanswered.add(cell)
        return cell

    def run(self, code: str, seconds: float = 60) -> list[dict]:
        """Run a cell to its end; return its messages, and raise what it raised."""
        cell = self.submit(code)
        self.wait_idle(cell, seconds)
        for message in self.of(cell, "error"):
            raise RuntimeError("\n".join(message["content"]["traceback"]))
        return self.of(cell)

    def value(self, expression: str):
        """Return the value of an expression in the kernel, a literal."""
        return ast.literal_eval(self.printed(self.run(f"print(repr({expression}))")))

    def interrupt(self) -> None:
        """Do what the toolbar's Interrupt does."""
        self.manager.interrupt_kernel()

    # What the kernel publishes

    def wait_for(self, condition, seconds: float = 20) -> dict:
        """Return the first message from now on that meets a condition; AssertionError after the time."""
        end, start = time.monotonic() + seconds, len(self.messages)
        while time.monotonic() < end:
            try:
                message = self.client.get_iopub_msg(timeout=max(0.001, end - time.monotonic()))
            except Empty:
                break
            self.messages.append(message)
            if condition(message):
                return message
        seen = "\n".join(f"{m['msg_type']} {str(m['content'])[:300]}" for m in self.messages[start:])
        raise AssertionError(f"ipykernel {self.version}: not seen in {seconds} s. Seen:\n{seen}")

    def wait_idle(self, msg_id: str, seconds: float = 30) -> dict:
        """Wait until a request is done, and a cell's reply is there, as a page does.

        Without the reply, ipykernel 7.0 to 7.3 may leave the next request unread: the one that comes in while the
        kernel sends this one's reply waits for a third.
        """

        def idle(message):
            return child(message, msg_id) and message["content"].get("execution_state") == "idle"

        found = next(filter(idle, self.messages), None) or self.wait_for(idle, seconds)
        while msg_id in self._unanswered:
            reply = self.client.get_shell_msg(timeout=seconds)
            self._unanswered.discard(reply["parent_header"].get("msg_id"))
        return found

    def of(self, msg_id: str, kind: str | None = None) -> list[dict]:
        """Return what was read so far and belongs to a request."""
        return [m for m in self.messages if child(m, msg_id) and kind in (None, m["msg_type"])]

    def text(self, part: str):
        """Return a condition: a printed text that holds this part."""
        return lambda m: m["msg_type"] == "stream" and part in m["content"]["text"]

    def printed(self, messages: list[dict]) -> str:
        """Return the text on stdout among messages."""
        texts = [m["content"] for m in messages if m["msg_type"] == "stream"]
        return "".join(content["text"] for content in texts if content["name"] == "stdout")

    # What a page sends

    def comm(self, description: str) -> str:
        """Return the comm id of the widget that was made last with this description."""
        for message in reversed([m for m in self.messages if m["msg_type"] == "comm_open"]):
            if message["content"]["data"].get("state", {}).get("description") == description:
                return message["content"]["comm_id"]
        raise LookupError(f"no widget `{description}` was made in a cell that was run here")

    def click(self, comm: str, subshell: str | None = None) -> str:
        """Send a click on a button; return its msg_id."""
        return self.send(comm, {"method": "custom", "content": {"event": "click"}}, subshell)

    def update(self, comm: str, subshell: str | None = None, **state) -> str:
        """Send new values of a widget's traits; return the msg_id."""
        return self.send(comm, {"method": "update", "state": state, "buffer_paths": []}, subshell)

    def send(self, comm: str, data: dict, subshell: str | None = None) -> str:
        """Send a comm message on the shell channel, to a subshell if one is named."""
        message = self.client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        if subshell is not None:
            message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def subshell(self) -> str | None:
        """Make a subshell, as JupyterLab does for a kernel's widgets; None where ipykernel has none."""
        if int(self.version.split(".")[0]) < 7:
            return None
        self.client.control_channel.send(self.client.session.msg("create_subshell_request"))
        while True:
            reply = self.client.get_control_msg(timeout=10)
            if reply["msg_type"] == "create_subshell_reply":
                return reply["content"]["subshell_id"]


def child(message: dict, msg_id: str) -> bool:
    """Tell whether a message belongs to a request."""
    return message["parent_header"].get("msg_id") == msg_id
