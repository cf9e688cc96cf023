"""Scores of disentanglement: against literal implementations, on codes whose scores are known, and refusals."""

import itertools
import math

import numpy as np
import pytest

import aenb
from aenb.evaluation.metrics.disentanglement import (
    completeness_of,
    dci_scores,
    disentanglement_of,
    disentanglement_scores,
    sap_score,
)
from aenb.evaluation.metrics.probes import mutual_information_gap

LEVELS = (3, 4, 5)


@pytest.fixture(scope="module")
def factors():
    every = np.array(list(itertools.product(*map(range, LEVELS))) * 12)
    return np.random.default_rng(0).permutation(every)


def rotation(size):
    return np.linalg.qr(np.random.default_rng(3).normal(size=(size, size)))[0]


def scored(codes, factors, **settings):
    half = len(codes) // 2
    return disentanglement_scores(codes[:half], factors[:half], codes[half:], factors[half:], **settings)


def separate(factors, noise=0.02):
    """Give each factor a dimension of its own, standardised, with some noise; the fourth dimension has only noise."""
    codes = (factors - factors.mean(axis=0)) / factors.std(axis=0)
    codes = np.concatenate([codes, np.zeros((len(codes), 1))], axis=1)
    return codes + noise * np.random.default_rng(1).normal(size=codes.shape)


def test_one_dimension_for_each_factor_scores_high_and_a_rotation_of_it_low(factors):
    codes = separate(factors)
    high, low = scored(codes, factors), scored(codes @ rotation(4), factors)
    assert high["mig"] > 0.9
    assert high["dci_disentanglement"] > 0.95
    assert high["dci_completeness"] > 0.95
    assert high["dci_informativeness"] > 0.99
    assert high["sap"] > 0.9
    for name in ("mig", "dci_disentanglement", "dci_completeness", "sap"):
        assert low[name] < 0.5 * high[name], name
    assert low["dci_informativeness"] > 0.8  # the information is all there


def test_codes_that_know_nothing_score_low(factors):
    found = scored(np.random.default_rng(2).normal(size=(len(factors), 4)), factors)
    assert found["mig"] < 0.05
    assert found["sap"] < 0.05
    assert found["dci_disentanglement"] < 0.1
    assert found["dci_informativeness"] < 0.35  # chance is 0.26


def test_a_factor_in_two_dimensions_is_disentangled_but_not_complete(factors):
    codes = np.repeat(separate(factors)[:, :3], 2, axis=1)
    codes += 0.02 * np.random.default_rng(4).normal(size=codes.shape)
    found = scored(codes, factors)
    assert found["dci_disentanglement"] > 0.9
    assert found["dci_completeness"] < 0.7
    assert found["mig"] < 0.2
    assert found["sap"] < 0.2


def entropy(shares, base):
    return -sum(p * math.log(p, base) for p in shares if p > 0)


def test_disentanglement_and_completeness_are_those_of_the_paper():
    importance = np.random.default_rng(0).random((5, 3)) ** 3
    importance[2] = 0  # a dead dimension does not count
    total, by_dimension, by_factor = importance.sum(), 0.0, 0.0
    for i in range(5):
        if importance[i].sum():
            shares = importance[i] / importance[i].sum()
            by_dimension += importance[i].sum() / total * (1 - entropy(shares, 3))
    for j in range(3):
        shares = importance[:, j] / importance[:, j].sum()
        by_factor += importance[:, j].sum() / total * (1 - entropy(shares, 5))
    assert disentanglement_of(importance) == pytest.approx(by_dimension)
    assert completeness_of(importance) == pytest.approx(by_factor)
    assert completeness_of(np.ones((4, 2))) == pytest.approx(0)
    assert disentanglement_of(np.zeros((4, 2))) == 0


def test_importance_and_accuracy_are_those_of_forests(factors):
    from sklearn.ensemble import RandomForestClassifier

    codes = separate(factors) @ rotation(4)
    found = dci_scores(codes[:400], factors[:400], codes[400:], factors[400:], seed=5)
    importance, right = [], []
    for factor in factors.T:
        forest = RandomForestClassifier(n_estimators=30, max_features=None, random_state=5).fit(
            codes[:400], factor[:400]
        )
        importance.append(forest.feature_importances_)
        right.append(forest.score(codes[400:], factor[400:]))
    assert found.disentanglement == pytest.approx(disentanglement_of(np.transpose(importance)))
    assert found.informativeness == pytest.approx(np.mean(right))


def test_the_gap_of_predictability_is_that_of_correlations(factors):
    codes = separate(factors) @ rotation(4)
    expected = []
    for factor in factors[300:].T:
        squares = sorted(np.corrcoef(codes[300:, i], factor)[0, 1] ** 2 for i in range(4))
        expected.append(squares[-1] - squares[-2])
    found = sap_score(codes[:300], factors[:300], codes[300:], factors[300:])
    assert found == pytest.approx(np.mean(expected))


def test_the_gap_of_a_categorical_factor_is_that_of_the_best_thresholds():
    draw = np.random.default_rng(0)
    levels = draw.integers(0, 2, (400, 1))
    codes = levels * [2.0, 1.0, 0.0] + draw.normal(size=(400, 3))
    codes[:, 2] = 1.0  # constant: it predicts nothing
    expected = [0.0]
    for column in codes.T[:2]:
        best = max(  # by balanced accuracy on the training examples; the boundary that a tree takes is of another score
            np.mean([np.mean(column[:200][levels[:200, 0] == 1] > t), np.mean(column[:200][levels[:200, 0] == 0] <= t)])
            for t in column[:200]
        )
        expected.append(best)
    found = sap_score(codes[:200], levels[:200], codes[:200], levels[:200], categorical=[0])
    first, second = sorted(expected)[-1], sorted(expected)[-2]
    assert found == pytest.approx(first - second, abs=0.03)
    ordered = sap_score(codes[:200], levels[:200], codes[200:], levels[200:])
    assert ordered != pytest.approx(found, abs=1e-3)


def test_the_information_gap_is_that_of_counting():
    draw = np.random.default_rng(0)
    factors = draw.integers(0, 4, (500, 2))
    codes = factors @ draw.normal(size=(2, 3)) + 0.3 * draw.normal(size=(500, 3))
    gaps = []
    for factor in factors.T:
        information = []
        for column in codes.T:
            width = (column.max() - column.min()) / 20
            bins = np.minimum(((column - column.min()) / width).astype(int), 19)
            total = 0.0
            for a, b in itertools.product(range(4), range(20)):
                joint = np.mean((factor == a) & (bins == b))
                if joint:
                    total += joint * math.log(joint / np.mean(factor == a) / np.mean(bins == b))
            information.append(total)
        shares = np.bincount(factor) / 500
        information.sort()
        gaps.append((information[-1] - information[-2]) / entropy(shares, math.e))
    assert mutual_information_gap(codes, factors) == pytest.approx(np.mean(gaps), abs=1e-6)


def test_what_is_no_factor_is_refused(factors):
    codes = separate(factors)
    with pytest.raises(aenb.AenbError, match=r"`factors`: expected levels.*received float64"):
        scored(codes, factors + 0.5)
    with pytest.raises(
        aenb.AenbError, match=r"`factors`: expected levels, whole numbers of the shape \(360, factors\)"
    ):
        disentanglement_scores(codes[:360], factors[:9], codes[360:], factors[360:])
    with pytest.raises(aenb.AenbError, match="`factors`: expected at least two levels of each factor; received one"):
        scored(codes, 0 * factors)
