"""A search for better defaults of the adversarial families, on Fashion-MNIST, the same seconds for each trial.

    python -m tests.benchmarks.gan_search [--families gan aae vaegan] [--trials 30] [--seeds 0] [--seconds 60]
    python -m tests.benchmarks.gan_search --seconds 300 --seeds 0 1 2 --best 4 --of 60

Trial 0 has today's defaults, the next ones change one setting each, the rest draw all settings at random (`gan_space`).
With `--best 4 --of 60`, the four trials of each family with the smallest Fréchet distance after 60 s, and the defaults,
are trained for the seconds and seeds that are given.

Each training is a process of its own, and is scored as `evaluate` does: 10,000 generated samples against as many
held-out images, in the features of the data set's classifier. Each is one JSON line of `build/gan_search/search.jsonl`,
written as soon as it is known: a command that was cut off goes on where it was. The line has the share of all cores
that other processes took meanwhile, and the steps that the training got to: compare only trials for which these are
alike. Samples of each training are drawn beside it; the tables are written to `search.md`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

import aenb
from aenb.comparison.budget import MAX_EPOCHS, Budget
from aenb.core.backend import keras
from aenb.evaluation.metrics.intervals import interval
from aenb.figures.plots.examples import image_grid, image_png
from tests.benchmarks import machine
from tests.benchmarks.gan_space import SPACES, Settings, trial
from tests.benchmarks.resumable import Lines

KEY = ("data", "family", "settings", "seed", "seconds")
SCORES = ("frechet", "coverage", "precision", "recall", "density", "rarest_class", "frechet_reconstruction")
SHOWN, COLUMNS = 40, 10  # samples that are drawn
TRIALS = 30


def text(settings: Settings) -> str:
    """Return settings as a text that is the same for equal ones."""
    return json.dumps(settings, sort_keys=True)


def train(data: str, family: str, settings: str, seed: int, seconds: float, place: Path) -> None:
    """Train and save one, with the steps, the seconds, and the share of other processes beside it."""
    steps = 0

    def count(batch: int, logs: dict[str, Any] | None = None) -> None:
        nonlocal steps
        steps += 1

    callbacks = [*Budget(seconds=seconds).callbacks(), keras.callbacks.LambdaCallback(on_train_batch_end=count)]
    watch = machine.Watch()
    run = aenb.train(
        family, data, family, epochs=MAX_EPOCHS, seed=seed, callbacks=callbacks, verbose=False, **json.loads(settings)
    )
    spent = watch.stop()
    run.save(place)
    about = {"status": run.status, "epochs": run.epochs, "steps": steps, "others": round(spent["others"], 3)}
    (place / "about.json").write_text(json.dumps(about), encoding="utf-8")


def scored(place: Path, data: aenb.Data, picture: Path) -> dict[str, Any]:
    """Score a saved run, and draw some of its samples; scores that are not finite are None."""
    about = json.loads((place / "about.json").read_text(encoding="utf-8"))
    run = aenb.load_run(place)
    run.adopt(data)
    found = run.evaluate(parts="generation", verbose=False)
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(image_png(image_grid(run.generate(SHOWN, seed=0), COLUMNS)))
    figures = {name: round(float(found[name]), 4) for name in SCORES if name in found}
    return about | {name: value if np.isfinite(value) else None for name, value in figures.items()}


class Search:
    """Trials of one data set, trained and scored one after another.

    Args:
        out: The folder of the lines, the pictures and the tables.
        data: The name of a data set of images with classes.
    """

    def __init__(self, out: Path, data: str):
        self.out, self.name = out, data
        self.lines = Lines(out / "search.jsonl", KEY)
        self._data: aenb.Data | None = None

    def measure(self, data: str, family: str, settings: str, seed: int, seconds: float) -> dict[str, Any]:
        """Train in a process of its own, score and draw."""
        place = self.out / "training"
        shutil.rmtree(place, ignore_errors=True)
        one = dict(zip(KEY, (data, family, settings, seed, seconds), strict=True))
        subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.gan_search", "--one", json.dumps(one), "--out", str(place)],
            check=True,
        )
        self._data = self._data or aenb.load_data(data)
        number = sum(1 for _ in self.lines.measured())
        picture = self.out / "samples" / f"{number:04d}-{family}-{seconds:g}s-seed{seed}.png"
        found = one | scored(place, self._data, picture) | {"picture": picture.name}
        shutil.rmtree(place)
        return found

    def complete(self, settings: dict[str, list[str]], seeds: list[int], seconds: float) -> None:
        """Measure what is missing of some settings by family: all with the first seed, then with the next."""
        self.lines.complete(
            [(self.name, family, one, seed, seconds) for seed in seeds for family in settings
             for one in settings[family]],
            self.measure,
        )  # fmt: skip

    def best(self, family: str, seconds: float, count: int) -> list[str]:
        """Return the settings with the smallest Fréchet distances after some seconds, and the defaults."""
        rows = [row for row in summary(self.found()) if (row["family"], row["seconds"]) == (family, seconds)]
        named = [row["settings"] for row in sorted(rows, key=lambda row: row["frechet"].mean)][:count]
        return list(dict.fromkeys([text({}), *named]))

    def found(self) -> list[dict[str, Any]]:
        """Return all lines of the data set."""
        return [one for one in self.lines.measured().values() if one["data"] == self.name]


def summary(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the seeds of each trial together: intervals of the scores; trainings that diverged count as none."""
    trials: dict[tuple, list[dict[str, Any]]] = {}
    for one in found:
        if one.get("frechet") is not None:
            trials.setdefault((one["family"], one["seconds"], one["settings"]), []).append(one)
    rows = []
    for (family, seconds, settings), lines in trials.items():
        row = {"family": family, "seconds": seconds, "settings": settings, "seeds": len(lines)}
        for name in (*SCORES, "steps", "others"):
            values = [one[name] for one in lines if one.get(name) is not None]
            row |= {name: interval(values)} if values else {}
        rows.append(row)
    return rows


