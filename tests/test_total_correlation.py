"""The parts of the KL: against loops with SciPy, closed forms of Gaussians, and as an option of the VAE."""

import numpy as np
import pytest
from scipy import stats

import aenb
from aenb.core import backend
from aenb.core.backend import keras, tf
from aenb.models.losses.total_correlation import decompose
from aenb.models.players.training_step import batch_of


@pytest.fixture(scope="module", autouse=True)
def _started():
    backend.start()


def posteriors(n, covariance, log_var, seed=0):
    """Draw means and codes so that the aggregated posterior is N(0, covariance + diag exp log_var)."""
    draw, size = np.random.default_rng(seed), len(covariance)
    mean = draw.multivariate_normal(np.zeros(size), covariance, size=n).astype("float32")
    log_vars = np.broadcast_to(np.float32(log_var), mean.shape)
    z = mean + np.exp(log_vars / 2) * draw.normal(size=mean.shape)
    return z.astype("float32"), mean, log_vars


@pytest.mark.parametrize("size", [1, 1000])
def test_the_parts_are_those_of_the_paper_by_loops(size):
    draw = np.random.default_rng(0)
    z, mean, log_var = draw.normal(size=(3, 7, 2)).astype("float32")
    information, correlation, dimension_wise = [], [], []
    for i in range(7):
        q = [[stats.norm(mean[j, k], np.exp(log_var[j, k] / 2)).pdf(z[i, k]) for k in range(2)] for j in range(7)]
        log_q = np.log(sum(a * b for a, b in q) / (7 * size))
        log_margins = [np.log(sum(row[k] for row in q) / (7 * size)) for k in range(2)]
        log_own = np.log(q[i][0]) + np.log(q[i][1])
        information.append(log_own - log_q)
        correlation.append(log_q - sum(log_margins))
        dimension_wise.append(sum(log_margins) - sum(stats.norm.logpdf(z[i])))
    found = decompose(*map(tf.constant, (z, mean, log_var)), size)
    expected = [np.mean(values) for values in (information, correlation, dimension_wise)]
    np.testing.assert_allclose([float(value) for value in found], expected, rtol=1e-4, atol=1e-5)


def test_the_parts_of_gaussians_are_their_closed_forms():
    covariance, log_var = np.array([[0.6, 0.4], [0.4, 0.5]]), np.log(0.4)
    whole = covariance + 0.4 * np.eye(2)  # of q(z)
    correlation = -0.5 * np.log(np.linalg.det(whole) / np.prod(np.diag(whole)))
    information = 0.5 * np.log(np.linalg.det(whole) / 0.4**2)
    dimension_wise = 0.5 * np.sum(np.diag(whole) - 1 - np.log(np.diag(whole)))
    found = decompose(*map(tf.constant, posteriors(3000, covariance, log_var)))
    assert correlation > 0.09
    assert float(found.total_correlation) == pytest.approx(correlation, abs=0.03)
    assert float(found.mutual_information) == pytest.approx(information, abs=0.04)
    assert float(found.dimension_wise) == pytest.approx(dimension_wise, abs=0.03)


@pytest.mark.slow
def test_the_sum_of_the_parts_is_the_kl():
    z, mean, log_var = posteriors(4000, 0.5 * np.eye(3), [-1.0, -0.5, 0.2])
    found = sum(float(value) for value in decompose(*map(tf.constant, (z, mean, log_var))))
    exact = np.mean(np.sum(0.5 * (mean**2 + np.exp(log_var) - 1 - log_var), axis=1))
    assert found == pytest.approx(exact, rel=0.03)


def test_independent_dimensions_have_no_total_correlation():
    z, mean, log_var = posteriors(3000, np.diag([0.8, 0.3]), np.log([0.2, 0.7]))
    assert abs(float(decompose(*map(tf.constant, (z, mean, log_var))).total_correlation)) < 0.02


def test_a_batch_counts_the_information_that_it_cannot_show_as_total_correlation():
    z, mean, log_vars = posteriors(64, 0.9 * np.eye(6), np.log(0.1))  # independent: I is 6.9 nats, TC 0
    found = decompose(*map(tf.constant, (z, mean, log_vars)))
    assert float(found.mutual_information) <= np.log(64) + 1e-4
    assert float(found.total_correlation) > 1.5
    exact = np.mean(np.sum(0.5 * (mean**2 + np.exp(log_vars) - 1 - log_vars), axis=1))
    assert sum(map(float, found)) == pytest.approx(exact, rel=0.15)


def build(**settings):
    keras.utils.set_random_seed(0)
    return aenb.build_model("vae", (9,), latent_dim=3, hidden_units=(8,), **settings)


def terms_of(model, x):
    model.seeds.state.assign(np.uint32([1, 2]))
    batch = batch_of(model, (tf.constant(x), tf.constant(x)), training=False)
    return {name: float(value) for name, value in model.players[0].loss(model, batch).items()}


def test_the_weight_joins_the_loss_of_a_vae():
    x = np.random.default_rng(0).normal(size=(40, 9)).astype("float32")
    plain, weighted, none = (terms_of(build(beta=2.0, total_correlation=w), x) for w in (1.0, 5.0, 0.0))
    assert "total_correlation" not in plain
    found = weighted["total_correlation"]
    assert weighted["loss"] == pytest.approx(plain["loss"] + 2 * 4 * found, rel=1e-4)
    assert none["loss"] == pytest.approx(plain["loss"] - 2 * found, rel=1e-4)
    assert weighted["kl_loss"] == pytest.approx(plain["kl_loss"])


@pytest.mark.thorough
def test_it_makes_dimensions_less_dependent():
    draw = np.random.default_rng(0)
    x = (draw.normal(size=(6400, 3)) @ draw.normal(size=(3, 9))).astype("float32")
    found = []
    for weight in (1.0, 20.0):
        model = build(total_correlation=weight, variance=0.05)
        model.set_learning_rate(3e-3)
        model.fit(x, x, epochs=4, batch_size=128, verbose=0)
        mean, log_var = model.encoder(x[:1024])
        z = mean + tf.exp(log_var / 2) * draw.normal(size=mean.shape).astype("float32")
        found.append(float(decompose(z, mean, log_var).total_correlation))
    assert found[1] < 0.5 * found[0]


def test_what_has_no_such_parts_is_refused():
    with pytest.raises(aenb.AenbError, match="`num_samples`: expected 1 together with `total_correlation`"):
        build(total_correlation=2.0, num_samples=3)
    with pytest.raises(aenb.AenbError, match="`total_correlation`: expected 1 with a learnt prior"):
        build(total_correlation=2.0, prior="flow")
