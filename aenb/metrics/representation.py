"""What codes are worth to whoever uses them: how far labels, clusters and factors can be read from them.

Codes are brought to mean 0 and deviation 1 in each dimension, by those of the training items, wherever distances or
weights are compared. Accuracies are shares of held-out items, in [0, 1].
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

NEIGHBOURS = 5
MOST = 10_000  # training items that a linear probe is fitted on
COMPARED = 2000  # items whose distances to each other are taken
REPEATS = 10  # draws of a few labels
STEPS = 100  # of L-BFGS; where it goes on for longer, on many features, held-out accuracy falls
BINS = 20  # of a code's values, for the information that it has of a factor


def linear_probe(codes: np.ndarray, labels: np.ndarray, test_codes: np.ndarray, test_labels: np.ndarray) -> float:
    """Return the accuracy of multinomial logistic regression on codes (Alain & Bengio 2016, arXiv 1610.01644).

    Args:
        codes: (n, dimensions), of training items; of more than 10,000 an evenly spaced part is taken.
        labels: (n,), their classes.
        test_codes: (m, dimensions), of held-out items.
        test_labels: (m,).

    Returns:
        In [0, 1].

    Example:
        >>> import numpy as np
        >>> codes = np.array([[0.0], [1.0], [10.0], [11.0]])
        >>> linear_probe(codes, np.array([0, 0, 1, 1]), np.array([[0.5], [10.5]]), np.array([0, 1]))
        1.0
    """
    step = -(-len(codes) // MOST)
    return float(_fit(codes[::step], labels[::step]).score(test_codes, test_labels))


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
    from sklearn.neighbors import KNeighborsClassifier

    voters = KNeighborsClassifier(min(k, len(codes)), algorithm="brute")
    return float(voters.fit(_flat(codes), labels).score(_flat(test_codes), test_labels))


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
        found.append(_fit(codes[chosen], labels[chosen]).score(test_codes, test_labels))
    return float(np.mean(found))


def silhouette(codes: np.ndarray, labels: np.ndarray) -> float:
    """Return how far classes lie apart in codes (Rousseeuw 1987), in [−1, 1]; 0 where they overlap.

    Args:
        codes: (n, dimensions); of more than 2,000 an evenly spaced part is taken.
        labels: (n,), two classes at least.
    """
    from sklearn.metrics import silhouette_score

    step = -(-len(codes) // COMPARED)
    return float(silhouette_score(_standardised(codes)[::step], labels[::step]))


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
    from sklearn.metrics.cluster import contingency_matrix

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


def _fit(codes: np.ndarray, labels: np.ndarray) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    regression = make_pipeline(FunctionTransformer(_flat), StandardScaler(), LogisticRegression(max_iter=STEPS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return regression.fit(codes, labels)


def _standardised(codes: np.ndarray) -> np.ndarray:
    from sklearn.preprocessing import StandardScaler

    return StandardScaler().fit_transform(_flat(codes))


def _flat(codes: np.ndarray) -> np.ndarray:
    return np.asarray(codes).reshape(len(codes), -1)
