"""Measure the numbers in the pages `pca`, `beta` and `attention`: `python .ci/pages/measure.py [NAME …]`.

Each goes to `NAME.json` here, from where `build.py` puts it into the page:

- `pca`: 300 noisy points of an arc, their PCA, and the weights of a 2–16–1–16–2 autoencoder (L-BFGS, seed 4).
- `beta`: the PCA of scikit-learn's digits (1,797, 8 × 8, values in [0, 1]), and six digits in it.
- `attention`: word vectors learned from WordNet's glosses, and their products for the words of three phrases.
"""

from __future__ import annotations

import base64
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent

PHRASES = (
    "a boy and the girl eat bread with cheese",
    "the doctor gave a sick man medicine in hospital",
    "a teacher read the story to children at school",
)
WORDS, WINDOW, DIMENSIONS = 6000, 4, 64  # of the word vectors


def pca() -> dict:
    """Return the examples, their first principal component, and the weights of an autoencoder."""
    from sklearn.neural_network import MLPRegressor

    rng = np.random.default_rng(0)
    angle, tilt = rng.uniform(-0.75 * np.pi, 0.75 * np.pi, 300), np.deg2rad(12)
    arc = np.stack([1.15 * np.sin(angle), np.cos(angle)], axis=1) + rng.normal(0, 0.05, (300, 2))
    x = arc @ np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])
    model = MLPRegressor(
        hidden_layer_sizes=(16, 1, 16), activation="tanh", solver="lbfgs", max_iter=3000, random_state=4, alpha=1e-5,
        tol=1e-9,
    ).fit(x, x)  # fmt: skip
    _, _, axes = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    layers = zip(model.coefs_, model.intercepts_, strict=True)
    return {
        "examples": rounded(x, 3),
        "mean": rounded(x.mean(axis=0), 5),
        "direction": rounded(axes[0] * np.sign(axes[0, 0]), 5),
        "weights": [{"kernel": rounded(kernel, 4), "bias": rounded(bias, 4)} for kernel, bias in layers],
    }


def beta() -> dict:
    """Return the eigenvalues over 0, the components in 8 bits, the mean, and the scores of one digit each of 0 to 5."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    x = digits.data / 16
    values, vectors = np.linalg.eigh(np.cov(x.T, bias=True))
    values, vectors = values[::-1], vectors.T[::-1]
    kept = values > 1e-6
    values, vectors = values[kept], vectors[kept]
    scale = float(np.abs(vectors).max() / 127)
    shown = [int(np.flatnonzero(digits.target == digit)[2]) for digit in range(6)]
    return {
        "eigenvalues": [float(f"{value:.5g}") for value in values],
        "mean": rounded(x.mean(axis=0), 4),
        "scores": rounded((x[shown] - x.mean(axis=0)) @ vectors.T, 3),
        "scale": round(scale, 7),
        "components": base64.b64encode(np.rint(vectors / scale).astype("int8").tobytes()).decode(),
    }


def attention() -> dict:
    """Return the words of phrases, and the scalar products of their vectors: queries × keys."""
    number, vectors = word_vectors()
    phrases = []
    for phrase in PHRASES:
        own = vectors[[number[word] for word in phrase.split()]]
        phrases.append({"words": phrase.split(), "scores": rounded(own @ own.T, 4)})
    return {"phrases": phrases}


def word_vectors() -> tuple[dict[str, int], np.ndarray]:
    """Return the numbers of words, and their vectors of length 1, (WORDS, DIMENSIONS), from WordNet's glosses.

    The positive pointwise mutual information of words within a window, factorised: Levy, Goldberg & Dagan 2015,
    "Improving distributional similarity with lessons learned from word embeddings", with their smoothing of 0.75.
    """
    from scipy.sparse import coo_matrix, csr_matrix
    from scipy.sparse.linalg import svds

    texts = list(glosses())
    number = {word: i for i, (word, _) in enumerate(Counter(chain.from_iterable(texts)).most_common(WORDS))}
    pairs = []
    for words in texts:
        known = [number.get(word) for word in words]
        for distance in range(1, WINDOW + 1):
            near = zip(known, known[distance:], strict=False)
            pairs += [(a, b, 1 / distance) for a, b in near if a is not None and b is not None]
    rows, columns, weights = zip(*pairs, strict=True)
    count = csr_matrix((weights, (rows, columns)), shape=(WORDS, WORDS))
    count = coo_matrix(count + count.T)
    words, contexts = (np.asarray(count.sum(axis=axis)).ravel() for axis in (1, 0))
    contexts = contexts**0.75 / (contexts**0.75).sum()
    information = np.log(count.data / (words[count.row] * contexts[count.col]))
    kept = information > 0
    table = csr_matrix((information[kept], (count.row[kept], count.col[kept])), shape=(WORDS, WORDS))
    u, s, _ = svds(table, k=DIMENSIONS, random_state=0)
    vectors = u * np.sqrt(s)
    return number, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def glosses() -> Iterator[list[str]]:
    """Yield the words of WordNet's definitions and example phrases (the package wordnet-base)."""
    for part_of_speech in ("noun", "verb", "adj", "adv"):
        lines = Path(f"/usr/share/wordnet/data.{part_of_speech}").read_text(encoding="utf-8").splitlines()
        for line in lines:
            if not line.startswith("  "):  # the licence
                gloss = line.partition(" | ")[2].lower()
                yield from (re.findall(r"[a-z']+", text) for text in re.split(r'[";]', gloss))


def rounded(values: np.ndarray, digits: int) -> list:
    """Return an array as lists of numbers with few digits."""
    return np.round(np.asarray(values, float), digits).tolist()


if __name__ == "__main__":
    for name in sys.argv[1:] or ("pca", "beta", "attention"):
        found = {"pca": pca, "beta": beta, "attention": attention}[name]()
        (HERE / f"{name}.json").write_text(
            json.dumps(found, separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8"
        )
