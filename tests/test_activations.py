"""The activations of a layer, of all kinds of Keras models, against models cut off at the layer."""

import numpy as np
import pytest

import aenb
from aenb.core import backend
from aenb.core.backend import keras
from aenb.models.activations import layers_of


@pytest.fixture(scope="module", autouse=True)
def _started():
    backend.start()


@pytest.fixture(scope="module")
def deep():
    backend.start()
    return aenb.build_model("deep", (8, 8, 1), hidden_units=(12, 5), latent_dim=3)


def images(n=7):
    return np.random.default_rng(0).random((n, 8, 8, 1), "float32")


def test_a_layer_of_a_part_is_found_by_its_path(deep):
    x, encoder = images(), deep.get_layer("encoder")
    cut = keras.Model(encoder.input, encoder.get_layer("hidden_2").output)
    found = aenb.activations(deep, "encoder/hidden_2", x, batch_size=3)
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, cut(x), atol=1e-6)
    assert found.min() >= 0  # after the ReLU
    np.testing.assert_array_equal(aenb.activations(deep, encoder.get_layer("hidden_2"), x, batch_size=3), found)
    code = aenb.activations(deep, "code", x)  # the decoder has an input of that name
    np.testing.assert_allclose(code, encoder(x), atol=1e-6)
    np.testing.assert_allclose(aenb.activations(deep, "encoder", x), encoder(x), atol=1e-6)


def test_the_model_is_as_it_was_afterwards(deep):
    layer, x = deep.get_layer("encoder").get_layer("hidden_1"), images()
    before, names = np.array(deep(x)), set(layer.__dict__)
    aenb.activations(deep, layer, x)
    with pytest.raises(aenb.AenbError):
        aenb.activations(deep, layer, x[:, :3])
    assert set(layer.__dict__) == names
    np.testing.assert_array_equal(deep(x), before)


def test_networks_and_runs_give_theirs_too(digits):
    run = aenb.train("vae", digits, latent_dim=3, hidden_units=(8,), epochs=1, limit=200, verbose=False)
    x = run.data.x_test[:20]
    np.testing.assert_allclose(aenb.activations(run, "z_mean", x), run.encode(x), atol=1e-5)
    assert aenb.activations(run, "decoder/hidden_1", x).shape == (20, 8)


def test_models_of_several_inputs_integers_and_dropout():
    words, number = keras.Input((4,), dtype="int32", name="words"), keras.Input((2,), name="number")
    embedded = keras.layers.Embedding(9, 3, name="embedded")(words)
    x = keras.layers.Concatenate()([keras.layers.Flatten()(embedded), number])
    model = keras.Model([words, number], keras.layers.Dense(1)(keras.layers.Dropout(0.9, name="dropout")(x)))
    given = [np.arange(20, dtype="int32").reshape(5, 4) % 9, np.ones((5, 2), "float32")]
    table = model.get_layer("embedded").get_weights()[0]
    np.testing.assert_array_equal(aenb.activations(model, "embedded", given, batch_size=2), table[given[0]])
    found = aenb.activations(model, "dropout", given)
    np.testing.assert_array_equal(found[:, :12], table[given[0]].reshape(5, 12))  # nothing is dropped


def twice():
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.shared = keras.layers.Dense(3, name="shared")
            self.unused = keras.layers.Dense(3, name="unused")

        def build(self, shape):
            self.shared.build(shape)
            self.unused.build(shape)

        def call(self, x):
            return self.shared(self.shared(x))

    model = Model()
    model(np.zeros((1, 3), "float32"))
    return model


def test_a_subclass_and_a_layer_that_is_called_twice():
    model, x = twice(), np.eye(3, dtype="float32")
    np.testing.assert_allclose(aenb.activations(model, "shared", x), model(x), atol=1e-6)
    with pytest.raises(aenb.AenbError, match=r"`layer`: expected a layer that .* computes .*`unused` is not"):
        aenb.activations(model, "unused", x)


def test_what_is_not_there_is_refused_with_what_is(deep):
    x = images()
    with pytest.raises(aenb.AenbError, match=r"Unknown layer `hiden_1`.*encoder/hidden_1.*Did you mean `"):
        aenb.activations(deep, "hiden_1", x)
    with pytest.raises(aenb.AenbError, match=r"several are called `hidden_1`: encoder/hidden_1, decoder/hidden_1"):
        aenb.activations(deep, "hidden_1", x)
    with pytest.raises(aenb.AenbError, match="expected a layer of the model `deep`; received `mine`, which is not one"):
        aenb.activations(deep, keras.layers.Dense(2, name="mine"), x)
    with pytest.raises(aenb.AenbError, match=r"`x`: expected what the model `deep` takes; received \(7, 3, 8, 1\)"):
        aenb.activations(deep, "encoder", x[:, :3])
    with pytest.raises(aenb.AenbError, match="`x`: expected examples"):
        aenb.activations(deep, "encoder", x[:0])
    with pytest.raises(aenb.AenbError, match="`model`: expected a Keras model or a run; received a str"):
        aenb.activations("deep", "encoder", x)
    with pytest.raises(aenb.AenbError, match="`batch_size`: expected a whole number of at least 1; received 0"):
        aenb.activations(deep, "encoder", x, batch_size=0)
    assert {"encoder", "encoder/hidden_1", "decoder/output"} <= set(layers_of(deep))
