"""How like real items generated ones are, and how unlike each other, in the features of a classifier.

All of these see items through features (n, dimensions), such as an `Extractor` gives. They are figures of that
extractor: compare them with figures of the same one only, and beside the same figure of real items against real items.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

CHUNK = 2**20  # distances at a time
NEIGHBOURS, WIDER = 3, 5  # which neighbour's distance is an item's radius, as the papers have it


def frechet_distance(features: np.ndarray, others: np.ndarray) -> float:
    """Return the Fréchet distance between Gaussians fitted on two sets of features, in [0, ∞); 0 is equal.

    ‖μ₁ − μ₂‖² + Tr(C₁ + C₂ − 2 (C₁ C₂)^½), as Heusel et al. 2017, arXiv 1706.08500, have it. The trace of the root is
    the sum of the roots of the eigenvalues of C₁^½ C₂ C₁^½, which is symmetric: none of them becomes complex, whatever
    is singular. The distance of finite sets is biased upwards: compare sets of equal sizes only.

    Args:
        features: (n, dimensions), n ≥ 2.
        others: (m, dimensions), m ≥ 2.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).normal(size=(500, 3))
        >>> round(frechet_distance(x, x + [3, 0, 4]), 6)
        25.0
    """
    a, b = np.asarray(features, "float64"), np.asarray(others, "float64")
    first, second = _covariance(a), _covariance(b)
    root = _root(first)
    roots = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(min=0))
    apart = np.square(a.mean(axis=0) - b.mean(axis=0)).sum()
    return float(max(0.0, apart + np.trace(first) + np.trace(second) - 2 * roots.sum()))


def kernel_distance(features: np.ndarray, others: np.ndarray) -> float:
    """Return the squared maximum mean discrepancy of two sets of features; about 0 for equal distributions.

    Bińkowski, Sutherland, Arbel & Gretton 2018, arXiv 1801.01401: with the kernel (x·y / dimensions + 1)³, the estimate
    without bias, which may be a little below 0.

    Args:
        features: (n, dimensions), n ≥ 2.
        others: (m, dimensions), m ≥ 2.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).normal(size=(500, 3))
        >>> kernel_distance(x[:250], x[250:]) < 0.1 < kernel_distance(x, x + 1)
        True
    """
    a, b = np.asarray(features, "float64"), np.asarray(others, "float64")
    return _mean_kernel(a, a) + _mean_kernel(b, b) - 2 * _mean_kernel(a, b)


def class_histogram(probabilities: np.ndarray) -> np.ndarray:
    """Return the share of each class among items: (n, classes) probabilities → (classes,), which sum to 1.

    Each item counts for its likeliest class.

    Example:
        >>> import numpy as np
        >>> class_histogram(np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]])).tolist()
        [0.75, 0.25]
    """
    classes = probabilities.shape[1]
    return np.bincount(probabilities.argmax(axis=1), minlength=classes) / len(probabilities)


def sample_diversity(features: np.ndarray, real: np.ndarray) -> float:
    """Return how far generated items are from each other, relative to real ones, in [0, ∞).

    The ratio of the root mean square distances between two items of a set, which are √(2 Tr C): 0 where all items are
    the same, 1 where they are as varied as real ones.

    Args:
        features: (n, dimensions), of generated items, n ≥ 2.
        real: (m, dimensions), of real items, m ≥ 2.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).normal(size=(500, 3))
        >>> round(sample_diversity(x / 4, x), 6)
        0.25
    """
    spread = [np.asarray(x, "float64").var(axis=0, ddof=1).sum() for x in (features, real)]
    return float(np.sqrt(spread[0] / spread[1])) if spread[1] else float("nan")


def precision_recall(real: np.ndarray, generated: np.ndarray, neighbours: int = NEIGHBOURS) -> tuple[float, float]:
    """Return the share of generated items that look real, and of real items that could have been generated, in [0, 1].

    Kynkäänniemi et al. 2019, arXiv 1904.06991: an item is in a set's manifold if it is nearer to one of the set's items
    than that one is to its k-th neighbour in the set.

    Args:
        real: (n, dimensions), n > neighbours.
        generated: (m, dimensions), m > neighbours; as many as real ones for figures that can be compared.
        neighbours: k.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).normal(size=(500, 2))
        >>> precision_recall(x, x[:20] / 100)[0], precision_recall(x, x + 100)
        (1.0, (0.0, 0.0))
    """
    real_radii, generated_radii = _radii(real, neighbours), _radii(generated, neighbours)
    likely = np.zeros(len(generated), bool)
    covered = []
    for here, distances in _distances(real, generated):
        likely |= (distances <= real_radii[here, None]).any(axis=0)
        covered.append((distances <= generated_radii).any(axis=1))
    return float(likely.mean()), float(np.concatenate(covered).mean())


def density_coverage(real: np.ndarray, generated: np.ndarray, neighbours: int = WIDER) -> tuple[float, float]:
    """Return how densely generated items lie among real ones, in [0, ∞), and what share of them they cover, in [0, 1].

    Naeem, Oh, Uh, Choi & Yoo 2020, arXiv 2002.09797: in how many of the real items' neighbourhoods a generated item is,
    over k, and how many neighbourhoods have one in them. Unlike precision and recall, a single outlier does not make a
    manifold large. Of equal distributions and sets of one size, the density is 1 and the coverage about 1 − 2⁻ᵏ.

    Args:
        real: (n, dimensions), n > neighbours.
        generated: (m, dimensions).
        neighbours: k.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).normal(size=(500, 2))
        >>> density_coverage(x, x + 100)
        (0.0, 0.0)
    """
    radii, inside, covered = _radii(real, neighbours), 0, []
    for here, distances in _distances(real, generated):
        within = distances < radii[here, None]
        inside += np.count_nonzero(within)
        covered.append(within.any(axis=1))
    return float(inside / (neighbours * len(generated))), float(np.concatenate(covered).mean())


def novelty(features: np.ndarray, train: np.ndarray, held_out: np.ndarray) -> float:
    """Return the chance that a generated item lies farther from the training items than a held-out one does, in [0, 1].

    Near 0 for copies of training items, which no other score here tells from a good model's; 0.5 for items as new as
    held-out ones; near 1 where they are far from all that is real. The statistic of Meehan, Chaudhuri & Dasgupta 2020,
    arXiv 2004.05675 (that of Mann & Whitney 1947), over all of the space.

    Args:
        features: (n, dimensions), of generated items.
        train: (m, dimensions), of training items.
        held_out: (k, dimensions), of held-out items.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).normal(size=(900, 3))
        >>> novelty(x[:300], x[:600], x[600:]), novelty(x + 100, x[:600], x[600:])
        (0.0, 1.0)
    """
    from sklearn.metrics import roc_auc_score
    from sklearn.neighbors import NearestNeighbors

    index = NearestNeighbors(n_neighbors=1).fit(train)
    distances = [index.kneighbors(x)[0][:, 0] for x in (held_out, features)]
    return float(roc_auc_score(np.repeat([0, 1], [len(d) for d in distances]), np.concatenate(distances)))


def _covariance(x: np.ndarray) -> np.ndarray:
    return np.atleast_2d(np.cov(x, rowvar=False))


def _root(covariance: np.ndarray) -> np.ndarray:
    """Return the symmetric root of a covariance."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(values.clip(min=0))) @ vectors.T


