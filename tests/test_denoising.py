"""Adding and removing noise, against closed forms: schedules, targets, a mixture's scores, DDIM, linear denoisers."""

import numpy as np
import pytest

from aenb.core.backend import keras, tf
from aenb.evaluation.metrics.gaussian_denoising import gaussian_denoising_loss
from aenb.models.denoisers import ddim
from aenb.models.denoisers.noise_schedule import OBJECTIVES, cosine

SHARES, CENTRES, WIDTH = np.array([0.3, 0.7], "float32"), np.array([[-1.0, 0.5], [1.5, 1.0]], "float32"), 0.4
TIMES = (0.1, 0.5, 0.9)


def levels(name, t):
    return (float(level) for level in OBJECTIVES[name].levels(tf.constant(t)))


def log_mixture(x, alpha, sigma):
    """Return log p(x_t) of the mixture with noise: Σ wᵢ N(α µᵢ, α² s² + σ²) in two dimensions."""
    variance = alpha**2 * WIDTH**2 + sigma**2
    distances = tf.reduce_sum(tf.square(x[:, None] - alpha * CENTRES), axis=-1)  # (n, 2)
    return tf.reduce_logsumexp(tf.math.log(SHARES) - distances / (2 * variance), axis=1) - tf.math.log(
        2 * np.pi * variance
    )


def score(x, alpha, sigma):
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = log_mixture(x, alpha, sigma)
    return tape.gradient(total, x)


def posterior_mean(x, alpha, sigma):
    """Return E[x | x_t] of the mixture, from the responsibilities of its parts."""
    variance = alpha**2 * WIDTH**2 + sigma**2
    each = CENTRES + alpha * WIDTH**2 / variance * (x[:, None] - alpha * CENTRES)  # (n, 2, 2)
    distances = ((x[:, None] - alpha * CENTRES) ** 2).sum(-1)
    weights = SHARES * np.exp(-distances / (2 * variance))
    weights /= weights.sum(axis=1, keepdims=True)
    return (weights[..., None] * each).sum(axis=1)


def drawn(n, seed=0):
    random = np.random.default_rng(seed)
    x = CENTRES[random.choice(2, n, p=SHARES)] + WIDTH * random.normal(size=(n, 2))
    return x.astype("float32"), random.normal(size=(n, 2)).astype("float32")


def test_the_cosine_schedule_is_that_of_the_paper():
    steps = 1000
    f = np.cos((np.arange(steps + 1) / steps + 0.008) / 1.008 * np.pi / 2) ** 2  # Nichol & Dhariwal, equation 17
    alpha, sigma = cosine(tf.constant(np.arange(steps + 1) / steps, "float32"))
    np.testing.assert_allclose(np.square(alpha)[:-1], (f / f[0])[:-1], atol=2e-6)
    np.testing.assert_allclose(np.square(alpha) + np.square(sigma), 1, atol=1e-6)
    betas = 1 - np.square(alpha[1:]) / np.square(alpha[:-1])
    assert 0 < betas[0] < 1e-4  # the offset is there so that there is little noise at first
    assert (np.diff(alpha) < 0).all()


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("t", TIMES)
def test_a_perfect_prediction_gives_the_example_and_the_noise_back(name, t):
    x, noise = drawn(50)
    alpha, sigma = levels(name, t)
    objective = OBJECTIVES[name]
    found = objective.estimate(objective.target(x, noise, alpha, sigma), alpha * x + sigma * noise, alpha, sigma)
    np.testing.assert_allclose(found[0], x, atol=1e-4)
    np.testing.assert_allclose(found[1], noise, atol=1e-5)


def test_the_targets_are_those_of_the_papers():
    x, noise = drawn(20)
    alpha, sigma = levels("v", 0.3)
    np.testing.assert_allclose(OBJECTIVES["v"].target(x, noise, alpha, sigma), alpha * noise - sigma * x)
    mixed = OBJECTIVES["flow"].levels
    ahead, behind = ((1 - t) * x + t * noise for t in (0.31, 0.29))  # the velocity is the slope of the path
    np.testing.assert_allclose(OBJECTIVES["flow"].target(x, noise, *mixed(0.3)), (ahead - behind) / 0.02, atol=1e-4)


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("t", TIMES)
def test_the_prediction_with_the_least_loss_gives_the_score_of_a_mixture(name, t):
    """Vincent (2011): of all predictions, E[target | x_t] has the least loss, and −E[ε | x_t] / σ is the score."""
    x, noise = drawn(20_000)
    alpha, sigma = levels(name, t)
    objective, noisy = OBJECTIVES[name], alpha * x + sigma * noise
    mean = posterior_mean(noisy, alpha, sigma)
    best = objective.target(mean, (noisy - alpha * mean) / sigma, alpha, sigma)
    _, expected = objective.estimate(best, noisy, alpha, sigma)
    np.testing.assert_allclose(-expected / sigma, score(tf.constant(noisy), alpha, sigma), atol=2e-3 / sigma)

    def loss(prediction):
        return np.mean((prediction - objective.target(x, noise, alpha, sigma)) ** 2)

    least = loss(best)
    for change in (0.3 * np.sin(noisy), 0.3 * noisy, np.full_like(noisy, 0.3)):
        for sign in (-1, 1):  # the loss grows by the square of the change: its gradient at the score is 0
            assert loss(best + sign * change) - least == pytest.approx(np.mean(change**2), rel=0.3)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_denoising_and_explicit_score_matching_have_one_gradient(name):
    """The two losses of a score model differ by what does not depend on it, so their gradients agree."""
    x, noise = drawn(200_000, seed=1)
    alpha, sigma = levels(name, 0.6)
    noisy = tf.constant(alpha * x + sigma * noise)
    exact, weight = score(noisy, alpha, sigma), tf.Variable(tf.constant([[-0.7, 0.2], [0.1, -0.9]]))
    gradients = []
    for target in (-noise / sigma, exact):
        with tf.GradientTape() as tape:
            value = tf.reduce_mean(tf.square(noisy @ weight - target))
        gradients.append(tape.gradient(value, weight).numpy())
    np.testing.assert_allclose(*gradients, atol=0.02)


