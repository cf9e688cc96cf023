"""Imputation: the Gaussian against closed forms, the corrections' factor, and the benchmark's protocol."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris

from aenb.latent.conditional_gaussian import WIDEST, ConditionalGaussian, fit_gaussian
from aenb.sklearn import AutoencoderImputer
from aenb.sklearn.hidden_values import hide, worth
from tests.benchmarks import imputation


def standardised(x):
    return (x - x.mean(axis=0)) / x.std(axis=0)


@pytest.fixture(scope="module")
def gaps():
    """Return breast_cancer, standardised, and the same with the values missing that MIWAE's figure is for."""
    x = imputation.table("breast_cancer")
    return x, np.where(imputation.missing(x.shape, 0.5, 1234), np.nan, x)


def test_missing_values_are_filled_with_their_conditional_mean():
    draw = np.random.default_rng(0)
    root = draw.normal(size=(5, 5))
    mean, covariance = draw.normal(size=5), root @ root.T
    x = draw.normal(size=(20, 5))
    x[draw.uniform(size=x.shape) < 0.5] = np.nan
    x[0] = np.nan
    filled = ConditionalGaussian(mean, covariance).fill(x)
    for row, own in zip(x, filled, strict=True):
        o, m = ~np.isnan(row), np.isnan(row)
        expected = mean[m] + covariance[np.ix_(m, o)] @ np.linalg.inv(covariance[np.ix_(o, o)]) @ (row - mean)[o]
        np.testing.assert_allclose(own[m], expected, rtol=1e-8)
        assert np.array_equal(own[o], row[o])


def test_without_gaps_the_fit_is_the_sample_covariance():
    x = standardised(load_iris().data)
    gaussian = fit_gaussian(x, np.random.default_rng(0))
    np.testing.assert_allclose(gaussian.mean, 0, atol=1e-12)
    np.testing.assert_allclose(gaussian.covariance, (x.T @ x + 3 * np.eye(4)) / (len(x) + 3), atol=1e-12)


def test_with_gaps_in_one_column_the_fit_is_that_of_a_regression():
    """Anderson (1957): with monotone gaps, the maximum likelihood is that of regressing on the complete columns."""
    draw = np.random.default_rng(0)
    x = draw.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], size=5000)
    x[x[:, 0] > 0.8, 1] = np.nan  # missing at random: by what is observed
    gaussian = fit_gaussian(x, draw)
    seen = x[~np.isnan(x[:, 1])]
    slope, level = np.polyfit(*seen.T, 1)
    assert gaussian.mean[1] == pytest.approx(level + slope * x[:, 0].mean(), abs=0.05)
    assert gaussian.covariance[0, 1] == pytest.approx(slope * x[:, 0].var(), abs=0.05)
    assert abs(np.nanmean(x[:, 1]) - gaussian.mean[1]) > 0.2  # the mean of what is observed is far off


def test_a_wide_table_is_filled_with_its_means():
    x = np.random.default_rng(0).normal(size=(30, WIDEST + 1))
    x[0, 0] = np.nan
    gaussian = fit_gaussian(x, np.random.default_rng(0))
    assert gaussian.covariance is None
    assert gaussian.fill(x)[0, 0] == 0


def test_hidden_values_are_the_targets_and_parts_share_no_row():
    x = standardised(load_iris().data)
    x[::3, 1] = np.nan
    gaussian = fit_gaussian(x, np.random.default_rng(0))
    examples = hide(x, gaussian, 0.3, 4, np.random.default_rng(1))
    targets = ~np.isnan(examples.targets)
    assert 0.2 < targets[:, [0, 2, 3]].mean() < 0.4
    known = examples.inputs + np.nan_to_num(examples.targets)  # in complete columns, the true values
    rows = [{tuple(row) for row in np.round(known[examples.held_out(part)][:, [0, 2, 3]], 3)} for part in range(4)]
    every = {tuple(row) for row in np.round(x[:, [0, 2, 3]].astype("float32"), 3)}
    assert len(every) <= len(set.union(*rows)) <= len(every) + 2  # rounding
    for part, numbers in enumerate(examples.training()):
        assert not set(numbers) & set(examples.held_out(part))
        assert len(numbers) == 3 * len(examples.held_out(part))


def test_a_correction_is_worth_what_it_gains_on_held_out_values():
    draw = np.random.default_rng(0)
    targets = draw.normal(size=(50, 3))
    assert worth(targets, 2 * targets) == pytest.approx(0.5)
    assert worth(targets, targets / 2) == 1
    assert worth(targets, -targets) == worth(targets, 0 * targets) == 0
    half = np.where(draw.uniform(size=targets.shape) < 0.5, np.nan, targets)
    assert worth(half, np.where(np.isnan(half), 9, 4 * targets)) == pytest.approx(0.25)


def test_the_linear_part_is_below_the_published_error_of_miwae(gaps):
    x, y = gaps
    filled = AutoencoderImputer(hidden_share=0.0, random_state=0).fit_transform(y)
    assert np.square(filled - x)[np.isnan(y)].mean() < imputation.PUBLISHED


@pytest.mark.slow
def test_the_autoencoders_correct_what_is_not_linear_and_leave_the_rest():
    draw = np.random.default_rng(0)
    curve = draw.uniform(-2, 2, 600)
    x = standardised(np.stack([curve, curve**2, draw.normal(size=600)], axis=1) + 0.05 * draw.normal(size=(600, 3)))
    y = np.where(draw.uniform(size=x.shape) < 0.2, np.nan, x)
    y[:, 0] = x[:, 0]
    lost = np.isnan(y[:, 1])
    errors = []
    for share in (0.0, 0.3):
        imputer = AutoencoderImputer(hidden_share=share, random_state=0)
        errors.append(np.square(imputer.fit_transform(y) - x)[lost, 1].mean())
    assert errors[1] < 0.5 * errors[0]
    assert AutoencoderImputer(random_state=0).fit(draw.normal(size=(200, 3))).factor_ < 0.1


def test_what_is_missing_is_drawn_as_in_the_notebook_of_miwae():
    x = load_breast_cancer().data
    np.random.seed(1234)
    chosen = np.random.choice(x.size, np.floor(x.size * 0.5).astype(int), replace=False)
    flat = x.flatten()
    flat[chosen] = np.nan
    assert np.array_equal(np.isnan(flat.reshape(x.shape)), imputation.missing(x.shape, 0.5, 1234))
    np.testing.assert_allclose(imputation.table("breast_cancer"), standardised(x))


def test_the_tables_have_miwae_and_means_over_seeds():
    lines = [
        {"set": "iris", "share": 0.2, "seed": seed, "method": "mean", "mse": mse} for seed, mse in ((0, 0.5), (1, 0.7))
    ]
    name, share, seed = imputation.MIWAE
    lines.append({"set": name, "share": share, "seed": seed, "method": "autoencoder", "mse": 0.25})
    text = imputation.tables(lines)
    assert "| MIWAE | 0.2867 | | |" in text
    assert "| autoencoder | | 0.2500 | -0.0367 |" in text
    assert "| iris | 20% | 2 | 0.6000 ± 0.100 |" in text
    assert imputation.keys(["iris"], 1, ["mean"])[0] == (*imputation.MIWAE, "mean")
