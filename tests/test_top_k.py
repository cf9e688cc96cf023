"""k-sparse autoencoders: how many units are active, what the gradients reach, dead units, and how they are revived."""

import subprocess
import sys

import numpy as np
import pytest

import aenb
from aenb.core import backend
from aenb.core.backend import keras, tf
from aenb.models.players.top_k import DEAD_AFTER, largest
from aenb.models.players.training_step import batch_of

TOP = {"sparsity": "topk", "top_k": 3, "latent_dim": 20}
LINEAR = {"shallow": {"activation": "linear"}, "deep": {"hidden_units": (16,)}}


@pytest.fixture(scope="module", autouse=True)
def _started():
    backend.start()


def images(n=32):
    return np.random.default_rng(0).random((n, 6, 6, 1), "float32")


def build(family="shallow", **settings):
    keras.utils.set_random_seed(0)
    return aenb.build_model(family, (6, 6, 1), **TOP | LINEAR[family] | settings)


def terms_of(model, x, training=False):
    x = tf.constant(x)
    return model.players[0].loss(model, batch_of(model, (x, x), training))


@pytest.mark.parametrize("k", [1, 3, 7])
def test_the_largest_are_those_of_numpy_and_exactly_k(k):
    draw = np.random.default_rng(0)
    z = draw.normal(size=(200, 7)).astype("float32").round(1)  # with ties
    z[:20] = 0
    found = np.array(largest(tf.constant(z), k))
    expected = np.zeros_like(z)
    np.put_along_axis(expected, np.argsort(-z, axis=1, kind="stable")[:, :k], 1, axis=1)  # of ties the first
    np.testing.assert_array_equal(found, expected)
    assert (found.sum(axis=1) == k).all()


@pytest.mark.parametrize("family", LINEAR)
def test_codes_have_exactly_k_active_units_the_largest_ones(family):
    model, x = build(family), images(200)
    encoder = model.get_layer("encoder")
    z = aenb.activations(encoder, "code", x)
    codes = np.array(model.encode(x))
    assert (np.count_nonzero(codes, axis=1) == 3).all()
    np.testing.assert_array_equal(codes, np.where(z >= np.sort(z, axis=1)[:, [-3]], z, 0))
    np.testing.assert_allclose(model(x), model.get_layer("decoder")(codes), atol=1e-6)


def test_after_a_relu_no_more_than_k_are_active():
    codes = np.array(build(activation="relu", top_k=15).encode(images()))
    assert np.count_nonzero(codes, axis=1).max() <= 15
    assert np.count_nonzero(codes, axis=1).min() < 15


def test_gradients_reach_only_the_units_that_are_kept():
    model, x = build(), images(1)
    kept = np.flatnonzero(np.array(model.encode(x))[0])
    kernel = model.get_layer("encoder").get_layer("code").kernel
    with tf.GradientTape() as tape:
        loss = terms_of(model, x)["loss"]
    gradient = tape.gradient(loss, kernel.value).numpy()
    assert np.flatnonzero(np.abs(gradient).sum(axis=0)).tolist() == kept.tolist()
    with tf.GradientTape() as tape:  # of the kept ones it is that of the dense layers alone
        z = tf.reshape(x, (1, -1)) @ kernel.value + model.get_layer("encoder").get_layer("code").bias.value
        mask = np.isin(np.arange(20), kept).astype("float32")
        error = tf.reduce_mean((model.get_layer("decoder")(z * mask) - x) ** 2)
    np.testing.assert_allclose(gradient, tape.gradient(error, kernel.value), atol=1e-6)


def test_units_that_were_not_active_for_long_are_dead():
    model, x = build(), images(50)
    codes = np.array(model.encode(x))
    silent = (codes == 0).all(axis=0)
    assert 0 < silent.sum() < 20
    model.own["idle"].assign(np.where(silent, DEAD_AFTER - 50.0, 0.0))
    assert float(terms_of(model, x)["dead_features"]) == 0
    found = terms_of(model, x, training=True)
    assert float(found["dead_features"]) == pytest.approx(silent.mean())
    np.testing.assert_array_equal(np.array(model.own["idle"]), np.where(silent, DEAD_AFTER, 0))
    assert float(terms_of(model, x)["dead_features"]) == pytest.approx(silent.mean())  # validation does not count


