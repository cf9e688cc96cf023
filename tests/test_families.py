"""The contract that every family of the registry keeps."""

import json
import subprocess
import sys

import numpy as np
import pytest

import aenb

SHAPES = {
    "shallow": [(8, 8, 1), (7, 5, 3), (13,)],
    "deep": [(8, 8, 1), (7, 5, 3), (13,)],
    "conv": [(8, 8, 1), (7, 5, 3)],
}
CASES = [(family, shape) for family in aenb.families() for shape in SHAPES[family]]


def items(shape, n=96):
    return np.random.default_rng(0).random((n, *shape), "float32")


@pytest.mark.parametrize(("family", "shape"), CASES)
def test_builds_from_defaults_and_fits_with_validation(family, shape):
    model = aenb.build_model(family, shape)
    x = items(shape)
    history = model.fit(x, x, validation_data=(x[:32], x[:32]), epochs=2, verbose=0).history
    assert {"loss", "val_loss"} <= set(history)
    assert history["loss"][-1] < history["loss"][0]
    assert model.output_shape == (None, *shape)
    assert model.get_layer("encoder").output_shape == (None, 32)
    assert model.get_layer("decoder").input_shape == (None, 32)


FRESH = """
import json, sys
import keras, numpy as np
x = np.load(sys.argv[1])
outputs = {}
model = keras.models.load_model(sys.argv[2] + "/model.keras")
encoder = keras.models.load_model(sys.argv[2] + "/encoder.keras")
decoder = keras.models.load_model(sys.argv[2] + "/decoder.keras")
code = encoder.predict(x, verbose=0)
np.savez(sys.argv[2] + "/out.npz", whole=model.predict(x, verbose=0), code=code, parts=decoder.predict(code, verbose=0))
print(json.dumps(sorted(m for m in sys.modules if m.startswith("aenb"))))
"""


@pytest.mark.parametrize("family", list(aenb.families()))
def test_saved_it_gives_the_same_in_a_fresh_process_without_aenb(family, tmp_path):
    shape = SHAPES[family][1]
    model, x = aenb.build_model(family, shape, latent_dim=4), items(shape)
    model.fit(x, x, epochs=1, verbose=0)
    model.save(tmp_path / "model.keras")
    for part in ("encoder", "decoder"):
        model.get_layer(part).save(tmp_path / f"{part}.keras")
    np.save(tmp_path / "x.npy", x)
    done = subprocess.run(
        [sys.executable, "-c", FRESH, str(tmp_path / "x.npy"), str(tmp_path)],
        capture_output=True, text=True, timeout=240, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == []  # no aenb in sight
    with np.load(tmp_path / "out.npz") as out:
        np.testing.assert_allclose(out["whole"], model.predict(x, verbose=0), atol=1e-6)
        np.testing.assert_allclose(out["parts"], model.predict(x, verbose=0), atol=1e-6)


@pytest.mark.parametrize("family", list(aenb.families()))
def test_a_misspelt_hyperparameter_is_named_with_the_nearest(family):
    with pytest.raises(aenb.AenbError, match="Did you mean `latent_dim`"):
        aenb.build_model(family, (8, 8, 1), latent_dims=3)


@pytest.mark.parametrize("family", list(aenb.families()))
@pytest.mark.parametrize("value", [0, -1, "two", 10**9, 2.5, None, True])
def test_a_latent_dim_of_wrong_type_or_range_is_refused(family, value):
    with pytest.raises(aenb.AenbError, match="expected a whole number from 1 to 65536"):
        aenb.build_model(family, (8, 8, 1), latent_dim=value)


@pytest.mark.parametrize("shape", [(), (8, 8, 1, 1), (0,), (8, 8, 0), "image", None, 5])
def test_a_shape_that_no_model_takes_is_refused(shape):
    with pytest.raises(aenb.AenbError, match="input_shape"):
        aenb.build_model("deep", shape)


@pytest.mark.parametrize("family", list(aenb.families()))
def test_every_hyperparameter_has_help_and_a_default_that_is_taken(family):
    entry = aenb.families()[family]
    for field in entry.fields.values():
        assert field.help
        assert field.check(field.default) == field.default
    assert entry.summary
    assert entry.paper


@pytest.mark.parametrize("family", list(aenb.families()))
def test_parts_of_ones_own_replace_the_built_ones(family):
    import keras

    encoder = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3)])
    decoder = keras.Sequential([keras.layers.Dense(64), keras.layers.Reshape((8, 8, 1))])
    model = aenb.build_model(family, (8, 8, 1), encoder=encoder, decoder=decoder)
    assert model.get_layer("encoder").output_shape == (None, 3)
    x = items((8, 8, 1))
    model.fit(x, x, epochs=1, verbose=0)
    np.testing.assert_allclose(
        model.predict(x, verbose=0), decoder.predict(encoder.predict(x, verbose=0), verbose=0), atol=1e-6
    )


def test_parts_that_do_not_fit_are_named():
    import keras

    wide = keras.Sequential([keras.layers.Dense(10)])
    with pytest.raises(aenb.AenbError, match=r"`decoder`: expected to give \(8, 8, 1\).*received \(10,\)"):
        aenb.build_model("deep", (8, 8, 1), decoder=wide)
    with pytest.raises(aenb.AenbError, match="`encoder`: expected to give a vector"):
        aenb.build_model("deep", (8, 8, 1), encoder=keras.Sequential([keras.layers.Conv2D(2, 3)]))
    with pytest.raises(aenb.AenbError, match="`encoder`: expected a Keras model"):
        aenb.build_model("deep", (8,), encoder=keras.Sequential([keras.layers.Conv2D(2, 3)]))
    with pytest.raises(aenb.AenbError, match=r"`encoder`.*expected a Keras model.*received 'mine'"):
        aenb.build_model("deep", (8,), encoder="mine")


def test_conv_refuses_tables_and_says_so():
    with pytest.raises(aenb.AenbError, match=r"`conv` takes images.*received items of \(13,\)"):
        aenb.build_model("conv", (13,))


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 9, 2), (27, 31, 3), (33, 8, 4)])
@pytest.mark.parametrize("filters", [(4,), (4, 8, 8)])
def test_conv_takes_any_height_width_and_channels(shape, filters):
    model = aenb.build_model("conv", shape, filters=filters, kernel_size=5, latent_dim=2)
    assert model.predict(items(shape, 3), verbose=0).shape == (3, *shape)


def test_the_catalogue_shows_itself():
    families = aenb.families()
    assert list(families)[:3] == ["shallow", "deep", "conv"]
    assert "Hinton" in repr(families)
    assert "<table" in families._repr_html_()


def test_the_textbook_example():
    """784-64-32-64-784, ReLU inside, sigmoid at the end, Adam, squared error."""
    model = aenb.build_model("deep", (28, 28, 1), hidden_units=(64,), latent_dim=32, latent_activation="relu")
    parts = [model.get_layer("encoder"), model.get_layer("decoder")]
    dense = [layer for part in parts for layer in part.layers if hasattr(layer, "units")]
    assert [layer.units for layer in dense] == [64, 32, 64, 784]
    assert [layer.activation.__name__ for layer in dense] == ["relu", "relu", "relu", "sigmoid"]
    assert type(model.optimizer).__name__ == "Adam"
    assert model.loss == "mean_squared_error"
