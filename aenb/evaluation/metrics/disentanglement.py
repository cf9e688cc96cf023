"""How well the dimensions of a latent code separate known factors of variation: MIG, DCI and SAP.

All three ask whether one dimension is enough for a factor, in different ways, and none of them is settled: Locatello et
al. (2019), arXiv 1811.12359, find that they rank models differently, and that seeds matter more than methods.

    MIG   how much more information of a factor the best dimension has than the second      Chen et al. 2018, 1802.04942
    DCI   whether a dimension serves one factor, a factor needs one dimension, and the code predicts factors
                                           Eastwood & Williams 2018, "A framework for the quantitative evaluation", ICLR
    SAP   how much better the best dimension predicts a factor than the second       Kumar et al. 2018, arXiv 1711.00848

Codes are (n, dimensions), factors (n, factors), as levels from 0. All scores are in [0, 1], and higher is better.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from aenb.core.errors import AenbError
from aenb.evaluation.metrics.probes import mutual_information_gap

TREES, MOST = 30, 5000  # trees of a forest; examples that one is fitted on
ACTIVE = 1e-12  # variance of a dimension from which on it can predict anything


class Dci(NamedTuple):
    """The scores of Eastwood & Williams, each in [0, 1].

    Attributes:
        disentanglement: Whether each dimension is important for one factor only.
        completeness: Whether each factor needs one dimension only.
        informativeness: The accuracy with which the code predicts the factors, on held-out examples.
    """

    disentanglement: float
    completeness: float
    informativeness: float


def disentanglement_scores(
    codes: np.ndarray,
    factors: np.ndarray,
    test_codes: np.ndarray,
    test_factors: np.ndarray,
    *,
    categorical: Collection[int] = (),
    seed: int = 0,
) -> dict[str, float]:
    """Return all scores: `mig`, `dci_disentanglement`, `dci_completeness`, `dci_informativeness`, and `sap`.

    Args:
        codes: (n, dimensions), of training examples.
        factors: (n, factors), their levels.
        test_codes: (m, dimensions), of held-out examples.
        test_factors: (m, factors).
        categorical: Which factors have levels without an order, such as shapes.
        seed: Of the forests.

    Raises:
        AenbError: The shapes do not fit each other, or a factor has one level only.

    Example:
        >>> import numpy as np
        >>> factors = np.random.default_rng(0).integers(0, 4, (400, 2))
        >>> scores = disentanglement_scores(factors[:300] * 1.0, factors[:300], factors[300:] * 1.0, factors[300:])
        >>> min(score for name, score in scores.items() if name != "sap") > 0.9
        True
    """
    codes, test_codes = (np.asarray(some, "float64").reshape(len(some), -1) for some in (codes, test_codes))
    _check(codes, factors, test_codes, test_factors)
    dci = dci_scores(codes, factors, test_codes, test_factors, seed=seed)
    return {
        "mig": mutual_information_gap(test_codes, test_factors),
        **{f"dci_{name}": score for name, score in dci._asdict().items()},
        "sap": sap_score(codes, factors, test_codes, test_factors, categorical=categorical),
    }


def dci_scores(
    codes: np.ndarray, factors: np.ndarray, test_codes: np.ndarray, test_factors: np.ndarray, *, seed: int = 0
) -> Dci:
    """Return the scores of Eastwood & Williams (2018), with random forests that predict each factor from the code.

    Args:
        codes: (n, dimensions), of training examples; an evenly spaced subset is used if there are more than 5,000.
        factors: (n, factors), their levels.
        test_codes: (m, dimensions), of held-out examples, for informativeness.
        test_factors: (m, factors).
        seed: Of the forests.
    """
    from sklearn.ensemble import RandomForestClassifier

    step = -(-len(codes) // MOST)
    importance, accuracies = np.zeros((codes.shape[1], factors.shape[1])), []
    for number in range(factors.shape[1]):
        # all dimensions at each split: a tree that has to choose among a few would use those that know nothing
        forest = RandomForestClassifier(TREES, max_features=None, random_state=seed)
        forest.fit(codes[::step], factors[::step, number])
        importance[:, number] = forest.feature_importances_
        accuracies.append(np.mean(forest.predict(test_codes) == test_factors[:, number]))
    return Dci(disentanglement_of(importance), completeness_of(importance), float(np.mean(accuracies)))


def disentanglement_of(importance: np.ndarray) -> float:
    """Return Σᵢ ρᵢ (1 − H(Pᵢ)), with Pᵢ the shares of the factors in dimension i's importance.

    H is the entropy to the base of the number of factors, and ρᵢ the share of dimension i in all importance.

    Args:
        importance: (dimensions, factors), not negative.

    Example:
        >>> import numpy as np
        >>> disentanglement_of(np.eye(3)), disentanglement_of(np.ones((3, 2)))
        (1.0, 0.0)
    """
    return _concentration(np.asarray(importance, "float64"))


def completeness_of(importance: np.ndarray) -> float:
    """Return the mean over factors of 1 − H(Pⱼ), with Pⱼ the shares of the dimensions in factor j's importance.

    H is the entropy to the base of the number of dimensions; the mean is weighted by the importance of each factor,
    which is the same for all factors in `dci_scores`.

    Args:
        importance: (dimensions, factors), not negative.
    """
    return _concentration(np.asarray(importance, "float64").T)


def _concentration(importance: np.ndarray) -> float:
    """Return the mean over rows of 1 − entropy, weighted by their sums; 1 if there is one column."""
    sums = importance.sum(axis=1, keepdims=True)
    if importance.shape[1] == 1:
        return 1.0
    shares = np.divide(importance, sums, out=np.zeros_like(importance), where=sums > 0)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    scores = 1 + (shares * logs).sum(axis=1) / np.log(importance.shape[1])
    return float(np.average(scores, weights=sums[:, 0])) if sums.any() else 0.0


def sap_score(
    codes: np.ndarray,
    factors: np.ndarray,
    test_codes: np.ndarray,
    test_factors: np.ndarray,
    *,
    categorical: Collection[int] = (),
) -> float:
    """Return the separated attribute predictability (Kumar et al. 2018): the mean gap between the best two dimensions.

    A dimension predicts a factor with levels in an order by linear regression: its score is R². It predicts a
    categorical factor by thresholds, fitted on training examples: its score is the balanced accuracy on held-out ones.

    Args:
        codes: (n, dimensions), of training examples.
        factors: (n, factors), their levels.
        test_codes: (m, dimensions), of held-out examples.
        test_factors: (m, factors).
        categorical: Which factors have levels without an order.
    """
    gaps = []
    for number in range(factors.shape[1]):
        pairs = codes, factors[:, number], test_codes, test_factors[:, number]
        scores = np.sort(_by_thresholds(*pairs) if number in categorical else _squared_correlations(*pairs[2:]))
        gaps.append(scores[-1] - (scores[-2] if len(scores) > 1 else 0.0))
    return float(np.mean(gaps))


def _squared_correlations(codes: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return R² of the linear regression of levels on each dimension: (dimensions,)."""
    codes, levels = codes - codes.mean(axis=0), levels - levels.mean()
    product = codes.var(axis=0) * levels.var()
    return np.divide((codes.T @ levels / len(codes)) ** 2, product, out=np.zeros(codes.shape[1]),
                     where=product > ACTIVE)  # fmt: skip


