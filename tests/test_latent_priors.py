"""Learnt priors of a variational autoencoder against closed forms, SciPy and numerical derivatives."""

import numpy as np
import pytest
from scipy import special, stats

import aenb
from aenb.core import backend
from aenb.core.backend import keras, tf
from aenb.models.codes import latent_priors
from aenb.models.codes.latent_priors import couplings, inverse, mixture_log_density
from aenb.models.players.training_step import batch_of

SHAPE = (5, 4, 1)


@pytest.fixture(scope="module", autouse=True)
def _started():
    backend.start()


def build(shape=SHAPE, *, seed=0, scale=0.4, **hyperparameters):
    """Build a small model whose weights are all random."""
    keras.utils.set_random_seed(seed)
    model = aenb.build_model("vae", shape, **{"latent_dim": 3, "hidden_units": (8,), **hyperparameters})
    draw = np.random.default_rng(seed)
    for weight in model.trainable_variables:
        weight.assign(draw.normal(0, scale, weight.shape))
    return model


def examples(n=40, shape=SHAPE, seed=0):
    return np.random.default_rng(seed).random((n, *shape), "float32")


def posterior(model, x):
    return tuple(np.asarray(head, "float64") for head in model.encoder(x))


def log_prior(model, z):
    """Return log p(z) of a VampPrior, by SciPy."""
    mean, log_var = posterior(model, np.clip(model.own["pseudo_inputs"].numpy(), 0, 1))
    each = stats.norm.logpdf(np.asarray(z, "float64")[..., None, :], mean, np.exp(log_var / 2)).sum(axis=-1)
    return special.logsumexp(each, axis=-1) - np.log(len(mean))


# The mixture


def test_the_density_of_a_mixture_is_that_of_scipy():
    draw = np.random.default_rng(0)
    z, mean, log_var = draw.normal(0, 3, (4, 7, 5)), draw.normal(0, 3, (6, 5)), draw.normal(-4, 2, (6, 5))
    z, mean, log_var = (a.astype("float32") for a in (z, mean, log_var))
    each = stats.norm.logpdf(z[..., None, :].astype("float64"), mean, np.exp(log_var.astype("float64") / 2)).sum(-1)
    np.testing.assert_allclose(
        mixture_log_density(tf.constant(z), mean, log_var), special.logsumexp(each, axis=-1) - np.log(6), rtol=1e-5
    )


def test_the_kl_to_one_component_is_that_between_two_gaussians():
    model, x = build(prior="vamp", pseudo_inputs=1), examples(8)
    model.own["pseudo_inputs"].assign(examples(1, seed=5))
    (m, v), (n, w) = posterior(model, x), posterior(model, examples(1, seed=5))
    expected = 0.5 * ((m - n) ** 2 / np.exp(w) + np.exp(v - w) - 1 - v + w).sum(axis=1)
    _, log_ratio = model.evidence((x, x), 20_000, keras.random.SeedGenerator(0))
    error = 5 * np.std(log_ratio, axis=0) / np.sqrt(20_000)
    assert (np.abs(-np.mean(log_ratio, axis=0) - expected) < error).all()
    assert expected.max() > 10 * error.max()  # or the comparison would say nothing


def test_the_loss_is_the_bound_with_this_prior_recomputed_outside():
    model, x = build(prior="vamp", pseudo_inputs=7, beta=2.0, kl_warmup=10, variance=0.3), examples()
    model.own["pseudo_inputs"].assign(examples(7, seed=1))
    model.optimizer.iterations.assign(5)
    mean, log_var = posterior(model, x)
    seeds = keras.random.SeedGenerator(0)
    seeds.state.assign(model.seeds.state)
    z = mean + np.exp(log_var / 2) * np.asarray(keras.random.normal((1, *mean.shape), seed=seeds), "float64")[0]
    kl = (stats.norm.logpdf(z, mean, np.exp(log_var / 2)).sum(axis=1) - log_prior(model, z)).mean()
    log_px = stats.norm.logpdf(x, model.decoder(z.astype("float32")), np.sqrt(0.3)).sum(axis=(1, 2, 3)).mean()
    terms = {name: float(value) for name, value in model.test_step((tf.constant(x), tf.constant(x))).items()}
    assert terms["kl_loss"] == pytest.approx(kl, rel=1e-4)
    assert terms["reconstruction_loss"] == pytest.approx(-log_px, rel=1e-5)
    assert terms["loss"] == pytest.approx(-log_px + 2.0 * 0.5 * kl, rel=1e-5)


@pytest.mark.parametrize("prior", ["vamp", "flow"])
def test_gradients_reach_what_the_prior_learns(prior):
    model, x = build(prior=prior, scale=0.15), tf.constant(examples())
    if prior == "vamp":
        model.own["pseudo_inputs"].assign(examples(100, seed=1))
    player = model.players[0]
    with tf.GradientTape() as tape:
        loss = player.loss(model, batch_of(model, (x, x), training=False))["loss"]
    assert all(float(tf.norm(gradient)) > 0 for gradient in tape.gradient(loss, model.weights_of(player)))


def test_the_first_batches_are_the_first_pseudo_inputs():
    model, x = build(prior="vamp", pseudo_inputs=50), examples(64)
    model.compile(learning_rate=1e-12)  # nothing else moves
    for begin in (0, 20, 40, 44):
        batch = tf.constant(x[begin : begin + 20])
        model.train_step((batch, batch))
    np.testing.assert_allclose(model.own["pseudo_inputs"], x[:50], atol=1e-6)


