"""The benchmark of the defaults: its PCA against the evaluation's, and its table."""

import numpy as np
import pytest
from sklearn.datasets import load_wine

import aenb
from aenb.evaluation.metrics.reconstruction_scores import reconstruction_scores
from tests.benchmarks import defaults, own_data


def test_its_pca_is_that_of_the_evaluation():
    data = aenb.load_data(load_wine().data)
    ours = defaults.error(data, defaults.by_pca(data, 3))
    theirs = reconstruction_scores(data.blocks, data.x_test, data.x_test, 3, images=False)["pca_mse"]
    assert ours == pytest.approx(theirs, rel=1e-5)


def test_pca_of_texts_is_exact_with_enough_dimensions():
    data = aenb.load_data(["a red cat", "a dog", "the red dog", "the cat", "a cat"] * 2)
    assert defaults.error(data, defaults.by_pca(data, 8)) < defaults.error(data, np.full_like(data.x_test, 2))


def test_there_are_enough_cases_and_each_makes_data(tmp_path):
    assert len(own_data.CASES) >= 25
    found = aenb.load_data(own_data.CASES["faces deep"].make(tmp_path))
    assert (found.kind, found.n, found.input_shape) == ("image", 100, (25, 25, 1))


def test_the_table_counts_ratios_up_to_half_a_percent():
    one = {"case": "a", "seed": 0, "family": "deep", "training": 10, "shape": "3", "dimensions": 2, "parameters": 1234,
           "epochs": 20, "batch_size": 8, "seconds": 1.25, "error": 0.1, "pca": 0.1, "ratio": 1.004,
           "findings": []}  # fmt: skip
    text = defaults.table([one, {**one, "case": "b", "ratio": 1.2, "findings": ["behind-pca: --epochs 80"]}])
    assert text.index("| b |") < text.index("| a |")
    assert "At or below PCA: 1 of 2, in 2 s." in text
    assert "- b: behind-pca: --epochs 80" in text
    assert defaults.ratio(1e-14, 1e-30) == 1.0
