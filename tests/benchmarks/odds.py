"""PyOD's table of anomaly detectors, with ours in it: 17 tables, the same protocol, the mean of several seeds.

    python -m tests.benchmarks.odds [--seeds 10] [--sets cardio glass …] [--out build/odds]

The protocol is that of PyOD's `notebooks/benchmark.py` (Zhao, Nasrullah & Li 2019, JMLR 20(96), arXiv 1901.01588): 60%
of a table to train on and 40% to score, split by `random_state=RandomState(seed)`; all columns standardised on the
training part; no labels in training, so that it is contaminated with anomalies; the ROC AUC on the other part. The
tables are those of ODDS (Rayana 2016) that PyOD keeps in its repository.

They are downloaded once, checked against a pinned SHA-256, and kept in Keras's cache. Offline, set the environment
variable `AENB_DATA` to a folder that has them as `odds/NAME.mat`, with `odds/roc.csv`.

Each set and seed is one JSON line of `odds.jsonl`, written as soon as it is known: a command that was cut off goes on
where it was. The table is written to `odds.md`.
"""

from __future__ import annotations

import argparse
import csv
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.sets.download import cache, fetch
from tests.benchmarks import machine
from tests.benchmarks.resumable import Lines

SOURCE = "https://raw.githubusercontent.com/yzhao062/pyod/34f7996effac700a5166d882d5e94c6e6078fae3/notebooks"
TABLES = {
    "arrhythmia": "e4d47e499591ae31e5d7f0cd983367092353eac240f48e14c9b36457edb3460d",
    "cardio": "5e568b6a73711012c481fa6cc984ab9c68e9a4fa44d6aeb3b43efa381c3f695b",
    "glass": "2c506e6e1e2ca1e82a905d10a90773151ff812c4bd969c71a12db5b2bb6e7921",
    "ionosphere": "8ac5dfa6f47db4acdfe10615489b7f7dd015d79d5b381ce641e72baca3cfefb0",
    "letter": "f4a229b0e2a6b0c9157ce27fa760bcbac0f948cd690b2f5d51c120e5450f2195",
    "lympho": "031b907ecb50347720b08b38f8139d05635adeca9335a064d89d5569c27a5834",
    "mnist": "9479e221f236684c09f3e11c7ad124725d34ecd301b9450425e8b113368413a6",
    "musk": "50bbf414caceb66cfe6f6b1eb7c1ff7c6eb1e6d87173f7bb597ba55cd3dc5493",
    "optdigits": "30c664cd6f3740a173277a27cd1028d471b06f0835a9902c9712749cec58c1c4",
    "pendigits": "7bc32ac83b3d583443acea8b1342a54aaa59eaedb9996af405322f473f3c22bc",
    "pima": "b6a5be8d548b9293d6958beceb1c77055591714d25d40d957eba87808456468f",
    "satellite": "6feac3112b9c14e1c3e60afc437f2f3d29dc1000119c9f950c628078778d6aa0",
    "satimage-2": "95c37a07cea2cb201f6900d14f521510e10b6b2f0074c06ac46d3157440ec67b",
    "shuttle": "b6e396c92354d5dcf5036901e36dc58e2913f2d1a5e138c35a2bedf9c69db899",
    "vertebral": "84b50b055f118f54b5c976650ccd284ab7c1adee822f8b3eb517c7e2c890d15e",
    "vowels": "51d5397bad1ceeda22b7cd44fd58125c5d603c9c2edb53aa59933330e259ac7b",
    "wbc": "afe6b26953cc196b9a480318c903e0edef22529c2f61bd02082438c6e70630a7",
}
PUBLISHED_SHA256 = "55d020d4bf73b328a34d983b4631f016317acd811964396cf60b1df799e034cf"
KEY = ("set", "seed")
RIVALS = ("AutoEncoder", "IForest", "INNE")  # their autoencoder, the detector most people take, and their best


class Split(NamedTuple):
    """A table, split and standardised: rows (n, features), float64, and whether each held-out row is an anomaly."""

    train: np.ndarray
    test: np.ndarray
    is_anomaly: np.ndarray


def local(name: str, url: str, sha256: str) -> Path:
    """Return a file of the folder `AENB_DATA`, or of the cache, and download it first if it is in neither."""
    folder = os.environ.get("AENB_DATA")
    if folder and (found := Path(folder) / "odds" / name).is_file():
        return found
    remedy = f"Offline: set AENB_DATA to a folder that has odds/{name}."
    return fetch(url, cache() / "aenb-odds" / name, sha256, remedy)


