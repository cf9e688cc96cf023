"""The family diffusion: what it learns of a mixture, its U-Net, guidance, inpainting, and codes of a base."""

import numpy as np
import pytest

import aenb
from aenb.core.backend import tf
from aenb.evaluation.diagnosis.denoising import behind_linear_denoiser, too_much_guidance
from aenb.evaluation.diagnosis.measurements import Measurements
from aenb.models.denoisers.noise_schedule import OBJECTIVES
from aenb.models.denoisers.residual_network import time_features
from tests.test_denoising import drawn, levels, score
from tests.thorough import thorough

SMALL = {"hidden_units": (32,), "sampling_steps": 5, "limit": 400, "epochs": 3, "verbose": False}


@pytest.mark.parametrize("name", ["v", *thorough(*sorted(OBJECTIVES.keys() - {"v"}))])
def test_it_learns_the_score_of_a_mixture(name):
    x, noise = drawn(2048)
    model = aenb.build_model("diffusion", (2,), objective=name, hidden_units=(64, 64), weights_average=0.98)
    model.set_learning_rate(3e-3)
    model.fit(x, x, batch_size=256, epochs=40, verbose=0)
    alpha, sigma = levels(name, 0.5)
    noisy = tf.constant(alpha * x + sigma * noise)
    output = model.averaged_denoiser([noisy, time_features(tf.fill((len(x), 1), 0.5))])
    found = -OBJECTIVES[name].estimate(output, noisy, alpha, sigma)[1] / sigma
    exact = score(noisy, alpha, sigma)
    assert np.mean((found - exact) ** 2) < 0.1 * np.var(exact)
    samples = model.decode(noise).numpy()
    assert (samples[:, 0] > 0.25).mean() == pytest.approx((x[:, 0] > 0.25).mean(), abs=0.1)


@pytest.mark.parametrize("shape", [(1, 1, 1), (7, 5, 3), (23, 30, 1)])
def test_the_u_net_takes_any_height_and_width(shape):
    model = aenb.build_model("diffusion", shape, filters=(4, 8), conditional=True, num_classes=3)
    denoiser = model.get_layer("denoiser")
    inputs = [np.ones((2, *shape)), np.zeros((2, 8)), np.eye(4)[:2]]
    assert denoiser(inputs).shape == (2, *shape)
    assert not np.asarray(denoiser(inputs)).any()  # 0 at first


def test_the_default_is_compact():
    model = aenb.build_model("diffusion", (28, 28, 1))
    assert 500_000 < model.get_layer("denoiser").count_params() < 1_500_000
    assert model.code_shape == (784,)


@pytest.fixture(scope="module")
def conditional(digits):
    return aenb.train("diffusion", digits, conditional=True, guidance=50.0, **SMALL)


def test_classes_are_generated_with_the_guidance_asked_for(conditional):
    made = [conditional.generate(4, seed=1, labels=3, guidance=weight) for weight in (None, 50.0, 0.0)]
    np.testing.assert_array_equal(made[0], made[1])  # the model's own
    assert np.abs(made[0] - made[2]).max() > 0.01
    noise = np.random.default_rng(1).standard_normal((4, 64), "float32")
    np.testing.assert_allclose(conditional.decode(noise, [3] * 4), made[2], atol=1e-5)  # without guidance
    assert np.abs(made[2] - conditional.generate(4, seed=1, labels=8, guidance=0.0)).max() > 0


def test_the_noise_of_an_example_leads_back_to_it(conditional):
    x, labels = conditional.data.x_test[:20], conditional.data.y_test[:20]
    noise = conditional.encode(x, labels)
    assert noise.shape == (20, 64)
    assert np.square(conditional.reconstruct(x, labels) - x).mean() < 0.1 * x.var()


def test_inpainting_keeps_what_is_known(conditional):
    x, labels = conditional.data.x_test[:6], conditional.data.y_test[:6]
    mask = np.zeros((8, 8, 1), bool)
    mask[2:5, 2:5] = True
    filled = conditional.inpaint(x, mask, labels)
    np.testing.assert_array_equal(filled[:, ~mask], x[:, ~mask])
    np.testing.assert_allclose(filled, conditional.inpaint(np.where(mask, 0.3, x), mask, labels), atol=1e-6)
    assert filled[:, mask].std() > 0
    assert 0 <= filled.min() <= filled.max() <= 1