def _by_thresholds(
    codes: np.ndarray, levels: np.ndarray, test_codes: np.ndarray, test_levels: np.ndarray
) -> np.ndarray:
    """Return the balanced accuracy of thresholds on each dimension, one fewer than levels: (dimensions,)."""
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.tree import DecisionTreeClassifier

    scores = np.zeros(codes.shape[1])
    for place in np.flatnonzero(codes.var(axis=0) > ACTIVE):
        tree = DecisionTreeClassifier(max_leaf_nodes=len(np.unique(levels)), class_weight="balanced", random_state=0)
        tree.fit(codes[:, [place]], levels)
        scores[place] = balanced_accuracy_score(test_levels, tree.predict(test_codes[:, [place]]))
    return scores


def _check(codes: np.ndarray, factors: np.ndarray, test_codes: np.ndarray, test_factors: np.ndarray) -> None:
    for name, some, levels in (("factors", codes, factors), ("test_factors", test_codes, test_factors)):
        if np.ndim(levels) != 2 or len(levels) != len(some) or np.asarray(levels).dtype.kind not in "iub":
            raise AenbError(f"`{name}`: expected levels, whole numbers of the shape ({len(some)}, factors); received "
                            f"{np.asarray(levels).dtype} of {np.shape(levels)}.")  # fmt: skip
        single = [number for number in range(levels.shape[1]) if len(np.unique(levels[:, number])) < 2]
        if single:
            raise AenbError(
                f"`{name}`: expected at least two levels of each factor; received one of factor {single[0]}."
            )
