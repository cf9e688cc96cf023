"""The VAE with a learned metric: what its three players minimise, and what they move."""

import numpy as np
import pytest

import aenb
import aenb.core.backend
from aenb.models import vaegan
from aenb.models.players.training_step import batch_of
from tests import eager

aenb.core.backend.start()

import keras  # noqa: E402

SMALL = {"hidden_units": (32,), "latent_dim": 3}


def items(shape, n=64):
    return np.random.default_rng(0).random((n, *shape), "float32")


def build(shape=(8, 8, 1), **hyperparameters):
    keras.utils.set_random_seed(0)
    return aenb.build_model("vaegan", shape, **SMALL | hyperparameters)


def weights_of(model):
    return {name: [np.array(weight) for weight in model.get_layer(name).weights] for name in model.part_names}


def loss_of(model, name, x, y=None):
    """Return the terms of a player, always with the same draws."""
    model.seeds.state.assign(np.uint32([1, 2]))
    x, y = (keras.ops.convert_to_tensor(array) for array in (x, x if y is None else y))
    batch = batch_of(model, (x, y), training=False)
    outputs = model.forward(model, batch)
    terms = next(player for player in model.players if player.name == name).loss(model, outputs)
    return {term: float(value) for term, value in terms.items()}


def draws(model, x):
    """Draw as the losses do: codes from q(z|x), and from the prior."""
    model.seeds.state.assign(np.uint32([1, 2]))
    mean, log_var = (np.array(output) for output in model.encoder(x))
    z = mean + np.exp(log_var / 2) * np.array(keras.random.normal(mean.shape, seed=model.seeds))
    return mean, log_var, z, np.array(keras.random.normal(mean.shape, seed=model.seeds))


def sigma(score):
    return 1 / (1 + np.exp(-np.array(score, "float64")))


def test_the_losses_are_those_of_the_paper():
    model, x = build(gamma=0.3), items((8, 8, 1), 32)
    model.encoder.get_layer("z_log_var").set_weights([np.full((32, 3), 0.05), np.float32([0.1, -0.5, 0.0])])
    mean, log_var, z, z_p = draws(model, x)
    rebuilt, made = np.array(model.decode(z)), np.array(model.decode(z_p))
    (s, phi), (s_rebuilt, phi_rebuilt), (s_made, _) = (model.discriminator(each) for each in (x, rebuilt, made))
    prior = np.mean(np.sum(0.5 * (mean**2 + np.exp(log_var) - 1 - log_var), axis=1))
    llike = np.mean(0.5 * np.sum((np.array(phi) - np.array(phi_rebuilt)) ** 2, axis=1))
    gan = -np.mean(np.log(sigma(s)) + np.log(1 - sigma(s_rebuilt)) + np.log(1 - sigma(s_made)))

    terms = loss_of(model, "encoder", x)
    assert terms["kl_loss"] == pytest.approx(prior, rel=1e-4)
    assert terms["feature_loss"] == pytest.approx(llike, rel=1e-4)
    assert terms["encoder_loss"] == pytest.approx(prior + llike, rel=1e-4)
    assert terms["mse"] == pytest.approx(np.mean((x - rebuilt) ** 2), rel=1e-4)
    assert loss_of(model, "decoder", x)["decoder_loss"] == pytest.approx(0.3 * llike - gan, rel=1e-4)
    terms = loss_of(model, "discriminator", x)
    assert terms["discriminator_loss"] == pytest.approx(gan, rel=1e-4)
    assert terms["real_score"] == pytest.approx(sigma(s).mean(), rel=1e-4)
    assert terms["fake_score"] == pytest.approx((sigma(s_rebuilt).mean() + sigma(s_made).mean()) / 2, rel=1e-4)


def test_the_feature_error_is_minus_a_log_density():
    draw = np.random.default_rng(0)
    a, b = draw.normal(size=(2, 6, 9)).astype("float32")
    density = -np.mean(np.sum(-0.5 * (a - b) ** 2 - 0.5 * np.log(2 * np.pi), axis=1))
    assert float(vaegan.feature_error(a, b)) == pytest.approx(density - 9 / 2 * np.log(2 * np.pi), rel=1e-5)


@pytest.mark.parametrize("name", ["encoder", "decoder", "discriminator"])
def test_each_player_moves_its_own_part(name):
    model, x = build(), items((8, 8, 1))
    before = weights_of(model)
    for other, optimizer in model.optimizers.items():
        optimizer.learning_rate = 1e-3 if other == name else 0.0
    eager.fit(model, x, x, epochs=2)  # the encoder's log variances begin with no slope
    after = weights_of(model)
    changed = {
        part for part in before if not all(np.array_equal(a, b) for a, b in zip(before[part], after[part], strict=True))
    }
    assert changed == {name}


def test_the_features_are_those_that_the_score_is_made_of():
    discriminator = build((12, 13, 3), hidden_units=None).get_layer("discriminator")
    score, features = discriminator(items((12, 13, 3), 5))
    kernel, bias = discriminator.get_layer("score").get_weights()
    assert features.shape == (5, 3 * 4 * 64)
    np.testing.assert_allclose(score, np.array(features) @ kernel + bias, atol=1e-4)


def test_missing_values_do_not_count():
    model, x = build((6,)), items((6,), 32)
    y = x.copy()
    y[:, 3:] = np.nan
    rebuilt = np.array(model.decode(draws(model, x)[2]))
    assert loss_of(model, "encoder", x, y)["mse"] == pytest.approx(np.mean((rebuilt - x)[:, :3] ** 2), rel=1e-4)
    whole, masked = (np.where(np.isnan(y), 0, each).astype("float32") for each in (x, rebuilt))
    features = [np.array(model.discriminator(each)[1]) for each in (whole, masked)]
    llike = np.mean(0.5 * np.sum((features[0] - features[1]) ** 2, axis=1))
    assert loss_of(model, "encoder", x, y)["feature_loss"] == pytest.approx(llike, rel=1e-4)


@pytest.mark.thorough
def test_it_learns_to_reconstruct_without_a_squared_error(digits):
    run = aenb.train(
        "vaegan", digits, epochs=40, latent_dim=8, hidden_units=(128,), batch_size=64, learning_rate=1e-3, gamma=0.1,
        verbose=False,
    )  # fmt: skip
    assert run.status == "complete"
    assert run.history["mse"][-1] < 0.6 * run.evaluate(parts="reconstruction")["mean_mse"]
    assert {"val_loss", "val_mse", "decoder_gradient_norm", "discriminator_gradient_norm"} <= set(run.history)
    assert run.generate(5).shape == (5, 8, 8, 1)


@pytest.mark.parametrize("shape", [(27, 31, 3), (13,), (20, 2)])
def test_any_items_are_taken(shape):
    model, x = build(shape, hidden_units=None), items(shape, 16)
    eager.fit(model, x, x, validation_data=(x, x), epochs=1)
    assert model(x).shape == (16, *shape)
    assert model.encode(x).shape == (16, 3)


def test_parts_of_ones_own_take_their_places():
    encoder = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(12, "relu")])
    decoder = keras.Sequential([keras.layers.Dense(64, "sigmoid"), keras.layers.Reshape((8, 8, 1))])
    model, x = build(encoder=encoder, decoder=decoder), items((8, 8, 1))
    eager.fit(model, x, x, epochs=1)
    assert [tuple(output.shape) for output in model.get_layer("encoder").outputs] == [(None, 3)] * 2
    z = np.ones((2, 3), "float32")
    np.testing.assert_allclose(model.decode(z), decoder(z), atol=1e-6)