MEAN, SCALE = np.array([1.0, -2.0], "float32"), np.array([0.5, 2.0], "float32")


def gaussian(objective):
    """Return the perfect denoiser of N(MEAN, SCALE²)."""

    def predict(x, t):
        alpha, sigma = objective.levels(t)
        mean = MEAN + alpha * SCALE**2 / (alpha**2 * SCALE**2 + sigma**2) * (x - alpha * MEAN)
        noise = sigma / (alpha**2 * SCALE**2 + sigma**2) * (x - alpha * MEAN)
        return objective.target(mean, noise, alpha, sigma)

    return predict


@pytest.mark.parametrize("name", OBJECTIVES)
def test_samples_are_those_of_the_gaussian_that_is_denoised(name):
    objective, noise = OBJECTIVES[name], drawn(100)[1]
    alpha, sigma = levels(name, objective.last)
    start = (noise - alpha * MEAN) / np.sqrt(alpha**2 * SCALE**2 + sigma**2)
    exact = MEAN + SCALE * start  # along the flow, how many standard deviations a point is from the mean stays
    errors = [
        np.abs(ddim.sample(gaussian(objective), tf.constant(noise), objective, steps) - exact).max()
        for steps in (40, 80)
    ]
    assert errors[1] < 0.2
    assert errors[1] == pytest.approx(errors[0] / 2, rel=0.3)  # of first order


@pytest.mark.parametrize("name", OBJECTIVES)
def test_sampling_from_the_noise_of_an_example_leads_back_to_it(name):
    objective, x = OBJECTIVES[name], tf.constant(MEAN + SCALE * drawn(100)[1])
    predict, errors = gaussian(objective), []
    for refinements in (0, 1, 4):
        noise = ddim.invert(predict, x, objective, 20, refinements)
        errors.append(float(np.abs(ddim.sample(predict, noise, objective, 20) - x).max()))
    assert errors[2] < errors[1] < errors[0]
    assert errors[2] < 0.02
    assert np.abs(noise.numpy().std(axis=0) - 1).max() < 0.25


def test_what_is_known_is_kept_and_the_rest_agrees_with_it():
    """Two values with a correlation of 0.9: given one, the other is near its conditional mean."""
    objective, covariance = OBJECTIVES["v"], tf.constant([[1.0, 0.9], [0.9, 1.0]])

    def predict(x, t):
        alpha, sigma = objective.levels(t)
        inverse = tf.linalg.inv(alpha**2 * covariance + sigma**2 * tf.eye(2))
        return objective.target(alpha * x @ inverse @ covariance, sigma * x @ inverse, alpha, sigma)

    known = np.repeat([[1.5, 0.0]], 500, axis=0).astype("float32")
    missing = np.array([[False, True]])
    filled = ddim.fill(predict, tf.constant(known), tf.constant(missing), objective, 20).numpy()
    np.testing.assert_allclose(filled[:, 0], 1.5, atol=1e-6)
    assert filled[:, 1].mean() == pytest.approx(0.9 * 1.5, abs=0.2)
    assert 0.25 < filled[:, 1].std() < 0.5  # 0.44 for the conditional distribution


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_loss_of_the_linear_denoiser_is_that_of_a_gaussian(name):
    objective, random = OBJECTIVES[name], np.random.default_rng(0)
    n = 100_000
    x, noise = MEAN + SCALE * random.normal(size=(n, 2)), random.normal(size=(n, 2))
    t = tf.constant(random.uniform(0, objective.last, (n, 1)), "float32")
    alpha, sigma = (np.asarray(level) for level in objective.levels(t))
    noisy = (alpha * x + sigma * noise).astype("float32")
    loss = np.mean((gaussian(objective)(noisy, t) - objective.target(x, noise, alpha, sigma)) ** 2)
    assert gaussian_denoising_loss(SCALE**2, name) == pytest.approx(loss, rel=0.02)


def test_a_residual_network_begins_at_zero():
    from aenb.models.denoisers.residual_network import residual_network, time_features

    network = residual_network(3, (8, 4), 2, name="velocity")
    inputs = [tf.ones((5, 3)), time_features(tf.ones((5, 1))), tf.one_hot([0, 1, 2, 0, 1], 3)]
    assert not np.asarray(network(inputs)).any()
    assert isinstance(network.get_layer("velocity"), keras.layers.Dense)