def load(name: str, seed: int) -> Split:
    """Load a table, split it as PyOD does, and standardise it on the training part."""
    from scipy.io import loadmat
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    content = loadmat(local(f"{name}.mat", f"{SOURCE}/data/{name}.mat", TABLES[name]))
    x, y = content["X"].astype("float64"), content["y"].ravel() != 0
    train, test, _, is_anomaly = train_test_split(x, y, test_size=0.4, random_state=np.random.RandomState(seed))
    scaler = StandardScaler().fit(train)
    return Split(scaler.transform(train), scaler.transform(test), is_anomaly)


def published() -> dict[str, dict[str, float]]:
    """Return PyOD's ROC AUC by table and detector, of `RIVALS`."""
    file = local("roc.csv", f"{SOURCE}/roc.csv", PUBLISHED_SHA256)
    with file.open(newline="", encoding="utf-8") as lines:
        return {row["Data"]: {name: float(row[name]) for name in RIVALS} for row in csv.DictReader(lines)}


def measure(name: str, seed: int) -> dict[str, Any]:
    """Fit the detector, with its defaults, on the training part of a table, and score the other part."""
    from sklearn.metrics import roc_auc_score

    from aenb.sklearn import AutoencoderOutlierDetector

    split = load(name, seed)
    begin = time.perf_counter()
    detector = AutoencoderOutlierDetector(random_state=seed).fit(split.train)
    scores = -detector.score_samples(split.test)
    seconds = time.perf_counter() - begin
    return {
        "set": name, "seed": seed, "auc": float(roc_auc_score(split.is_anomaly, scores)), "seconds": round(seconds, 2),
        "train": len(split.train), "test": len(split.test),
    }  # fmt: skip


def keys(sets: Iterable[str], seeds: int) -> list[tuple[str, int]]:
    """Return the measurements: each seed of each set."""
    return [(name, seed) for seed in range(seeds) for name in sets]


def table(found: Iterable[dict[str, Any]], rivals: dict[str, dict[str, float]]) -> str:
    """Return the table in Markdown: published, here with its standard deviation over seeds, and the difference."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for one in found:
        rows.setdefault(one["set"], []).append(one)
    lines = [
        f"| table | seeds | {' | '.join(RIVALS)} | here | here − {RIVALS[0]} | here − {RIVALS[-1]} | seconds |",
        "| --- |" + " ---: |" * (len(RIVALS) + 5),
    ]
    means = []
    for name in sorted(rows):
        aucs = [one["auc"] for one in rows[name]]
        seconds = float(np.median([one["seconds"] for one in rows[name]]))
        means.append([*rivals[name].values(), float(np.mean(aucs)), seconds])
        lines.append(_row(name, str(len(aucs)), means[-1], f" ± {np.std(aucs):.3f}"))
    if means:
        lines.append(_row(f"**mean of {len(means)}**", "", list(np.mean(means, axis=0)), ""))
    return "\n".join(lines)


def _row(name: str, seeds: str, figures: list[float], spread: str) -> str:
    *theirs, ours, seconds = figures
    cells = [*(f"{one:.4f}" for one in theirs), f"{ours:.4f}{spread}", f"{ours - theirs[0]:+.4f}"]
    return f"| {' | '.join([name, seeds, *cells, f'{ours - theirs[-1]:+.4f}', f'{seconds:.1f}'])} |"


def main() -> None:
    """Measure what is missing, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10, help="how many, from 0")
    parser.add_argument("--sets", nargs="*", default=list(TABLES), choices=list(TABLES), metavar="SET")
    parser.add_argument("--out", type=Path, default=Path("build/odds"))
    asked = parser.parse_args()
    lines = Lines(asked.out / "odds.jsonl", KEY)
    try:
        rivals = published()
        text = table(lines.complete(keys(asked.sets, asked.seeds), measure), rivals)
    except AenbError as error:
        raise SystemExit(f"{parser.prog}: {error}") from None
    (asked.out / "odds.md").write_text(f"{text}\n\n{machine.describe()}\n", encoding="utf-8")
    print(text, f"Written: {lines.file}, {asked.out}/odds.md", sep="\n\n")


if __name__ == "__main__":
    main()
