"""Defaults that fit the data: the budget in steps, the start as PCA, and what leaves all of it as it was."""

import math

import numpy as np
import pytest
from sklearn.decomposition import PCA

import aenb
from aenb.core import backend
from aenb.core.progress import Silent
from aenb.data.small import FEW_IMAGES
from aenb.models.architecture.linear_path import has_linear_path
from aenb.runs.spec import EPOCHS
from aenb.training.build import new_run
from aenb.training.fitted_defaults import STEPS, batch_size, fitted
from aenb.training.linear_start import begin_as_pca
from aenb.training.session import validation_size


def rows(n=60, features=6, seed=0):
    """Rows near a curved surface of three dimensions."""
    draw = np.random.default_rng(seed)
    hidden = draw.normal(size=(n, 3))
    return np.tanh(hidden @ draw.normal(size=(3, features))) + 0.1 * draw.normal(size=(n, features))


def started(family, data, **hyperparameters):
    """Build the model that a training with the defaults begins with."""
    run, loaded = new_run(aenb.Spec(family, hyperparameters=hyperparameters), data, Silent(), [])
    begin_as_pca(run.model, loaded)
    return run, loaded


def pca_error(data, dimensions):
    train, test = (x.reshape(len(x), -1).astype("float64") for x in (data.x_train, data.x_test))
    pca = PCA(min(dimensions, *train.shape), svd_solver="full").fit(train)
    return np.mean((pca.inverse_transform(pca.transform(test)) - test) ** 2)


@pytest.mark.parametrize("n", [8, 60, 700, 5000])
@pytest.mark.parametrize("asked", [{}, {"batch_size": 64}])
def test_the_budget_of_small_data_counts_steps(n, asked):
    data = aenb.load_data(rows(n))
    spec, _ = fitted(aenb.Spec("deep", **asked), data)
    size = batch_size(spec, len(data.train))
    assert size == asked.get("batch_size", size)
    steps = math.ceil((len(data.train) - validation_size(data)) / size)
    assert spec.epochs == max(EPOCHS, math.ceil(STEPS / steps))


def test_epochs_that_are_named_leave_a_spec_as_it_is():
    spec = aenb.Spec("deep", epochs=EPOCHS)
    assert fitted(spec, aenb.load_data(rows())) == (spec, [])


def test_large_sets_of_images_keep_the_textbooks_defaults():
    digits, spec = aenb.load_data("digits"), aenb.Spec("conv")
    assert len(digits.train) >= FEW_IMAGES
    for data in (digits, digits.limit(100)):
        found, notes = fitted(spec, data)
        assert (found.epochs, found.hyperparameters, found.batch_size, found.patience, notes) == (
            20,
            {},
            None,
            None,
            [],
        )


def test_an_explicit_architecture_is_kept():
    data = aenb.load_data(rows())
    for asked in ({"hidden_units": (9,)}, {"linear_path": False}, {"loss": "mae"}):
        assert fitted(aenb.Spec("deep", hyperparameters=asked), data)[0].hyperparameters == asked
    spec, _ = fitted(aenb.Spec("deep", hyperparameters={"latent_dim": 4}), data)
    assert spec.hyperparameters == {
        "latent_dim": 4, "linear_path": True, "hidden_units": (16, 16), "activation": "tanh"
    }  # fmt: skip
    assert fitted(aenb.Spec("vae"), data)[0].hyperparameters == {}


def test_a_model_is_no_larger_than_small_data_needs():
    images = np.random.default_rng(0).random((128, 40, 64, 1)).astype("float32")
    found = fitted(aenb.Spec("conv"), aenb.load_data(images))[0].hyperparameters
    assert found == {"latent_dim": 32, "linear_path": True, "filters": (16, 32)}
    found = fitted(aenb.Spec("deep"), aenb.load_data(rows(400, 13)))[0].hyperparameters
    assert found == {"latent_dim": 7, "linear_path": True, "hidden_units": (128, 64), "activation": "tanh"}


@pytest.mark.parametrize("n", [60, 9])
def test_the_start_is_pca(n):
    """Also with fewer examples than dimensions of the code."""
    run, data = started("deep", rows(n, 20), latent_dim=10)
    rank = min(10, len(data.train) - 1)
    ours, theirs = np.mean((run.reconstruct(data.x_test) - data.x_test) ** 2), pca_error(data, rank)
    assert ours == pytest.approx(theirs, rel=1e-4) if rank == 10 else ours <= theirs * 1.0001
    np.testing.assert_allclose(run.encode(data.x_train).std(axis=0)[:rank], 1, atol=1e-4)


