"""Quality and diversity of generated samples, compared with real examples in a feature space.

All metrics take features (n, dimensions), such as an `Extractor` returns. Compare scores only if they are from the same
extractor, and with the same score of real examples against other real examples.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

CHUNK = 2**20  # distances at a time
NEIGHBOURS, WIDER = 3, 5  # k of the nearest neighbours that define manifolds, as in the papers


def frechet_distance(features: np.ndarray, others: np.ndarray) -> float:
    """Return the Fréchet distance between Gaussians fitted on two sets of features, in [0, ∞); 0 for equal ones.

    ‖μ₁ − μ₂‖² + Tr(C₁ + C₂ − 2 (C₁ C₂)^½), as in Heusel et al. 2017, arXiv 1706.08500. The trace of the root is
    the sum of the roots of the eigenvalues of C₁^½ C₂ C₁^½, which is symmetric: none of them becomes complex, even if
    a covariance is singular. The distance of finite sets is biased upwards: compare sets of equal sizes only.

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

    Bińkowski, Sutherland, Arbel & Gretton 2018, arXiv 1801.01401: the unbiased estimate with the kernel
    (x·y / dimensions + 1)³, which may be slightly below 0.

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
    """Return the share of each class among examples: (n, classes) probabilities → (classes,), which sum to 1.

    Each example counts for its most probable class.

    Example:
        >>> import numpy as np
        >>> class_histogram(np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]])).tolist()
        [0.75, 0.25]
    """
    classes = probabilities.shape[1]
    return np.bincount(probabilities.argmax(axis=1), minlength=classes) / len(probabilities)


def sample_diversity(features: np.ndarray, real: np.ndarray) -> float:
    """Return how far generated samples are from each other, relative to real examples, in [0, ∞).

    The ratio of the root mean square distances between two members of each set, which are √(2 Tr C): 0 if all samples
    are the same, 1 if they are as varied as real examples.

    Args:
        features: (n, dimensions), of generated samples, n ≥ 2.
        real: (m, dimensions), of real examples, m ≥ 2.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).normal(size=(500, 3))
        >>> round(sample_diversity(x / 4, x), 6)
        0.25
    """
    spread = [np.asarray(x, "float64").var(axis=0, ddof=1).sum() for x in (features, real)]
    return float(np.sqrt(spread[0] / spread[1])) if spread[1] else float("nan")


def precision_recall(real: np.ndarray, generated: np.ndarray, neighbours: int = NEIGHBOURS) -> tuple[float, float]:
    """Return precision and recall: the shares of realistic samples, and of real examples that are covered, in [0, 1].

    Kynkäänniemi et al. 2019, arXiv 1904.06991: a point is in the manifold of a set if it is closer to a member of the
    set than that member's k-th neighbour in the set.

    Args:
        real: (n, dimensions), n > neighbours.
        generated: (m, dimensions), m > neighbours; as many as real examples, for comparable scores.
        neighbours: k.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).normal(size=(500, 2))
        >>> precision_recall(x, x[:20] / 100)[0], precision_recall(x, x + 100)
        (1.0, (0.0, 0.0))
    """
    real_radii, generated_radii = _radii(real, neighbours), _radii(generated, neighbours)
    realistic = np.zeros(len(generated), bool)
    covered = []
    for here, distances in _distances(real, generated):
        realistic |= (distances <= real_radii[here, None]).any(axis=0)
        covered.append((distances <= generated_radii).any(axis=1))
    return float(realistic.mean()), float(np.concatenate(covered).mean())


def density_coverage(real: np.ndarray, generated: np.ndarray, neighbours: int = WIDER) -> tuple[float, float]:
    """Return density, in [0, ∞), and coverage, in [0, 1], of generated samples among real examples.

    Naeem, Oh, Uh, Choi & Yoo 2020, arXiv 2002.09797. The density is the mean number of neighbourhoods of real examples
    that contain a sample, over k. The coverage is the share of neighbourhoods that contain one. Unlike precision and
    recall, they are robust to outliers. For equal distributions and sets of equal size, the density is 1 and the
    coverage about 1 − 2⁻ᵏ.

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
        inside += int(np.count_nonzero(within))
        covered.append(within.any(axis=1))
    return float(inside / (neighbours * len(generated))), float(np.concatenate(covered).mean())


def novelty(features: np.ndarray, train: np.ndarray, held_out: np.ndarray) -> float:
    """Return the probability that a sample is farther from the training examples than a held-out example, in [0, 1].

    Near 0 for memorised training examples, which no other metric here detects; 0.5 for samples as new as held-out
    examples; near 1 if samples are far from all real examples. The statistic of Meehan, Chaudhuri & Dasgupta 2020,
    arXiv 2004.05675 (of Mann & Whitney 1947), over the whole space.

    Args:
        features: (n, dimensions), of generated samples.
        train: (m, dimensions), of training examples.
        held_out: (k, dimensions), of held-out examples.

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
    """Return the symmetric square root of a covariance."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(values.clip(min=0))) @ vectors.T


def _mean_kernel(a: np.ndarray, b: np.ndarray) -> float:
    """Return the mean of the kernel over pairs of two sets; if both are the same array, without pairs (x, x)."""
    step = max(1, CHUNK // len(b))
    total = sum(_cubes(a[begin : begin + step], b) for begin in range(0, len(a), step))
    if a is not b:
        return total / (len(a) * len(b))
    own = float(((np.square(a).sum(axis=1) / a.shape[1] + 1) ** 3).sum())
    return (total - own) / (len(a) * (len(a) - 1))


def _cubes(a: np.ndarray, b: np.ndarray) -> float:
    """Return the sum of the kernel over the pairs of two sets, with two arrays of that size in memory."""
    kernel = a @ b.T
    kernel /= a.shape[1]
    kernel += 1
    cubes = np.square(kernel)  # `** 3` takes three times as long
    cubes *= kernel
    return float(cubes.sum())


def _radii(x: np.ndarray, neighbours: int) -> np.ndarray:
    """Return each example's distance to its k-th neighbour in the set: (n,)."""
    from sklearn.neighbors import NearestNeighbors

    distances, _ = NearestNeighbors(n_neighbors=neighbours).fit(x).kneighbors()  # without the examples themselves
    return distances[:, -1]


def _distances(real: np.ndarray, generated: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield the distances of real examples to generated samples, in chunks of rows: (rows, m)."""
    from sklearn.metrics import pairwise_distances

    step = max(1, CHUNK // len(generated))
    for begin in range(0, len(real), step):
        here = slice(begin, begin + step)
        yield here, pairwise_distances(real[here], generated)
