"""What a measurement ran on, how busy that was, and how much memory a process took."""

from __future__ import annotations

import contextlib
import datetime
import os
import platform
import resource
import time
from pathlib import Path

import psutil


def describe() -> str:
    """Name the day, the processor, its cores, the system and Python, in a line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{datetime.date.today()}, {processor()}, {cores} cores, {system}"


def processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or "unknown processor"


class Watch:
    """Time a piece of work of this process, and what other processes took of the processor meanwhile.

    Example:
        >>> watch = Watch()
        >>> sorted(watch.stop())
        ['others', 'seconds']
    """

    def __init__(self):
        self._busy, self._own, self._begin = busy_seconds(), time.process_time(), time.perf_counter()

    def stop(self) -> dict[str, float]:
        """Return the seconds, and the others' share of all cores in [0, 1]; 0 where the system does not tell."""
        seconds = time.perf_counter() - self._begin
        others = busy_seconds() - self._busy - (time.process_time() - self._own)
        return {"seconds": seconds, "others": min(1.0, max(0.0, others / seconds / os.cpu_count()))}


def busy_seconds() -> float:
    """Return the seconds that all cores were busy since the start, or were taken by the host; 0 where unknown."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0.0
    user, nice, system, _idle, _wait, *rest = map(int, stat.read_text().split("\n", 1)[0].split()[1:9])
    return (user + nice + system + sum(rest)) / os.sysconf("SC_CLK_TCK")


def wait_for_quiet(share: float, at_most: float) -> None:
    """Wait until other processes take less than a share of the cores, but no longer than some seconds."""
    end = time.perf_counter() + at_most
    while True:
        watch = Watch()
        time.sleep(0.3)
        if watch.stop()["others"] < share or time.perf_counter() > end:
            return


class Phases:
    """What a process holds by phase, in megabytes: before, at most, and after; Linux forgets the peak in between.

    Attributes:
        found: Lists of the phase's name, and the three.
    """

    def __init__(self):
        self.found: list[list] = []
        self._name, self._before = "", 0.0

    def begin(self, name: str) -> None:
        """End the phase before, and begin one; of the same name: go on with it."""
        if name == self._name:
            return
        if self._name:
            self.found.append([self._name, self._before, peak_megabytes(), held_megabytes()])
        with contextlib.suppress(OSError):  # another system: peaks are those so far
            Path("/proc/self/clear_refs").write_text("5")
        self._name, self._before = name, held_megabytes()


def held_megabytes() -> float:
    """Return the memory that this process holds."""
    return psutil.Process().memory_info().rss / 1024**2


def peak_megabytes() -> float:
    """Return the most memory that this process has held so far.

    `ru_maxrss` is not only its own: Linux hands the parent's on through fork and exec. Where /proc is, VmHWM counts
    this process alone.
    """
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.exists() else []:
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    unit = 1024**2 if platform.system() == "Darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
