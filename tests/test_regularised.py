"""Regularised and Wasserstein autoencoders: their losses against NumPy, and what they do to codes."""

import numpy as np
import pytest

import aenb
from aenb.core import backend
from aenb.core.backend import keras, tf
from aenb.models.losses.discrepancy import mean_discrepancy
from tests import eager


@pytest.fixture(scope="module", autouse=True)
def _started():
    backend.start()


def items(n=32, shape=(8, 8, 1)):
    return np.random.default_rng(0).random((n, *shape), "float32")


# Regularised autoencoders


@pytest.mark.parametrize(("family", "size"), [("conv", {"filters": (4, 8)}), ("deep", {"hidden_units": (16,)})])
def test_the_loss_is_that_of_the_paper(family, size):
    keras.utils.set_random_seed(0)
    model, x = (
        aenb.build_model(family, (8, 8, 1), code_penalty=0.3, decoder_penalty=0.02, latent_dim=5, **size),
        items(),
    )
    z = np.asarray(model.get_layer("encoder")(x), "float64")
    error = np.mean((np.asarray(model.get_layer("decoder")(z.astype("float32"))) - x) ** 2)
    kernels = [weight for weight in model.get_layer("decoder").get_weights() if weight.ndim > 1]
    theta = sum((kernel.astype("float64") ** 2).sum() for kernel in kernels)
    expected = error + 0.3 * 0.5 * (z**2).sum(axis=1).mean() + 0.02 * theta
    found = eager.evaluate(model, x, x)
    assert found["loss"] == pytest.approx(expected, rel=1e-5)
    assert found["reconstruction_loss"] == pytest.approx(error, rel=1e-5)
    assert expected > 2 * error


def test_without_weights_nothing_is_added():
    keras.utils.set_random_seed(0)
    model, x = aenb.build_model("conv", (8, 8, 1)), items()
    assert [layer.name for layer in model.layers][1:] == ["encoder", "decoder"]
    assert not model.losses
    assert eager.evaluate(model, x, x)["loss"] == pytest.approx(np.mean((np.asarray(model(x)) - x) ** 2), rel=1e-5)


@pytest.mark.thorough
def test_the_penalties_keep_codes_and_weights_small_and_are_saved(digits, tmp_path):
    def trained(**settings):
        return aenb.train("deep", digits, hidden_units=(32,), latent_dim=4, epochs=8, verbose=False, **settings)

    def norms(run):
        kernels = [weight for weight in run.model.get_layer("decoder").get_weights() if weight.ndim > 1]
        return np.square(run.encode(digits.x_test)).sum(axis=1).mean(), sum((kernel**2).sum() for kernel in kernels)

    plain, regularised = trained(), trained(code_penalty=1e-3, decoder_penalty=1e-4)
    (codes, weights), (small_codes, small_weights) = norms(plain), norms(regularised)
    assert small_codes < 0.5 * codes
    assert small_weights < weights
    loaded = aenb.load_run(regularised.save(tmp_path / "run"))
    np.testing.assert_allclose(loaded.reconstruct(digits.x_test[:5]), regularised.reconstruct(digits.x_test[:5]))
    x = digits.x_test
    assert eager.evaluate(loaded.model, x, x) == pytest.approx(eager.evaluate(regularised.model, x, x))
    assert "behind-pca" not in {finding.code for finding in regularised.diagnose()}


# WAE-MMD


def by_numpy(x, y):
    """Algorithm 2 of the paper, pair by pair."""
    n, scale = len(x), 2 * x.shape[1]

    def k(a, b):
        return scale / (scale + ((a - b) ** 2).sum())

    within = sum(k(x[i], x[j]) + k(y[i], y[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    return within - 2 * sum(k(a, b) for a in x for b in y) / n**2


def test_the_discrepancy_is_that_of_numpy_pair_by_pair():
    draw = np.random.default_rng(0)
    x, y = draw.normal(1, 2, (13, 3)), draw.normal(size=(13, 3))
    assert float(mean_discrepancy(tf.constant(x, "float32"), tf.constant(y, "float32"))) == pytest.approx(
        by_numpy(x, y), rel=1e-4
    )


def test_the_discrepancy_of_two_points_is_that_of_the_kernel():
    """Of a sample that is all at a and one that is all at b: 2 − 2 k(a, b) = 2 ‖a − b‖² / (C + ‖a − b‖²)."""
    x, y = tf.zeros((5, 2)), tf.fill((5, 2), 3.0)
    assert float(mean_discrepancy(x, y)) == pytest.approx(2 * 18 / (4 + 18), rel=1e-5)


def test_the_discrepancy_has_no_bias_between_equal_distributions():
    draw = np.random.default_rng(0)
    found = [
        float(mean_discrepancy(*(tf.constant(draw.normal(size=(20, 3)), "float32") for _ in range(2))))
        for _ in range(200)
    ]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(200)


def test_the_loss_is_the_error_and_the_discrepancy():
    keras.utils.set_random_seed(0)
    model, x = aenb.build_model("aae", (8, 8, 1), matching="mmd", prior_weight=0.7, latent_dim=3), items()
    seed = np.array(model.seeds.state)
    terms = {name: float(value) for name, value in model.test_step((tf.constant(x), tf.constant(x))).items()}
    model.seeds.state.assign(seed)
    code = np.asarray(model.encode(x))
    against = by_numpy(code, np.asarray(keras.random.normal((32, 3), seed=model.seeds)))
    error = np.mean((np.asarray(model.decode(code)) - x) ** 2)
    assert terms["regularisation_loss"] == pytest.approx(against, abs=1e-5)
    assert terms["loss"] == pytest.approx(error + 0.7 * against, rel=1e-4)
    assert [layer.name for layer in model.layers] == ["encoder", "decoder"]


@pytest.mark.thorough
def test_codes_come_to_the_prior(digits, tmp_path):
    def moments(weight):
        run = aenb.train(
            "aae", digits, matching="mmd", prior_weight=weight, latent_dim=3, hidden_units=(32,), epochs=15,
            batch_size=64, learning_rate=3e-3, verbose=False,
        )  # fmt: skip
        codes = run.encode(digits.x_train)
        return run, abs(np.square(codes).sum(axis=1).mean() - 3), np.abs(codes.mean(axis=0)).max()

    run, scale, centre = moments(0.1)
    _, free_scale, _ = moments(0.0)
    assert scale < 1 < free_scale
    assert centre < 0.4
    loaded = aenb.load_run(run.save(tmp_path / "run"))
    np.testing.assert_allclose(loaded.generate(3, seed=1), run.generate(3, seed=1), atol=1e-6)


def test_settings_of_the_discriminator_are_refused():
    with pytest.raises(aenb.AenbError, match=r"`discriminator_units`: expected its default.*mmd"):
        aenb.build_model("aae", (8, 8, 1), matching="mmd", discriminator_units=(8,))
