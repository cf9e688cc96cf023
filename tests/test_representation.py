"""What codes are worth: against closed forms, scikit-learn used otherwise, and planted faults."""

import itertools

import numpy as np
import pytest

from aenb.evaluation.metrics.detection import anomaly_scores
from aenb.evaluation.metrics.distortion import reconstruction_errors
from aenb.evaluation.metrics.probes import (
    clustering_accuracy,
    few_labels,
    linear_probe,
    mutual_information_gap,
    nearest_neighbours,
    silhouette,
)

CENTRES = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]])


def blobs(seed, n=300, spread=1.0):
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 3, n)
    return CENTRES[labels] + spread * draw.normal(size=(n, 2)), labels


TRAIN, TEST = blobs(0), blobs(1)


@pytest.mark.parametrize("score", [linear_probe, nearest_neighbours])
def test_labels_are_read_from_codes_that_tell_them_and_not_from_shuffled_ones(score):
    assert score(*TRAIN, *TEST) > 0.97
    shuffled = np.random.default_rng(2).permutation(TRAIN[0])
    assert score(shuffled, TRAIN[1], *TEST) < 0.6


def test_a_probe_is_linear():
    draw = np.random.default_rng(0)
    codes = draw.normal(size=(2000, 2))
    ring = (np.linalg.norm(codes, axis=1) > 1.2).astype(int)
    assert linear_probe(codes[:1000], ring[:1000], codes[1000:], ring[1000:]) < 0.65
    assert nearest_neighbours(codes[:1000], ring[:1000], codes[1000:], ring[1000:]) > 0.9


def test_neighbours_are_those_of_a_plain_search():
    (codes, labels), (others, truth) = blobs(0, spread=4.0), blobs(1, spread=4.0)
    distances = np.linalg.norm(others[:, None] - codes, axis=-1)
    nearest = labels[distances.argsort(axis=1)[:, :5]]
    votes = np.array([np.bincount(row, minlength=3).argmax() for row in nearest])
    assert nearest_neighbours(codes, labels, others, truth) == pytest.approx(np.mean(votes == truth), abs=0.01)


def test_scales_of_dimensions_do_not_matter_to_a_probe():
    scale = np.array([1e-3, 1e3])
    plain = linear_probe(*TRAIN, *TEST)
    assert linear_probe(TRAIN[0] * scale, TRAIN[1], TEST[0] * scale, TEST[1]) == pytest.approx(plain, abs=0.01)


def test_more_labels_tell_more():
    (codes, labels), (others, truth) = blobs(0, spread=2.5), blobs(1, spread=2.5)
    found = [few_labels(codes, labels, others, truth, count) for count in (1, 5, 50)]
    assert found == sorted(found)
    assert found[0] < found[2] - 0.03
    assert few_labels(codes, labels, others, truth, 1) == found[0]


def test_clusters_are_given_to_classes_as_well_as_can_be():
    codes, labels = blobs(3, spread=2.5)
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import StandardScaler

    found = KMeans(3, n_init=10, random_state=0).fit_predict(StandardScaler().fit_transform(codes))
    best = max(np.mean(np.array(names)[found] == labels) for names in itertools.permutations(range(3)))
    assert clustering_accuracy(codes, labels) == pytest.approx(best)
    assert clustering_accuracy(np.random.default_rng(0).permutation(codes), labels) < 0.5


def test_the_silhouette_is_that_of_its_definition():
    codes, labels = np.array([[0.0], [1.0], [4.0], [6.0]]), np.array([0, 0, 1, 1])
    values = []
    for item in range(4):
        distance = np.abs(codes[:, 0] - codes[item, 0])
        own = distance[labels == labels[item]].sum()  # one other in its class
        other = distance[labels != labels[item]].mean()
        values.append((other - own) / max(other, own))
    assert silhouette(codes, labels) == pytest.approx(np.mean(values))


def test_the_gap_is_1_for_a_factor_in_each_dimension_and_0_for_one_in_two():
    draw = np.random.default_rng(0)
    factors = draw.integers(0, 4, (5000, 2))
    assert mutual_information_gap(factors.astype(float), factors) == pytest.approx(1, abs=0.01)
    both = np.repeat(factors[:, :1], 2, axis=1).astype(float)
    assert mutual_information_gap(both, factors[:, :1]) == pytest.approx(0, abs=1e-9)


def test_codes_that_are_grids_of_indices_are_taken():
    codes = TRAIN[1][:, None, None] * np.ones((1, 2, 3), int)
    others = TEST[1][:, None, None] * np.ones((1, 2, 3), int)
    assert linear_probe(codes, TRAIN[1], others, TEST[1]) == 1
    assert nearest_neighbours(codes, TRAIN[1], others, TEST[1]) == 1


def test_the_area_is_the_share_of_pairs_in_order():
    draw = np.random.default_rng(0)
    scores, is_anomaly = draw.integers(0, 20, 200), draw.random(200) < 0.3
    scores = scores + 4 * is_anomaly
    pairs = scores[is_anomaly][:, None] - scores[~is_anomaly]
    expected = np.mean(pairs > 0) + 0.5 * np.mean(pairs == 0)
    assert anomaly_scores(scores, is_anomaly)["anomaly_auc"] == pytest.approx(expected)
    assert anomaly_scores(-scores, is_anomaly)["anomaly_auc"] == pytest.approx(1 - expected)


def test_what_was_not_observed_is_no_error():
    x = np.array([[1.0, np.nan], [2.0, 0.0]])
    np.testing.assert_allclose(reconstruction_errors(x, np.zeros((2, 2))), [1, 2])
