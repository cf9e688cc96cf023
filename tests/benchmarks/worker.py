"""One contender in a process of its own: it trains an epoch for each line it is sent, and answers in JSON.

python -m tests.benchmarks.worker CONTENDER WORK SEED [LIMIT]
"""

from __future__ import annotations

import json
import os
import sys

from tests.benchmarks.contenders import contender
from tests.benchmarks.machine import Watch, peak_megabytes
from tests.benchmarks.works import WORKS

TEST = 1000  # images that no contender has seen


def main(name: str, work: str, seed: str, limit: str = "") -> None:
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a tool prints, such as a progress bar
        x, test = images(int(limit) if limit else None)
        trained = WORKS[work]
        epoch, make = contender(name).prepare(trained, x, int(seed))

        def error() -> float | None:
            return None if make is None else trained.score(make(test), test)

        print(json.dumps({"images": len(x), "mse": error()}), file=answers, flush=True)
        for _ in sys.stdin:
            watch = Watch()
            noted = epoch() or {}
            answer = {**watch.stop(), "peak": peak_megabytes(), "mse": error(), **noted}
            print(json.dumps(answer), file=answers, flush=True)


def images(limit: int | None):
    """Return the training images and those to score on, float32 in [0, 1]."""
    import aenb

    data = aenb.load_data("fashion_mnist", limit=limit)
    return data.x_train, data.x_test[:TEST]


if __name__ == "__main__":
    main(*sys.argv[1:])
