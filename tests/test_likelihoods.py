"""Densities against SciPy and against integrals, and the choice among them."""

import numpy as np
import pytest
from scipy import integrate, special, stats

import aenb
from aenb.core import backend
from aenb.models.losses import likelihoods
from aenb.models.losses.likelihoods import LIKELIHOODS, choose_likelihood

DRAW = np.random.default_rng(0)
LOGITS = [-200.0, -30.0, -3.0, -0.5001, -0.4999, -0.01, -1e-6, 0.0, 1e-6, 0.01, 0.4999, 0.5001, 3.0, 30.0, 200.0]


@pytest.fixture(scope="module", autouse=True)
def _started():
    backend.start()


def values(function, *arrays):
    return np.asarray(function(*(np.asarray(array, "float32") for array in arrays)))


def test_bernoulli_equals_scipy():
    x, logits = DRAW.integers(0, 2, 200), DRAW.normal(0, 4, 200)
    expected = stats.bernoulli.logpmf(x, special.expit(logits))
    np.testing.assert_allclose(values(likelihoods.bernoulli, x, logits), expected, rtol=1e-5, atol=1e-6)


def test_gaussian_equals_scipy():
    x, mean, log_var = DRAW.normal(0, 3, (3, 200))
    expected = stats.norm.logpdf(x, mean, np.exp(log_var / 2))
    np.testing.assert_allclose(values(likelihoods.gaussian, x, mean, log_var), expected, rtol=1e-4, atol=1e-5)


def test_categorical_is_the_logarithm_of_the_softmax_also_where_tokens_are_broadcast():
    x, logits = DRAW.integers(0, 6, (4, 5)), DRAW.normal(0, 3, (2, 4, 5, 6))
    expected = np.take_along_axis(special.log_softmax(logits, axis=-1), np.stack([x, x])[..., None], -1)[..., 0]
    found = np.asarray(likelihoods.categorical(x.astype("int32"), logits.astype("float32")))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def log_of_the_whole(logit):
    """Return log ∫₀¹ exp(η x) dx by quadrature, with the largest value taken out."""
    top = max(logit, 0.0)
    where = [1 - 1 / logit] if logit > 1 else [-1 / logit] if logit < -1 else None
    return top + np.log(integrate.quad(lambda x: np.exp(logit * x - top), 0, 1, points=where, epsabs=1e-12)[0])


@pytest.mark.parametrize("logit", LOGITS)
def test_the_continuous_bernoulli_integrates_to_one(logit):
    x = np.linspace(0, 1, 11)
    expected = logit * x - log_of_the_whole(logit)
    found = values(likelihoods.continuous_bernoulli, x, np.full(11, logit))
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("logit", LOGITS)
def test_the_mean_of_the_continuous_bernoulli_equals_its_integral(logit):
    whole = log_of_the_whole(logit)
    where = [1 - 1 / logit] if logit > 1 else [-1 / logit] if logit < -1 else None
    mean = integrate.quad(lambda x: x * np.exp(logit * x - whole), 0, 1, points=where, epsabs=1e-12)[0]
    assert values(likelihoods.continuous_bernoulli_mean, logit) == pytest.approx(mean, abs=1e-6)


@pytest.mark.parametrize("name", ["bernoulli", "continuous_bernoulli"])
@pytest.mark.parametrize("x", [0.0, 0.3, 1.0])
def test_gradients_are_those_of_an_exponential_family_and_finite_for_any_logit(name, x):
    """∂ log p(x|η) / ∂η = x − E[x]."""
    logits = backend.tf.constant([*LOGITS, -1e4, 1e4], "float32")
    with backend.tf.GradientTape() as tape:
        tape.watch(logits)
        log_prob = LIKELIHOODS[name].log_prob(x, logits)
    gradient = tape.gradient(log_prob, logits).numpy()
    mean = {"bernoulli": backend.tf.sigmoid, "continuous_bernoulli": likelihoods.continuous_bernoulli_mean}[name]
    assert np.isfinite(log_prob.numpy()).all()
    np.testing.assert_allclose(gradient, x - mean(logits).numpy(), atol=2e-6)


def test_the_mean_of_the_continuous_bernoulli_has_finite_gradients():
    logits = backend.tf.constant([*LOGITS, -1e4, 1e4], "float32")
    with backend.tf.GradientTape() as tape:
        tape.watch(logits)
        mean = likelihoods.continuous_bernoulli_mean(logits)
    assert np.isfinite(tape.gradient(mean, logits).numpy()).all()


@pytest.mark.parametrize(("mean", "log_var"), [(0.0, 0.0), (1.5, -3.0), (-0.7, 1.0)])
def test_the_kl_equals_its_integral_and_a_monte_carlo_estimate(mean, log_var):
    q, p = stats.norm(mean, np.exp(log_var / 2)), stats.norm()
    z = q.mean() + q.std() * np.linspace(-12, 12, 20001)
    expected = integrate.trapezoid(q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), z)
    found = float(values(likelihoods.kl, mean, log_var))
    assert found == pytest.approx(expected, abs=1e-5)
    drawn = q.rvs(200_000, random_state=0)
    estimates = q.logpdf(drawn) - p.logpdf(drawn)
    assert abs(found - estimates.mean()) < 5 * estimates.std() / np.sqrt(len(estimates)) + 1e-6


@pytest.mark.parametrize(
    ("support", "chosen"),
    [("binary", "bernoulli"), ("unit", "gaussian"), ("real", "gaussian"), ("tokens", "categorical")],
)
def test_the_data_chooses_and_it_is_said(support, chosen):
    name, notes = choose_likelihood(None, support, None)
    assert name == chosen
    assert chosen in notes[0]


def test_what_is_asked_for_is_taken():
    assert choose_likelihood("continuous_bernoulli", "unit", None) == ("continuous_bernoulli", ())
    assert "0.1" in choose_likelihood(None, "real", 0.1)[1][0]
    assert "cross-entropy" in choose_likelihood("bernoulli", "unit", None)[1][0]


@pytest.mark.parametrize(
    ("asked", "support", "variance", "told"),
    [
        ("bernoulli", "real", None, "expected gaussian"),
        ("categorical", "unit", None, "received categorical"),
        ("gaussian", "tokens", None, "expected categorical"),
        ("bernoulli", "binary", 0.1, "`variance`"),
        (None, "binary", 0.1, "`variance`"),
    ],
)
def test_what_does_not_fit_is_refused(asked, support, variance, told):
    with pytest.raises(aenb.AenbError, match=told):
        choose_likelihood(asked, support, variance)


@pytest.mark.parametrize(("last", "built"), [("sigmoid", True), ("sigmoid", False)])
def test_logits_come_from_before_the_last_activation_or_from_clipped_means(last, built):
    """A sigmoid of 40 is 1 in single precision: its logit is known only before it."""
    keras = backend.keras
    code = keras.Input((1,))
    if built:
        made = keras.layers.Activation(last, name="mean")(code)
    else:
        made = keras.layers.Dense(1, last, kernel_initializer="ones")(code)
    decoder = keras.Model(code, made)
    parameter = likelihoods.parameter_of(decoder, LIKELIHOODS["bernoulli"])
    logits = np.array([[-3.0], [0.5], [40.0]], "float32")
    expected = logits if built else np.array([[-3.0], [0.5], [np.log((1 - 1e-6) / 1e-6)]])
    np.testing.assert_allclose(np.asarray(parameter(logits)), expected, rtol=5e-3)