@pytest.mark.parametrize("family", ["deep", "conv"])
def test_the_start_on_images_is_pca_with_clipped_pixels(family):
    from sklearn.datasets import load_digits

    run, data = started(family, load_digits().images[:100] / 16, latent_dim=10)
    reconstructed = run.reconstruct(data.x_test)
    assert reconstructed.min() >= 0
    assert reconstructed.max() <= 1
    assert np.mean((reconstructed - data.x_test) ** 2) < pca_error(data, 10)


def test_the_start_with_missing_values_takes_them_for_the_mean():
    x = rows()
    x[::4, 2] = np.nan
    run, data = started("deep", x)
    filled = np.nan_to_num(data.x_train).astype("float64")
    pca = PCA(run.latent_dim).fit(filled)
    expected = pca.inverse_transform(pca.transform(np.nan_to_num(data.x_test)))
    np.testing.assert_allclose(run.reconstruct(np.nan_to_num(data.x_test)), expected, atol=1e-4)


@pytest.fixture(scope="module")
def by_default():
    return aenb.train("deep", rows(), verbose=False)


def test_a_default_training_is_not_worse_than_pca_and_its_cell_asks_for_the_same(by_default):
    scores = by_default.evaluate(parts="reconstruction")
    assert scores["mse"] <= scores["pca_mse"] * 1.005
    assert by_default.spec.patience == by_default.spec.epochs // 5
    cell = by_default.to_cell()
    assert f"--epochs {by_default.spec.epochs}" in cell
    assert "linear_path = True" in cell
    assert aenb.Spec.from_dict(by_default.spec.to_dict()) == by_default.spec


def test_it_is_saved_and_loaded_and_opens_in_plain_keras(by_default, tmp_path):
    by_default.save(tmp_path / "run")
    loaded, x = aenb.load_run(tmp_path / "run"), by_default.data.x_test
    expected = by_default.reconstruct(x)
    np.testing.assert_array_equal(loaded.reconstruct(x), expected)
    plain = backend.keras.saving.load_model(tmp_path / "run" / "model.keras", custom_objects={}, safe_mode=True)
    np.testing.assert_allclose(np.asarray(plain(x)), expected, atol=1e-6)
    assert has_linear_path(loaded.model)


def test_the_start_is_kept_if_no_epoch_is_better(tmp_path):
    """Steps that are far too long make all epochs worse; so does a resumed training."""
    settings = {"patience": 50, "learning_rate": 0.3, "linear_path": True, "hidden_units": (16,), "latent_dim": 3}
    run = aenb.train("deep", rows(), epochs=4, verbose=False, **settings)
    scores = run.evaluate(parts="reconstruction")
    assert scores["mse"] == pytest.approx(scores["pca_mse"], rel=1e-4)
    assert min(run.history["val_loss"]) > run.evaluate(parts="reconstruction")["mse"]
    assert run.record["is_pca"]
    assert any("the model is PCA" in note for note in run.record["notes"])
    assert not [one for one in run.diagnose() if one.code == "over-fitting"]

    def stop(epoch, logs):
        if epoch == 1:
            raise KeyboardInterrupt

    watcher = backend.keras.callbacks.LambdaCallback(on_epoch_end=stop)
    aenb.train("deep", rows(), epochs=4, checkpoint=tmp_path, callbacks=[watcher], verbose=False, **settings)
    resumed = aenb.train("deep", rows(), epochs=4, checkpoint=tmp_path, resume=True, verbose=False, **settings)
    assert resumed.record["is_pca"]
    for ours, theirs in zip(resumed.model.get_weights(), run.model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.thorough
def test_the_remedy_for_small_data_ends_behind_pca_no_more():
    from sklearn.datasets import load_wine

    run = aenb.train("deep", load_wine().data, latent_dim=7, epochs=20, verbose=False)
    scores, (found,) = run.evaluate(parts="reconstruction"), [f for f in run.diagnose() if f.code == "no-linear-path"]
    assert scores["mse"] > 1.05 * scores["pca_mse"]
    assert found.remedy == "linear_path = True"
    assert "142 training examples are too few" in found.message
    repaired = aenb.train("deep", load_wine().data, latent_dim=7, epochs=20, linear_path=True, verbose=False)
    scores = repaired.evaluate(parts="reconstruction")
    assert scores["mse"] <= 1.005 * scores["pca_mse"]
    assert not {"no-linear-path", "behind-pca"} & {finding.code for finding in repaired.diagnose()}


@pytest.mark.parametrize(
    ("shape", "settings", "received"),
    [((6,), {"loss": "mae"}, "the loss mae"), ((8,), {"vocabulary": 9}, "texts"),
     ((8, 8, 1), {"output_activation": "sigmoid"}, "output activation sigmoid")],
)  # fmt: skip
def test_a_linear_path_is_refused_where_pca_is_not_the_best_start(shape, settings, received):
    with pytest.raises(aenb.AenbError, match=f"`linear_path`: .*{received}"):
        aenb.build_model("deep", shape, linear_path=True, **settings)
