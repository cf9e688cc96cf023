"""Your own Keras model, on the engine, with all that a run has."""

import numpy as np
import pytest

import aenb
from aenb.core.backend import keras


def plain(*, loss="mse", code=4):
    """A sequential model without named parts."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(32, "relu"), layers.Dense(code, name="narrow"),
            layers.Dense(32, "relu"), layers.Dense(64, "sigmoid"), layers.Reshape((8, 8, 1)),
        ]
    )  # fmt: skip
    model.compile(keras.optimizers.Adam(3e-3), loss)
    return model


def named():
    """A functional model with the parts "encoder" and "decoder"."""
    encoder = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3)], name="encoder")
    decoder = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(64), keras.layers.Reshape((8, 8, 1))], name="decoder"
    )
    inputs = keras.Input((8, 8, 1))
    model = keras.Model(inputs, decoder(encoder(inputs)))
    model.compile(keras.optimizers.SGD(0.1), "mae")
    return model


@pytest.mark.parametrize(
    ("build", "size", "rate"), [pytest.param(plain, 4, 3e-3, marks=pytest.mark.thorough), (named, 3, 0.1)]
)
def test_it_is_trained_in_place_and_has_codes_scores_views_and_samples(digits, build, size, rate):
    model = build()
    before = model.get_weights()
    run = aenb.train(model, digits, epochs=3, verbose=False)
    assert len(run.history["val_loss"]) == 3
    assert run.record["learning_rate"] == pytest.approx(rate)
    assert all((a != b).any() for a, b in zip(before, model.get_weights(), strict=True) if a.ndim == 2)
    x = digits.x_test
    np.testing.assert_allclose(run.reconstruct(x), np.asarray(model(x)), atol=1e-5)
    assert run.encode(x).shape == (360, size)
    assert run.generate(2).shape == (2, 8, 8, 1)
    scores = run.evaluate()
    assert scores["mse"] == pytest.approx(float(np.square(np.asarray(model(x)) - x).mean()), rel=1e-4)
    assert {"pca_mse", "linear_probe", "frechet"} <= set(scores)
    assert {"reconstructions", "codes"} <= set(run.show())
    assert "not-checked" not in {finding.code for finding in run.diagnose()}


def test_the_loss_is_the_one_that_it_was_compiled_with(digits):
    run = aenb.train(named(), digits, epochs=1, verbose=False)
    x = digits.x_test
    assert run.model.evaluate(x, x, verbose=0) == pytest.approx(float(np.abs(run.reconstruct(x) - x).mean()), rel=1e-3)


def test_its_training_equals_one_by_fit_of_the_same_model(digits):
    ours, keras_own = plain(), plain()
    keras_own.set_weights(ours.get_weights())
    run = aenb.train(ours, digits, epochs=8, verbose=False)
    x = digits.x_train
    losses = keras_own.fit(x, x, epochs=8, batch_size=run.record["batch_size"], verbose=0).history["loss"]
    assert run.history["loss"][-1] == pytest.approx(losses[-1], rel=0.1)


def test_it_is_saved_loaded_and_resumed(digits, tmp_path):
    run = aenb.train(plain(), digits, epochs=2, verbose=False, checkpoint=tmp_path / "point")
    loaded = aenb.load_run(run.save(tmp_path / "run"))
    np.testing.assert_array_equal(loaded.encode(digits.x_test), run.encode(digits.x_test))
    assert loaded.spec.family == "custom"
    assert "model = keras.models.model_from_json" in run.to_cell()
    again = aenb.train(plain(), digits, epochs=2, verbose=False, checkpoint=tmp_path / "point", resume=True)
    assert again.history == run.history


def no_loss():
    model = plain()
    return keras.Sequential(model.layers)


def around():
    inputs = keras.Input((8, 8, 1))
    flat = keras.layers.Flatten()(inputs)
    narrow = keras.layers.Dense(2, name="narrow")(flat)
    out = keras.layers.Dense(64)(keras.layers.Concatenate()([narrow, flat]))
    model = keras.Model(inputs, keras.layers.Reshape((8, 8, 1))(out))
    model.compile("adam", "mse")
    return model


def classifier():
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
    model.compile("adam", "mse")
    return model


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (no_loss, "expected a compiled Keras model"),
        (around, "another path leads around the layer `narrow`"),
        (classifier, r"from \(8, 8, 1\) to \(8, 8, 1\); received one from \(8, 8, 1\) to \(10,\)"),
        (lambda: 5, "family"),
    ],
)
def test_what_can_not_be_trained_is_said(digits, build, message):
    with pytest.raises(aenb.AenbError, match=message):
        aenb.train(build(), digits, epochs=1, verbose=False)


def test_it_is_no_family_of_the_list_and_is_not_restarted(digits):
    assert "custom" not in aenb.families()
    with pytest.raises(aenb.AenbError, match="`restarts`: expected 1"):
        aenb.train(plain(), digits, restarts=2, verbose=False)
    with pytest.raises(aenb.AenbError, match="`model`: expected a compiled Keras model; received none"):
        aenb.build_model("custom", (8, 8, 1))
