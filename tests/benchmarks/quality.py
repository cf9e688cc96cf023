"""The leaderboard: every family on Fashion-MNIST, the same seconds for each, from several seeds.

    python -m tests.benchmarks.quality [--seconds 120] [--seeds 0 1 2] [--families vae gan …] [--out build/quality]

Each training is a process of its own and is saved, and so are its scores: a command that was cut off goes on where it
was. The table of all that is in the folder is written to `quality.md`, the figures of each seed to `quality.csv`, what
each makes of the same images to `families.png`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

import aenb
from aenb.comparison.budget import MAX_EPOCHS, Budget
from aenb.comparison.figure import draw_strips, strips_of
from aenb.comparison.result import Comparison
from aenb.figures.plots import STYLE, to_png
from tests.benchmarks import machine

DATA = "fashion_mnist"


def train(family: str, seed: int, seconds: float, place: Path) -> None:
    """Train and save one."""
    callbacks = Budget(seconds=seconds).callbacks()
    run = aenb.train(family, DATA, f"{family}_{seed}", epochs=MAX_EPOCHS, seed=seed, callbacks=callbacks, verbose=False)
    run.save(place)


def compared(out: Path, families: list[str], data: aenb.Data, budget: Budget) -> Comparison:
    """Score what is saved, keep its scores, and put it together."""
    runs: dict[str, list[aenb.Run]] = {}
    for family in families:
        for path in sorted(out.glob(f"{family}-*")):
            run = aenb.load_run(path)
            run.adopt(data)
            known = set(run.scores)
            run.evaluate(verbose=False)
            if known != set(run.scores):
                print(f"{path.name} scored", flush=True)
                run.save(path, overwrite=True)
            runs.setdefault(family, []).append(run)
    scores = {family: [run.evaluate() for run in found] for family, found in runs.items()}
    return Comparison(runs, scores, data, budget.words)


def picture(found: Comparison) -> bytes:
    """Draw what each family makes of the same images, and images that it made."""
    strips = strips_of(found)
    with rc_context(STYLE):
        figure = Figure(figsize=(9.8, 0.62 * len(strips)), layout="constrained")
        draw_strips(figure, strips)
        return to_png(figure)


def main() -> None:
    """Train what is missing, one after another, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--families", nargs="*", default=list(aenb.families()), choices=list(aenb.families()))
    parser.add_argument("--out", type=Path, default=Path("build/quality"))
    parser.add_argument("--one", nargs=2, metavar=("FAMILY", "SEED"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    asked.out /= f"{asked.seconds:g}"  # what has another budget is not compared with these
    asked.out.mkdir(parents=True, exist_ok=True)
    if asked.one:
        family, seed = asked.one
        return train(family, int(seed), asked.seconds, asked.out / f"{family}-{seed}")
    for seed in asked.seeds:
        for family in asked.families:
            if not (asked.out / f"{family}-{seed}" / "run.json").exists():
                print(f"{family}, seed {seed} …", flush=True)
                words = ["--one", family, str(seed), "--seconds", str(asked.seconds), "--out", str(asked.out.parent)]
                subprocess.run([sys.executable, "-m", "tests.benchmarks.quality", *words], check=True)
    found = compared(asked.out, list(aenb.families()), aenb.load_data(DATA), Budget(seconds=asked.seconds))
    text = f"{found.to_markdown()}\n{machine.describe()}\n"
    (asked.out / "quality.md").write_text(text, encoding="utf-8")
    found.to_csv(asked.out / "quality.csv")
    found.to_html(asked.out / "quality.html")
    (asked.out / "families.png").write_bytes(picture(found))
    print(text, f"Written: {asked.out}/quality.md, quality.csv, quality.html, families.png", sep="\n")
    return None


if __name__ == "__main__":
    main()
