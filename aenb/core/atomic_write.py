"""Atomic writes: a file or a folder is written to a temporary place beside its target, then moved there when complete.

So the target is never half-written, even if the process is killed: the new one is exchanged for the old one in one
step. If the system has no such step (Linux has `renameat2`), the old one is moved away first; if the process is killed
in between, the next `sweep` of that folder, with which each write begins, moves it back.

Each write has its own temporary folder beside the target, `.aenb-aside-…`, and locks it. The lock tells a write in
progress from the leftovers of a dead process, which are swept.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from aenb.core.errors import AenbError
from aenb.core.files import expanded, named, reason

try:
    import fcntl
except ImportError:  # Windows: nothing is locked or swept there
    fcntl = None

ASIDE, OLD = ".aenb-aside-", "old"
AT_FDCWD, RENAME_EXCHANGE = -100, 2  # Linux constants


@contextlib.contextmanager
def written_aside(path: str | os.PathLike, *, parents: bool = True) -> Iterator[Path]:
    """Yield a temporary path to write to, then move what was written there to `path`.

    Args:
        path: The target file or folder. An existing one is replaced: check first whether it may be.
        parents: Whether to create the folders above it.

    Yields:
        The path to write to, with the same name; it does not exist yet.

    Raises:
        AenbError: It cannot be written. The old file or folder is unchanged.

    Example:
        >>> folder = Path(tempfile.mkdtemp())
        >>> with written_aside(folder / "table.csv") as file:
        ...     _ = file.write_text("a,b")
        >>> [one.name for one in folder.iterdir()]
        ['table.csv']
    """
    path = expanded(path)
    try:
        if parents:
            path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path.parent)
        with _own_folder(path.parent) as aside:
            yield aside / path.name
            _to_disk(aside / path.name)
            _put_in_place(aside / path.name, path)
    except AenbError:
        raise
    except (OSError, RuntimeError, ValueError) as error:  # h5py reports a full disk as any of these
        raise AenbError(f"Expected to write {named(path)}; received: {reason(error)}.") from error


def sweep(folder: Path) -> None:
    """Delete what killed processes left half-written in a folder; restore what one had moved away."""
    if fcntl is None:
        return
    with contextlib.suppress(OSError, ValueError), os.scandir(folder) as entries:
        leftovers = [entry.path for entry in entries if entry.name.startswith(ASIDE)]
        for leftover in map(Path, leftovers):
            with contextlib.suppress(OSError), _locked(leftover):
                for old in leftover.glob(f"{OLD}/*"):
                    if not os.path.lexists(folder / old.name):
                        os.rename(old, folder / old.name)
                shutil.rmtree(leftover, ignore_errors=True)


@contextlib.contextmanager
def _own_folder(parent: Path) -> Iterator[Path]:
    with contextlib.ExitStack() as held:
        aside = None
        while aside is None or not aside.is_dir():  # another process may have swept it before it was locked
            aside = Path(tempfile.mkdtemp(prefix=ASIDE, dir=parent))
            if fcntl is not None:
                with contextlib.suppress(OSError):  # a file system without locks: no one can sweep there either
                    held.enter_context(_locked(aside))
        try:
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder; the system releases it when the process dies.

    Raises:
        OSError: Another process holds it.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _to_disk(path: Path) -> None:
    """Flush a file, or the files of a folder, to disk before it is renamed."""
    if fcntl is None:  # Windows can't flush a file that is open for reading only
        return
    for file in [path, *path.iterdir()] if path.is_dir() else [path]:
        handle = os.open(file, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _put_in_place(new: Path, path: Path) -> None:
    if not (os.path.lexists(path) and new.is_dir()):
        os.replace(new, path)
    elif not _exchanged(new, path):
        _in_two_steps(new, path)


def _exchanged(new: Path, path: Path) -> bool:
    """Exchange two folders in one step; return whether the system could."""
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)  # glibc from 2.28
    if rename is None:
        return False
    return rename(AT_FDCWD, os.fsencode(new), AT_FDCWD, os.fsencode(path), RENAME_EXCHANGE) == 0


def _in_two_steps(new: Path, path: Path) -> None:
    """Move a folder away, then move another to its place."""
    old = new.parent / OLD / path.name
    old.parent.mkdir()
    os.rename(path, old)
    try:
        os.rename(new, path)
    except OSError:
        os.rename(old, path)
        raise
