"""The adversarial autoencoder: its three moves, and the codes that they lead to."""

import numpy as np
import pytest

import aenb
import aenb.core.backend
from aenb.models.players.training_step import batch_of
from tests import eager

aenb.core.backend.start()

import keras  # noqa: E402

SMALL = {"hidden_units": (32,), "latent_dim": 3, "discriminator_units": (32,)}


def items(shape, n=64):
    return np.random.default_rng(0).random((n, *shape), "float32")


def build(shape=(8, 8, 1), **hyperparameters):
    keras.utils.set_random_seed(0)
    return aenb.build_model("aae", shape, **SMALL | hyperparameters)


def weights_of(model):
    return {name: [np.array(weight) for weight in model.get_layer(name).weights] for name in model.part_names}


def loss_of(model, name, x, y=None):
    x, y = (keras.ops.convert_to_tensor(array) for array in (x, x if y is None else y))
    batch = batch_of(model, (x, y), training=False)
    return next(player for player in model.players if player.name == name).loss(model, batch)


def test_the_losses_are_those_of_the_paper():
    model, x = build(prior_weight=0.25), items((8, 8, 1), 32)
    seed = np.array(model.seeds.state)
    terms = loss_of(model, "discriminator", x)
    model.seeds.state.assign(seed)
    code = np.array(model.encode(x))
    s, t = (
        1 / (1 + np.exp(-np.array(model.discriminator(z), "float64")))
        for z in (keras.random.normal((32, 3), seed=model.seeds), code)
    )
    assert float(terms["discriminator_loss"]) == pytest.approx(-np.mean(np.log(s)) - np.mean(np.log(1 - t)), rel=1e-4)
    assert float(terms["real_score"]) == pytest.approx(s.mean(), rel=1e-4)
    assert float(terms["fake_score"]) == pytest.approx(t.mean(), rel=1e-4)
    terms = loss_of(model, "autoencoder", x)
    error, against = np.mean((np.array(model.decode(code)) - x) ** 2), -np.mean(np.log(t))
    assert float(terms["reconstruction_loss"]) == pytest.approx(error, rel=1e-5)
    assert float(terms["regularisation_loss"]) == pytest.approx(against, rel=1e-4)
    assert float(terms["autoencoder_loss"]) == pytest.approx(error + 0.25 * against, rel=1e-4)


def test_missing_values_do_not_count():
    model, x = build((6,)), items((6,), 32)
    y = x.copy()
    y[:, 3:] = np.nan
    error = np.mean((np.array(model(x)) - x)[:, :3] ** 2)
    assert float(loss_of(model, "autoencoder", x, y)["reconstruction_loss"]) == pytest.approx(error, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "moved"),
    [("autoencoder", {"encoder", "decoder"}), ("discriminator", {"discriminator"})],
)
def test_each_move_is_of_its_own_parts(name, moved):
    model, x = build(), items((8, 8, 1))
    before = weights_of(model)
    for other, optimizer in model.optimizers.items():
        optimizer.learning_rate = 1e-3 if other == name else 0.0
    eager.fit(model, x, x, epochs=1)
    after = weights_of(model)
    changed = {
        part for part in before if not all(np.array_equal(a, b) for a, b in zip(before[part], after[part], strict=True))
    }
    assert changed == moved


def test_codes_come_to_be_distributed_as_the_prior(digits):
    run = aenb.train(
        "aae",
        digits,
        epochs=80,
        latent_dim=2,
        hidden_units=(128,),
        batch_size=64,
        learning_rate=2e-3,
        verbose=False,
    )
    codes = run.encode(digits.x_train)
    assert np.abs(codes.mean(axis=0)).max() < 0.4
    np.testing.assert_allclose(codes.std(axis=0), 1, atol=0.4)
    assert run.history["reconstruction_loss"][-1] < 0.75 * run.evaluate(parts="reconstruction")["mean_mse"]
    assert run.generate(5).shape == (5, 8, 8, 1)
    assert {"val_loss", "val_discriminator_loss", "discriminator_gradient_norm"} <= set(run.history)


@pytest.mark.parametrize("shape", [(27, 31, 3), (13,), (20, 2)])
def test_any_items_are_taken(shape):
    model, x = build(shape, hidden_units=None), items(shape, 16)
    eager.fit(model, x, x, validation_data=(x, x), epochs=1)
    assert model(x).shape == (16, *shape)
    assert model.encode(x).shape == (16, 3)


def test_a_conditional_one_tells_the_decoder_the_class(digits):
    run = aenb.train("aae", digits, epochs=1, conditional=True, verbose=False, **SMALL)
    x, y = digits.x_test[:6], digits.y_test[:6]
    np.testing.assert_array_equal(run.encode(x, y), run.encode(x, y[::-1]))
    z = run.encode(x, y)
    assert np.abs(run.decode(z, y) - run.decode(z, (y + 1) % 10)).max() > 1e-3
    assert run.generate(4, labels=7).shape == (4, 8, 8, 1)


def test_an_encoder_of_ones_own_sets_the_size_of_the_code():
    encoder = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5)])
    model = build(encoder=encoder)
    assert model.code_shape == (5,)
    assert model.get_layer("discriminator").input_shape == (None, 5)
    with pytest.raises(aenb.AenbError, match="`encoder`: expected to give a vector"):
        build(encoder=keras.Sequential([keras.layers.Dense(5)]))
