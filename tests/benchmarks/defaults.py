"""The defaults on data as people have it, against PCA: `aenb.train(family, data)` with nothing else said.

    python -m tests.benchmarks.defaults [--cases "table iris" …] [--seed 0] [--out build/defaults]

PCA (scikit-learn's) has as many dimensions as the latent code, and is fitted on the same training examples; both are
scored on the same held-out ones. The error is the mean squared error, in the units of the model's inputs. Of texts it
is the share of wrong tokens: PCA there is that of one-hot tokens, and each position takes its largest entry.

Each case is one JSON line of `defaults.jsonl`, written as soon as it is known: a command that was cut off goes on where
it was. The table is written to `defaults.md`. Tables of PyOD's benchmark are found as `tests.benchmarks.odds` says.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.record import Data
from tests.benchmarks import machine
from tests.benchmarks.own_data import CASES
from tests.benchmarks.resumable import Lines

EQUAL = 0.005  # ratios up to 1 + this count as equal to PCA's
ROUNDING = 1e-9  # errors below this are those of single precision


def measure(name: str, seed: int) -> dict[str, Any]:
    """Train a case with all defaults, and score it and PCA on the held-out examples."""
    import aenb

    with tempfile.TemporaryDirectory() as folder:
        data = CASES[name].make(Path(folder))
        begin = time.perf_counter()
        run = aenb.train(CASES[name].family, data, seed=seed, verbose=False)
        seconds = time.perf_counter() - begin
        ours, pca = error(run.data, run.reconstruct(run.data.x_test)), error(run.data, by_pca(run.data, run.latent_dim))
        findings = [f"{one.code}: {one.remedy}" for one in run.diagnose()]
    return {
        "case": name, "seed": seed, "family": run.spec.family, "training": len(run.data.train),
        "shape": "×".join(map(str, run.data.input_shape)), "dimensions": run.latent_dim,
        "parameters": run.model.count_params(), "epochs": run.epochs, "batch_size": run.record["batch_size"],
        "seconds": round(seconds, 1), "error": ours, "pca": pca, "ratio": ratio(ours, pca), "findings": findings,
    }  # fmt: skip


def by_pca(data: Data, dimensions: int) -> np.ndarray:
    """Reconstruct the held-out examples by the first principal components of the training examples."""
    from sklearn.decomposition import PCA

    train, test = (rows(data, part) for part in (data.x_train, data.x_test))
    pca = PCA(min(dimensions, *train.shape), svd_solver="full").fit(train)
    back = pca.inverse_transform(pca.transform(test))
    if data.kind == "text":
        return back.reshape(*data.x_test.shape, -1)[..., 1:].argmax(axis=-1) + 1  # 0 is padding, which does not count
    return back.reshape(data.x_test.shape)


def rows(data: Data, x: np.ndarray) -> np.ndarray:
    """Return examples as rows of numbers, double precision; tokens one-hot, missing values as 0, the mean."""
    x = np.eye(len(data.vocabulary))[x] if data.kind == "text" else np.nan_to_num(x)
    return x.reshape(len(x), -1).astype("float64")


def error(data: Data, reconstructed: np.ndarray) -> float:
    """Return the mean squared error on the observed held-out values; of texts, the share of wrong tokens."""
    x = data.x_test
    if data.kind == "text":
        return float((reconstructed != x)[x != 0].mean())
    return float(np.nanmean((reconstructed.astype("float64") - x) ** 2))


def ratio(ours: float, pca: float) -> float:
    """Return the model's error over PCA's; 1 if both are those of rounding."""
    return 1.0 if max(ours, pca) < ROUNDING else ours / max(pca, ROUNDING)


def table(found: Iterable[dict[str, Any]]) -> str:
    """Return the table in Markdown, the worst ratio first, and how many cases are at or below PCA."""
    lines = [
        "| case | family | training | shape | code | parameters | epochs | batch | seconds | error | PCA | ratio |",
        "| --- | --- |" + " ---: |" * 10,
    ]
    found = sorted(found, key=lambda one: -one["ratio"])
    for one in found:
        cells = [one["case"], one["family"], one["training"], one["shape"], one["dimensions"]]
        cells += [f"{one['parameters']:,}", one["epochs"], one["batch_size"], f"{one['seconds']:.1f}"]
        cells += [f"{one['error']:.4g}", f"{one['pca']:.4g}", f"{one['ratio']:.3f}"]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    good = sum(one["ratio"] <= 1 + EQUAL for one in found)
    lines.append(f"\nAt or below PCA: {good} of {len(found)}, in {sum(one['seconds'] for one in found):.0f} s.")
    for one in found:
        if one["ratio"] > 1 + EQUAL:
            lines.append(f"\n- {one['case']}: {'; '.join(one['findings']) or 'no finding'}")
    return "\n".join(lines)


def main() -> None:
    """Measure what is missing, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cases", nargs="*", default=list(CASES), choices=list(CASES), metavar="CASE")
    parser.add_argument("--out", type=Path, default=Path("build/defaults"))
    asked = parser.parse_args()
    lines = Lines(asked.out / "defaults.jsonl", ("case", "seed"))
    try:
        text = table(lines.complete([(one, asked.seed) for one in asked.cases], measure))
    except AenbError as error:
        raise SystemExit(f"{parser.prog}: {error}") from None
    (asked.out / "defaults.md").write_text(f"{text}\n\n{machine.describe()}\n", encoding="utf-8")
    print(text, f"Written: {lines.file}, {asked.out}/defaults.md", sep="\n\n")


if __name__ == "__main__":
    main()
