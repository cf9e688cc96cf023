"""NAB's series, with the detectors of TSB-AD's table: VUS-PR of 14 series, the mean of several seeds.

    python -m tests.benchmarks.nab [--seeds 3] [--part test] [--out build/nab]

TSB-AD (Liu & Paparrizos 2024, "The elephant in the room", NeurIPS) publishes the VUS-PR of its detectors on series of
the Numenta Anomaly Benchmark (Lavin & Ahmad 2015, arXiv 1510.03336) under numbers. A series of NAB is taken for one of
them if it has the same length, number of anomalous steps, and first anomalous step. As in TSB-AD, NAB's first row is
left out, and the steps after the start of a labelled window, up to its end, are anomalous. That identifies 14 series,
two of them synthetic.

A model learns from the first steps, as many as TSB-AD's file name says, and scores all. VUS-PR has TSB-AD's buffer, the
window length that its autocorrelation gives. All choices were made on NAB's other 38 series with anomalies
(`--part development`); NAB.md says what was tried.

The files are downloaded once, checked against a pinned SHA-256, and kept in Keras's cache. Offline, set the environment
variable `AENB_DATA` to a folder that has them as `nab/data/…`, `nab/labels/…` and `nab/tsb_ad_vus_pr.csv`.
"""

from __future__ import annotations

import argparse
import csv
import functools
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.series.autocorrelation import DEFAULT, natural_length
from aenb.data.series.load_series import from_series
from aenb.data.sets.download import cache, fetch
from aenb.evaluation.metrics.range_curves import volume_scores
from aenb.evaluation.step_errors import smoothed
from tests.benchmarks import machine
from tests.benchmarks.resumable import Lines

NAB = "https://raw.githubusercontent.com/numenta/NAB/ea702d75cc2258d9d7dd35ca8e5e2539d71f3140"
TSB = "https://raw.githubusercontent.com/TheDatumOrg/TSB-AD/87630099ea8d0dafe89a957e31ed9720e88479eb"
SHA256 = json.loads(Path(__file__).with_name("nab_files.json").read_text(encoding="utf-8"))
TABLE, LABELS = "tsb_ad_vus_pr.csv", "labels/combined_windows.json"
RIVALS = ("AutoEncoder", "Sub-PCA", "POLY")
WITHOUT = "realKnownCause/nyc_taxi.csv"  # for the mean of 13
KEY = ("set", "seed")
MODELS = ((1, 0.5), (2, 0.9))  # length of the windows, in periods, and variance that the latent code keeps
LONGEST, SMOOTHING = 250, 35  # steps of a window; the score is averaged over this part of the series
LEAST = 500  # training steps of a series that TSB-AD has not, at least


class Labelled(NamedTuple):
    """A series, (steps,), its labels, (steps,), bool, how many steps are for training, and TSB-AD's row, or None."""

    x: np.ndarray
    is_anomaly: np.ndarray
    training: int
    published: dict[str, str] | None


def local(name: str) -> Path:
    """Return a file of the folder `AENB_DATA`, or of the cache, and download it first if it is in neither."""
    folder = os.environ.get("AENB_DATA")
    if folder and (found := Path(folder) / "nab" / name).is_file():
        return found
    url = f"{TSB}/benchmark_exp/benchmark_eval_results/uni_mergedTable_VUS-PR.csv" if name == TABLE else f"{NAB}/{name}"
    return fetch(url, cache() / "aenb-nab" / name, SHA256[name], f"Offline: set AENB_DATA to a folder with nab/{name}.")


@functools.cache
def published() -> dict[tuple[int, int, int], dict[str, str]]:
    """Return TSB-AD's rows of NAB by length, number of anomalous steps, and the first of these."""
    with local(TABLE).open(newline="", encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if "_NAB_" in row["file"]]
    return {(int(row["ts_len"]), int(row["anomaly_len"]), _number(row, "1st")): row for row in rows}


def _number(row: dict[str, str], name: str) -> int:
    return int(row["file"].partition(f"_{name}_")[2].partition("_")[0].removesuffix(".csv"))


@functools.cache
def windows() -> dict[str, list[list[str]]]:
    """Return NAB's labelled windows by file: pairs of times."""
    return json.loads(local(LABELS).read_text(encoding="utf-8"))


