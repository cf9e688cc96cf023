"""Run a program with a limit of memory, as a small machine would, and say what it took.

    outcome = run(["python", "-c", "…"], limit=2**31)
    outcome.killed, outcome.largest

The limit is that of a Linux control group, of version 2 or 1, which root can make, or of a scope that systemd makes.
Where none can be made, `way` is None: `run` with `limited=False` only measures, and whoever calls it compares.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
GROUPS = Path("/sys/fs/cgroup")
EVERY = 0.1  # seconds between two looks at what the processes hold


@dataclass(frozen=True)
class Outcome:
    """What became of a program.

    Attributes:
        code: What it ended with; negative for a signal.
        output: What it wrote, on both streams.
        killed: How many processes the system ended for want of memory; None where it does not say.
        largest: The most bytes that one of its processes held.
        together: The most bytes that all of them held, as far as looking at them from time to time tells.
        group: The most bytes of the control group, with files that the system keeps in memory as long as there is room,
            but without those that another group has read before, such as TensorFlow's libraries; None without one.
    """

    code: int
    output: str
    killed: int | None
    largest: int
    together: int
    group: int | None

    def within(self, limit: int) -> bool:
        """Say whether it ended well, nothing was killed, and what its processes held was less than a limit."""
        return self.code == 0 and not self.killed and self.together <= limit


@dataclass(frozen=True)
class Version:
    """How a version of control groups calls its files."""

    name: str
    place: Path
    limit: str
    swap: str
    peak: str
    events: str


VERSIONS = (
    Version("cgroup v2", GROUPS, "memory.max", "memory.swap.max", "memory.peak", "memory.events"),
    Version(
        "cgroup v1", GROUPS / "memory", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes",
        "memory.max_usage_in_bytes", "memory.oom_control",
    ),
)  # fmt: skip


def run(command: Sequence[str], limit: int, *, limited: bool = True, seconds: float | None = None) -> Outcome:
    """Run a command in the repository's root; with a limit of memory where one can be had.

    Args:
        command: The program and its arguments.
        limit: Bytes, of all its processes together.
        limited: Whether to limit it; else it is only measured.
        seconds: After which it is ended.

    Raises:
        subprocess.TimeoutExpired: It took longer.
    """
    with _limited(limit) if limited else contextlib.nullcontext(([], None)) as (before, group):
        process = subprocess.Popen(
            [*before, *command], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        with _Looks(process.pid) as looks:
            try:
                output, _ = process.communicate(timeout=seconds)
            finally:
                process.kill()
        killed, peak = (None, None) if group is None else group()
    return Outcome(process.returncode, output, killed, looks.largest, looks.together, peak)


def way() -> str | None:
    """Name what limits memory here; None where nothing can."""
    for version in VERSIONS:
        with _group(version, 2**30) as place:
            if place is not None:
                return version.name
    return "systemd" if _scope(2**30) else None


@contextlib.contextmanager
def _limited(limit: int) -> Iterator[tuple[list[str], object]]:
    """Make a control group; yield what goes before a command, and a function that reads kills and peak."""
    with contextlib.ExitStack() as stack:
        for version in VERSIONS:
            if (place := stack.enter_context(_group(version, limit))) is not None:
                enter = f'echo $$ > {place}/cgroup.procs && exec "$@"'
                yield ["sh", "-c", enter, "sh"], functools.partial(_facts, version, place)
                return
        yield _scope(limit), None


@contextlib.contextmanager
def _group(version: Version, limit: int) -> Iterator[Path | None]:
    """Make a control group with a limit, for a block; None where that can't be done."""
    place = version.place / f"aenb-{os.getpid()}-{threading.get_ident()}"
    try:
        place.mkdir()
        with open(place / version.limit, "r+") as file:  # a folder without a controller for memory has no such file
            file.write(str(limit))
        with contextlib.suppress(OSError):  # no swap: version 2 counts it alone, version 1 together with memory
            (place / version.swap).write_text("0" if version.swap.endswith("swap.max") else str(limit))
        made = (place / version.peak).exists()
    except OSError:
        made = False
    try:
        yield place if made else None
    finally:
        with contextlib.suppress(OSError):
            place.rmdir()


def _scope(limit: int) -> list[str]:
    """Return the beginning of a command that systemd limits; nothing where it can't."""
    if shutil.which("systemd-run") is None:
        return []
    user = [] if os.geteuid() == 0 else ["--user"]
    before = ["systemd-run", *user, "--scope", "--quiet", "-p", f"MemoryMax={limit}", "-p", "MemorySwapMax=0"]
    works = subprocess.run([*before, "true"], capture_output=True, check=False).returncode == 0
    return before if works else []


def _facts(version: Version, place: Path) -> tuple[int, int]:
    """Return how many processes of a group were killed, and its peak in bytes."""
    events = dict(line.split() for line in (place / version.events).read_text().splitlines())
    return int(events.get("oom_kill", 0)), int((place / version.peak).read_text())


class _Looks:
    """Look at a process and its children from time to time, in a block: how much memory they hold."""

    def __init__(self, pid: int):
        self._pid, self.largest, self.together = pid, 0, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _Looks:
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(psutil.Error):
                root = psutil.Process(self._pid)
                held = [_held(process) for process in (root, *root.children(recursive=True))]
                self.largest = max(self.largest, *(peak for _, peak in held))
                self.together = max(self.together, self.largest, sum(now for now, _ in held))
            self._over.wait(EVERY)


def _held(process: psutil.Process) -> tuple[int, int]:
    """Return the bytes that a process holds, and the most that it has held, as far as the system tells."""
    try:
        now = process.memory_info().rss
        status = Path(f"/proc/{process.pid}/status").read_text()
        peaks = [int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")]
        return now, max(now, *peaks) if peaks else now
    except (psutil.Error, OSError):
        return 0, 0