def tables(found: Iterable[dict[str, Any]]) -> str:
    """Return a table in Markdown for each family and time, the smallest Fréchet distance first."""
    found, texts = list(found), []
    rows = summary(found)
    for family, seconds in dict.fromkeys((row["family"], row["seconds"]) for row in rows):
        own = [row for row in rows if (row["family"], row["seconds"]) == (family, seconds)]
        texts.append(f"**{family}, {seconds:g} s**\n\n{_table(own)}")
    lost = [one for one in found if one.get("frechet") is None]
    if lost:
        texts.append("\n".join(f"- no scores: {one['family']}, {one['settings']}, seed {one['seed']}" for one in lost))
    return "\n\n".join(texts)


def _table(rows: list[dict[str, Any]]) -> str:
    default = next((row["frechet"].mean for row in rows if row["settings"] == text({})), None)
    names = ("frechet", "coverage", "precision", "recall", "frechet_reconstruction", "steps", "others")
    lines = [f"| changed | seeds | against the defaults | {' | '.join(names)} |",
             "| --- | ---: | ---: |" + " ---: |" * len(names)]  # fmt: skip
    for row in sorted(rows, key=lambda row: row["frechet"].mean):
        against = "" if default is None else f"{row['frechet'].mean / default:.2f}"
        cells = [_words(row["settings"]), str(row["seeds"]), against, *(_cell(row.get(name), name) for name in names)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _words(settings: str) -> str:
    return ", ".join(f"`{name}={value}`" for name, value in json.loads(settings).items()) or "nothing (the defaults)"


def _cell(found: Any, name: str) -> str:
    if found is None:
        return ""
    if name == "steps":
        return f"{found.mean:.0f}"
    return f"{found.mean:.2f}" if found.half is None or name == "others" else f"{found.mean:.2f} ± {found.half:.2f}"


def main() -> None:
    """Measure what is missing, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--families", nargs="*", default=list(SPACES), choices=list(SPACES))
    parser.add_argument("--trials", type=int, default=TRIALS, help="of each family, from 0")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--best", type=int, metavar="COUNT", help="take the best trials of another time")
    parser.add_argument("--of", type=float, default=60, metavar="SECONDS", help="the time that they were best after")
    parser.add_argument("--data", default="fashion_mnist")
    parser.add_argument("--out", type=Path, default=Path("build/gan_search"))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        return train(**json.loads(asked.one), place=asked.out)
    search = Search(asked.out, asked.data)
    if asked.best is None:
        numbers = range(asked.trials)
        settings = {name: list(dict.fromkeys(text(trial(name, one)) for one in numbers)) for name in asked.families}
    else:
        settings = {name: search.best(name, asked.of, asked.best) for name in asked.families}
    search.complete(settings, asked.seeds, asked.seconds)
    report = f"{tables(search.found())}\n\n{asked.data}. {machine.describe()}\n"
    (asked.out / "search.md").write_text(report, encoding="utf-8")
    print(report, f"Written: {search.lines.file}, {asked.out}/search.md, {asked.out}/samples", sep="\n")
    return None


if __name__ == "__main__":
    main()
