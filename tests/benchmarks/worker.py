"""One contender in a process of its own: it imports its tool, waits for a line, trains once, and answers in JSON.

python -m tests.benchmarks.worker CONTENDER WORK SEED EPOCHS [LIMIT]
"""

from __future__ import annotations

import json
import os
import sys
import time

import numpy as np

from tests.benchmarks.contenders import contender
from tests.benchmarks.machine import Watch, peak_megabytes
from tests.benchmarks.works import WORKS, training_images

TEST = 1000  # images that no contender has seen


class Course:
    """What is noted of a training: when each epoch ended, in seconds from its beginning, and its validation loss."""

    def __init__(self):
        self.begin, self.ends, self.losses, self.longest_gap = time.perf_counter(), [], [], None

    def __call__(self, loss: float | None, longest_gap: float | None = None) -> None:
        self.ends.append(time.perf_counter() - self.begin)
        self.losses.append(None if loss is None else float(loss))
        self.longest_gap = longest_gap


def main(name: str, work: str, seed: str, epochs: str, limit: str = "") -> None:
    import aenb

    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a tool prints, such as a progress bar
        data, trained = aenb.load_data("fashion_mnist", limit=int(limit) if limit else None), WORKS[work]
        test, mean = data.x_test[:TEST], data.train[:TEST].mean(0, keepdims=True) / 255
        train = contender(name).prepare(trained, data, int(seed))
        start = {"before": trained.score(np.repeat(mean, len(test), 0), test), "images": training_images(data)}
        print(json.dumps(start), file=answers, flush=True)
        if not sys.stdin.readline():
            return
        watch, course = Watch(), Course()
        make = train(int(epochs), course)
        answer = {
            **watch.stop(), "ends": course.ends, "losses": course.losses, "longest_gap": course.longest_gap,
            "peak": peak_megabytes(), "mse": None if make is None else trained.score(make(test), test),
        }  # fmt: skip
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
