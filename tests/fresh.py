"""Code in a fresh process: one that has imported Keras, and nothing of aenb, and has trained nothing.

    done = fresh.run("import sys, keras; print(sys.argv[1])", "a")
    done.stdout  # "a\n"

To import TensorFlow costs five to eight processor seconds. So each process of the tests starts one other process, at
the first call; that one imports Keras, computes nothing, and forks for each call. What is asked of start-up itself,
such as its messages, needs `subprocess`. Off Linux, where TensorFlow may not survive a fork, each starts a process.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
import types
from pathlib import Path
from typing import IO


def run(code: str, *arguments: object, seconds: int = 300) -> subprocess.CompletedProcess[str]:
    """Run code to its end.

    Args:
        code: The program.
        *arguments: Its `sys.argv[1:]`.
        seconds: After which it is killed.

    Raises:
        AssertionError: It ended with an error; the message is what it wrote.
    """
    words = ["-c", *map(str, arguments)]
    if sys.platform == "linux":
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            status = _server().ask(code=code, argv=words, out=str(out), err=str(err), seconds=seconds)["status"]
            done = subprocess.CompletedProcess(words, status, out.read_text("utf-8"), err.read_text("utf-8"))
    else:
        words = [sys.executable, "-c", code, *words[1:]]
        done = subprocess.run(words, capture_output=True, text=True, timeout=seconds, check=False)
    assert done.returncode == 0, f"ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-9000:]}"
    return done


class Started:
    """A program that runs on, to be killed: `stdout` is what it writes, `pid` its process."""

    def __init__(self, code: str, *arguments: object):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "out")
            os.mkfifo(out)
            words = ["-c", *map(str, arguments)]
            self.pid: int = _server().ask(code=code, argv=words, out=out, err=None, seconds=300, on=True)["pid"]
            self.stdout: IO[str] = open(out, encoding="utf-8")  # noqa: SIM115  # both ends wait for each other

    def kill(self) -> None:
        """End it with SIGKILL."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def rest(self) -> list[str]:
        """Wait for its end; return the lines that were not read."""
        with self.stdout:
            return self.stdout.read().splitlines()


class _Server:
    """The process that forks, as the tests see it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        atexit.register(self._process.communicate)

    def ask(self, **job: object) -> dict:
        job |= {"cwd": os.getcwd(), "env": dict(os.environ)}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@functools.cache
def _server() -> _Server:
    return _Server()


def _serve() -> None:
    """Fork for each line of stdin; answer with the process's number, or wait for its end and answer with its status."""
    import keras  # noqa: F401

    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _work(job)
        answer = {"pid": pid} if job.get("on") else {"status": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}
        with contextlib.suppress(ChildProcessError):  # those that were killed since
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        print(json.dumps(answer), flush=True)


def _work(job: dict) -> None:
    """Run a job's code as `python -c` does, and end this process."""
    signal.alarm(job["seconds"])
    os.environ.clear()
    os.environ.update(job["env"])
    for number, path, flags in ((0, os.devnull, os.O_RDONLY), (1, job["out"], _NEW), (2, job["err"], _NEW)):
        if path is not None:
            os.dup2(os.open(path, flags, 0o600), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    os.chdir(job["cwd"])
    sys.argv, sys.path[0] = job["argv"], ""
    sys.modules["__main__"] = main = types.ModuleType("__main__")
    status = 0
    try:
        exec(compile(job["code"], "<string>", "exec"), vars(main))
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


_NEW = os.O_WRONLY | os.O_CREAT

if __name__ == "__main__":
    _serve()
