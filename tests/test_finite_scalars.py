"""Finite scalar quantisation against an implementation in NumPy, and as the codebook of `vqvae`."""

import itertools

import numpy as np
import pytest

import aenb
from aenb.core.backend import keras, tf
from aenb.models.codes import finite_scalars
from aenb.models.players.training_step import batch_of

LEVELS = [(8, 5, 5, 5), (5, 5, 5), (4, 3), (2,), (8, 6, 5)]


def by_numpy(z, levels):
    """Equation by equation, one dimension at a time, in double precision: values in [−1, 1], and indices."""
    values, index, place = np.empty(z.shape), np.zeros(len(z), int), 1
    for d, count in enumerate(levels):
        width = (count - 1) * 0.999 / 2
        offset = 0.5 if count % 2 == 0 else 0.0
        shift = 0.0 if count == 2 else 0.5 * np.log((width + offset) / (width - offset))  # artanh
        whole = np.rint(width * np.tanh(z[:, d].astype("float64") + shift) - offset).astype(int)
        values[:, d] = whole / (count // 2)
        index += (whole + count // 2) * place
        place *= count
    return values, index


@pytest.mark.parametrize("levels", LEVELS)
def test_values_and_indices_are_those_of_numpy(levels):
    z = np.random.default_rng(0).normal(0, 2, (500, len(levels))).astype("float32")
    quantised = finite_scalars.quantise(tf.constant(z), levels)
    values, index = by_numpy(z, levels)
    np.testing.assert_allclose(quantised, values, atol=1e-5)
    np.testing.assert_array_equal(finite_scalars.indices(quantised, levels), index)
    assert len(np.unique(values, axis=0)) > 0.6 * min(np.prod(levels), 500) ** 0.8  # many of them occur
    for d, count in enumerate(levels):
        assert len(np.unique(values[:, d])) == count


@pytest.mark.parametrize("levels", LEVELS)
def test_entries_and_indices_are_in_bijection(levels):
    book, n = finite_scalars.entries(levels), np.prod(levels)
    assert len(np.unique(book, axis=0)) == n == len(book)
    np.testing.assert_array_equal(finite_scalars.indices(tf.constant(book), levels), np.arange(n))
    assert np.abs(book).max() == 1
    expected = set(itertools.product(*[tuple(np.float32((k - c // 2) / (c // 2)) for k in range(c)) for c in levels]))
    assert {tuple(row) for row in book} == expected


def test_zero_is_an_entry_and_the_extremes_are_reached():
    levels = (8, 5, 4)
    np.testing.assert_array_equal(finite_scalars.quantise(tf.zeros((1, 3)), levels), [[0, 0, 0]])
    np.testing.assert_allclose(finite_scalars.quantise(tf.fill((1, 3), 9.0), levels), [[3 / 4, 1, 1 / 2]], atol=1e-6)
    np.testing.assert_allclose(finite_scalars.quantise(tf.fill((1, 3), -19.0), levels), [[-1, -1, -1]], atol=1e-6)


def test_the_gradient_is_that_of_the_bounded_values():
    """Straight through the rounding: the derivative of h tanh(z + s) / ⌊L/2⌋."""
    levels = (8, 5)
    z = tf.constant(np.random.default_rng(0).normal(size=(20, 2)).astype("float32"))
    with tf.GradientTape() as tape:
        tape.watch(z)
        total = tf.reduce_sum(finite_scalars.quantise(z, levels))
    width, halves = np.array([7, 4]) * 0.999 / 2, np.array([4, 2])
    shift = np.arctanh(np.array([0.5, 0]) / width)
    np.testing.assert_allclose(tape.gradient(total, z), width / halves / np.cosh(z + shift) ** 2, rtol=1e-4)


@pytest.mark.parametrize("n", [2, 3, 8, 9, 17, 64, 65, 128, 240, 256, 512, 1000, 1024, 4096, 16384, 65536])
def test_levels_give_nearly_as_many_entries_as_asked_for(n):
    levels = finite_scalars.choose_levels(n)
    assert 0.75 * n <= np.prod(levels) <= n
    assert max(levels) <= 8
    assert min(levels) >= 5 or n < 125


# The family


@pytest.fixture(scope="module")
def run(digits):
    return aenb.train(
        "vqvae", digits, quantizer="fsq", num_embeddings=64, prior_layers=1, epochs=12, batch_size=128, verbose=False
    )


def test_its_loss_is_the_likelihood_alone_and_its_codes_are_those_of_the_grid(run, digits):
    model, x = run.model, digits.x_test[:64]
    model.reset_metrics()
    terms = {name: float(value) for name, value in model.test_step((tf.constant(x), tf.constant(x))).items()}
    model.reset_metrics()
    values, index = by_numpy(model.encoder(x).numpy().reshape(-1, 2), (8, 8))
    np.testing.assert_array_equal(run.encode(x).ravel(), index)
    decoded = model.decoder(values.reshape(64, -1, 2).astype("float32")).numpy()
    nats = 0.5 * (np.log(2 * np.pi * 0.1) + (x - decoded) ** 2 / 0.1).sum() / 64
    assert terms["reconstruction_loss"] == pytest.approx(nats, rel=1e-4)
    assert "commitment_loss" not in terms
    np.testing.assert_allclose(run.decode(run.encode(x)), decoded, atol=1e-5)


def test_it_learns_with_a_prior_over_its_codes(run, digits):
    scores = run.evaluate(parts="reconstruction")
    assert scores["mse"] < 0.7 * scores["mean_mse"]
    assert run.history["val_perplexity"][-1] > 16
    assert run.history["val_prior_loss"][-1] < 8 * np.log(64)
    np.testing.assert_array_equal(run.generate(5, seed=1), run.generate(5, seed=1))
    assert run.encode(digits.x_test).max() < 64
    assert run.show("codebook") is not None


def test_its_encoder_gets_the_decoders_gradient_and_its_grid_stays(run, digits):
    model, x = run.model, tf.constant(digits.x_test[:32])
    batch = batch_of(model, (x, x), training=False)
    with tf.GradientTape() as tape:
        loss = model.players[0].loss(model, batch)["loss"]
    assert all(float(tf.norm(g)) > 0 for g in tape.gradient(loss, model.encoder.trainable_variables))
    np.testing.assert_array_equal(model.own["codebook"], finite_scalars.entries((8, 8)))


def test_saved_and_loaded_it_is_the_same(run, digits, tmp_path):
    loaded = aenb.load_run(run.save(tmp_path / "run"))
    x = digits.x_test[:9]
    np.testing.assert_array_equal(loaded.encode(x), run.encode(x))
    np.testing.assert_array_equal(loaded.generate(3, seed=2), run.generate(3, seed=2))


@pytest.mark.parametrize("setting", [{"embedding_dim": 8}, {"commitment_cost": 0.5}, {"decay": 0.9}])
def test_settings_of_a_learnt_codebook_are_refused(setting):
    with pytest.raises(aenb.AenbError, match=rf"`{next(iter(setting))}`: expected its default.*fsq"):
        aenb.build_model("vqvae", (8, 8, 1), quantizer="fsq", **setting)


def test_an_encoder_with_other_dimensions_is_refused():
    encoder = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(12), keras.layers.Reshape((4, 3))])
    with pytest.raises(aenb.AenbError, match=r"`encoder`: expected vectors of 2 dimensions"):
        aenb.build_model("vqvae", (8, 8, 1), quantizer="fsq", num_embeddings=64, encoder=encoder)
