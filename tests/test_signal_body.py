"""Convolutions along time, and a recurrent layer."""

import numpy as np
import pytest

import aenb
from aenb.core.backend import keras

X = np.stack([np.sin(np.arange(21) / 3 + phase) for phase in np.linspace(0, 6, 60)]).astype("float32")[..., None]


@pytest.mark.slow
@pytest.mark.parametrize("steps", [1, 9, 32])
@pytest.mark.parametrize(
    "how", [{"filters": (4, 6)}, {"filters": (4, 4, 4), "recurrent_units": 3}, {"filters": (), "recurrent_units": 5}]
)
def test_signals_of_any_length_keep_their_shape(steps, how):
    model = aenb.build_model("conv", (steps, 2), latent_dim=3, **how)
    assert model.output_shape == (None, steps, 2)
    assert model.get_layer("encoder").output_shape == (None, 3)
    assert np.isfinite(model(np.ones((2, steps, 2), "float32"))).all()


def test_each_level_halves_the_steps():
    encoder = aenb.build_model("conv", (21, 1), filters=(4, 8), latent_dim=2).get_layer("encoder")
    assert encoder.get_layer("conv_1").output.shape == (None, 11, 4)
    assert encoder.get_layer("conv_2").output.shape == (None, 6, 8)


def test_the_recurrent_layer_reads_the_steps_in_their_order():
    encoder = aenb.build_model("conv", (6, 1), filters=(), recurrent_units=4, latent_dim=2).get_layer("encoder")
    assert isinstance(encoder.get_layer("recurrent"), keras.layers.Bidirectional)
    x = np.arange(6, dtype="float32").reshape(1, 6, 1)
    assert not np.allclose(encoder(x), encoder(x[:, ::-1]), atol=1e-4)


@pytest.mark.thorough
@pytest.mark.slow
@pytest.mark.parametrize("how", [{"filters": (8, 8)}, {"filters": (8,), "recurrent_units": 8}])
def test_it_learns_waves(how):
    run = aenb.train(
        "conv", X, latent_dim=2, epochs=60, learning_rate=1e-2, batch_size=16, seed=0, verbose=False, **how
    )
    scores = run.evaluate(parts="reconstruction")
    assert scores["mse"] < 0.3 * scores["mean_mse"]


@pytest.mark.slow
def test_a_linear_path_begins_as_pca():
    run = aenb.train(
        "conv", X, latent_dim=2, filters=(8,), linear_path=True, epochs=1, learning_rate=1e-9, seed=0, verbose=False
    )
    scores = run.evaluate(parts="reconstruction")
    assert scores["mse"] == pytest.approx(scores["pca_mse"], rel=0.2, abs=1e-3)


@pytest.mark.parametrize(
    ("shape", "how", "words"),
    [((8, 8, 1), {"recurrent_units": 3}, "expected 0 for images"), ((8, 1), {"filters": ()}, "at least one level")],
)
def test_what_does_not_fit_is_named(shape, how, words):
    with pytest.raises(aenb.AenbError, match=words):
        aenb.build_model("conv", shape, latent_dim=2, **how)