def _mean_kernel(a: np.ndarray, b: np.ndarray) -> float:
    """Return the mean of the kernel over the pairs of two sets; of one set with itself, without the items' own."""
    step = max(1, CHUNK // len(b))
    total = sum(_cubes(a[begin : begin + step], b) for begin in range(0, len(a), step))
    if a is not b:
        return total / (len(a) * len(b))
    own = float(((np.square(a).sum(axis=1) / a.shape[1] + 1) ** 3).sum())
    return (total - own) / (len(a) * (len(a) - 1))


def _cubes(a: np.ndarray, b: np.ndarray) -> float:
    """Return the sum of the kernel over the pairs of two sets, with two arrays of as many numbers in memory."""
    kernel = a @ b.T
    kernel /= a.shape[1]
    kernel += 1
    cubes = np.square(kernel)  # a power takes three times as long
    cubes *= kernel
    return float(cubes.sum())


def _radii(x: np.ndarray, neighbours: int) -> np.ndarray:
    """Return each item's distance to its k-th neighbour in the set: (n,)."""
    from sklearn.neighbors import NearestNeighbors

    found, _ = NearestNeighbors(n_neighbors=neighbours).fit(x).kneighbors()  # without the items themselves
    return found[:, -1]


def _distances(real: np.ndarray, generated: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Go through the distances of real items to generated ones, some rows at a time: (rows, m)."""
    from sklearn.metrics import pairwise_distances

    step = max(1, CHUNK // len(generated))
    for begin in range(0, len(real), step):
        here = slice(begin, begin + step)
        yield here, pairwise_distances(real[here], generated)
