"""The leaderboard: every family on Fashion-MNIST, the same seconds for each, from several seeds.

    python -m tests.benchmarks.quality [--seconds 120] [--seeds 0 1 2] [--families vae gan …] [--out build/quality]

Each training is a process of its own and is saved with its scores: a command that was cut off goes on where it was. The
table of all that was ever trained in the folder is written to `quality.md`, the figures of each seed to `quality.csv`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import aenb
from aenb.comparison.budget import MOST, Budget
from aenb.comparison.result import Comparison
from tests.benchmarks import machine

DATA = "fashion_mnist"


def train(family: str, seed: int, seconds: float, place: Path) -> None:
    """Train, score and save one."""
    callbacks = Budget(seconds=seconds).callbacks()
    run = aenb.train(family, DATA, f"{family}_{seed}", epochs=MOST, seed=seed, callbacks=callbacks, verbose=False)
    run.evaluate(verbose=False)
    run.save(place)


def compared(out: Path, families: list[str], data: aenb.Data) -> Comparison:
    """Put together what is saved."""
    runs = {family: [aenb.load_run(path.parent) for path in sorted(out.glob(f"{family}-*/run.json"))]
            for family in families}  # fmt: skip
    runs = {family: found for family, found in runs.items() if found}
    for run in (run for found in runs.values() for run in found):
        run.adopt(data)
    scores = {family: [run.evaluate() for run in found] for family, found in runs.items()}
    seconds = {round(run.seconds, -1) for found in runs.values() for run in found}
    return Comparison(
        runs, scores, data, f"about {' or '.join(f'{each:.0f}' for each in sorted(seconds))} seconds each"
    )


def main() -> None:
    """Train what is missing, one after another, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--families", nargs="*", default=list(aenb.families()), choices=list(aenb.families()))
    parser.add_argument("--out", type=Path, default=Path("build/quality"))
    parser.add_argument("--one", nargs=2, metavar=("FAMILY", "SEED"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    if asked.one:
        family, seed = asked.one
        return train(family, int(seed), asked.seconds, asked.out / f"{family}-{seed}")
    for seed in asked.seeds:
        for family in asked.families:
            if not (asked.out / f"{family}-{seed}" / "run.json").exists():
                print(f"{family}, seed {seed} …", flush=True)
                words = ["--one", family, str(seed), "--seconds", str(asked.seconds), "--out", str(asked.out)]
                subprocess.run([sys.executable, "-m", "tests.benchmarks.quality", *words], check=True)
    found = compared(asked.out, list(aenb.families()), aenb.load_data(DATA))
    text = f"{found.to_markdown()}\n{machine.describe()}\n"
    (asked.out / "quality.md").write_text(text, encoding="utf-8")
    found.to_csv(asked.out / "quality.csv")
    found.to_html(asked.out / "quality.html")
    print(text, f"Written: {asked.out}/quality.md, quality.csv, quality.html", sep="\n")
    return None


if __name__ == "__main__":
    main()
