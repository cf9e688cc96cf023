"""Fuzzing: hostile inputs by the hundred, and what may become of each.

A case ends in success, in an `AenbError`, or in an error that the test names as the user's own. It takes at most a
second and 200 MB, starts no process, unpickles nothing, opens no connection, and writes only into its own folder.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from joblib import cpu_count

from aenb.core.errors import AenbError

CASES = int(os.environ.get("AENB_FUZZ", 300))  # of a kind
SECONDS = 1.0  # that a case may take
MEGABYTES = 200  # that a case may add to the peak memory of the process
CODE = {"os.system", "os.exec", "os.fork", "os.posix_spawn", "subprocess.Popen", "pickle.find_class", "socket.connect"}

counts: dict[str, Counter] = {}


class Hang(Exception):
    """A case took longer than it may."""


class Escape(AssertionError):
    """A case ended in a way that is not allowed."""


def fuzz(weight: float = 1.0) -> settings:
    """Say how many examples hypothesis draws for a kind: as many as the suite's, times a weight for costly ones.

    The suite draws the same examples each time; `make fuzz` draws new ones.
    """
    return settings(
        max_examples=max(1, round(CASES * weight)),
        deadline=None,  # `case` keeps the time
        derandomize="AENB_FUZZ" not in os.environ,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@contextlib.contextmanager
def case(kind: str, folder: Path | str | None = None, *, own: tuple = (), seconds: float = SECONDS) -> Iterator[None]:
    """Run a case in a `with` block, and hold what may become of it.

    Args:
        kind: The row of the table that it counts in.
        folder: Where it may write.
        own: Exceptions that are the user's own, such as IPython's `UsageError`.
        seconds: How long it may take; that of a training is longer.

    Raises:
        Escape: It ended in another exception, took too long or too much, or did what no data may do.
    """
    tally = counts.setdefault(kind, Counter())
    tally["cases"] += 1
    _watch.begin(folder)
    begin, cpu, peak = time.perf_counter(), time.process_time(), _peak()
    try:
        with _uncollected(), _alarm(10 * seconds):  # well beyond: a slow case still ends
            yield
        end = "successes"
    except AenbError as error:
        end = "errors"
        if "\n" in str(error).strip():
            raise Escape(f"{kind}: an error of several lines: {error}") from error
    except own:
        end = "own"
    except Hang as error:
        tally["hangs"] += 1
        raise Escape(f"{kind}: no answer in {10 * seconds:.0f} s") from error
    except Exception as error:
        tally["escapes"] += 1
        raise Escape(f"{kind}: {type(error).__name__}: {error}") from error
    finally:
        seen = _watch.end()
    tally[end] += 1
    took = min(time.perf_counter() - begin, time.process_time() - cpu)  # other processes may have had the machine
    _hold(tally, "hangs", took <= seconds, f"{kind}: it took {took:.1f} s")
    _hold(tally, "memory", (more := _peak() - peak) <= MEGABYTES, f"{kind}: it took {more:.0f} MB")
    _hold(tally, "outside", not seen["outside"], f"{kind}: it wrote {seen['outside']}")
    _hold(tally, "code", not seen["code"], f"{kind}: it ran {seen['code']}")


def _hold(tally: Counter, name: str, holds: bool, words: str) -> None:
    if not holds:
        tally[name] += 1
        raise Escape(words)


def _peak() -> float:
    """Return the largest memory that this process has had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Leave the garbage of the tests before, which takes a second to look through, for after the case."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def ring(*_: Any) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class _Watch:
    """An audit hook, which can't be taken away again: it looks while a case runs."""

    def __init__(self) -> None:
        self._folder: str | None = None
        self._on = False
        self._seen: dict[str, list[str]] = {}
        self._added = False

    def begin(self, folder: Path | str | None) -> None:
        if not self._added:
            cpu_count(only_physical_cores=True)  # scikit-learn asks once for each process, by `lscpu`
            sys.addaudithook(self._hear)
            self._added = True
        self._folder, self._seen = None if folder is None else os.path.realpath(folder), {"outside": [], "code": []}
        self._on = True

    def end(self) -> dict[str, list[str]]:
        self._on = False
        return self._seen

    def _hear(self, event: str, arguments: tuple) -> None:
        if not self._on:
            return
        if event in CODE:
            self._seen["code"].append(f"{event}{arguments!r}"[:200])
        elif event == "open" and _writes(*arguments[1:3]) and not self._may_write(arguments[0]):
            self._seen["outside"].append(repr(arguments[0]))

    def _may_write(self, path: Any) -> bool:
        if isinstance(path, int):
            return True
        path = os.path.realpath(os.fsdecode(path))
        places = [self._folder, os.environ.get("AENB_CACHE"), os.environ.get("AENB_CHECKPOINTS"), "/dev/null"]
        if any(place is not None and Path(path).is_relative_to(os.path.realpath(place)) for place in places):
            return True
        temporary = os.path.realpath(tempfile.gettempdir())
        return "__pycache__" in path or os.path.dirname(path) == temporary  # files without a name, and Python's own


_watch = _Watch()


def _writes(mode: Any, flags: Any) -> bool:
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return bool(isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def table(rows: dict[str, Counter]) -> list[str]:
    """Return the table of a run: a line for each kind, and the sum."""
    names = ["cases", "successes", "errors", "own", "escapes", "hangs", "memory", "outside", "code"]
    width = max(len(kind) for kind in [*rows, "all"])
    total: Counter = sum(rows.values(), Counter())
    lines = [" ".join([f"{'kind':<{width}}", *(f"{name:>9}" for name in names)])]
    for kind, tally in [*sorted(rows.items()), ("all", total)]:
        lines.append(" ".join([f"{kind:<{width}}", *(f"{tally[name]:>9,}" for name in names)]))
    return lines


def taken() -> Callable[[], dict[str, dict[str, int]]]:
    """Return what gives the counts since now, by kind."""
    before = {kind: Counter(tally) for kind, tally in counts.items()}

    def since() -> dict[str, dict[str, int]]:
        now = {kind: tally - before.get(kind, Counter()) for kind, tally in counts.items()}
        return {kind: dict(tally) for kind, tally in now.items() if tally}

    return since
