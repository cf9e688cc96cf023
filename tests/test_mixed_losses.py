"""The losses of mixed tables, each against SciPy or scikit-learn, and the heads that give their parameters."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, gammaln, softmax
from sklearn.metrics import log_loss, mean_poisson_deviance

import aenb
from aenb.core.layout import Block, Layout
from aenb.models.architecture.mixed_heads import heads
from aenb.models.losses import mixed
from aenb.models.losses.mixed_loss import MixedLoss

DRAW = np.random.default_rng(0)
N = 200


def deviance(x, output, *blocks):
    return np.asarray(mixed.half_deviance(x.astype("float32"), output.astype("float32"), Layout(blocks)))


def log_prob(x, output, *blocks, log_var=0.0):
    layout = Layout(blocks)
    return np.asarray(mixed.likelihood(layout).log_prob(x.astype("float32"), output.astype("float32"), log_var))


def counts(dispersion, mean=6.0):
    """Return a block of counts, counts, and rates, with their entries."""
    block = Block("count", 1, shift=1.7, scale=0.8, dispersion=dispersion)
    rate = DRAW.gamma(2, mean / 2, (N, 1)) + 0.1
    count = DRAW.poisson(rate)
    entries = [(np.log1p(values) - block.shift) / block.scale for values in (count, rate)]
    return block, count, rate, entries


def ordinal(levels):
    """Return a block of levels, levels, their thermometer code, and probabilities to be above each threshold."""
    level = DRAW.integers(0, levels, N)
    above = np.cumprod(expit(DRAW.normal(size=(N, levels - 1))), axis=1)
    return Block("ordinal", levels - 1), level, np.where(level[:, None] > np.arange(levels - 1), 1.0, -1.0), above


class TestHalfDeviances:
    def test_numbers_have_half_the_squared_error(self):
        x, mean = DRAW.normal(size=(2, N, 3))
        expected = stats.norm.logpdf(x, x) - stats.norm.logpdf(x, mean)
        np.testing.assert_allclose(deviance(x, mean, Block("gaussian", 3)), expected, atol=1e-5)

    def test_two_levels_have_the_log_loss(self):
        p, x = DRAW.uniform(0.01, 0.99, (N, 1)), DRAW.choice([-1.0, 1.0], (N, 1))
        found = deviance(x, 2 * p - 1, Block("bernoulli", 1)).mean()
        assert found == pytest.approx(log_loss(x[:, 0] > 0, p[:, 0]), rel=1e-5)

    def test_several_levels_have_the_log_loss(self):
        p, level = softmax(DRAW.normal(size=(N, 4)), axis=1), DRAW.integers(0, 4, N)
        found = deviance(np.eye(4)[level], p, Block("categorical", 4)).sum(axis=1).mean()
        assert found == pytest.approx(log_loss(level, p), rel=1e-5)

    @pytest.mark.parametrize("levels", [2, 5, 40])
    def test_ordered_levels_have_the_log_probability_of_their_level(self, levels):
        block, level, code, above = ordinal(levels)
        p = -np.diff(np.concatenate([np.ones((N, 1)), above, np.zeros((N, 1))], axis=1), axis=1)
        found = deviance(code, 2 * above - 1, block).sum(axis=1)
        likely = p[np.arange(N), level] > 1e-5  # below, probabilities are clipped
        assert likely.mean() > 0.3
        np.testing.assert_allclose(found[likely], -np.log(p[np.arange(N), level])[likely], rtol=2e-3, atol=1e-4)

    def test_the_probabilities_of_ordered_levels_sum_to_one(self):
        _, _, _, above = ordinal(5)
        codes = np.where(np.arange(5)[:, None] > np.arange(4), 1.0, -1.0)
        every = np.stack(
            [deviance(np.tile(code, (N, 1)), 2 * above - 1, Block("ordinal", 4)).sum(axis=1) for code in codes]
        )
        np.testing.assert_allclose(np.exp(-every).sum(axis=0), 1, atol=1e-4)

    def test_several_ordered_columns_do_not_mix(self):
        (one, _, first, above), (two, _, second, over) = ordinal(3), ordinal(5)
        above, over = 2 * above - 1, 2 * over - 1
        both = deviance(np.hstack([first, second]), np.hstack([above, over]), one, two)
        np.testing.assert_allclose(both[:, :2], deviance(first, above, one), atol=1e-6)
        np.testing.assert_allclose(both[:, 2:], deviance(second, over, two), atol=1e-6)

    def test_poisson_counts_have_half_the_poisson_deviance(self):
        block, count, rate, entries = counts(0.0)
        expected = mean_poisson_deviance(count[:, 0], rate[:, 0]) / 2
        assert deviance(*entries, block).mean() == pytest.approx(expected, rel=1e-4)

    def test_negative_binomial_counts_have_half_their_deviance(self):
        block, count, rate, entries = counts(0.4)

        def log_pmf(rate):
            size = 1 / block.dispersion
            return stats.nbinom.logpmf(count, size, size / (size + rate))

        expected = log_pmf(np.maximum(count, 1e-9)) - log_pmf(rate)
        np.testing.assert_allclose(deviance(*entries, block), expected, rtol=1e-3, atol=1e-4)

    @pytest.mark.parametrize("dispersion", [0.0, 0.4])
    def test_a_perfect_prediction_costs_nothing_and_others_more(self, dispersion):
        block, _, _, (x, output) = counts(dispersion)
        assert abs(deviance(x, x, block)[x[:, 0] > x.min()]).max() < 1e-5  # a rate of 0 is clipped
        assert deviance(x, output, block).min() > -1e-5


class TestLogProbabilities:
    def test_numbers_have_a_variance_each(self):
        x, mean = DRAW.normal(size=(2, N, 3))
        log_var = np.array([-1.0, 0.0, 2.0], "float32")
        found = log_prob(x, mean, Block("gaussian", 3), log_var=log_var)
        np.testing.assert_allclose(found, stats.norm.logpdf(x, mean, np.exp(log_var / 2)), rtol=1e-4, atol=1e-4)

    def test_poisson_counts(self):
        block, count, rate, entries = counts(0.0)
        np.testing.assert_allclose(log_prob(*entries, block), stats.poisson.logpmf(count, rate), rtol=1e-3, atol=1e-3)

    def test_negative_binomial_counts(self):
        block, count, rate, entries = counts(0.4)
        size = 1 / block.dispersion
        expected = stats.nbinom.logpmf(count, size, size / (size + rate))
        np.testing.assert_allclose(log_prob(*entries, block), expected, rtol=1e-3, atol=1e-3)

    def test_levels(self):
        p, level = softmax(DRAW.normal(size=(N, 4)), axis=1), DRAW.integers(0, 4, N)
        found = log_prob(np.eye(4)[level], p, Block("categorical", 4)).sum(axis=1)
        np.testing.assert_allclose(found, np.log(p[np.arange(N), level]), rtol=1e-4, atol=1e-5)

    def test_the_gamma_function(self):
        x = np.geomspace(1e-3, 1e4, 50).astype("float32")
        np.testing.assert_allclose(np.asarray(mixed.log_gamma(x)), gammaln(x), rtol=1e-4, atol=1e-4)


ALL = Layout((
    Block("gaussian", 2, 2.0), Block("bernoulli", 1, 0.5), Block("count", 1, 1.0, 1.7, 0.8, 0.3),
    Block("ordinal", 3, 0.7), Block("categorical", 3, 1.5), Block("categorical", 3, 0.9),
))  # fmt: skip


def rows(n=20):
    """Return rows of the layout of all kinds."""
    thresholds = np.arange(3)
    return np.hstack([
        DRAW.normal(size=(n, 2)), DRAW.choice([-1.0, 1.0], (n, 1)), counts(0.3)[3][0][:n],
        np.where(DRAW.integers(0, 4, (n, 1)) > thresholds, 1.0, -1.0),
        *(np.eye(3)[DRAW.integers(0, 3, n)] for _ in range(2)),
    ]).astype("float32")  # fmt: skip


class TestTheLossOfRows:
    def outputs(self, x):
        keras = pytest.importorskip("keras")
        inputs = keras.Input((5,))
        keras.utils.set_random_seed(0)
        model = keras.Model(inputs, heads(inputs, ALL))
        return np.asarray(model(DRAW.normal(size=(len(x), 5)).astype("float32")))

    def test_heads_give_parameters_of_distributions(self):
        output = self.outputs(rows())
        slices = ALL.slices
        assert output.shape == (20, ALL.width)
        assert (abs(output[:, slices["bernoulli"]]) < 1).all()
        assert (output[:, slices["count"]] * 0.8 + 1.7 > 0).all()  # log(1 + rate)
        above = output[:, slices["ordinal"]]
        assert (np.diff(above, axis=1) < 0).all()
        assert (abs(above) < 1).all()
        np.testing.assert_allclose(output[:, slices["categorical"]].reshape(-1, 2, 3).sum(axis=-1), 1, atol=1e-5)

    def test_it_is_the_weighted_mean_over_columns(self):
        x = rows()
        output = self.outputs(x)
        each = np.asarray(mixed.half_deviance(x, output, ALL)) * ALL.weights
        assert float(MixedLoss(ALL.to_text())(x, output)) == pytest.approx(
            each.sum() / (len(x) * len(ALL.blocks)), rel=1e-5
        )

    def test_missing_values_do_not_count(self):
        x, holes = rows(), rows() * 0 == 1
        output = self.outputs(x)
        for start, stop in ((0, 1), (2, 3), (3, 4), (4, 7), (7, 10)):  # a column of each kind
            holes[start::5, start:stop] = True
        loss, changed = MixedLoss(ALL.to_text()), np.where(holes, 0.5, output)
        gaps = np.where(holes, np.nan, x).astype("float32")
        assert np.isfinite(float(loss(gaps, output)))
        assert float(loss(gaps, output)) != float(loss(x, output))
        before = np.asarray(mixed.half_deviance(x, output, ALL))[~holes]
        after = np.asarray(mixed.half_deviance(np.nan_to_num(gaps), changed.astype("float32"), ALL))[~holes]
        np.testing.assert_allclose(after, before, atol=1e-6)

    def test_a_layout_that_does_not_fit_is_refused(self):
        for text in ("", "[]", "nonsense", '[["categorical", 3], ["gaussian", 1]]', '[["other", 1]]', "[[1]]"):
            with pytest.raises(aenb.AenbError, match="layout"):
                Layout.from_text(text)
        with pytest.raises(aenb.AenbError, match="layout"):
            aenb.build_model("deep", (3,), layout=ALL.to_text())

    def test_other_losses_are_refused(self):
        for family, setting in (
            ("deep", {"loss": "mae"}),
            ("shallow", {"tied": True}),
            ("vae", {"likelihood": "gaussian"}),
        ):
            with pytest.raises(aenb.AenbError, match="mixed"):
                aenb.build_model(family, (ALL.width,), layout=ALL.to_text(), **setting)
