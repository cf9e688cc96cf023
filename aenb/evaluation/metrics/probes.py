"""What codes are worth to whoever uses them: how far labels, clusters and factors can be read from them.

Codes are brought to mean 0 and deviation 1 in each dimension, by those of the training items, wherever distances or
weights are compared. Accuracies are shares of held-out items, in [0, 1]. Codes are arrays, or what gives arrays when it
is sliced and has a length: they are asked for in blocks.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator

import numpy as np

NEIGHBOURS = 5
MOST = 10_000  # training items that a linear probe is fitted on
COMPARED = 2000  # items whose distances to each other are taken
REPEATS = 10  # draws of a few labels
STEPS = 100  # of L-BFGS; where it goes on for longer, on many features, held-out accuracy falls
BLOCK = 2**22  # numbers in the codes of a block
COLUMNS = 64  # that are standardised at a time
BINS = 20  # of a code's values, for the information that it has of a factor


def linear_probe(
    codes: np.ndarray, labels: np.ndarray, test_codes: np.ndarray, test_labels: np.ndarray
) -> float | None:
    """Return the accuracy of multinomial logistic regression on codes (Alain & Bengio 2016, arXiv 1610.01644).

    Args:
        codes: (n, dimensions), of training items; of more than 10,000 an evenly spaced part is taken.
        labels: (n,), their classes.
        test_codes: (m, dimensions), of held-out items.
        test_labels: (m,).

    Returns:
        In [0, 1]; None if those that are taken have one class only.

    Example:
        >>> import numpy as np
        >>> codes = np.array([[0.0], [1.0], [10.0], [11.0]])
        >>> linear_probe(codes, np.array([0, 0, 1, 1]), np.array([[0.5], [10.5]]), np.array([0, 1]))
        1.0
    """
    step = -(-len(codes) // MOST)
    if len(np.unique(labels[::step])) < 2:
        return None
    return _accuracy(_fit(codes[::step], labels[::step]), test_codes, test_labels)


def nearest_neighbours(
    codes: np.ndarray, labels: np.ndarray, test_codes: np.ndarray, test_labels: np.ndarray, k: int = NEIGHBOURS
) -> float:
    """Return the accuracy of the majority among the k nearest training items (Cover & Hart 1967), by plain distance.

    Args:
        codes: (n, dimensions), of training items; they are taken as they are.
        labels: (n,), their classes.
        test_codes: (m, dimensions), of held-out items.
        test_labels: (m,).
        k: How many neighbours vote.

    Returns:
        In [0, 1].

    Example:
        >>> import numpy as np
        >>> codes = np.array([[0.0], [1.0], [10.0], [11.0]])
        >>> nearest_neighbours(codes, np.array([0, 0, 1, 1]), np.array([[0.5], [10.5]]), np.array([0, 1]), k=1)
        1.0
    """
    classes, numbers = np.unique(labels, return_inverse=True)
    right = 0
    for here in _slices(test_codes):
        nearest = numbers[_nearest(codes, _flat(test_codes[here]), min(k, len(codes)))]
        votes = np.stack([np.count_nonzero(nearest == number, axis=1) for number in range(len(classes))])
        right += np.count_nonzero(classes[votes.argmax(axis=0)] == test_labels[here])
    return float(right / len(test_labels))


def _nearest(codes: np.ndarray, asked: np.ndarray, k: int) -> np.ndarray:
    """Return which codes are the k nearest to each of those asked for: (m, k), of those of each block the nearest."""
    from sklearn.neighbors import NearestNeighbors

    distances, found = np.zeros((len(asked), 0)), np.zeros((len(asked), 0), "int64")
    for here in _slices(codes):
        block = _flat(codes[here])
        index = NearestNeighbors(n_neighbors=min(k, len(block)), algorithm="brute").fit(block)
        away, rows = index.kneighbors(asked)
        distances, found = np.hstack([distances, away]), np.hstack([found, here.start + rows])
        nearest = np.argsort(distances, axis=1, kind="stable")[:, :k]
        distances, found = (np.take_along_axis(kept, nearest, axis=1) for kept in (distances, found))
    return found


def few_labels(
    codes: np.ndarray,
    labels: np.ndarray,
    test_codes: np.ndarray,
    test_labels: np.ndarray,
    per_class: int,
    *,
    repeats: int = REPEATS,
    seed: int = 0,
) -> float:
    """Return the accuracy of logistic regression on the codes of a few labelled items of each class.

    Args:
        codes: (n, dimensions), of training items.
        labels: (n,), their classes.
        test_codes: (m, dimensions), of held-out items.
        test_labels: (m,).
        per_class: How many labels of each class there are: 1, 5, 10.
        repeats: How many times they are drawn; the mean is returned.
        seed: Of the draws.

    Returns:
        In [0, 1].
    """
    draw, found = np.random.default_rng(seed), []
    for _ in range(repeats):
        chosen = np.concatenate([
            draw.permutation(np.flatnonzero(labels == label))[:per_class] for label in np.unique(labels)
        ])  # fmt: skip
        found.append(_accuracy(_fit(codes[chosen], labels[chosen]), test_codes, test_labels))
    return float(np.mean(found))


def silhouette(codes: np.ndarray, labels: np.ndarray) -> float | None:
    """Return how far classes lie apart in codes (Rousseeuw 1987), in [−1, 1]; 0 where they overlap.

    Args:
        codes: (n, dimensions); of more than 2,000 an evenly spaced part is taken.
        labels: (n,), their classes.

    Returns:
        The mean over the items; None if they are of one class, or each of another.
    """
    from sklearn.metrics import silhouette_score

    step = -(-len(codes) // COMPARED)
    codes, labels = _standardised(codes)[::step], labels[::step]
    return float(silhouette_score(codes, labels)) if 1 < len(np.unique(labels)) < len(labels) else None


def clustering_accuracy(codes: np.ndarray, labels: np.ndarray, *, seed: int = 0) -> float:
    """Return the share of items that k-means, with as many clusters as there are classes, puts with their class.

    Clusters are given to classes so that the share is the largest (the Hungarian method, Kuhn 1955), as in Xie et al.
    (2016), arXiv 1511.06335.

    Args:
        codes: (n, dimensions).
        labels: (n,).
        seed: Of k-means, the best of 10 beginnings.

    Returns:
        In [0, 1].

    Example:
        >>> import numpy as np
        >>> clustering_accuracy(np.array([[0.0], [0.1], [9.0], [9.1]]), np.array(["a", "a", "b", "b"]))
        1.0
    """
    from scipy.optimize import linear_sum_assignment
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics.cluster import contingency_matrix

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of fewer codes that differ than clusters
        clusters = KMeans(len(np.unique(labels)), n_init=10, random_state=seed).fit_predict(_standardised(codes))
    counts = contingency_matrix(labels, clusters)
    return float(counts[linear_sum_assignment(counts, maximize=True)].sum() / len(codes))


def mutual_information_gap(codes: np.ndarray, factors: np.ndarray) -> float:
    """Return how far each known factor is told by one dimension of the code alone, in [0, 1] (Chen et al. 2018).

    For each factor the information of the best dimension less that of the second, in parts of the factor's entropy; the
    mean over factors (arXiv 1802.04942). Codes are cut into 20 bins of equal width, as Locatello et al. (2019), arXiv
    1811.12359, do.

    Args:
        codes: (n, dimensions).
        factors: (n, factors), each discrete.
    """
    from sklearn.metrics import mutual_info_score

    edges = [np.histogram_bin_edges(column, BINS)[1:-1] for column in _flat(codes).T]
    binned = [np.digitize(column, edge) for column, edge in zip(_flat(codes).T, edges, strict=True)]
    gaps = []
    for factor in factors.T:
        told = np.sort([mutual_info_score(factor, column) for column in binned])
        gaps.append((told[-1] - (told[-2] if len(told) > 1 else 0.0)) / mutual_info_score(factor, factor))
    return float(np.mean(gaps))


def _fit(codes: np.ndarray, labels: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Fit logistic regression on codes, and return what tells the classes of others."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    scales = _scales(_flat(codes))
    regression = LogisticRegression(max_iter=STEPS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "The number of unique classes")  # a few items of each are what is asked for
        regression.fit(_scaled(codes, *scales), labels)
    return lambda others: regression.predict(_scaled(others, *scales))


def _accuracy(predict: Callable[[np.ndarray], np.ndarray], codes: np.ndarray, labels: np.ndarray) -> float:
    right = sum(np.count_nonzero(predict(codes[here]) == labels[here]) for here in _slices(codes))
    return float(right / len(labels))


def _standardised(codes: np.ndarray) -> np.ndarray:
    return _scaled(codes, *_scales(_flat(codes)))


def _scales(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the deviation of each dimension, some at a time: in double precision all take long arrays."""
    from sklearn.preprocessing import StandardScaler

    parts = [StandardScaler().fit(codes[:, begin : begin + COLUMNS]) for begin in range(0, codes.shape[1], COLUMNS)]
    return tuple(np.concatenate([getattr(part, name) for part in parts]) for name in ("mean_", "scale_"))


def _scaled(codes: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    codes = _flat(codes)
    kind = codes.dtype if codes.dtype.kind == "f" else np.dtype("float64")
    scaled = codes - mean.astype(kind)
    scaled /= scale.astype(kind)
    return scaled


def _slices(codes: np.ndarray) -> Iterator[slice]:
    """Go through codes in blocks of some megabytes: where each block is."""
    size = max(1, BLOCK // max(1, math.prod(codes.shape[1:])))
    return (slice(begin, begin + size) for begin in range(0, len(codes), size))


def _flat(codes: np.ndarray) -> np.ndarray:
    return np.asarray(codes).reshape(len(codes), -1)
