"""VUS, against the definition written out step by step, and against values that follow from it."""

import itertools

import numpy as np
import pytest

import aenb
from aenb.evaluation.metrics.range_curves import labelled_ranges, merged, volume_scores


def literal(scores, labels, longest, thresholds=250):
    """Compute VUS-PR and VUS-ROC with loops over buffers, thresholds, ranges and steps."""
    n, pr, roc = len(scores), [], []
    ranges, inside = [], False
    for step in range(n):
        if labels[step] and not inside:
            ranges.append([step, step])
        inside = bool(labels[step])
        if inside:
            ranges[-1][1] = step
    levels = [sorted(scores, reverse=True)[int(i)] for i in np.linspace(0, n - 1, thresholds)]
    for buffer in range(longest + 1):
        half, weight = buffer // 2, [float(one) for one in labels]
        for first, last in ranges:
            for away in range(1, half + 1):
                for step in (first - away, last + away):
                    if 0 <= step < n:
                        weight[step] = min(1.0, weight[step] + (1 - away / buffer) ** 0.5)
        groups = []
        for first, last in ranges:
            if groups and first - half <= groups[-1][1]:
                groups[-1][1] = last + half
            else:
                groups.append([first - half, last + half])
        points = [(0.0, 0.0, 1.0)]
        for level in levels:
            flagged = [score >= level for score in scores]
            hits = sum(w for w, flag in zip(weight, flagged, strict=True) if flag)
            outside = sum(w for w, flag, label in zip(weight, flagged, labels, strict=True) if flag and not label)
            positives = (sum(labels) + sum(labels) + outside) / 2
            found = sum(any(flagged[max(0, first) : last + 1]) for first, last in groups) / len(groups)
            false = (sum(flagged) - hits) / (n - positives)
            points.append((min(1, hits / positives) * found, false, hits / sum(flagged)))
        pr.append(sum((b[0] - a[0]) * b[2] for a, b in itertools.pairwise(points)))
        points.append((1.0, 1.0, 0.0))
        roc.append(sum((b[1] - a[1]) * (a[0] + b[0]) / 2 for a, b in itertools.pairwise(points)))
    return float(np.mean(pr)), float(np.mean(roc))


def case(seed, steps=160):
    random = np.random.default_rng(seed)
    labels = np.zeros(steps, bool)
    for begin in random.integers(0, steps, 3):
        labels[begin : begin + int(random.integers(1, 15))] = True
    scores = random.random(steps) + 0.5 * labels
    return (np.round(scores, 1) if seed % 2 else scores), labels  # with ties, and without


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_definition_written_out(seed):
    scores, labels = case(seed)
    found = volume_scores(scores, labels, buffer=9, thresholds=40)
    assert (found["vus_pr"], found["vus_roc"]) == pytest.approx(literal(scores, labels, 9, 40), abs=1e-12)


def test_anomalies_at_both_ends_and_ranges_that_touch():
    labels = np.zeros(60, bool)
    labels[[0, 1, 20, 24, 58, 59]] = True
    scores = np.random.default_rng(1).random(60)
    found = volume_scores(scores, labels, buffer=12, thresholds=60)
    assert (found["vus_pr"], found["vus_roc"]) == pytest.approx(literal(scores, labels, 12, 60), abs=1e-12)


def test_without_a_buffer_and_with_one_range_precision_and_recall_are_the_usual_ones():
    """Of a single range, all thresholds at which it is found give the usual average precision."""
    from sklearn.metrics import average_precision_score

    labels = np.repeat([False, True, False], [30, 20, 50])
    scores = np.random.default_rng(0).random(100)
    found = volume_scores(scores, labels, buffer=0, thresholds=100)["vus_pr"]
    assert found == pytest.approx(average_precision_score(labels, scores), abs=1e-12)


def test_chance_is_the_share_of_anomalies_and_a_reversed_score_is_worse():
    labels = np.zeros(4000, bool)
    labels[1000:1400] = True
    random = np.random.default_rng(0).random(4000)
    chance = volume_scores(random, labels, buffer=10)["vus_pr"]
    assert abs(chance - 0.1) < 0.03
    assert volume_scores(-labels.astype(float), labels, buffer=10)["vus_pr"] < chance + 0.02


def test_only_the_order_of_the_scores_counts():
    scores, labels = case(2)
    assert volume_scores(scores, labels, 8) == volume_scores(np.exp(5 * scores), labels, 8)


def test_ranges_and_buffers():
    labels = np.array([1, 0, 0, 0, 1, 1, 0, 1], bool)
    ranges = labelled_ranges(labels)
    assert ranges.tolist() == [[0, 0], [4, 5], [7, 7]]
    assert merged(ranges, 2, 8).tolist() == [[0, 1], [3, 7]]


@pytest.mark.parametrize(
    ("scores", "labels", "buffer", "words"),
    [
        ([0.0, np.nan], [0, 1], 1, "finite"), ([0.0], [0, 1], 1, "labels"),
        ([0.0, 1.0], [1, 1], 1, "anomalous and normal"),
        ([0.0, 1.0], [0, 1], -1, "buffer"),
    ],
)  # fmt: skip
def test_bad_input_is_named(scores, labels, buffer, words):
    with pytest.raises(aenb.AenbError, match=words):
        volume_scores(np.array(scores), np.array(labels, bool), buffer)
