"""The generative adversarial network: who moves what, its options, and the codes that inversion finds."""

import numpy as np
import pytest

import aenb
import aenb.core.backend
from aenb.models import gan
from aenb.models.players import adversarial, training_step
from tests import eager, fresh

aenb.core.backend.start()

import keras  # noqa: E402

SMALL = {"hidden_units": (16,), "latent_dim": 4}


def items(shape, n=64):
    return np.random.default_rng(0).random((n, *shape), "float32")


def build(shape=(8, 8, 1), **hyperparameters):
    keras.utils.set_random_seed(0)
    return aenb.build_model("gan", shape, **SMALL | hyperparameters)


def batch_of(model, x, y=None, training=False):
    x, y = (keras.ops.convert_to_tensor(array) for array in (x, x if y is None else y))
    return training_step.batch_of(model, (x, y), training=training)


def weights_of(model, name):
    return [np.array(weight) for weight in model.get_layer(name).weights]


def changed(model, before):
    """Name the parts of which a weight has changed."""
    return {
        name
        for name, weights in before.items()
        if not all(np.array_equal(a, b) for a, b in zip(weights, weights_of(model, name), strict=True))
    }


def player(model, name):
    return next(player for player in model.players if player.name == name)


@pytest.mark.parametrize("loss", adversarial.ADVERSARIAL_LOSSES)
def test_trains_and_validates_with_each_loss(loss):
    model, x = build(loss=loss), items((8, 8, 1))
    history = eager.fit(model, x, x, validation_data=(x[:16], x[:16]), epochs=1)
    terms = {"loss", "discriminator_loss", "generator_loss", "real_score", "fake_score"}
    terms |= {"gradient_penalty"} if loss == "wgan_gp" else set()
    norms = {"discriminator_gradient_norm", "generator_gradient_norm"}
    assert set(history) == terms | norms | {f"val_{term}" for term in terms}
    assert np.isfinite([values[-1] for values in history.values()]).all()
    assert all(history[norm][0] > 0 for norm in norms)


@pytest.mark.parametrize("shape", [(27, 31, 3), (12, 12, 1), (13,), (20, 2)])
def test_any_items_are_made_and_given_codes(shape):
    model, x = build(shape, filters=(4, 8) if len(shape) == 3 else None, hidden_units=None), items(shape, 16)
    eager.fit(model, x, x, epochs=1)
    assert model.decode(np.zeros((3, 4), "float32")).shape == (3, *shape)
    assert model(x).shape == (16, *shape)


def test_images_of_twelve_pixels_get_convolutions():
    layers = [layer.name for layer in aenb.build_model("gan", (12, 12, 1)).get_layer("discriminator").layers]
    assert "conv_2" in layers
    layers = [layer.name for layer in aenb.build_model("gan", (8, 8, 1)).get_layer("generator").layers]
    assert "hidden_2" in layers


def test_the_losses_are_those_of_least_squares():
    model, x = build(), items((8, 8, 1), 32)
    batch = batch_of(model, x)
    seed = np.array(model.seeds.state)
    terms = player(model, "discriminator").loss(model, batch)
    terms |= player(model, "generator").loss(model, batch)
    model.seeds.state.assign(seed)
    made = [model.generator(keras.random.normal((32, 4), seed=model.seeds)) for _ in range(2)]
    s, t, t_again = (np.array(model.discriminator(batch)) for batch in (x, *made))
    assert float(terms["discriminator_loss"]) == pytest.approx(0.5 * np.mean((s - 1) ** 2) + 0.5 * np.mean(t**2), 1e-5)
    assert float(terms["generator_loss"]) == pytest.approx(0.5 * np.mean((t_again - 1) ** 2), 1e-5)
    assert float(terms["real_score"]) == pytest.approx(s.mean(), rel=1e-4)
    assert float(terms["fake_score"]) == pytest.approx(t.mean(), rel=1e-4)


