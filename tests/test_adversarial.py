"""The adversarial losses against NumPy, and the discriminators of examples and of codes."""

import numpy as np
import pytest

import aenb
import aenb.core.backend
from aenb.models.architecture import backbones
from aenb.models.architecture.custom_parts import as_part
from aenb.models.players import adversarial
from aenb.models.players.adversarial import ADVERSARIAL_LOSSES, gradient_penalty
from aenb.models.players.training_step import Batch

aenb.core.backend.start()

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

DENSE = backbones.Body((16,), activation="leaky_relu")


@pytest.fixture
def scores():
    draw = np.random.default_rng(0)
    return draw.normal(0.4, 1.5, (32, 1)).astype("float32"), draw.normal(-0.2, 1.5, (32, 1)).astype("float32")


def sigma(x):
    return 1 / (1 + np.exp(-x.astype("float64")))


CLOSED = {
    "lsgan": (
        lambda s, t: 0.5 * np.mean((s - 1) ** 2) + 0.5 * np.mean(t**2),
        lambda t: 0.5 * np.mean((t - 1) ** 2),
    ),
    "nonsaturating": (
        lambda s, t: -np.mean(np.log(sigma(s))) - np.mean(np.log(1 - sigma(t))),
        lambda t: -np.mean(np.log(sigma(t))),
    ),
    "hinge": (
        lambda s, t: np.mean(np.maximum(0, 1 - s)) + np.mean(np.maximum(0, 1 + t)),
        lambda t: -np.mean(t),
    ),
    "wgan_gp": (lambda s, t: np.mean(t) - np.mean(s), lambda t: -np.mean(t)),
}


@pytest.mark.parametrize("name", ADVERSARIAL_LOSSES)
def test_losses_are_those_of_the_papers(name, scores):
    s, t = scores
    discriminator, generator = CLOSED[name]
    assert float(ADVERSARIAL_LOSSES[name].discriminator(s, t)) == pytest.approx(discriminator(s, t), rel=1e-5)
    assert float(ADVERSARIAL_LOSSES[name].generator(t)) == pytest.approx(generator(t), rel=1e-5)


def test_scores_read_as_probabilities_where_they_are_logits(scores):
    s, _ = scores
    np.testing.assert_allclose(ADVERSARIAL_LOSSES["nonsaturating"].reported(s), sigma(s), rtol=1e-5)
    np.testing.assert_array_equal(ADVERSARIAL_LOSSES["lsgan"].reported(s), s)


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_the_penalty_of_a_linear_critic_is_that_of_its_slope(scale):
    draw = np.random.default_rng(0)
    real, made = (tf.constant(draw.random((16, 4, 3, 2)), tf.float32) for _ in range(2))
    w = draw.normal(size=24)
    w *= scale / np.linalg.norm(w)
    critic = lambda x: tf.reshape(x, (-1, 24)) @ tf.constant(w[:, None], tf.float32) + 5.0  # noqa: E731
    found = gradient_penalty(critic, real, made, tf.random.uniform((16,), seed=0))
    assert float(found) == pytest.approx((scale - 1) ** 2, abs=1e-5)


def test_the_penalty_is_taken_between_the_two_at_epsilon():
    draw = np.random.default_rng(0)
    real, made, epsilon = draw.random((8, 5)), draw.random((8, 5)), draw.random(8)
    found = gradient_penalty(  # the slope of ½‖x‖² is x
        lambda x: 0.5 * tf.reduce_sum(x**2, axis=1, keepdims=True),
        *(tf.constant(array, tf.float32) for array in (real, made, epsilon)),
    )
    between = epsilon[:, None] * real + (1 - epsilon[:, None]) * made
    assert float(found) == pytest.approx(np.mean((np.linalg.norm(between, axis=1) - 1) ** 2), rel=1e-5)


def test_the_penalty_of_a_flat_critic_has_a_finite_gradient():
    w = tf.Variable(tf.zeros((5, 1)))
    x = tf.random.normal((8, 5), seed=0)
    with tf.GradientTape() as tape:
        penalty = gradient_penalty(lambda x: x @ w, x, -x, tf.fill((8,), 0.5))
    assert float(penalty) == pytest.approx(1.0, abs=1e-5)
    assert np.isfinite(tape.gradient(penalty, w).numpy()).all()


