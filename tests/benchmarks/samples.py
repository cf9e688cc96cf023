"""How good generated samples are in a given time: models and densities over their codes, from several seeds.

    python -m tests.benchmarks.samples [--seconds 120] [--seeds 0 1 2] [--only deep …] [--out build/samples]

The seconds are those of the training and of fitting the density together, loading the data not included. With `--clock
processor` they are processor seconds divided by the number of cores, which other programs on the machine hardly change.
Each run is a process of its own; its scores are one line of a file, so a command that was stopped goes on where it was.
`samples.png` has the first ten samples of each contender, from the first seed, below held-out images.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

import aenb
from aenb.comparison.budget import MAX_EPOCHS
from aenb.core.backend import keras
from aenb.evaluation.extractor import Extractor, load_extractor
from aenb.evaluation.metrics.intervals import interval
from aenb.evaluation.metrics.sample_quality import density_coverage, frechet_distance, precision_recall
from aenb.figures.plots import STYLE, image_grid, to_png
from aenb.latent.flow import fit_flow
from aenb.latent.sampling import fitted_flow
from aenb.models.autoencoder import interface
from tests.benchmarks import machine

DATA, SAMPLES, PROBE, SHOWN, TEN = "fashion_mnist", 10_000, 235, 20, 10
SCORES = ("frechet", "precision", "recall", "coverage", "frechet_reconstruction")
HEAD = ("Fréchet", "precision", "recall", "coverage", "reconstructions' Fréchet")


@dataclass(frozen=True)
class Contender:
    """A family with its settings, and the density that its samples are drawn from.

    Attributes:
        family: The family.
        density: As for `Run.generate`.
        share: The share of the seconds that fitting the density takes.
        base: The share of the seconds in which a `deep` run is trained, over whose codes the model is.
        settings: Options and hyperparameters.
    """

    family: str
    density: str = "gmm"
    share: float = 0.1
    base: float = 0.0
    settings: dict[str, Any] = field(default_factory=dict)


CONTENDERS = {
    "deep": Contender("deep"),
    "deep, flow": Contender("deep", "flow", 0.25),
    "conv": Contender("conv"),
    "vae": Contender("vae"),
    "vae, prior": Contender("vae", "prior", 0.0),
    "attention": Contender("attention"),
    "aae": Contender("aae"),
    "aae, prior": Contender("aae", "prior", 0.0),
    "vaegan": Contender("vaegan"),
    "vqvae": Contender("vqvae", "prior", 0.0),
    "gan": Contender("gan", "prior", 0.0),
    "diffusion": Contender("diffusion", "prior", 0.0),
    "diffusion over deep": Contender("diffusion", "prior", 0.0, base=0.6),
}


class Clock:
    """Seconds since it was created: of the wall, or of the processors, divided by their number."""

    def __init__(self, of_processors: bool) -> None:
        """Begin."""
        self._now = self._processors if of_processors else time.perf_counter
        self._begin = self._now()

    @staticmethod
    def _processors() -> float:
        return time.process_time() / (os.cpu_count() or 1)

    @property
    def seconds(self) -> float:
        """How many have passed."""
        return self._now() - self._begin


def measure(contender: Contender, seed: int, seconds: float, of_processors: bool, picture: Path) -> dict[str, Any]:
    """Train, fit the density, and score: a line of the table."""
    data = aenb.load_data(DATA)
    extractor = load_extractor(data)
    steps = steps_of(contender, data, seconds, of_processors)
    clock, settings = Clock(of_processors), contender.settings
    if contender.base:
        settings = settings | {"base": until("deep", data, seed, clock, seconds * contender.base)}
    run = until(contender.family, data, seed, clock, seconds * (1 - contender.share), settings)
    trained = clock.seconds
    if contender.density == "flow":
        fitted_flow(run, steps=steps)
    elif contender.density == "gmm":
        run.generate(1, density="gmm")
    used = clock.seconds
    samples = run.generate(SAMPLES, seed=seed, density=contender.density)
    np.save(picture, samples[:SHOWN])
    scores = score(samples, extractor, data)
    if not run.is_generator:
        scores["frechet_reconstruction"] = frechet_distance(
            extractor.features(run.reconstruct(data.x_test)), extractor.features(data.x_test)
        )
    epochs = len(run.history["loss"])
    return scores | {"epochs": epochs, "flow_steps": steps, "trained": trained, "used": used}


def until(
    family: str, data: aenb.Data, seed: int, clock: Clock, seconds: float, settings: Mapping[str, Any] | None = None
) -> aenb.Run:
    """Train until so many seconds have passed on a clock."""

    def stop_late(batch: int, logs: dict[str, Any] | None = None) -> None:
        if clock.seconds >= seconds:
            callback.model.stop_training = True

    callback = keras.callbacks.LambdaCallback(on_train_batch_begin=stop_late)
    return aenb.train(
        family, data, epochs=MAX_EPOCHS, seed=seed, callbacks=[callback], verbose=False, **(settings or {})
    )


def steps_of(contender: Contender, data: aenb.Data, seconds: float, of_processors: bool) -> int:
    """Return how many steps of a flow fit into its share of the seconds, by two short fits on noise, off the clock."""
    if contender.density != "flow":
        return 0
    parts = aenb.build_model(contender.family, data.x_train.shape[1:], **contender.settings)
    codes = np.random.default_rng(0).normal(size=(len(data.x_train), *interface(parts).code_shape)).astype("float32")
    numbers, used = data.class_numbers(data.y_train), []
    for steps in (PROBE, 2 * PROBE):
        clock = Clock(of_processors)
        fit_flow(codes.reshape(len(codes), -1), numbers, classes=len(data.classes), steps=steps)
        used.append(clock.seconds)
    step = max(used[1] - used[0], 0.1 * used[0]) / PROBE
    return max(PROBE, int((seconds * contender.share - used[0]) / step) + PROBE)


def score(samples: np.ndarray, extractor: Extractor, data: aenb.Data) -> dict[str, float]:
    """Return the scores of samples against as many held-out images."""
    found, real = extractor.features(samples), extractor.features(data.x_test)
    precision, recall = precision_recall(real, found)
    return {
        "frechet": frechet_distance(found, real),
        "precision": precision,
        "recall": recall,
        "coverage": density_coverage(real, found)[1],
    }


def table(lines: list[dict[str, Any]]) -> str:
    """Return the table in Markdown: the mean ± half the 95% interval over seeds."""
    rows = [f"| contender | seeds | {' | '.join(HEAD)} | epochs |", "| --- |" + " ---: |" * (len(HEAD) + 2)]
    names = dict.fromkeys(line["name"] for line in lines)
    for name in names:
        own = [line for line in lines if line["name"] == name]
        cells = [_cell([line[key] for line in own if key in line]) for key in (*SCORES, "epochs")]
        rows.append(f"| {name} | {len(own)} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _cell(values: list[float]) -> str:
    if not values:
        return ""
    found = interval(values)
    return f"{found.mean:.3g}" if found.half is None else f"{found.mean:.3g} ± {found.half:.2g}"


def main() -> None:
    """Measure what is missing, one after another, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--only", nargs="*", default=list(CONTENDERS), choices=list(CONTENDERS))
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall")
    parser.add_argument("--out", type=Path, default=Path("build/samples"))
    parser.add_argument("--one", nargs=2, metavar=("NAME", "SEED"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    place = asked.out / f"{asked.seconds:g}-{asked.clock}"
    place.mkdir(parents=True, exist_ok=True)
    kept = place / "scores.jsonl"
    if asked.one:
        name, seed = asked.one[0], int(asked.one[1])
        shown = drawn(place, name, seed)
        found = measure(CONTENDERS[name], seed, asked.seconds, asked.clock == "processor", shown)
        with kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"name": name, "seed": seed, **asdict(CONTENDERS[name]), **found}) + "\n")
        return
    for seed in asked.seeds:
        for name in asked.only:
            if not any((line["name"], line["seed"]) == (name, seed) for line in read(kept)):
                print(f"{name}, seed {seed} …", flush=True)
                words = ["--one", name, str(seed), "--seconds", str(asked.seconds), "--clock", asked.clock]
                subprocess.run(
                    [sys.executable, "-m", "tests.benchmarks.samples", *words, "--out", str(asked.out)], check=True
                )
    text = f"{table(read(kept))}\n\n{asked.seconds:g} seconds ({asked.clock}). {machine.describe()}\n"
    (place / "samples.md").write_text(text, encoding="utf-8")
    (place / "samples.png").write_bytes(picture(place, read(kept)))
    print(text)