def test_with_a_standard_prior_the_loss_is_that_of_before_to_the_bit():
    """The expression that was in the loss before there were other priors, on the same numbers."""
    model, x = build(num_samples=1, variance=0.3), tf.constant(examples())
    seeds = keras.random.SeedGenerator(0)
    seeds.state.assign(model.seeds.state)
    mean, log_var = model.encoder(x)
    noise = keras.random.normal((1, *mean.shape), seed=seeds)
    z = mean + tf.exp(log_var / 2) * noise
    entries = -0.5 * (np.log(2 * np.pi) + np.log(0.3) + tf.square(x - model.decoder(z[0])[None]) * np.exp(-np.log(0.3)))
    kls = keras.ops.mean(0.5 * (tf.square(mean) + tf.exp(log_var) - 1 - log_var), axis=0)
    expected = -keras.ops.mean(keras.ops.sum(entries, axis=(2, 3, 4))) + 1.0 * keras.ops.sum(kls)
    batch = batch_of(model, (x, x), training=False)
    assert float(model.players[0].loss(model, batch)["loss"]) == float(expected)
    assert set(model.own) == set()
    assert [layer.name for layer in model.layers] == ["encoder", "decoder"]


def test_the_importance_weighted_bound_has_the_density_of_the_prior():
    model, x = build(prior="vamp", pseudo_inputs=5), examples(12)
    model.own["pseudo_inputs"].assign(examples(5, seed=1))
    seeds = keras.random.SeedGenerator(3)
    noise = np.asarray(keras.random.normal((6, 12, 3), seed=keras.random.SeedGenerator(3)), "float64")
    _, log_ratio = model.evidence((x, x), 6, seeds)
    mean, log_var = posterior(model, x)
    z = mean + np.exp(log_var / 2) * noise
    expected = log_prior(model, z) - stats.norm.logpdf(z, mean, np.exp(log_var / 2)).sum(axis=-1)
    np.testing.assert_allclose(log_ratio, expected, rtol=1e-3, atol=1e-3)


# The couplings


def flow(size, seed=0):
    model = couplings(size)
    draw = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(draw.normal(0, 0.15, weight.shape))
    return model


@pytest.mark.parametrize("size", [2, 5])
def test_the_determinant_of_the_couplings_is_that_of_their_jacobian(size):
    model, z = flow(size), tf.constant(np.random.default_rng(1).normal(size=(6, size)).astype("float32"))
    with tf.GradientTape() as tape:
        tape.watch(z)
        base, log_det = model(z)
    jacobian = np.asarray(tape.batch_jacobian(base, z), "float64")
    np.testing.assert_allclose(log_det[:, 0], np.linalg.slogdet(jacobian)[1], atol=1e-4)
    np.testing.assert_allclose(inverse(model, np.asarray(base)), z, atol=1e-3)
    assert np.abs(np.asarray(log_det)).max() > 0.2  # it is not the identity


def test_the_couplings_begin_as_the_standard_normal_and_their_density_sums_to_one():
    prior, z = latent_priors.FlowPrior(couplings(2)), np.random.default_rng(0).normal(size=(3, 4, 2))
    np.testing.assert_allclose(
        prior.log_density(None, tf.constant(z, "float32")), stats.norm.logpdf(z).sum(axis=-1), atol=1e-5
    )
    side = np.linspace(-10, 10, 201)
    grid = np.stack(np.meshgrid(side, side), axis=-1).astype("float32")
    density = np.exp(np.asarray(latent_priors.FlowPrior(flow(2)).log_density(None, tf.constant(grid))))
    assert density.sum() * (side[1] - side[0]) ** 2 == pytest.approx(1, abs=0.02)


# The family


@pytest.mark.parametrize("prior", ["vamp", "flow"])
def test_trained_it_generates_and_is_saved(prior, digits, tmp_path):
    run = aenb.train(
        "vae", digits, prior=prior, latent_dim=4, hidden_units=(32,), epochs=6, batch_size=128, verbose=False
    )
    drawn = run.model.sample_prior(3000, np.random.default_rng(0))
    codes = run.encode(run.data.x_train)
    assert np.abs(drawn.mean(axis=0) - codes.mean(axis=0)).max() < 0.5
    density = {"vamp": lambda z: log_prior(run.model, z), "flow": lambda z: _of_flow(run.model, z)}[prior]
    # of draws from p, the mean of log p is minus its entropy: below it lies the mean of any other density's, N(0, I)'s
    assert density(drawn).mean() > stats.norm.logpdf(drawn).sum(axis=-1).mean() - 0.05
    scores = run.evaluate(parts="likelihood", verbose=False)
    assert -scores["nll"] >= scores["elbo"]
    loaded = aenb.load_run(run.save(tmp_path / "run"))
    np.testing.assert_array_equal(loaded.generate(5, seed=1, density="prior"), run.generate(5, seed=1, density="prior"))
    assert loaded.evaluate(parts="likelihood")["nll"] == pytest.approx(scores["nll"], rel=1e-4)


def _of_flow(model, z):
    base, log_det = model.prior_model(z)
    return stats.norm.logpdf(np.asarray(base)).sum(axis=-1) + np.asarray(log_det)[:, 0]


def test_priors_that_do_not_fit_are_refused():
    for shape, settings in [((6,), {"vocabulary": 9}), (SHAPE, {"conditional": True, "num_classes": 3})]:
        with pytest.raises(aenb.AenbError, match='`prior`: expected "standard" or "flow"'):
            aenb.build_model("vae", shape, prior="vamp", **settings)
    with pytest.raises(aenb.AenbError, match="`free_bits`: expected none with a learnt prior"):
        aenb.build_model("vae", SHAPE, prior="vamp", free_bits=0.5)
    with pytest.raises(aenb.AenbError, match='`prior`: expected "standard" or "vamp" for a latent_dim of 1'):
        aenb.build_model("vae", SHAPE, prior="flow", latent_dim=1)