def test_batches_are_scored_each_by_itself():
    model = adversarial.discriminator(DENSE, (7, 5, 3), 4, batch_features=3)
    draw = np.random.default_rng(0)
    a, b = draw.random((2, 6, 7, 5, 3), "float32")
    labels = np.eye(4, dtype="float32")[[0, 1, 2, 3, 0, 1]]
    together = adversarial.scores(model, a, b, labels=labels)
    for found, items in zip(together, (a, b), strict=True):
        assert found.shape == (6, 1)
        np.testing.assert_allclose(found, model([items, labels]), atol=1e-6)


@pytest.mark.parametrize(("shape", "filters"), [((27, 31, 3), (4, 8)), ((8, 8, 1), ()), ((13,), ()), ((20, 2), ())])
@pytest.mark.parametrize("spectral_norm", [False, True])
def test_a_discriminator_scores_any_items(shape, filters, spectral_norm):
    body = backbones.Body(() if filters else (16,), filters, 4, "leaky_relu")
    model = adversarial.discriminator(body, shape, spectral_norm=spectral_norm)
    x = np.random.default_rng(0).random((5, *shape), "float32")
    assert model(x).shape == (5, 1)
    assert len(np.unique(model(x))) == 5


def test_a_discriminator_is_told_how_much_a_batch_varies():
    model = adversarial.discriminator(DENSE, (3,), batch_features=2)
    x = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
    names = ("hidden_1", "batch_features", "spread", "score")
    hidden, told, spread, score = (model.get_layer(name).get_weights() for name in names)

    def leaky(value):
        return np.where(value > 0, value, 0.2 * value)

    features = leaky(x @ hidden[0] + hidden[1])
    deviation = np.std(features @ told[0] + told[1], axis=0, keepdims=True)
    seen = np.concatenate([features, np.repeat(leaky(deviation @ spread[0] + spread[1]), 6, axis=0)], axis=1)
    np.testing.assert_allclose(model(x), seen @ score[0] + score[1], rtol=1e-4, atol=1e-4)
    alike = np.repeat(x[:1], 6, axis=0)
    assert abs(float(model(alike)[0, 0] - model(x)[0, 0])) > 1e-3  # one item among others, and among its like
    with tf.GradientTape() as tape:
        tape.watch(given := tf.constant(alike))
        found = tf.reduce_sum(model(given))
    assert np.isfinite(tape.gradient(found, given)).all()


def test_a_discriminator_projects_on_the_class():
    model = adversarial.discriminator(DENSE, (3,), 4)
    x, labels = np.random.default_rng(0).normal(size=(4, 3)).astype("float32"), np.eye(4, dtype="float32")
    hidden, score, direction = (model.get_layer(name).get_weights() for name in ("hidden_1", "score", "direction"))
    features = x @ hidden[0] + hidden[1]
    features = np.where(features > 0, features, 0.2 * features)
    expected = features @ score[0] + score[1] + np.sum(direction[0] * features, axis=1, keepdims=True)
    np.testing.assert_allclose(model([x, labels]), expected, rtol=1e-4, atol=1e-5)


def test_images_are_scored_from_minus_one_to_one():
    model = adversarial.discriminator(DENSE, (8, 8, 1))
    np.testing.assert_array_equal(model.get_layer("scale")(np.float32([0, 0.5, 1])), [-1, 0, 1])
    names = [layer.name for layer in adversarial.discriminator(DENSE, (9,)).layers]
    assert "scale" not in names


def test_errors_of_what_was_not_observed_do_not_count():
    y, made = np.float32([[1, 0], [3, 0]]), np.float32([[2, 9], [5, 9]])
    batch = Batch(y, y, np.float32([[1, 0], [1, 0]]), None, True)
    assert float(adversarial.squared_error(batch, made)) == pytest.approx((1 + 4) / 2)


def test_a_part_that_does_not_fit_is_named():
    inputs = keras.Input((8,))
    fits = keras.Sequential([keras.layers.Dense(1)])
    part = as_part(fits, inputs, "discriminator", (1,))
    assert part.name == "discriminator"
    assert as_part(part, inputs, "discriminator", (1,)) is part
    with pytest.raises(aenb.AenbError, match=r"`discriminator`: expected to give \(1,\).*received \(3,\)"):
        as_part(keras.Sequential([keras.layers.Dense(3)]), inputs, "discriminator", (1,))
    with pytest.raises(aenb.AenbError, match="`encoder`: expected to give a vector for each example"):
        as_part(keras.Sequential([keras.layers.Reshape((2, 4))]), inputs, "encoder", (None,))
    with pytest.raises(aenb.AenbError, match=r"`generator`: expected a Keras model that takes \(8,\)"):
        as_part(keras.Sequential([keras.layers.Conv2D(2, 3)]), inputs, "generator", (1,))
