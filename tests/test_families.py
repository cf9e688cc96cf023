"""The contract that every family of the registry keeps."""

import numpy as np
import pytest

import aenb
from aenb.latent import coding
from aenb.models.autoencoder import parts
from tests import fresh
from tests.thorough import thorough

FAMILIES = list(aenb.families())
ITEMS = {"image": (7, 5, 3), "large": (13, 18, 1), "table": (13,), "signal": (9, 2), "text": (6,)}
KIND = {"large": "image", "table": "tabular"}  # of the shapes below, in the registry's words
CASES = [(family, kind) for family in FAMILIES for kind in ITEMS]
SMALL = {"latent_dim": 4, "hidden_units": (16,), "embed_dim": 8, "num_layers": 1, "num_heads": 2, "num_embeddings": 8}
SMALL |= {"embedding_dim": 4, "sampling_steps": 4}
WORDS = 11
STOCK = ["shallow", "deep", "conv"]  # one Keras model of stock layers, loss and all


def small(family, kind="image"):
    """Return hyperparameters that make a family quick, as far as it has them."""
    fields = aenb.families()[family].fields
    text = {"vocabulary": WORDS} if kind == "text" else {}
    return {name: value for name, value in {**SMALL, **text}.items() if name in fields}


def items(shape, n=96, kind="image"):
    draw = np.random.default_rng(0)
    return draw.integers(1, WORDS, (n, *shape)) if kind == "text" else draw.random((n, *shape), "float32")


@pytest.mark.parametrize(("family", "kind"), CASES)
def test_takes_what_it_says_and_refuses_the_rest(family, kind):
    shape = ITEMS[kind]
    if KIND.get(kind, kind) not in aenb.families()[family].takes:
        with pytest.raises(aenb.AenbError, match=f"`{family}`.*received.*Families for"):
            aenb.families()[family].check_kind(KIND.get(kind, kind), "this")
        if kind != "text":
            with pytest.raises(aenb.AenbError, match=f"`{family}`.*received"):
                aenb.build_model(family, shape)
        return
    model = aenb.build_model(family, shape, **small(family, kind))
    model.run_eagerly = True  # two batches: tracing would take longer
    x = items(shape, kind=kind)
    if kind != "large":  # what learns of small images learns of these
        history = model.fit(x, x, validation_data=(x[:32], x[:32]), epochs=1, batch_size=48, verbose=0).history
        assert {"loss", "val_loss"} <= set(history)
        assert all(np.isfinite(values).all() for values in history.values())
    made = coding.reconstruct(model, x[:3])
    assert made.shape == (3, *shape)
    assert made.dtype == ("int32" if kind == "text" else "float32")
    assert coding.encode(model, x[:3]).shape == (3, *coding.code_shape(model))


@pytest.mark.parametrize("family", FAMILIES)
def test_builds_from_defaults(family):
    model = aenb.build_model(family, (28, 28, 1))
    assert model.output_shape == (None, 28, 28, 1)
    assert 10_000 < model.count_params() < 6_000_000
    names = set(parts(model))
    assert {"encoder", "decoder"} <= names or {"generator", "discriminator"} <= names or "denoiser" in names
    if "latent_dim" in aenb.families()[family].fields:
        assert coding.code_shape(model) == (aenb.families()[family].fields["latent_dim"].default,)


FRESH = """
import json, sys
import keras, numpy as np
from pathlib import Path
root, stock = Path(sys.argv[1]), sys.argv[2].split(",")
x = np.load(root / "x.npy")
for folder in (root / name for name in stock):
    np.save(folder / "whole.npy", keras.models.load_model(folder / "model.keras")(x))
for file in root.glob("*/part-*.keras"):
    keras.models.load_model(file)
assert not [name for name in sys.modules if name.startswith("aenb")]
for folder in root.iterdir():
    if folder.is_dir() and folder.name not in stock:
        import aenb.models.custom_objects
        np.save(folder / "whole.npy", keras.models.load_model(folder / "model.keras")(x))
"""