def test_the_auxiliary_loss_is_that_of_the_paper_and_revives_only_the_dead():
    model, x = build(auxiliary_weight=0.5), images(16)
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    dead = np.zeros(20, bool)
    dead[[2, 5, 6, 9]] = True
    model.own["idle"].assign(np.where(dead, DEAD_AFTER, 0).astype("float32"))
    with tf.GradientTape() as tape:
        terms = terms_of(model, x)
        auxiliary = terms["auxiliary_loss"]
    z, code = aenb.activations(encoder, "code", x), np.array(model.encode(x))
    residual = x - np.array(decoder(code))
    revived = np.array(decoder(np.where(dead, z, 0))) - np.array(
        decoder(np.zeros_like(z))
    )  # fewer than k' = 10 of them
    assert float(auxiliary) == pytest.approx(np.mean((residual - revived) ** 2), rel=1e-4)
    assert float(terms["loss"]) == pytest.approx(float(terms["reconstruction_loss"]) + 0.5 * float(auxiliary), rel=1e-5)
    gradient = tape.gradient(auxiliary, encoder.get_layer("code").kernel.value).numpy()
    assert np.flatnonzero(np.abs(gradient).sum(axis=0)).tolist() == np.flatnonzero(dead).tolist()


def test_without_dead_units_the_auxiliary_loss_is_zero_and_has_no_gradient():
    model, x = build(auxiliary_weight=0.5), images()
    with tf.GradientTape() as tape:
        auxiliary = terms_of(model, x)["auxiliary_loss"]
    assert float(auxiliary) == 0
    gradient = tape.gradient(auxiliary, model.get_layer("encoder").get_layer("code").kernel.value)
    assert np.count_nonzero(gradient) == 0


def test_revival_leaves_fewer_dead_units():
    shares, x = [], np.repeat(images(64), 10, axis=0)
    for weight in (0.0, 1.0):
        model = build(auxiliary_weight=weight, latent_dim=60, top_k=2)
        object.__setattr__(model.players[0].loss.__self__, "dead_after", 256)
        model.set_learning_rate(5e-3)
        history = model.fit(x, x, epochs=6, batch_size=32, verbose=0).history
        shares.append(history["dead_features"][-1])
    assert shares[0] > 0.3
    assert shares[1] < shares[0] - 0.05


FRESH = """
import sys, keras, numpy as np
encoder = keras.models.load_model(sys.argv[1] + "/encoder.keras")
assert not [name for name in sys.modules if name.startswith("aenb")]
np.save(sys.argv[1] + "/codes.npy", encoder.predict(np.load(sys.argv[1] + "/x.npy"), verbose=0))
"""


def test_a_run_is_saved_and_loaded_and_its_encoder_opens_in_plain_keras(digits, tmp_path):
    run = aenb.train(
        "deep", digits, epochs=1, limit=300, verbose=False, hidden_units=(16,), auxiliary_weight=0.1, **TOP
    )
    x = digits.x_test[:6]
    loaded = aenb.load_run(run.save(tmp_path / "run"))
    np.testing.assert_allclose(loaded.encode(x), run.encode(x), atol=1e-6)
    np.testing.assert_array_equal(np.array(loaded.model.own["idle"]), np.array(run.model.own["idle"]))
    assert {"dead_features", "auxiliary_loss", "val_reconstruction_loss"} <= set(run.history)
    run.model.get_layer("encoder").save(tmp_path / "encoder.keras")
    np.save(tmp_path / "x.npy", x)
    done = subprocess.run([sys.executable, "-c", FRESH, str(tmp_path)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    np.testing.assert_allclose(np.load(tmp_path / "codes.npy"), run.encode(x), atol=1e-6)


def test_what_it_does_not_go_with_is_refused():
    with pytest.raises(aenb.AenbError, match=r"`top_k`: expected at most 20, the dimensions .*; received 21"):
        build(top_k=21)
    with pytest.raises(aenb.AenbError, match='`loss`: expected mse together with sparsity="topk"; received mae'):
        build(loss="mae")
    with pytest.raises(aenb.AenbError, match="`tied`: expected none together with"):
        build(tied=True)
    with pytest.raises(aenb.AenbError, match="`code_penalty`: expected none together with"):
        build("deep", code_penalty=0.1)