def test_a_denoiser_that_is_no_better_than_a_linear_one_is_found(conditional):
    measured = Measurements(conditional)
    (finding,) = behind_linear_denoiser(measured)
    assert finding.code == "linear-denoiser"
    measured.history = {"val_loss": [1e-3]}
    assert not list(behind_linear_denoiser(measured))


def test_a_model_reconstructs_in_a_graph():
    x = np.random.default_rng(0).random((5, 6, 5, 1), "float32")
    model = aenb.build_model("diffusion", (6, 5, 1), hidden_units=(8,), sampling_steps=3)
    np.testing.assert_allclose(model.predict(x, verbose=0), model(x), atol=1e-5)


def test_too_much_guidance_is_found():
    random, labels = np.random.default_rng(0), np.repeat([0, 1], 600)
    x = random.normal(size=(1200, 2)) + np.where(labels, 1, -1)[:, None]
    run = aenb.train(
        "diffusion", (x.astype("float32"), labels), conditional=True, guidance=8.0, hidden_units=(32, 32),
        sampling_steps=10, epochs=15, batch_size=64, learning_rate=5e-3, weights_average=0.98, verbose=False,
    )  # fmt: skip
    (finding,) = too_much_guidance(Measurements(run))
    assert (finding.code, finding.remedy) == ("too-much-guidance", "guidance = 2")
    run.spec.hyperparameters["guidance"] = 0.1
    assert not list(too_much_guidance(Measurements(run)))


@pytest.fixture(scope="module")
def base(digits):
    return aenb.train("vae", digits, latent_dim=3, hidden_units=(16,), epochs=2, limit=400, verbose=False)


@pytest.fixture(scope="module")
def latent(base, digits):
    return aenb.train("diffusion", digits, base=base, conditional=True, **SMALL)


def test_codes_and_reconstructions_are_those_of_the_base(latent, base):
    x, labels = base.data.x_test[:5], base.data.y_test[:5]
    np.testing.assert_array_equal(latent.encode(x, labels), base.encode(x))
    np.testing.assert_array_equal(latent.reconstruct(x, labels), base.reconstruct(x))
    assert base.model.trainable
    assert base.model.get_layer("encoder").trainable_weights  # the base itself can be trained on
    assert not latent.model.get_layer("encoder").trainable_weights


def test_codes_are_standardised_and_drawn_in_the_units_of_the_base(latent, base):
    codes = base.encode(base.data.x_train)
    mean = latent.model.own["code_mean"].numpy()
    spread = np.sqrt(latent.model.own["code_square"].numpy() - mean**2)
    np.testing.assert_allclose(mean, codes.mean(axis=0), atol=0.15 * codes.std())
    np.testing.assert_allclose(spread, codes.std(axis=0), rtol=0.15)
    drawn = latent.model.sample_prior(300, np.random.default_rng(0))
    np.testing.assert_allclose(drawn.std(axis=0), codes.std(axis=0), rtol=0.5)


def test_it_is_saved_with_its_base(latent, base, tmp_path):
    saved, folder = latent.save(tmp_path / "latent"), base.save(tmp_path / "base")
    loaded = aenb.load_run(saved)
    made = latent.generate(4, seed=1, labels=[0, 1, 2, 3], guidance=1.0)
    np.testing.assert_allclose(loaded.generate(4, seed=1, labels=[0, 1, 2, 3], guidance=1.0), made, atol=1e-5)
    model = aenb.build_model("diffusion", (8, 8, 1), base=folder, hidden_units=(8,))
    x = base.data.x_test[:3]
    np.testing.assert_allclose(model.encode(x), base.encode(x), atol=1e-6)


def test_a_base_that_does_not_fit_is_refused(base, tmp_path):
    refused = {
        "a gan, which has no encoder": (aenb.build_model("gan", (8, 8, 1)), (8, 8, 1)),
        "a vqvae, whose codes are discrete": (aenb.build_model("vqvae", (8, 8, 1), num_embeddings=4), (8, 8, 1)),
        "a conditional vae": (aenb.build_model("vae", (8, 8, 1), conditional=True, num_classes=2), (8, 8, 1)),
        r"of examples of \(9, 8, 1\)": (base, (9, 8, 1)),
        "a run, or the folder of a saved one": (3, (8, 8, 1)),
        "no such": (str(tmp_path / "nothing"), (8, 8, 1)),
    }
    for words, (given, shape) in refused.items():
        with pytest.raises(aenb.AenbError, match=words):
            aenb.build_model("diffusion", shape, base=given)
