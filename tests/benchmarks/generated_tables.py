"""Generated tables: aenb's generator beside CTGAN and TVAE, scored against held-out rows.

    python -m tests.benchmarks.generated_tables [--seeds 3] [--sets wine …] [--generators ctgan …] [--epochs 300]

Half of a table's rows are to train on, and the others to compare with: see
`aenb.evaluation.metrics.table_similarity`. CTGAN and TVAE (Xu, Skoularidou, Cuesta-Infante & Veeramachaneni 2019,
"Modeling tabular data using conditional GAN", NeurIPS, arXiv 1907.00503) are those of the package `ctgan`, with its
defaults, 300 epochs; without it they are left out. "training rows" are the other half, for comparison.

Each table, seed and generator is one JSON line of `generated_tables.jsonl`; a command that was cut off goes on where it
was. The table is written to `generated_tables.md`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.benchmarks import machine
from tests.benchmarks.resumable import Lines

if TYPE_CHECKING:
    from pandas import DataFrame

SETS = ("breast_cancer", "diabetes", "wine")
SCORES = ("marginal_distance", "worst_marginal", "association_difference", "classifier_auc")
KEY = ("set", "seed", "generator")
EPOCHS = 300  # of `ctgan`'s defaults


def halves(name: str, seed: int) -> tuple[DataFrame, DataFrame]:
    """Return the rows to train on, and those to compare with."""
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    train, test = train_test_split(
        getattr(datasets, f"load_{name}")(as_frame=True).data, test_size=0.5, random_state=seed
    )
    return train.reset_index(drop=True), test.reset_index(drop=True)


def _aenb(train: DataFrame, n: int, seed: int, epochs: int) -> DataFrame:
    from aenb.sklearn import AutoencoderGenerator

    return AutoencoderGenerator(random_state=seed).fit(train).sample(n, random_state=seed)


def _rows(train: DataFrame, n: int, seed: int, epochs: int) -> DataFrame:
    return train.iloc[:n]


def _ctgan(name: str) -> Callable[..., DataFrame]:
    def generate(train: DataFrame, n: int, seed: int, epochs: int) -> DataFrame:
        import ctgan
        import torch

        torch.manual_seed(seed)
        np.random.seed(seed)
        model = getattr(ctgan, name)(epochs=epochs)
        model.fit(train, discrete_columns=[])
        return model.sample(n)

    return generate


GENERATORS: dict[str, Callable[..., DataFrame]] = {
    "training rows": _rows, "aenb": _aenb, "ctgan": _ctgan("CTGAN"), "tvae": _ctgan("TVAE"),
}  # fmt: skip


def at_hand() -> list[str]:
    """Return the generators whose package is installed."""
    return [name for name in GENERATORS if name not in ("ctgan", "tvae") or find_spec("ctgan") is not None]


def measure(name: str, seed: int, generator: str, epochs: int = EPOCHS) -> dict[str, Any]:
    """Fit a generator to one half of a table, and compare its rows with the other half."""
    from aenb.evaluation.scorers.generated_tables import compare_tables

    train, test = halves(name, seed)
    n = min(len(train), len(test))
    begin, busy = time.perf_counter(), time.process_time()
    generated = GENERATORS[generator](train, n, seed, epochs)
    seconds, busy = time.perf_counter() - begin, time.process_time() - busy
    scores = compare_tables(test.iloc[:n], generated[list(test.columns)])
    times = {"seconds": round(seconds, 2), "cpu_seconds": round(busy, 2)}
    return {"set": name, "seed": seed, "generator": generator, "epochs": epochs, **scores, **times}


def measure_apart(*key: Any, epochs: int = EPOCHS) -> dict[str, Any]:
    """Measure in a process of its own: TensorFlow and PyTorch in one are not tried out."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measure, *key, epochs=epochs).result()


def table(found: Iterable[dict[str, Any]]) -> str:
    """Return the table in Markdown: the mean over seeds of each score, by table and generator."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in found:
        groups.setdefault((one["set"], one["generator"]), []).append(one)
    heads = ("table", "generator", "seeds", *(score.replace("_", " ") for score in SCORES), "CPU seconds")
    lines = [f"| {' | '.join(heads)} |", "| --- | --- |" + " ---: |" * (len(heads) - 2)]
    order = list(GENERATORS)
    for name, generator in sorted(groups, key=lambda one: (one[0], order.index(one[1]))):
        lot = groups[name, generator]
        means = [f"{np.mean([one[score] for one in lot]):.3f}" for score in SCORES]
        seconds = f"{np.median([one['cpu_seconds'] for one in lot]):.1f}"
        lines.append(f"| {' | '.join([name, generator, str(len(lot)), *means, seconds])} |")
    return "\n".join(lines)


def main() -> None:
    """Measure what is missing, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0")
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=SETS, metavar="SET")
    parser.add_argument("--generators", nargs="*", default=at_hand(), choices=list(GENERATORS), metavar="GENERATOR")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="of CTGAN and TVAE")
    parser.add_argument("--out", type=Path, default=Path("build/generated_tables"))
    asked = parser.parse_args()
    lines = Lines(asked.out / "generated_tables.jsonl", KEY)
    wanted = [(name, seed, one) for seed in range(asked.seeds) for name in asked.sets for one in asked.generators]
    text = table(lines.complete(wanted, partial(measure_apart, epochs=asked.epochs)))
    (asked.out / "generated_tables.md").write_text(f"{text}\n\n{machine.describe()}\n", encoding="utf-8")
    print(text, f"Written: {lines.file}, {asked.out}/generated_tables.md", sep="\n\n")


if __name__ == "__main__":
    main()