@functools.cache
def load(name: str) -> Labelled:
    """Load a series as TSB-AD has it, and find its row in the table."""
    import pandas as pd

    frame = pd.read_csv(local(f"data/{name}"), parse_dates=["timestamp"])
    times, is_anomaly = frame["timestamp"], np.zeros(len(frame), bool)
    for begin, end in windows()[name]:
        is_anomaly |= ((times > pd.Timestamp(begin)) & (times <= pd.Timestamp(end))).to_numpy()
    x, is_anomaly = frame["value"].to_numpy("float64")[1:], is_anomaly[1:]
    first = int(is_anomaly.argmax())
    row = published().get((len(x), int(is_anomaly.sum()), first))
    training = max(LEAST, min(len(x) // 4, first - 100)) if row is None else _number(row, "tr")
    return Labelled(x, is_anomaly, training, row)


def names(part: str) -> list[str]:
    """Return the series with anomalies that TSB-AD's table has, "test", or the others, "development"."""
    found = [name for name, labelled in windows().items() if labelled and not name.startswith("artificialNoAnomaly")]
    return [name for name in sorted(found) if (load(name).published is not None) == (part == "test")]


def scored(labelled: Labelled, seed: int) -> np.ndarray:
    """Return the anomaly score of each step: the mean of two autoencoders', smoothed."""
    import aenb

    x, training = labelled.x, labelled.training
    period, total = natural_length(x) or DEFAULT, np.zeros(len(x))
    for periods, variance in MODELS:
        window = max(4, min(periods * period, LONGEST, training // 2))
        data = from_series(x, window=window, training=training)
        run = aenb.train(
            "deep", data, latent_dim=components(data.x_train[..., 0], variance), hidden_units=(64, 32),
            activation="tanh", linear_path=True, epochs=20, patience=3, seed=seed, verbose=False,
        )  # fmt: skip
        scores = run.score(x)
        total += scores / scores[:training].mean()
    return smoothed(total, max(1, len(x) // SMOOTHING))


def components(x: np.ndarray, variance: float) -> int:
    """Return how many principal components of x, (n, features), keep a share of its variance."""
    spectrum = np.maximum(np.linalg.eigvalsh(np.cov(x.T))[::-1], 0)
    return min(int(np.searchsorted(np.cumsum(spectrum) / spectrum.sum(), variance)) + 1, x.shape[1] - 1)


def measure(name: str, seed: int) -> dict[str, Any]:
    """Train on the first steps of a series, score all, and compare the scores with the labels."""
    labelled = load(name)
    begin = time.perf_counter()
    scores = scored(labelled, seed)
    seconds = time.perf_counter() - begin
    buffer = natural_length(labelled.x) or DEFAULT
    found = volume_scores(scores, labelled.is_anomaly, buffer)
    return {"set": name, "seed": seed, **{key: round(value, 6) for key, value in found.items()}, "buffer": buffer,
            "seconds": round(seconds, 1)}  # fmt: skip


def table(found: Iterable[dict[str, Any]]) -> str:
    """Return the table in Markdown: published, and here with the standard deviation over seeds."""
    rows: dict[str, list[float]] = {}
    for one in found:
        rows.setdefault(one["set"], []).append(one["vus_pr"])
    lines = [f"| TSB-AD | NAB | seeds | {' | '.join(RIVALS)} | here |", "| --- | --- |" + " ---: |" * (len(RIVALS) + 2)]
    figures = {}
    for name, values in sorted(rows.items(), key=lambda pair: (load(pair[0]).published or {"file": pair[0]})["file"]):
        row = load(name).published
        theirs = [float(row[rival]) for rival in RIVALS] if row else [np.nan] * len(RIVALS)
        figures[name] = [*theirs, float(np.mean(values))]
        cells = ["" if np.isnan(one) else f"{one:.3f}" for one in theirs]
        number = row["file"][:3] if row else ""
        ours = f"{np.mean(values):.3f} ± {np.std(values):.3f}"
        lines.append(f"| {number} | {name.removesuffix('.csv')} | {len(values)} | {' | '.join([*cells, ours])} |")
    for words, left_out in (("mean of", ()), (f"mean without {Path(WITHOUT).stem}, of", (WITHOUT,))):
        kept = [values for name, values in figures.items() if name not in left_out]
        if kept:
            means = ["" if np.isnan(one) else f"{one:.3f}" for one in np.mean(kept, axis=0)]
            lines.append(f"| | **{words} {len(kept)}** | | {' | '.join(means)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure what is missing, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0")
    parser.add_argument("--part", choices=("test", "development"), default="test")
    parser.add_argument("--out", type=Path, default=Path("build/nab"))
    asked = parser.parse_args()
    lines = Lines(asked.out / "nab.jsonl", KEY)
    try:
        keys = [(name, seed) for seed in range(asked.seeds) for name in names(asked.part)]
        text = table(lines.complete(keys, measure))
    except AenbError as error:
        raise SystemExit(f"{parser.prog}: {error}") from None
    (asked.out / f"nab_{asked.part}.md").write_text(f"{text}\n\n{machine.describe()}\n", encoding="utf-8")
    print(text, f"Written: {lines.file}, {asked.out}/nab_{asked.part}.md", sep="\n\n")


if __name__ == "__main__":
    main()