def drawn(place: Path, name: str, seed: int) -> Path:
    """Return the file of a run's first samples."""
    return place / f"{name.replace(', ', '-')}-{seed}.npy"


def picture(place: Path, lines: list[dict[str, Any]]) -> bytes:
    """Draw ten held-out images, and the first ten samples of each contender from its first seed."""
    rows = {"held-out images": aenb.load_data(DATA).x_test[:TEN]}
    for line in lines:
        density = {"gmm": ", mixture", "prior": ""}.get(line["density"], f", {line['density']}")
        label = f"{line['name'].partition(',')[0]}{density}"
        rows.setdefault(label, np.load(drawn(place, line["name"], line["seed"]))[:TEN])
    side = next(iter(rows.values())).shape[1] + 1  # pixels, with the gap
    with rc_context(STYLE):
        figure = Figure(figsize=(8.0, 0.56 * len(rows)), layout="constrained")
        axes = figure.subplots()
        axes.imshow(image_grid(np.concatenate(list(rows.values())), TEN), interpolation="nearest")
        axes.set(xticks=[], yticks=(side - 1) / 2 + side * np.arange(len(rows)), yticklabels=list(rows))
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        return to_png(figure)


def read(kept: Path) -> list[dict[str, Any]]:
    """Return what has been measured."""
    return [json.loads(line) for line in kept.read_text("utf-8").splitlines()] if kept.exists() else []


if __name__ == "__main__":
    main()