def test_the_penalty_of_wgan_is_weighted_and_drawn_uniformly(monkeypatch):
    drawn = []

    def penalty(critic, real, made, epsilon):
        drawn.append(np.array(epsilon))
        return keras.ops.convert_to_tensor(2.0)

    model, x = build((2,), loss="wgan_gp", gradient_penalty=7.0), items((2,), 20_000)
    batch = batch_of(model, x)
    monkeypatch.setattr(adversarial, "gradient_penalty", penalty)
    terms = player(model, "discriminator").loss(model, batch)
    critic = float(terms["fake_score"] - terms["real_score"])
    assert float(terms["discriminator_loss"]) == pytest.approx(critic + 14.0, abs=1e-4)
    (epsilon,) = drawn
    assert epsilon.shape == (20_000,)  # one for each item
    deciles = np.histogram(epsilon, bins=10, range=(0, 1))[0]
    assert deciles.sum() == 20_000  # none outside of [0, 1)
    assert abs(deciles / 2_000 - 1).max() < 0.1


def test_each_player_moves_its_own_weights():
    for who, rates in {"discriminator": (0.0, 1e-3), "generator": (1e-3, 0.0)}.items():
        model, x = build(generator_average=0.0), items((8, 8, 1))
        before = {name: weights_of(model, name) for name in ("generator", "discriminator")}
        model.optimizers["generator"].learning_rate = rates[0]
        model.optimizers["discriminator"].learning_rate = rates[1]
        eager.fit(model, x, x, epochs=1, batch_size=64)
        assert changed(model, before) == {who}


def test_the_generators_move_leaves_a_normalised_discriminator_alone():
    model, x = build(spectral_norm=True), items((8, 8, 1))
    before = {name: weights_of(model, name) for name in ("generator", "discriminator")}
    batch = batch_of(model, x, training=True)
    player(model, "generator").loss(model, batch)
    assert changed(model, before) == set()
    player(model, "discriminator").loss(model, batch)
    assert changed(model, before) == {"discriminator"}


@pytest.mark.thorough
def test_spectral_norms_are_held_at_one(digits):
    run = aenb.train(
        "gan",
        digits,
        epochs=20,
        conditional=True,
        spectral_norm=True,
        verbose=False,
        latent_dim=4,
        hidden_units=(32, 16),
    )
    wrapped = [layer for layer in run.model.get_layer("discriminator").layers if hasattr(layer, "vector_u")]
    assert [layer.name for layer in wrapped] == [
        "hidden_1", "hidden_2", "batch_features", "spread", "direction", "score",
    ]  # fmt: skip
    norms = [np.linalg.norm(np.array(layer.kernel), 2) for layer in wrapped]
    np.testing.assert_allclose(norms, 1, atol=0.05)


def test_the_discriminator_has_a_learning_rate_of_its_own():
    model, x = build(discriminator_learning_rate=1e-12), items((8, 8, 1))
    before = weights_of(model, "discriminator")
    model.set_learning_rate(0.1)
    eager.fit(model, x, x, epochs=1)
    for old, new in zip(before, weights_of(model, "discriminator"), strict=True):
        np.testing.assert_allclose(old, new, atol=1e-9)
    assert float(model.optimizers["generator"].learning_rate) == pytest.approx(0.1)


def test_the_discriminator_moves_as_often_as_was_asked():
    for hyperparameters, steps in [({}, 1), ({"discriminator_steps": 3}, 3), ({"loss": "wgan_gp"}, 5)]:
        model, x = build(**hyperparameters), items((8, 8, 1))
        eager.fit(model, x, x, epochs=1, batch_size=32)
        assert int(model.optimizers["discriminator"].iterations) == 2 * steps
        assert int(model.optimizers["generator"].iterations) == 2


@pytest.mark.slow
def test_the_average_is_that_of_the_latest_steps():
    decay, expected = 0.5, None
    model, x = build(generator_average=decay), keras.ops.convert_to_tensor(items((8, 8, 1)))
    for step in range(1, 13):
        model.train_step((x, x))
        weights = weights_of(model, "generator")
        if step == 1:
            expected = weights
        share = max(0.5, 9 / (8 + step))  # the first 10 steps, then the decay that was asked for
        expected = [mean + share * (weight - mean) for mean, weight in zip(expected, weights, strict=True)]
        for found, mean in zip(weights_of(model, "averaged_generator"), expected, strict=True):
            np.testing.assert_allclose(found, mean, atol=1e-6)


