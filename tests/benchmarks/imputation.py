"""Imputation by aenb and by scikit-learn's imputers, and MIWAE's published figure on the same missing values.

    python -m tests.benchmarks.imputation [--seeds 3] [--sets iris wine …] [--methods mean …]

Six tables, of which a fifth or a half of the values are missing completely at random. Columns are standardised on the
complete table, and the score is the mean squared error of the missing values, as in the notebook of Mattei & Frellsen
(2019, "MIWAE", ICML, arXiv 1812.02633): `Tensorflow 2 notebooks/MIWAE_UCI_single_multiple-imputation.ipynb` of
github.com/pamattei/miwae, commit d280b91, whose last line is "Imputation MSE 0.286728", for `breast_cancer`, half of
the values, seed 1234. A missing value is drawn as there, by `numpy.random.RandomState(seed).choice`.

Five tables are scikit-learn's, `pendigits` is one of `tests/benchmarks/odds.py`, which tells where it is found.
Each table, share, seed and method is one JSON line of `imputation.jsonl`; a command that was cut off goes on where it
was. The tables are written to `imputation.md`.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from tests.benchmarks import machine, odds
from tests.benchmarks.resumable import Lines

SETS = ("breast_cancer", "diabetes", "digits", "iris", "pendigits", "wine")
SHARES = (0.2, 0.5)
METHODS = ("mean", "neighbours", "iterative", "linear", "autoencoder")
KEY = ("set", "share", "seed", "method")
MIWAE, PUBLISHED = ("breast_cancer", 0.5, 1234), 0.286728


def table(name: str) -> np.ndarray:
    """Return a table, standardised, without constant columns: (n, features), float64."""
    if name in odds.TABLES:
        from scipy.io import loadmat

        x = loadmat(odds.local(f"{name}.mat", f"{odds.SOURCE}/data/{name}.mat", odds.TABLES[name]))["X"]
    else:
        from sklearn import datasets

        x, _ = getattr(datasets, f"load_{name}")(return_X_y=True)
    x = np.asarray(x, "float64")[:, np.std(x, axis=0) > 0]
    return (x - x.mean(axis=0)) / x.std(axis=0)


def missing(shape: tuple[int, int], share: float, seed: int) -> np.ndarray:
    """Draw which values are missing, as the notebook does: (n, features), bool."""
    chosen = np.zeros(shape[0] * shape[1], bool)
    chosen[np.random.RandomState(seed).choice(chosen.size, int(np.floor(chosen.size * share)), replace=False)] = True
    return chosen.reshape(shape)


def imputer(method: str, seed: int) -> Any:
    """Return an imputer with its defaults; "linear" is aenb's without its autoencoders."""
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

    from aenb.sklearn import AutoencoderImputer

    return {
        "mean": lambda: SimpleImputer(),
        "neighbours": lambda: KNNImputer(),
        "iterative": lambda: IterativeImputer(random_state=seed),
        "linear": lambda: AutoencoderImputer(hidden_share=0.0, random_state=seed),
        "autoencoder": lambda: AutoencoderImputer(random_state=seed),
    }[method]()


def measure(name: str, share: float, seed: int, method: str) -> dict[str, Any]:
    """Fill in a table's missing values, and compare them with the true ones."""
    x = table(name)
    gaps = missing(x.shape, share, seed)
    begin, busy = time.perf_counter(), time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the iterative imputer's default number of rounds is often too small for it
        filled = imputer(method, seed).fit_transform(np.where(gaps, np.nan, x))
    seconds, busy = time.perf_counter() - begin, time.process_time() - busy
    return {
        "set": name, "share": share, "seed": seed, "method": method,
        "mse": float(np.square(filled - x)[gaps].mean()), "seconds": round(seconds, 2), "cpu_seconds": round(busy, 2),
    }  # fmt: skip


def keys(sets: Iterable[str], seeds: int, methods: Iterable[str]) -> list[tuple[str, float, int, str]]:
    """Return the measurements: MIWAE's first, then each seed, share and table."""
    every = [(name, share, seed) for seed in range(seeds) for share in SHARES for name in sets]
    return [(*case, method) for case in [MIWAE, *every] for method in methods]


def tables(found: Iterable[dict[str, Any]]) -> str:
    """Return the tables in Markdown: MIWAE's figure and ours, then the mean over seeds by table and share."""
    by_case: dict[tuple, dict[str, list[float]]] = {}
    for one in found:
        case = MIWAE if one["seed"] == MIWAE[2] else (one["set"], one["share"])
        by_case.setdefault(case, {}).setdefault(one["method"], []).append(one["mse"])
    ours = by_case.pop(MIWAE, {})
    lines = ["| imputer | published | here | difference |", "| --- | ---: | ---: | ---: |"]
    lines.append(f"| MIWAE | {PUBLISHED:.4f} | | |")
    lines += [f"| {name} | | {mse[0]:.4f} | {mse[0] - PUBLISHED:+.4f} |" for name, mse in ours.items()]
    lines += ["", f"| table | missing | seeds | {' | '.join(METHODS)} |", "| --- |" + " ---: |" * (len(METHODS) + 2)]
    for (name, share), figures in sorted(by_case.items()):
        seeds = max(map(len, figures.values()))
        cells = [_spread(figures[method]) if method in figures else "" for method in METHODS]
        lines.append(f"| {name} | {share:.0%} | {seeds} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _spread(mse: list[float]) -> str:
    return f"{np.mean(mse):.4f} ± {np.std(mse):.3f}"


def main() -> None:
    """Measure what is missing, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0")
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=SETS, metavar="SET")
    parser.add_argument("--methods", nargs="*", default=list(METHODS), choices=METHODS, metavar="METHOD")
    parser.add_argument("--out", type=Path, default=Path("build/imputation"))
    asked = parser.parse_args()
    lines = Lines(asked.out / "imputation.jsonl", KEY)
    try:
        text = tables(lines.complete(keys(asked.sets, asked.seeds, asked.methods), measure))
    except AenbError as error:
        raise SystemExit(f"{parser.prog}: {error}") from None
    (asked.out / "imputation.md").write_text(f"{text}\n\n{machine.describe()}\n", encoding="utf-8")
    print(text, f"Written: {lines.file}, {asked.out}/imputation.md", sep="\n\n")


if __name__ == "__main__":
    main()
