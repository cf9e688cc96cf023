"""Rounds: every contender of a work trains an epoch in turn, each in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.machine import wait_for_quiet

ROOT = Path(__file__).parents[2]
QUIET, PATIENCE = 0.2, 10.0  # share of the cores that others may take; seconds to wait until they do


@dataclass(frozen=True)
class Epoch:
    """What a contender did in a round; round 0 is its first epoch, with all that is compiled or traced in it."""

    work: str
    contender: str
    round: int
    images: int
    seconds: float
    others: float  # what other processes took of the cores meanwhile, in [0, 1]
    peak: float  # MB, most that the process has held so far
    mse: float | None  # on 1,000 test images, after the epoch
    before: float | None  # the same before any training
    longest_gap: float | None = None  # seconds without a callback

    @property
    def rate(self) -> float:
        """Images a second."""
        return self.images / self.seconds


class Worker:
    """A contender's process, ready to train."""

    def __init__(self, name: str, work: str, seed: int, limit: int | None, log: Path):
        self.log, command = log, [sys.executable, "-m", "tests.benchmarks.worker", name, work, str(seed)]
        with log.open("w") as errors:
            self.process = subprocess.Popen(
                command + ([str(limit)] if limit else []), cwd=ROOT, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
            )  # fmt: skip
        try:
            self.start = self._answer()
        except RuntimeError:
            self.end()
            raise

    def epoch(self) -> dict:
        """Train an epoch."""
        wait_for_quiet(QUIET, PATIENCE)
        self.process.stdin.write("epoch\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            last = (self.log.read_text(errors="replace").strip().splitlines() or ["no message"])[-1]
            raise RuntimeError(f"{last} (the rest is in {self.log})")
        return json.loads(line)

    def end(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def run(
    work: str, names: list[str], rounds: int, *, seed: int, limit: int | None, logs: Path, say: Callable
) -> list[Epoch]:
    """Let contenders train `rounds` epochs each beyond their first; one that fails is left out, and that is said."""
    logs.mkdir(parents=True, exist_ok=True)
    workers, epochs = {}, []
    try:
        for number in range(rounds + 1):
            shift = number % max(1, len(names))  # nobody always follows the same other
            for name in names[shift:] + names[:shift]:
                try:
                    if not number:
                        workers[name] = Worker(name, work, seed, limit, logs / f"{work}-{name}.log")
                    if name in workers:
                        epochs.append(_epoch(work, name, number, workers[name]))
                except (RuntimeError, OSError) as error:
                    if name in workers:
                        workers.pop(name).end()
                    epochs = [epoch for epoch in epochs if epoch.contender != name]
                    say(f"{work}: {name} failed: {error}")
    finally:
        for worker in workers.values():
            worker.end()
    return epochs


def _epoch(work: str, name: str, number: int, worker: Worker) -> Epoch:
    answer = worker.epoch()
    return Epoch(work, name, number, worker.start["images"], before=worker.start["mse"], **answer)