def test_items_are_made_by_the_average():
    model, x, z = build(generator_average=0.9), items((8, 8, 1)), np.ones((3, 4), "float32")
    eager.fit(model, x, x, epochs=3)
    np.testing.assert_array_equal(model.decode(z), model.get_layer("averaged_generator")(z))
    assert np.abs(model.decode(z) - model.get_layer("generator")(z)).max() > 0
    model = build(generator_average=0.0)
    np.testing.assert_array_equal(model.decode(z), model.get_layer("generator")(z))


def test_a_conditional_one_makes_the_class_asked_for():
    draw = np.random.default_rng(0)
    centres = np.float32([[-3, 0], [3, 0], [0, 3]])
    labels = draw.integers(0, 3, 1024)
    x = centres[labels] + 0.3 * draw.normal(size=(1024, 2)).astype("float32")
    model = build((2,), conditional=True, num_classes=3, hidden_units=(32, 32), generator_average=0.98)
    model.set_learning_rate(2e-3)
    model.fit((x, labels), x, epochs=40, batch_size=128, verbose=0)
    z = draw.normal(size=(300, 4)).astype("float32")
    for number, centre in enumerate(centres):
        made = np.array(model.decode(z, np.repeat(np.eye(3, dtype="float32")[[number]], 300, axis=0)))
        assert np.linalg.norm(made.mean(axis=0) - centre) < 0.7
        nearest = np.linalg.norm(made[:, None] - centres, axis=-1).argmin(axis=1)
        assert np.mean(nearest == number) > 0.95
    codes = model.encode(x[:8], np.eye(3, dtype="float32")[labels[:8]])
    assert codes.shape == (8, 4)


def test_what_was_not_observed_is_not_held_against_the_generator():
    model, x = build((6,)), items((6,), 32)
    x[:, 3:] = np.nan
    batch = batch_of(model, np.nan_to_num(x), x)
    made = gan.Losses(4, adversarial.ADVERSARIAL_LOSSES["lsgan"])._generate(model, batch)
    np.testing.assert_array_equal(made[:, 3:], 0)
    assert np.abs(made[:, :3]).min() > 0


@pytest.mark.parametrize("hyperparameters", [{}, {"conditional": True, "num_classes": 3}])
def test_inversion_finds_what_the_generator_made(hyperparameters):
    model = build((8, 8, 1), hidden_units=(64,), **hyperparameters)
    draw = np.random.default_rng(1)
    labels = np.eye(3, dtype="float32")[np.arange(20) % 3] if hyperparameters else None
    made = np.array(model.decode(draw.normal(size=(20, 4)).astype("float32"), labels))
    other = np.array(model.decode(draw.normal(size=(20, 4)).astype("float32"), labels))
    codes = np.array(model.encode(made, labels))
    found = np.array(model.decode(codes, labels))
    assert np.mean((found - made) ** 2) < 1e-3 * np.mean((other - made) ** 2)
    np.testing.assert_array_equal(codes, model.encode(made, labels))  # always the same


def test_through_the_code_and_back_is_by_inversion():
    model, x = build(), items((8, 8, 1), 16)
    np.testing.assert_allclose(model.predict(x, verbose=0), model.decode(model.encode(x)), atol=1e-3)


FRESH = """
import sys
import keras, numpy as np
import aenb.models.custom_objects
model = keras.models.load_model(sys.argv[1] + "/model.keras")
average = keras.models.load_model(sys.argv[1] + "/averaged_generator.keras")
z, x = np.load(sys.argv[1] + "/z.npy"), np.load(sys.argv[1] + "/x.npy")
np.savez(sys.argv[1] + "/out.npz", whole=model.decode(z), part=average(z), codes=model.encode(x),
         scores=keras.models.load_model(sys.argv[1] + "/discriminator.keras")(x))
model.run_eagerly = True
model.fit(x, x, epochs=1, verbose=0)
"""


