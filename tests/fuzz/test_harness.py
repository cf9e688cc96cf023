"""The harness sees what it is there to see."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil
import pytest

from aenb.core.errors import AenbError
from tests.fuzz.harness import Escape, _peak, case, counts


@pytest.fixture(autouse=True)
def not_counted():
    yield
    counts.pop("planted", None)


def test_success_and_errors_of_the_user_pass(tmp_path):
    with case("planted", tmp_path):
        (tmp_path / "x").write_text("x")
    with case("planted", tmp_path):
        raise AenbError("`x`: expected y; received z.")
    with case("planted", tmp_path, own=(KeyError,)):
        raise KeyError
    assert counts["planted"] == {"cases": 3, "successes": 1, "errors": 1, "own": 1}


class Lines(AenbError):
    """An error that does what aenb's own can't: it has two lines."""

    def __str__(self):
        return "two\nlines"


@pytest.mark.parametrize("error", [ValueError("x"), MemoryError(), RecursionError(), Lines("two")])
def test_any_other_exception_escapes(error):
    with pytest.raises(Escape), case("planted"):
        raise error


def work(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_a_hang_a_slow_case_and_a_large_one_are_seen():
    with pytest.raises(Escape, match="no answer"), case("planted", seconds=0.01):
        time.sleep(5)
    with pytest.raises(Escape, match="it took 0"), case("planted", seconds=0.2):
        work(0.3)
    more = int(_peak() - psutil.Process().memory_info().rss / 2**20) + 300  # than this process has had before
    with pytest.raises(Escape, match="MB"), case("planted", seconds=60):
        bytearray(b"x") * (2**20 * more)


def test_writes_outside_and_processes_are_seen(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    with pytest.raises(Escape, match="outside"), case("planted", inside):
        outside.write_text("x")
    with pytest.raises(Escape, match="it ran"), case("planted", inside, seconds=30):
        subprocess.run([sys.executable, "-c", ""], check=True)