def test_saved_they_give_the_same_in_a_fresh_process_and_their_parts_without_aenb(tmp_path):
    shape, models = ITEMS["image"], {}
    x = items(shape, 8)
    np.save(tmp_path / "x.npy", x)
    for family in FAMILIES:
        models[family] = model = aenb.build_model(family, shape, **small(family))
        folder = tmp_path / family
        folder.mkdir()
        model.save(folder / "model.keras")
        for name, part in parts(model).items():
            part.save(folder / f"part-{name}.keras")
    fresh.run(FRESH, tmp_path, ",".join(STOCK))
    for family, model in models.items():
        whole = np.load(tmp_path / family / "whole.npy")
        np.testing.assert_allclose(whole, model(x), atol=1e-5, err_msg=family)


def small_run(family, digits):
    return aenb.train(family, digits, epochs=2, seed=3, verbose=False, limit=300, **small(family))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_training_gives_a_run_that_does_what_a_run_does(family, digits, tmp_path):
    run = small_run(family, digits)
    x = run.data.x_test[:5]
    z = run.encode(x)
    assert z.shape == (5, run.latent_dim)
    assert run.decode(z).shape == x.shape
    np.testing.assert_allclose(run.reconstruct(x), run.decode(z), atol=1e-6)
    made = run.generate(4, seed=1)
    assert made.shape == (4, 8, 8, 1)
    np.testing.assert_array_equal(made, run.generate(4, seed=1))
    assert np.abs(made - run.generate(4, seed=2)).max() > 0
    assert 0 <= made.min() <= made.max() <= 1
    scores = run.evaluate(verbose=False)
    assert {"mse", "pca_mse", "frechet", "recall"} <= set(scores)
    assert np.isfinite([*scores.values()]).all()
    assert family in repr(run)
    assert "not-checked" not in {finding.code for finding in run.diagnose()}
    loaded = aenb.load_run(run.save(tmp_path / "saved"))
    np.testing.assert_allclose(loaded.reconstruct(x), run.reconstruct(x), atol=1e-5)
    np.testing.assert_allclose(loaded.generate(4, seed=1), made, atol=1e-3)


@pytest.mark.parametrize(
    "family", ["vae", "gan", *thorough(*(name for name in FAMILIES if name not in ("vae", "gan")))]
)
def test_the_same_seed_gives_the_same_bits(family, digits):
    one, other = small_run(family, digits), small_run(family, digits)
    assert one.history == other.history
    for weight, again in zip(one.model.weights, other.model.weights, strict=True):
        np.testing.assert_array_equal(weight.numpy(), again.numpy())


@pytest.mark.parametrize("family", FAMILIES)
def test_a_misspelt_hyperparameter_is_named_with_the_nearest(family):
    name = next(iter(aenb.families()[family].fields))
    with pytest.raises(aenb.AenbError, match=f"Did you mean `{name}`"):
        aenb.build_model(family, (8, 8, 1), **{f"{name}s": 3})


@pytest.mark.parametrize("family", [name for name in FAMILIES if "latent_dim" in aenb.families()[name].fields])
@pytest.mark.parametrize("value", [0, -1, "two", 10**9, 2.5, None, True])
def test_a_latent_dim_of_wrong_type_or_range_is_refused(family, value):
    with pytest.raises(aenb.AenbError, match="expected a whole number from 1 to 65536"):
        aenb.build_model(family, (8, 8, 1), latent_dim=value)


@pytest.mark.parametrize("shape", [(), (8, 8, 1, 1), (0,), (8, 8, 0), "image", None, 5])
def test_a_shape_that_no_model_takes_is_refused(shape):
    with pytest.raises(aenb.AenbError, match="input_shape"):
        aenb.build_model("deep", shape)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_hyperparameter_has_help_and_a_default_that_is_taken(family):
    entry = aenb.families()[family]
    for field in entry.fields.values():
        assert field.help
        assert field.check(field.default) == field.default
    assert entry.summary
    assert entry.paper


@pytest.mark.parametrize("family", STOCK)
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
    with pytest.raises(aenb.AenbError, match=r"`conv`: expected images.*received the input shape \(13,\)"):
        aenb.build_model("conv", (13,))


@pytest.mark.slow
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
