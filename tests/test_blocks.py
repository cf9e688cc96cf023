"""Scores are computed in blocks: the same figures, in little memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from aenb.data.values.scaling import units
from aenb.evaluation.metrics import distortion, probes, sample_quality
from aenb.evaluation.metrics.reconstruction_scores import reconstruction_scores
from aenb.evaluation.scorers.blocks import Filled, in_blocks

DRAW = np.random.default_rng(0)
BYTES = DRAW.integers(0, 256, (5000, 28, 28, 1)).astype("uint8")
LABELS = DRAW.integers(0, 4, 5000)
MEGABYTE = 2**20


def peak(work) -> float:
    """Return the most megabytes of arrays that a piece of work holds at a time."""
    work()  # imports
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / MEGABYTE
    finally:
        tracemalloc.stop()


def test_what_a_step_makes_of_blocks_is_what_it_makes_of_all():
    assert np.array_equal(in_blocks(lambda x: 2 * x[:, 0], BYTES), 2 * units(BYTES[:, 0]))
    both = in_blocks(lambda x, labels: x[:, 0, 0, 0] + labels, BYTES, LABELS)
    assert np.array_equal(both, units(BYTES[:, 0, 0, 0]) + LABELS)


def test_what_was_not_observed_is_filled_in_a_copy():
    x = np.array([[1.0, np.nan], [3.0, 4.0]], "float32")
    assert Filled(x)[:].tolist() == [[1, 0], [3, 4]]
    assert Filled(x)[np.array([1])].tolist() == [[3, 4]]
    assert np.isnan(x[0, 1])


@pytest.mark.parametrize("integers", [False, True])
def test_neighbours_found_in_blocks_vote_as_those_of_scikit_learn(monkeypatch, integers):
    codes = DRAW.normal(size=(400, 6)).astype("float32")
    codes = (100 * codes).astype("int32") if integers else codes
    labels = (codes[:, 0] > 0) + (codes[:, 1] > 0) * 3
    train, test = (codes[:300], labels[:300]), (codes[300:], labels[300:])
    expected = KNeighborsClassifier(5, algorithm="brute").fit(*train).score(*test)
    monkeypatch.setattr(probes, "BLOCK", 6 * 7)  # blocks of seven codes
    assert probes.nearest_neighbours(*train, *test) == expected


def test_a_probe_standardised_in_parts_is_that_of_scikit_learn(monkeypatch):
    x = Filled(BYTES[:800])[:]
    expected = make_pipeline(StandardScaler(), LogisticRegression(max_iter=20)).fit(x[:600], LABELS[:600])
    monkeypatch.setattr(probes, "STEPS", 20)
    found = probes.linear_probe(x[:600], LABELS[:600], x[600:], LABELS[600:800])
    assert found == expected.score(x[600:], LABELS[600:800])
    assert np.array_equal(probes._standardised(x), StandardScaler().fit_transform(x))


def test_errors_do_not_depend_on_the_blocks(monkeypatch):
    x, made = DRAW.random((40, 9, 9, 1)), DRAW.random((40, 9, 9, 1))
    table = np.where(DRAW.random((40, 5)) < 0.2, np.nan, 1.0)
    scores = {
        "mse": lambda: distortion.mse(x, made),
        "missing": lambda: distortion.mse(table, np.zeros((40, 5))),
        "psnr": lambda: distortion.psnr(x, made),
        "ssim": lambda: distortion.ssim(x, made),
        "errors": lambda: distortion.reconstruction_errors(x, made),
    }
    whole = {name: score() for name, score in scores.items()}
    monkeypatch.setattr(distortion, "BLOCK", 3 * 81)
    for name, score in scores.items():
        assert score() == pytest.approx(whole[name], rel=1e-12), name


@pytest.mark.slow
def test_reconstructions_are_scored_in_little_memory():
    x = (BYTES / np.float32(255)).astype("float32")
    blocks = lambda: (x[begin : begin + 1000] for begin in range(0, len(x), 1000))  # noqa: E731
    assert peak(lambda: reconstruction_scores(blocks, x, x[::-1], 8, images=True)) < 60  # whole arrays took 117


@pytest.mark.slow
def test_generated_samples_are_scored_in_little_memory():
    features = DRAW.normal(size=(5000, 64)).astype("float32")
    assert peak(lambda: sample_quality.kernel_distance(features, features[::-1])) < 40  # whole arrays took 261
    assert peak(lambda: sample_quality.density_coverage(features, features[::-1])) < 40  # 131


@pytest.mark.slow
def test_items_themselves_are_compared_in_little_memory():
    x = Filled(np.concatenate([BYTES] * 4))
    labels = np.tile(LABELS, 4)
    assert peak(lambda: probes.nearest_neighbours(x, labels, Filled(BYTES[:50]), LABELS[:50])) < 60
    # the whole array took 63 in a model's units, and its copy without NaN as much
