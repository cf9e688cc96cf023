"""The flow over latent codes, against closed forms, and as a run uses it."""

import numpy as np
import pytest

import aenb
from aenb.core.backend import tf
from aenb.latent import ode
from aenb.latent.flow import fit_flow, from_arrays

MEAN, SCALE = np.array([1.0, -2.0], "float32"), np.array([0.5, 2.0], "float32")


def velocity(x, t):
    """Return the velocity of the straight paths from N(0, I) to N(MEAN, SCALE²), in closed form."""
    return MEAN + (t * SCALE**2 - (1 - t)) / ((1 - t) ** 2 + t**2 * SCALE**2) * (x - t * MEAN)


def log_gaussian(x, mean, scale):
    return (-0.5 * np.square((x - mean) / scale) - np.log(scale) - 0.5 * np.log(2 * np.pi)).sum(axis=1)


def test_the_log_density_is_that_of_the_gaussian_that_a_flow_leads_to():
    x = (MEAN + SCALE * np.random.default_rng(0).normal(size=(50, 2))).astype("float32")
    np.testing.assert_allclose(ode.log_density(velocity, tf.constant(x)), log_gaussian(x, MEAN, SCALE), atol=1e-4)


def test_samples_are_those_of_the_gaussian_that_a_flow_leads_to():
    noise = np.random.default_rng(0).normal(size=(20_000, 2)).astype("float32")
    x = ode.solve(velocity, tf.constant(noise)).numpy()
    np.testing.assert_allclose(x, MEAN + SCALE * noise, atol=5e-3)  # for one Gaussian the flow is linear in the noise


def test_a_flow_learns_a_gaussian_of_any_scale_and_correlation():
    random = np.random.default_rng(0)
    mix = np.array([[30.0, 0.0], [27.0, 0.4]])
    codes = random.normal(size=(4000, 2)) @ mix.T + [100, -7]
    flow = fit_flow(codes, steps=200)
    exact = log_gaussian(np.linalg.solve(mix, (codes[:500] - [100, -7]).T).T, 0, np.ones(2)) - np.log(
        np.linalg.det(mix)
    )
    assert np.abs(flow.log_density(codes[:500]) - exact).mean() < 0.15
    drawn = flow.draw(4000, random)
    np.testing.assert_allclose(np.cov(drawn, rowvar=False), np.cov(codes, rowvar=False), rtol=0.12)


@pytest.fixture(scope="module")
def of_two_classes():
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1], [3000, 1000])
    codes = random.normal(size=(4000, 2)) * 0.4 + np.where(labels, 2, -2)[:, None]
    return codes, labels, fit_flow(codes, labels, classes=2, steps=300)


def test_classes_are_drawn_as_asked_and_as_often_as_they_were(of_two_classes):
    _, _, flow = of_two_classes
    asked = flow.draw(500, np.random.default_rng(1), labels=np.ones(500, int))
    assert (asked[:, 0] > 0).mean() > 0.95
    assert abs((flow.draw(2000, np.random.default_rng(1))[:, 0] > 0).mean() - 0.25) < 0.05


def test_guidance_makes_samples_less_varied(of_two_classes):
    _, _, flow = of_two_classes
    plain, guided = (
        flow.draw(1000, np.random.default_rng(1), labels=np.zeros(1000, int), guidance=strength) for strength in (0, 2)
    )
    assert guided.std(axis=0).mean() < plain.std(axis=0).mean()


def test_a_code_is_likelier_in_its_class(of_two_classes):
    codes, labels, flow = of_two_classes
    own, other = flow.log_density(codes[::40], labels[::40]), flow.log_density(codes[::40], 1 - labels[::40])
    assert (own > other).mean() > 0.95


def test_arrays_give_the_same_flow_again(of_two_classes):
    _, _, flow = of_two_classes
    again = from_arrays(flow.arrays(), 2)
    assert (again.draw(5, np.random.default_rng(3)) == flow.draw(5, np.random.default_rng(3))).all()


@pytest.mark.parametrize(
    "broken",
    [{"mean": np.zeros(3)}, {"root": np.full((2, 2), np.nan)}, {"shares": np.array([0.5, 0.6])}, {"more": np.zeros(2)},
     {"weight_0": np.zeros((1, 1), "float32")}, {"weight_3": np.array([b"x"])}],
)  # fmt: skip
def test_arrays_of_no_flow_are_refused(of_two_classes, broken):
    with pytest.raises(aenb.AenbError, match="expected the finite arrays of a flow over codes of 2"):
        from_arrays(of_two_classes[2].arrays() | broken, 2)


@pytest.fixture(scope="module")
def run(digits):
    run = aenb.train("deep", digits, latent_dim=16, epochs=20, verbose=False)
    return run.fit_flow(steps=300, verbose=False)


def test_a_run_generates_the_digits_that_are_asked_for(run, digits):
    from sklearn.neighbors import KNeighborsClassifier

    wanted = np.arange(200) % 10
    flat = run.generate(200, labels=wanted, density="flow").reshape(200, -1)
    found = KNeighborsClassifier(3).fit(digits.x_train.reshape(len(digits.x_train), -1), digits.y_train).predict(flat)
    assert (found == wanted).mean() > 0.75


def test_a_fitted_flow_is_what_samples_come_from(run):
    assert (run.generate(4, seed=2) == run.generate(4, seed=2, density="flow")).all()
    assert (run.generate(4, seed=2) != run.generate(4, seed=2, density="gmm")).any()


def test_it_is_saved_along_with_the_run(run, tmp_path):
    loaded = aenb.load_run(run.save(tmp_path / "d"))
    np.testing.assert_allclose(loaded.generate(3, labels=4), run.generate(3, labels=4), atol=1e-5)


def test_labels_without_a_flow_are_refused(run):
    with pytest.raises(aenb.AenbError, match='expected a conditional model, or density="flow"'):
        run.generate(3, density="gmm", labels=4)


@pytest.mark.parametrize(("family", "why"), [("gan", "has no encoder"), ("vqvae", "are discrete")])
def test_models_without_continuous_codes_have_no_flow(digits, family, why):
    run = aenb.train(family, digits, epochs=1, limit=300, hidden_units=(16,), verbose=False)
    with pytest.raises(aenb.AenbError, match=why):
        run.fit_flow(steps=1, verbose=False)


def test_the_mixture_has_as_many_gaussians_as_held_out_codes_like():
    from aenb.latent.densities import fit_density

    random = np.random.default_rng(0)
    codes = random.normal(size=(5000, 2)) * 0.05 + random.integers(0, 5, (5000, 2))  # 25 clusters
    assert len(fit_density("gmm", codes).weights_) > 10
    assert len(fit_density("gmm", random.normal(size=(5000, 2))).weights_) == 10
    assert len(fit_density("gmm", codes[:100]).weights_) == 10