def test_saved_it_makes_the_same_in_a_fresh_process(tmp_path):
    model, x = build(spectral_norm=True, filters=(4,), kernel_size=3), items((8, 8, 1), 32)
    eager.fit(model, x, x, epochs=2)
    model.save(tmp_path / "model.keras")
    for part in ("averaged_generator", "discriminator"):
        model.get_layer(part).save(tmp_path / f"{part}.keras")
    z = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    np.save(tmp_path / "z.npy", z)
    np.save(tmp_path / "x.npy", x)
    fresh.run(FRESH, tmp_path)
    with np.load(tmp_path / "out.npz") as out:
        np.testing.assert_allclose(out["whole"], model.decode(z), atol=1e-6)
        np.testing.assert_allclose(out["part"], model.decode(z), atol=1e-6)
        np.testing.assert_allclose(out["codes"], model.encode(x), atol=1e-3)
        np.testing.assert_allclose(out["scores"], model.get_layer("discriminator")(x), atol=1e-5)


def test_parts_of_ones_own_take_their_places():
    generator = keras.Sequential([keras.layers.Dense(64, "sigmoid"), keras.layers.Reshape((8, 8, 1))])
    discriminator = keras.Sequential([keras.layers.Flatten(), keras.layers.Dropout(0.2), keras.layers.Dense(1)])
    model, x = build(generator=generator, discriminator=discriminator), items((8, 8, 1))
    eager.fit(model, x, x, epochs=1)
    z = np.ones((2, 4), "float32")
    np.testing.assert_allclose(model.get_layer("generator")(z), generator(z), atol=1e-6)
    np.testing.assert_allclose(model.get_layer("discriminator")(x), discriminator(x), atol=1e-6)
    with pytest.raises(aenb.AenbError, match=r"`generator`: expected to give \(8, 8, 1\)"):
        build(generator=keras.Sequential([keras.layers.Dense(3)]))
    with pytest.raises(aenb.AenbError, match=r"`discriminator`: expected to give \(1,\)"):
        build(discriminator=keras.Sequential([keras.layers.Dense(1)]))  # of an image it gives an image


def test_what_does_not_go_together_is_refused():
    with pytest.raises(aenb.AenbError, match="`num_classes`: expected how many classes"):
        build(conditional=True)
    with pytest.raises(aenb.AenbError, match="Unknown loss `wgan` of family `gan`"):
        build(loss="wgan")


@pytest.mark.thorough
def test_the_engine_trains_a_critic_of_several_steps_to_the_same_bits_twice():
    settings = {**SMALL, "loss": "wgan_gp", "discriminator_steps": 2, "filters": (4,), "spectral_norm": True}
    one, two = (aenb.train("gan", "digits", epochs=2, verbose=False, seed=3, **settings) for _ in range(2))
    assert one.status == "complete"
    assert one.history == two.history
    np.testing.assert_array_equal(one.generate(5), two.generate(5))
    assert one.generate(5).shape == (5, 8, 8, 1)


def test_a_run_is_scored_by_inversion(digits):
    run = aenb.train("gan", digits, epochs=1, conditional=True, verbose=False, **SMALL)
    assert {"mse", "pca_mse"} <= set(run.evaluate(parts="reconstruction"))
    assert run.generate(4, labels=7).shape == (4, 8, 8, 1)
    x, y = digits.x_test[:3], digits.y_test[:3]
    assert run.reconstruct(x, y).shape == x.shape
    assert "not-checked" not in {finding.code for finding in run.diagnose()}


@pytest.mark.thorough
def test_it_trains_in_sixteen_bits():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model, x = build(loss="wgan_gp"), items((8, 8, 1))
        history = model.fit(x, x, validation_data=(x, x), epochs=1, verbose=0).history
        assert np.isfinite([values[-1] for values in history.values()]).all()
        assert model.encode(x[:4]).dtype == "float32"
    finally:
        keras.config.set_dtype_policy(before)
