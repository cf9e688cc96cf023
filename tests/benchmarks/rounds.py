"""Rounds: every contender of a work trains once in turn, a whole training, each time in a new process."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.machine import wait_for_quiet

ROOT = Path(__file__).parents[2]
QUIET, PATIENCE = 0.2, 10.0  # share of the cores that others may take; seconds to wait until they do


@dataclass(frozen=True)
class Training:
    """A contender's whole training in a round: one call, from a model that is to be built to its last epoch."""

    work: str
    contender: str
    round: int  # from 1
    images: int  # that are trained on in an epoch; others are validated on
    seconds: float  # of the call
    ends: tuple[float, ...]  # seconds from the beginning to the end of each epoch, its validation included
    losses: tuple[float | None, ...]  # on the images validated on, after each epoch
    others: float  # what other processes took of the cores meanwhile, in [0, 1]
    peak: float  # MB, most that the process has held
    mse: float | None  # on 1,000 test images, at the end
    before: float  # the same of the mean image, which needs no training
    longest_gap: float | None = None  # seconds without a callback, once the first epoch was over

    @property
    def first(self) -> float:
        """Seconds until the first epoch was over: what is built, traced and compiled, and an epoch."""
        return self.ends[0]

    @property
    def epoch(self) -> float:
        """Seconds of an epoch and its validation: the median of those after the first."""
        steps = [b - a for a, b in zip(self.ends, self.ends[1:], strict=False)]
        return statistics.median(steps) if steps else self.ends[0]

    @property
    def rate(self) -> float:
        """Images a second of such an epoch."""
        return self.images / self.epoch

    def until(self, epochs: int) -> float:
        """Seconds from the beginning until so many epochs were over; those of the whole call if it has no more."""
        return self.seconds if epochs >= len(self.ends) else self.ends[epochs - 1]


class Worker:
    """A contender's process, ready to train."""

    def __init__(self, name: str, work: str, seed: int, epochs: int, limit: int | None, log: Path):
        self.log, command = log, [sys.executable, "-m", "tests.benchmarks.worker", name, work, str(seed), str(epochs)]
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

    def train(self) -> dict:
        """Train once; return what was noted of it, with that of the start."""
        wait_for_quiet(QUIET, PATIENCE)
        self.process.stdin.write("train\n")
        self.process.stdin.flush()
        return self.start | self._answer()

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
    work: str, names: list[str], rounds: int, *, seed: int, epochs: int, limit: int | None, logs: Path, say: Callable
) -> list[Training]:
    """Let contenders train in turn, `rounds` times; one that fails is left out, and that is said."""
    logs.mkdir(parents=True, exist_ok=True)
    done, failed = [], set()
    for number in range(1, rounds + 1):
        shift = number % max(1, len(names))  # nobody always follows the same other
        for name in [name for name in names[shift:] + names[:shift] if name not in failed]:
            try:
                worker = Worker(name, work, seed, epochs, limit, logs / f"{work}-{name}.log")
                try:
                    answer = worker.train()
                finally:
                    worker.end()
                done.append(Training(work, name, number, **answer))
            except (RuntimeError, OSError) as error:
                failed.add(name)
                done = [training for training in done if training.contender != name]
                say(f"{work}: {name} failed: {error}")
    return done
