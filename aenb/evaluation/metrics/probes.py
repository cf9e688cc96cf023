"""How useful latent codes are for other tasks: classification, clustering, and recovering the factors of variation.

Codes are standardised to mean 0 and deviation 1 in each dimension, with the statistics of the training examples,
whenever distances or weights are compared. Accuracies are shares of held-out examples, in [0, 1]. Codes are arrays, or
objects with a length that return arrays when sliced: they are read in blocks.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator

import numpy as np

NEIGHBOURS = 5
MAX_EXAMPLES = 10_000  # training examples that a linear probe is fitted on
COMPARED = 2000  # examples between which distances are computed
REPEATS = 10  # random choices of a few labelled examples
STEPS = 100  # of L-BFGS; with more of them, on many features, held-out accuracy falls
BLOCK = 2**22  # numbers in a block of codes
COLUMNS = 64  # dimensions to standardise at a time
BINS = 20  # of the values of a latent dimension, to estimate mutual information


def linear_probe(
    codes: np.ndarray, labels: np.ndarray, test_codes: np.ndarray, test_labels: np.ndarray
) -> float | None:
    """Return the accuracy of multinomial logistic regression on codes (Alain & Bengio 2016, arXiv 1610.01644).

    Args:
        codes: (n, dimensions), of training examples; an evenly spaced subset is used if there are more than 10,000.
        labels: (n,), their classes.
        test_codes: (m, dimensions), of held-out examples.
        test_labels: (m,).

    Returns:
        In [0, 1]; None if the examples used are all of one class.

    Example:
        >>> import numpy as np
        >>> codes = np.array([[0.0], [1.0], [10.0], [11.0]])
        >>> linear_probe(codes, np.array([0, 0, 1, 1]), np.array([[0.5], [10.5]]), np.array([0, 1]))
        1.0
    """
    step = -(-len(codes) // MAX_EXAMPLES)
    if len(np.unique(labels[::step])) < 2:
        return None
    return _accuracy(_fit(codes[::step], labels[::step]), test_codes, test_labels)


def nearest_neighbours(
    codes: np.ndarray, labels: np.ndarray, test_codes: np.ndarray, test_labels: np.ndarray, k: int = NEIGHBOURS
) -> float:
    """Return the accuracy of k-nearest-neighbour classification (Cover & Hart 1967), by Euclidean distance.

    Args:
        codes: (n, dimensions), of training examples; they are not standardised.
        labels: (n,), their classes.
        test_codes: (m, dimensions), of held-out examples.
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
        right += int(np.count_nonzero(classes[votes.argmax(axis=0)] == test_labels[here]))
    return float(right / len(test_labels))


def _nearest(codes: np.ndarray, queries: np.ndarray, k: int) -> np.ndarray:
    """Return the indices of the k codes nearest to each query, searching block by block: (m, k)."""
    from sklearn.neighbors import NearestNeighbors

    distances, indices = np.zeros((len(queries), 0)), np.zeros((len(queries), 0), "int64")
    for here in _slices(codes):
        block = _flat(codes[here])
        index = NearestNeighbors(n_neighbors=min(k, len(block)), algorithm="brute").fit(block)
        in_block, rows = index.kneighbors(queries)
        distances, indices = np.hstack([distances, in_block]), np.hstack([indices, here.start + rows])
        nearest = np.argsort(distances, axis=1, kind="stable")[:, :k]
        distances, indices = (np.take_along_axis(array, nearest, axis=1) for array in (distances, indices))
    return indices


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
    """Return the accuracy of logistic regression on the codes of a few labelled examples of each class.

    Args:
        codes: (n, dimensions), of training examples.
        labels: (n,), their classes.
        test_codes: (m, dimensions), of held-out examples.
        test_labels: (m,).
        per_class: How many labelled examples of each class there are, such as 1, 5 or 10.
        repeats: How often they are chosen anew; the mean accuracy is returned.
        seed: The random seed.

    Returns:
        In [0, 1].
    """
    generator, accuracies = np.random.default_rng(seed), []
    for _ in range(repeats):
        chosen = np.concatenate([
            generator.permutation(np.flatnonzero(labels == label))[:per_class] for label in np.unique(labels)
        ])  # fmt: skip
        accuracies.append(_accuracy(_fit(codes[chosen], labels[chosen]), test_codes, test_labels))
    return float(np.mean(accuracies))


