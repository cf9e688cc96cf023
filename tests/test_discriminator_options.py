"""The R1 penalty against its closed form, and what gan, aae and vaegan share: normalisation, steps, averages."""

import numpy as np
import pytest

import aenb
import aenb.core.backend
from aenb.models.players.discriminator_options import r1_penalty
from aenb.models.players.training_step import batch_of

aenb.core.backend.start()

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

SMALL = {"hidden_units": (16,), "latent_dim": 4}
FAMILIES = ["gan", "aae", "vaegan"]


def build(family, **hyperparameters):
    keras.utils.set_random_seed(0)
    return aenb.build_model(family, (8, 8, 1), **SMALL | hyperparameters)


def items(n=64):
    return np.random.default_rng(0).random((n, 8, 8, 1), "float32")


def terms_of(model, name, x):
    """Return the terms of a player, always with the same draws."""
    model.seeds.state.assign(np.uint32([1, 2]))
    x = keras.ops.convert_to_tensor(x)
    batch = batch_of(model, (x, x), training=False)
    outputs = batch if model.forward is None else model.forward(model, batch)
    player = next(player for player in model.players if player.name == name)
    return {term: float(value) for term, value in player.loss(model, outputs).items()}


def test_the_penalty_of_a_linear_discriminator_is_its_squared_slope():
    draw = np.random.default_rng(0)
    w = draw.normal(size=(24, 1)).astype("float32")
    x = tf.constant(draw.random((16, 4, 3, 2)), tf.float32)
    found = r1_penalty(lambda x: tf.reshape(x, (-1, 24)) @ w + 5.0, x)
    assert float(found) == pytest.approx(float(np.sum(w**2)), rel=1e-5)


def test_the_penalty_is_the_mean_over_real_examples_and_has_a_gradient():
    x, a = tf.constant([[1.0, 2.0], [3.0, -1.0]]), tf.Variable(2.0)
    with tf.GradientTape() as tape:
        penalty = r1_penalty(lambda x: a / 2 * tf.reduce_sum(x**2, axis=1, keepdims=True), x)  # its slope is a x
    assert float(penalty) == pytest.approx(4 * (5 + 10) / 2)
    assert float(tape.gradient(penalty, a)) == pytest.approx(2 * 2 * (5 + 10) / 2)


@pytest.mark.parametrize("family", FAMILIES)
def test_half_of_gamma_times_the_penalty_joins_the_loss(family):
    x, found = items(16), [terms_of(build(family, r1=r1), "discriminator", items(16)) for r1 in (0.0, 6.0)]
    without, with_penalty = found
    assert "r1_penalty" not in without
    slope = with_penalty["r1_penalty"]
    assert slope > 0
    assert with_penalty["discriminator_loss"] == pytest.approx(without["discriminator_loss"] + 3 * slope, rel=1e-4)
    if family == "vaegan":
        model = build(family, r1=6.0)
        assert slope == pytest.approx(float(r1_penalty(lambda x: model.discriminator(x)[0], tf.constant(x))), rel=1e-5)


@pytest.mark.thorough
@pytest.mark.parametrize("family", ["aae", "vaegan"])
def test_spectral_norms_are_held_at_one(family):
    model, x = build(family, spectral_norm=True), items(256)
    model.fit(x, x, epochs=4, batch_size=16, verbose=0)
    wrapped = [layer for layer in model.get_layer("discriminator").layers if hasattr(layer, "vector_u")]
    assert len(wrapped) >= 2
    norms = [np.linalg.norm(np.array(layer.kernel), 2) for layer in wrapped]
    np.testing.assert_allclose(norms, 1, atol=0.1)


def test_the_discriminator_on_codes_moves_as_often_as_was_asked():
    model, x = build("aae", discriminator_steps=3), items()
    model.fit(x, x, epochs=1, batch_size=32, verbose=0)
    assert int(model.optimizers["discriminator"].iterations) == 6
    assert int(model.optimizers["autoencoder"].iterations) == 2


@pytest.mark.parametrize("family", ["aae", "vaegan"])
@pytest.mark.slow
def test_the_average_decodes_and_is_that_of_the_latest_steps(family, tmp_path):
    decay, expected = 0.5, None
    model, x = build(family, decoder_average=decay), keras.ops.convert_to_tensor(items())
    for step in range(1, 13):
        model.train_step((x, x))
        weights = [np.array(weight) for weight in model.get_layer("decoder").weights]
        share = max(0.5, 9 / (8 + step))
        mean = weights if step == 1 else expected
        expected = [old + share * (new - old) for old, new in zip(mean, weights, strict=True)]
    found = model.get_layer("averaged_decoder")
    for weight, one in zip(found.weights, expected, strict=True):
        np.testing.assert_allclose(weight, one, atol=1e-5)
    z = np.ones((3, 4), "float32")
    np.testing.assert_array_equal(model.decode(z), found(z))
    assert np.abs(model.decode(z) - model.get_layer("decoder")(z)).max() > 0
    model.save(tmp_path / "model.keras")
    np.testing.assert_allclose(keras.models.load_model(tmp_path / "model.keras").decode(z), model.decode(z), atol=1e-6)


def test_the_decoder_of_a_vaegan_has_a_loss_whose_gradient_does_not_vanish():
    x, model = items(16), build("vaegan", loss="nonsaturating", gamma=0.0)
    found = terms_of(model, "decoder", x)["decoder_loss"]
    model.seeds.state.assign(np.uint32([1, 2]))
    batch = batch_of(model, (keras.ops.convert_to_tensor(x),) * 2, training=False)
    _, *fakes = (np.array(score, "float64") for score in model.forward(model, batch).scores)
    assert found == pytest.approx(-sum(np.mean(np.log(1 / (1 + np.exp(-score)))) for score in fakes), rel=1e-5)


def test_mmd_has_no_discriminator_to_set():
    with pytest.raises(aenb.AenbError, match=r"`r1`: expected its default, 0.0, together with matching"):
        build("aae", matching="mmd", r1=1.0)
