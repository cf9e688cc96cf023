"""A Jupyter server on loopback, and a notebook in a real browser: Debian's Chromium through Playwright."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import expect

CHROMIUM = Path("/usr/bin/chromium")
PICTURES = Path(__file__).parents[2] / "build" / "screenshots"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
DARK, LIGHT = "JupyterLab Dark", "JupyterLab Light"


class Server:
    """JupyterLab, or Notebook 7, on 127.0.0.1, with settings of its own; stopped by its own process."""

    def __init__(self, root: Path, *, app: str = "lab", theme: str = LIGHT, env: dict[str, str] | None = None):
        self.root, self.app, self.port, self.token = root, app, _free_port(), secrets.token_hex(8)
        home = root / ".jupyter"
        settings = {
            "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
            "@jupyterlab/apputils-extension:themes": {"theme": theme},
            "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},  # keep every cell in the page
        }
        for plugin, values in settings.items():
            file = home / "settings" / (plugin.replace(":", "/") + ".jupyterlab-settings")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values))
        places = {
            "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "IPYTHONDIR": "ipython",
        }  # fmt: skip
        self.log = open(root / "server.log", "w")  # noqa: SIM115
        module = {"lab": "jupyterlab"}.get(app, app)
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", module, "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
                f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={self.token}",
                f"--ServerApp.root_dir={root}", "--ServerApp.terminals_enabled=False", "--LabApp.news_url=",
                "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            ],
            stdout=self.log, stderr=subprocess.STDOUT, cwd=root,
            env={**os.environ, **{name: str(home / place) for name, place in places.items()}, **(env or {})},
        )  # fmt: skip

    def __enter__(self) -> Server:
        end = time.time() + 60
        while time.time() < end:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                self.ask("/api/status")
                return self
            time.sleep(0.1)
        self.stop()
        raise TimeoutError(f"{self.app} did not start:\n{Path(self.log.name).read_text()}")

    def __exit__(self, *_) -> None:
        self.stop()

    def ask(self, path: str, method: str = "GET"):
        """Ask the server's API."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"token {self.token}"}, method=method
        )
        with urllib.request.urlopen(request, timeout=20 if method == "DELETE" else 5) as response:
            text = response.read()
            return json.loads(text) if text else None

    def end_kernels(self) -> None:
        """End all kernels, as a night does."""
        for session in self.ask("/api/sessions"):
            self.ask(f"/api/sessions/{session['id']}", "DELETE")

    def stop(self) -> None:
        """End the server and its kernels."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Notebook:
    """A notebook in the page. The page shows "idle" before the kernel is connected, so the server is asked too."""

    def __init__(self, page, server: Server, name: str):
        self.page, self.server, self.name = page, server, name
        place = f"lab/tree/{name}?reset&" if server.app == "lab" else f"notebooks/{name}?"
        page.goto(f"http://127.0.0.1:{server.port}/{place}token={server.token}")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        page.wait_for_selector(".jp-Spinner", state="detached", timeout=60_000)
        end = time.time() + 60
        while time.time() < end:
            kernels = [session["kernel"] for session in server.ask("/api/sessions") if session["path"].endswith(name)]
            if kernels and kernels[0]["connections"] > 0 and kernels[0]["execution_state"] == "idle":
                return
            time.sleep(0.1)
        raise TimeoutError("the kernel did not become idle")

    def menu(self, *path: str) -> None:
        """Choose from the menu bar."""
        self.page.locator(".lm-MenuBar-item", has_text=re.compile(f"^{path[0]}$")).click()
        for item in path[1:]:
            self.page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{item}$")).last.click()

    def cells(self):
        """Return the code cells."""
        return self.page.locator(".jp-Notebook .jp-CodeCell")

    def save(self) -> None:
        """Save it with the keyboard, and wait until it is written."""
        before = (self.server.root / self.name).stat().st_mtime_ns
        self.cells().first.locator(".cm-content").click()
        self.page.keyboard.press("Control+s")
        end = time.time() + 20
        while (self.server.root / self.name).stat().st_mtime_ns == before:
            assert time.time() < end, "it was not saved"
            self.page.wait_for_timeout(100)

    def press_commands(self, control) -> None:
        """Press in a control the keys that delete, add, cut and change cells: all stay there, as they are."""
        before = self.page.locator(".jp-Notebook .jp-Cell").count()
        control.focus()
        self.page.keyboard.type("ddxabmy00")
        self.page.wait_for_timeout(500)
        expect(control).to_be_focused()
        assert self.page.locator(".jp-Notebook .jp-Cell").count() == before
        assert self.cells().count() == before

    def wait_until_run(self, seconds: int) -> None:
        """Wait until no code cell runs or waits to; those below a folded heading are not drawn."""
        waiting = self.cells().locator(".jp-InputPrompt", has_text="[*]")
        expect(waiting).to_have_count(0, timeout=seconds * 1000)


def written(target: Path, *cells: str) -> None:
    """Write a notebook of code cells."""
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, target)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def picture(page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.mouse.move(0, 0)
    page.screenshot(path=PICTURES / f"{name}.png")


def run_cell(notebook, number: int) -> None:
    """Run a cell with the keyboard, and wait until it is done."""
    cell = notebook.cells().nth(number)
    cell.locator(".cm-content").click()
    notebook.page.keyboard.press("Control+Enter")
    expect(cell.locator(".jp-InputPrompt").first).to_have_text(re.compile(r"\[\d+\]:"), timeout=120_000)