def silhouette(codes: np.ndarray, labels: np.ndarray) -> float | None:
    """Return how well classes are separated in the codes (Rousseeuw 1987), in [−1, 1]; 0 if they overlap.

    Args:
        codes: (n, dimensions); an evenly spaced subset is used if there are more than 2,000.
        labels: (n,), their classes.

    Returns:
        The mean over the examples; None if they are all of one class, or all of different classes.
    """
    from sklearn.metrics import silhouette_score

    step = -(-len(codes) // COMPARED)
    codes, labels = _standardised(codes)[::step], labels[::step]
    return float(silhouette_score(codes, labels)) if 1 < len(np.unique(labels)) < len(labels) else None


def clustering_accuracy(codes: np.ndarray, labels: np.ndarray, *, seed: int = 0) -> float:
    """Return the share of examples that k-means assigns to the cluster of their class, with a cluster per class.

    Clusters are matched to classes so that the share is largest (the Hungarian method, Kuhn 1955), as in Xie et al.
    (2016), arXiv 1511.06335.

    Args:
        codes: (n, dimensions).
        labels: (n,).
        seed: The random seed of k-means, which is the best of 10 initialisations.

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
        warnings.simplefilter("ignore", ConvergenceWarning)  # if there are fewer distinct codes than clusters
        clusters = KMeans(len(np.unique(labels)), n_init=10, random_state=seed).fit_predict(_standardised(codes))
    counts = contingency_matrix(labels, clusters)
    return float(counts[linear_sum_assignment(counts, maximize=True)].sum() / len(codes))


def mutual_information_gap(codes: np.ndarray, factors: np.ndarray) -> float:
    """Return the mutual information gap, a measure of disentanglement, in [0, 1] (Chen et al. 2018).

    For each factor, this is the mutual information with the most informative latent dimension minus that with the
    second, divided by the entropy of the factor; the result is the mean over factors (arXiv 1802.04942). Codes are
    discretised into 20 bins of equal width, as in Locatello et al. (2019), arXiv 1811.12359.

    Args:
        codes: (n, dimensions).
        factors: (n, factors), each discrete.
    """
    from sklearn.metrics import mutual_info_score

    edges = [np.histogram_bin_edges(column, BINS)[1:-1] for column in _flat(codes).T]
    binned = [np.digitize(column, edge) for column, edge in zip(_flat(codes).T, edges, strict=True)]
    gaps = []
    for factor in factors.T:
        information = np.sort([mutual_info_score(factor, column) for column in binned])
        second = information[-2] if len(information) > 1 else 0.0
        gaps.append((information[-1] - second) / mutual_info_score(factor, factor))
    return float(np.mean(gaps))


def _fit(codes: np.ndarray, labels: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Fit logistic regression on codes, and return a function that predicts the classes of other codes."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    scales = _scales(_flat(codes))
    regression = LogisticRegression(max_iter=STEPS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "The number of unique classes")  # a few examples of each class are intended
        regression.fit(_scaled(codes, *scales), labels)
    return lambda others: regression.predict(_scaled(others, *scales))


def _accuracy(predict: Callable[[np.ndarray], np.ndarray], codes: np.ndarray, labels: np.ndarray) -> float:
    right = sum(np.count_nonzero(predict(codes[here]) == labels[here]) for here in _slices(codes))
    return float(right / len(labels))


def _standardised(codes: np.ndarray) -> np.ndarray:
    return _scaled(codes, *_scales(_flat(codes)))


def _scales(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and deviation of each dimension, in chunks of columns: double precision takes much memory."""
    from sklearn.preprocessing import StandardScaler

    parts = [StandardScaler().fit(codes[:, begin : begin + COLUMNS]) for begin in range(0, codes.shape[1], COLUMNS)]
    return np.concatenate([part.mean_ for part in parts]), np.concatenate([part.scale_ for part in parts])


def _scaled(codes: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    codes = _flat(codes)
    kind = codes.dtype if codes.dtype.kind == "f" else np.dtype("float64")
    scaled = codes - mean.astype(kind)
    scaled /= scale.astype(kind)
    return scaled


def _slices(codes: np.ndarray) -> Iterator[slice]:
    """Yield slices of codes, in blocks of a few megabytes."""
    size = max(1, BLOCK // max(1, math.prod(codes.shape[1:])))
    return (slice(begin, begin + size) for begin in range(0, len(codes), size))


def _flat(codes: np.ndarray) -> np.ndarray:
    return np.asarray(codes).reshape(len(codes), -1)
