"""Pairs of texts, held out: translation with attention and through a bottleneck, and words found by their definitions.

    python -m tests.benchmarks.translation [--what attention bottleneck gru definitions] [--seeds 0 1 2] [--epochs 12]

Each line of `build/translation.jsonl` is a training, with the scores of `Run.evaluate` on held-out pairs, those of the
baselines, and the 95% interval of chrF over bootstrap draws of the texts. A benchmark that was cut off is resumed.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

import aenb
from aenb.data.record import Data
from aenb.data.sets.verses import short_verses
from aenb.evaluation.metrics.chrf import chrf
from tests.benchmarks import machine
from tests.benchmarks.resumable import Lines

FILE = Path("build/translation.jsonl")
DRAWS = 200  # of the held-out texts
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "attention": ("attention", {"dropout": 0.2}),
    "bottleneck": ("attention", {"bottleneck": True, "latent_dim": 64}),
    "gru": ("deep", {"dropout": 0.2}),
    "definitions": ("attention", {"dropout": 0.2}),
}


class Benchmark:
    """Trains and scores one model at a time.

    Args:
        asked: The command line.
    """

    def __init__(self, asked: argparse.Namespace):
        self.asked = asked
        self._data: dict[str, Data] = {}

    def measure(self, what: str, seed: int, longest: int, epochs: int, width: int) -> dict[str, Any]:
        """Train a model and return a line of the file."""
        begin, busy, asked = time.perf_counter(), time.process_time(), self.asked
        data, (family, given) = self._of(what), MODELS[what]
        size = {"hidden_units": (width,)} if family == "deep" else {"embed_dim": width}
        run = aenb.train(
            family, data, task="translate", seed=seed, epochs=epochs, batch_size=asked.batch_size, verbose=False,
            learning_rate=asked.learning_rate, patience=asked.patience, xla=asked.xla, **size, **given,
        )  # fmt: skip
        scores = run.evaluate(parts=["reconstruction", "translation"], verbose=False)
        low, high = interval(run.translate(data.texts(data.test)), data.texts(data.targets_test))
        line = {
            "what": what,
            "seed": seed,
            "longest": longest,
            "epochs": epochs,
            "width": width,
            "low": low,
            "high": high,
        }
        took = {"seconds": round(time.perf_counter() - begin), "cpu": round(time.process_time() - busy)}
        pairs = {"training": len(data.train), "held_out": len(data.test)}
        return line | pairs | {name: round(score, 4) for name, score in scores.items()} | took

    def _of(self, what: str) -> Data:
        """Return the pairs of a model, loaded once."""
        name = "definitions" if what == "definitions" else "verses"
        if name not in self._data:
            asked = self.asked
            data = aenb.load_data(name) if name == "definitions" else short_verses(asked.longest, asked.subwords)
            self._data[name] = data.limit(asked.limit)
            print(self._data[name], flush=True)
        return self._data[name]


def interval(texts: list[str], references: list[str]) -> tuple[float, float]:
    """Return the 95% interval of the chrF over bootstrap draws of the texts (Koehn 2004)."""
    generator = np.random.default_rng(0)
    draws = [generator.integers(0, len(texts), len(texts)) for _ in range(DRAWS)]
    scores = [chrf([texts[row] for row in rows], [references[row] for row in rows]) for rows in draws]
    low, high = np.quantile(scores, (0.025, 0.975))
    return round(float(low), 4), round(float(high), 4)


def main() -> None:
    """Read the command line, measure what is missing and print the lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--what", nargs="*", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--longest", type=int, default=32, help="units of a verse")
    parser.add_argument("--subwords", type=int, default=2000)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--width", type=int, default=96)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--patience", type=int, default=4)
    parser.add_argument("--xla", default="auto", choices=["auto", "on", "off"])
    parser.add_argument("--file", type=Path, default=FILE)
    asked = parser.parse_args()
    print(machine.describe(), flush=True)
    keys = [(what, seed, asked.longest, asked.epochs, asked.width) for seed in asked.seeds for what in asked.what]
    Lines(asked.file, ("what", "seed", "longest", "epochs", "width")).complete(keys, Benchmark(asked).measure)


if __name__ == "__main__":
    main()
