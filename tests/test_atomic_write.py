"""What is written is there whole or not, whatever kills the process, and nothing is left beside it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from aenb.core import atomic_write
from aenb.core.atomic_write import sweep, written_aside
from aenb.core.errors import AenbError

ROOT = Path(__file__).parent.parent


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def write_folder(path, text):
    with written_aside(path) as new:
        new.mkdir()
        (new / "file").write_text(text)


def test_files_and_folders_take_their_place(tmp_path):
    for text in ("old", "new"):
        with written_aside(tmp_path / "above" / "file") as file:
            file.write_text(text)
        write_folder(tmp_path / "folder", text)
        assert (tmp_path / "above" / "file").read_text() == (tmp_path / "folder" / "file").read_text() == text
    assert names(tmp_path) == ["above", "folder"]
    assert names(tmp_path / "above") == ["file"]


def fail(path, error):
    with written_aside(path) as new:
        new.mkdir()
        raise error


@pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt(), RuntimeError("h5"), AenbError("x")])
def test_what_fails_changes_nothing(tmp_path, error):
    write_folder(tmp_path / "folder", "old")
    expected = AenbError if isinstance(error, Exception) else type(error)
    with pytest.raises(expected):
        fail(tmp_path / "folder", error)
    assert names(tmp_path) == ["folder"]
    assert (tmp_path / "folder" / "file").read_text() == "old"


def test_what_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "inside", tmp_path / ("x" * 300), "~nosuchuser/x", "null\0"):
        with pytest.raises(AenbError), written_aside(path) as new:
            new.write_text("")


def test_the_two_steps_put_back_what_cannot_be_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(atomic_write, "_exchanged", lambda new, path: False)
    write_folder(tmp_path / "folder", "old")
    write_folder(tmp_path / "folder", "new")
    assert (tmp_path / "folder" / "file").read_text() == "new"
    rename = os.rename

    def fails(old, new):
        if Path(new) == tmp_path / "folder" and "old" not in Path(old).parts[-2:]:
            raise OSError("no")
        rename(old, new)

    monkeypatch.setattr(os, "rename", fails)
    with pytest.raises(AenbError):
        write_folder(tmp_path / "folder", "newer")
    assert (tmp_path / "folder" / "file").read_text() == "new"
    assert names(tmp_path) == ["folder"]


KILLED = """
import os, signal, sys
from pathlib import Path
from aenb.core import atomic_write
point, path = sys.argv[1], Path(sys.argv[2])
kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
def killed(name, *, after):
    function = getattr(atomic_write.os if name == "rename" else atomic_write, name)
    def call(*arguments):
        done = function(*arguments) if after else kill()
        kill()
    setattr(atomic_write.os if name == "rename" else atomic_write, name, call)
if point == "before": killed("_exchanged", after=False)
if point == "exchanged": killed("_exchanged", after=True)
if point == "between two renames":
    atomic_write._exchanged = lambda *_: False
    killed("rename", after=True)
with atomic_write.written_aside(path) as new:
    new.mkdir()
    (new / "file").write_text("new")
    if point == "writing": kill()
"""


@pytest.mark.parametrize("point", ["writing", "before", "exchanged", "between two renames"])
def test_kill_9_leaves_one_of_them_in_its_place(tmp_path, point):
    write_folder(tmp_path / "folder", "old")
    done = subprocess.run([sys.executable, "-c", KILLED, point, str(tmp_path / "folder")], cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    assert len(list(tmp_path.glob(".aenb-aside-*"))) == 1
    if point == "between two renames":
        assert not (tmp_path / "folder").exists()
    else:
        assert (tmp_path / "folder" / "file").read_text() == ("new" if point == "exchanged" else "old")
    sweep(tmp_path)
    assert names(tmp_path) == ["folder"]
    assert (tmp_path / "folder" / "file").read_text() == ("new" if point == "exchanged" else "old")


def test_what_is_being_written_is_not_swept(tmp_path):
    with written_aside(tmp_path / "one") as one:
        with written_aside(tmp_path / "two") as two:
            two.write_text("2")
        sweep(tmp_path)
        one.write_text("1")
    assert names(tmp_path) == ["one", "two"]
