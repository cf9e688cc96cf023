"""The variational autoencoder against its formulas, recomputed outside, and against what is known in closed form."""

import numpy as np
import pytest
from scipy import special, stats

import aenb
from aenb.core import backend
from aenb.evaluation.metrics.elbo import active_units, estimate_evidence, kl_per_dimension
from tests import eager, fresh

SHAPE = (5, 4, 1)


@pytest.fixture(scope="module", autouse=True)
def _started():
    backend.start()


def build(shape=SHAPE, *, scale=0.0, seed=0, **hyperparameters):
    """Build a small model; with `scale`, all of its weights are random, so that no head is at its beginning."""
    backend.keras.utils.set_random_seed(seed)
    model = aenb.build_model("vae", shape, **{"latent_dim": 3, "hidden_units": (8,), **hyperparameters})
    if scale:
        draw = np.random.default_rng(seed)
        for weight in model.trainable_variables:
            weight.assign(draw.normal(0, scale, weight.shape))
    return model


def items(n=60, shape=SHAPE, *, binary=False, seed=0):
    x = np.random.default_rng(seed).random((n, *shape), "float32")
    return (x > 0.5).astype("float32") if binary else x


def drawn_codes(model, x, labels=None, k=1):
    """Draw the codes that the model is going to draw; its seeds are left as they are."""
    keras = backend.keras
    inputs = x if labels is None else [x, labels]
    mean, log_var = (np.asarray(head, "float64") for head in model.encoder(inputs))
    seeds = keras.random.SeedGenerator(0)
    seeds.state.assign(model.seeds.state)
    noise = np.asarray(keras.random.normal((k, *mean.shape), seed=seeds), "float64")
    return mean, log_var, noise, mean + np.exp(log_var / 2) * noise


def kl(mean, log_var):
    return 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var)


def reported(model, data):
    return eager.evaluate(model, *data)


def log_density(name, x, made, variance):
    """Return log p(x|z) of what the decoder makes, by SciPy and the literature."""
    made = np.asarray(made, "float64")
    if name == "bernoulli":
        return stats.bernoulli.logpmf(x.astype(int), made)
    if name == "gaussian":
        return stats.norm.logpdf(x, made, np.sqrt(variance))
    constant = 2 * np.arctanh(1 - 2 * made) / (1 - 2 * made)
    return np.log(constant) + x * np.log(made) + (1 - x) * np.log(1 - made)


CASES = [("bernoulli", "binary", None), ("gaussian", "unit", None), ("gaussian", "unit", 0.07),
         ("gaussian", "real", 0.3), ("continuous_bernoulli", "unit", None)]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("likelihood", "support", "variance"), CASES)
@pytest.mark.parametrize("filters", [(), (4,)])
def test_the_loss_is_the_bound_recomputed_outside(likelihood, support, variance, filters):
    model = build(likelihood=likelihood, support=support, variance=variance, filters=filters, scale=0.3)
    x = items(binary=support == "binary")
    if likelihood == "gaussian" and variance is None:
        model.own["log_var"].assign(np.log(0.2))
    mean, log_var, _, z = drawn_codes(model, x)
    log_px = log_density(likelihood, x, model.decoder(z[0].astype("float32")), variance or 0.2).sum(axis=(1, 2, 3))
    found = reported(model, (x, x))
    assert found["reconstruction_loss"] == pytest.approx(-log_px.mean(), rel=1e-5)
    assert found["kl_loss"] == pytest.approx(kl(mean, log_var).sum(axis=1).mean(), rel=1e-5)
    assert found["loss"] == pytest.approx(found["reconstruction_loss"] + found["kl_loss"], rel=1e-5)


def test_of_tokens_the_padding_does_not_count():
    model = build((6,), vocabulary=9, scale=0.1)
    x = np.random.default_rng(0).integers(1, 9, (40, 6)).astype("int32")
    x[:20, 3:] = 0
    _, _, _, z = drawn_codes(model, x)
    made = np.asarray(model.decoder(z[0].astype("float32")))
    assert made.shape == (40, 6, 9)
    log_px = np.take_along_axis(np.log(made), x[..., None], -1)[..., 0] * (x != 0)
    assert reported(model, (x, x))["reconstruction_loss"] == pytest.approx(-log_px.sum(axis=1).mean(), rel=1e-5)


def test_what_was_not_observed_does_not_count():
    model, x = build((7,), scale=0.5, variance=0.4), items(50, (7,))
    y = np.where(np.random.default_rng(1).random(x.shape) < 0.3, np.nan, x).astype("float32")
    _, _, _, z = drawn_codes(model, x)
    entries = log_density("gaussian", x, model.decoder(z[0].astype("float32")), 0.4)
    found = reported(model, (x, y))
    assert found["reconstruction_loss"] == pytest.approx(-np.nansum(entries + 0 * y, axis=1).mean(), rel=1e-5)


def test_a_learned_variance_goes_to_the_mean_squared_error_of_what_was_observed():
    model, x = build((7,), scale=0.5), items(64, (7,))
    y = np.where(np.random.default_rng(1).random(x.shape) < 0.3, np.nan, x).astype("float32")
    model.compile(learning_rate=1e-12)  # nothing else moves
    model.fit(np.tile(x, (300, 1)), np.tile(y, (300, 1)), batch_size=64, shuffle=False, verbose=0)
    z = np.concatenate([drawn_codes(model, x, k=50)[3]], axis=1).reshape(-1, 3).astype("float32")
    errors = (np.asarray(model.decoder(z)).reshape(50, 64, 7) - y) ** 2
    assert np.exp(model.own["log_var"].numpy()) == pytest.approx(np.nanmean(errors), rel=0.1)


def test_a_learned_variance_stays_above_its_floor():
    model, x = build((3,)), np.zeros((64, 3), "float32")
    model.compile(learning_rate=1e-12)
    for weight in model.decoder.get_layer("output").weights:
        weight.assign(np.zeros(weight.shape))  # no error is left
    eager.fit(model, x, x, epochs=2, batch_size=16)
    assert model.own["log_var"].numpy() == pytest.approx(np.log(1e-6))
    assert np.isfinite(reported(model, (x, x))["loss"])


@pytest.mark.slow
@pytest.mark.parametrize("step", [0, 1, 5, 10, 1000])
def test_the_weight_of_the_kl_rises_with_the_steps_also_in_validation(step):
    model, x = build(likelihood="bernoulli", support="binary", beta=2.5, kl_warmup=10, scale=0.5), items(binary=True)
    model.optimizer.iterations.assign(step)
    found = reported(model, (x, x))
    weighted = 2.5 * min(1, step / 10) * found["kl_loss"]
    assert found["loss"] == pytest.approx(found["reconstruction_loss"] + weighted, rel=1e-6)


def test_a_warm_up_counts_the_steps_of_the_training():
    model, x = build(variance=1.0, kl_warmup=6, scale=0.5), items(64)
    model.compile(learning_rate=1e-12)
    losses = model.fit(x, x, batch_size=16, epochs=3, shuffle=False, verbose=0).history
    charged = (np.array(losses["loss"]) - losses["reconstruction_loss"]) / losses["kl_loss"]
    np.testing.assert_allclose(charged, [np.mean([0, 1, 2, 3]) / 6, np.mean([4, 5, 6, 6]) / 6, 1], rtol=0.02)


@pytest.mark.parametrize(("asked", "free"), [({}, 0.5), ({"free_bits": 0.0}, 0), ({"capacity": 0.0}, 0)])
def test_of_texts_some_nats_are_free_unless_something_else_is_asked(asked, free):
    model = aenb.build_model("vae", (6,), vocabulary=9, latent_dim=3, **asked)
    x = np.random.default_rng(0).integers(1, 9, (32, 6))
    found = reported(model, (x, x))
    assert found["kl_loss"] < 3 * 0.5  # of new weights: all of it is free, if any
    assert found["loss"] == pytest.approx(found["reconstruction_loss"] + (3 * free or found["kl_loss"]), rel=1e-5)
    assert any("are free" in note for note in model.notes) == bool(free)


@pytest.mark.slow
def test_free_bits_and_capacity_charge_the_kl_as_in_the_literature():
    x = items(binary=True)
    common = {"support": "binary", "beta": 1.5, "scale": 0.3}
    for hyperparameters, charge in [
        ({"free_bits": 0.2}, lambda kls: np.maximum(kls.mean(axis=0), 0.2).sum()),
        ({"capacity": 2.0}, lambda kls: abs(kls.sum(axis=1).mean() - 2.0)),
        ({"capacity": 0.0}, lambda kls: kls.sum(axis=1).mean()),
    ]:
        model = build(**common, **hyperparameters)
        mean, log_var, _, _ = drawn_codes(model, x)
        kls = kl(mean, log_var)
        assert 0 < (kls.mean(axis=0) > 0.2).sum() < 3  # some are clamped, some are not
        found = reported(model, (x, x))
        assert found["loss"] == pytest.approx(found["reconstruction_loss"] + 1.5 * charge(kls), rel=1e-5)
        assert found["kl_loss"] == pytest.approx(kls.sum(axis=1).mean(), rel=1e-5)


def test_no_default_takes_the_kl_away():
    model, x = build(scale=0.5), items()
    found = reported(model, (x, x))
    assert found["loss"] - found["reconstruction_loss"] == pytest.approx(found["kl_loss"], rel=1e-4)
    assert found["kl_loss"] > 0.1


def test_the_importance_weighted_bound_recomputed_outside():
    model, x = build(num_samples=4, likelihood="bernoulli", support="binary", scale=0.3), items(binary=True)
    mean, log_var, _, z = drawn_codes(model, x, k=4)
    made = np.asarray(model.decoder(z.reshape(-1, 3).astype("float32"))).reshape(4, *x.shape)
    log_px = log_density("bernoulli", x, made, None).sum(axis=(2, 3, 4))
    log_w = log_px + (stats.norm.logpdf(z) - stats.norm.logpdf(z, mean, np.exp(log_var / 2))).sum(axis=-1)
    found = reported(model, (x, x))
    assert found["loss"] == pytest.approx(-(special.logsumexp(log_w, axis=0) - np.log(4)).mean(), rel=1e-5)
    assert found["reconstruction_loss"] == pytest.approx(-log_px.mean(), rel=1e-5)
    assert found["loss"] < found["reconstruction_loss"] + found["kl_loss"]


@pytest.mark.slow
def test_more_samples_give_a_tighter_bound_and_one_gives_the_elbo():
    x = items(400, binary=True)
    of_same_weights = [build(num_samples=k, support="binary", scale=0.4) for k in (1, 5, 50)]
    losses = [reported(model, (x, x))["loss"] for model in of_same_weights]
    assert losses[0] > losses[1] + 0.1 > losses[2] + 0.1
    model = of_same_weights[0]
    found = [estimate_evidence(model.evidence, (x, x), samples=k).scores() for k in (1, 5, 50, 2000)]
    assert found[0]["nll"] == pytest.approx(-found[0]["elbo"], rel=1e-6)
    assert [one["nll"] for one in found] == sorted((one["nll"] for one in found), reverse=True)
    for k, one in ((5, found[1]), (50, found[2])):
        assert one["nll"] == pytest.approx(losses[{5: 1, 50: 2}[k]], abs=0.25)
    terms = reported(model, (x, x))
    assert found[3]["elbo"] == pytest.approx(-terms["loss"], abs=0.15)
    assert found[3]["kl"] == pytest.approx(terms["kl_loss"], rel=0.01)
    assert found[3]["log_likelihood"] == pytest.approx(-terms["reconstruction_loss"], abs=0.15)


def test_estimates_are_the_same_however_they_are_parted(monkeypatch):
    from aenb.evaluation.metrics import elbo

    model, x = build(support="binary", scale=0.2), items(30, binary=True)
    exact = estimate_evidence(model.evidence, (x, x), samples=4000).scores()
    monkeypatch.setattr(elbo, "ROOM", 20 * 7 * 300)
    monkeypatch.setattr(elbo, "BATCH", 7)
    parted = estimate_evidence(model.evidence, (x, x), samples=4000).scores()
    assert parted == pytest.approx(exact, rel=0.02)
    assert parted == estimate_evidence(model.evidence, (x, x), samples=4000).scores()  # a seed gives the same
    assert elbo._parts(10, 4) == [4, 3, 3]


def test_the_kl_of_each_dimension_and_which_are_active():
    model, x = build(support="binary", scale=0.6), items(binary=True)
    model.encoder.get_layer("z_mean").kernel.assign(np.eye(8, 3) * [1, 1, 0])
    mean, log_var = (np.asarray(head) for head in model.encoder(x))
    assert kl_per_dimension(mean, log_var).sum() == pytest.approx(reported(model, (x, x))["kl_loss"], rel=1e-5)
    assert active_units(mean).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("hyperparameters", "told"),
    [
        ({"num_samples": 5, "beta": 2.0}, "`num_samples`.*`beta`"),
        ({"num_samples": 5, "kl_warmup": 10, "free_bits": 0.1}, "`num_samples`.*`kl_warmup`, `free_bits`"),
        ({"num_samples": 2, "capacity": 0.0}, "`num_samples`.*`capacity`"),
        ({"capacity": 1.0, "free_bits": 0.1}, "`capacity`.*`free_bits`"),
        ({"conditional": True}, "`num_classes`"),
        ({"likelihood": "bernoulli", "variance": 0.1}, "`variance`"),
        ({"likelihood": "bernouli"}, "Did you mean `bernoulli`"),
        ({"likelihood": "bernoulli", "support": "real"}, "`likelihood`: expected gaussian"),
        ({"variance": 0.0}, "`variance`.*above 0"),
    ],
)
def test_what_does_not_go_together_is_refused(hyperparameters, told):
    with pytest.raises(aenb.AenbError, match=told):
        build(**hyperparameters)


def test_training_and_validation_are_weighted_alike():
    model, x = build(support="binary", beta=4.0, free_bits=0.05, scale=0.4), items(2000, binary=True)
    model.compile(learning_rate=1e-12)
    history = eager.fit(model, x, x, validation_data=(x, x), epochs=1, batch_size=1000)
    assert history["loss"][0] == pytest.approx(history["val_loss"][0], rel=0.01)


def test_a_continuous_bernoulli_decodes_to_its_mean_and_not_to_lambda():
    model, x = build(likelihood="continuous_bernoulli", scale=0.5), items(30)
    made = np.asarray(model.decoder(model.encode(x)), "float64")
    mean = made / (2 * made - 1) + 1 / (2 * np.arctanh(1 - 2 * made))  # equation 8 of the paper
    np.testing.assert_allclose(model(x), mean, atol=1e-4)
    assert np.abs(mean - made).max() > 0.1


def linear_data(n=2000, features=8, dimensions=3):
    draw = np.random.default_rng(0)
    axes = np.linalg.qr(draw.normal(size=(features, features)))[0][:dimensions] * np.array([[3.0], [2.0], [1.2]])
    return (draw.normal(size=(n, dimensions)) @ axes + 0.5 * draw.normal(size=(n, features))).astype("float32")


def test_a_linear_vae_reaches_the_optimum_of_probabilistic_pca():
    """Tipping & Bishop 1999; Lucas et al. 2019, arXiv 1911.02469: its bound is tight there."""
    x = linear_data()
    values = np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1]
    noise = values[3:].mean()
    best = -0.5 * (8 * np.log(2 * np.pi) + np.log(values[:3]).sum() + 5 * np.log(noise) + 8)
    model = build((8,), hidden_units=())
    for rate, epochs in ((0.02, 20), (0.003, 15), (0.0005, 10)):
        model.compile(learning_rate=rate)
        model.fit(x, x, batch_size=100, epochs=epochs, verbose=0)
    output = model.decoder.get_layer("output")
    weights, bias = np.asarray(output.kernel, "float64"), np.asarray(output.bias, "float64")
    variance = float(np.exp(model.own["log_var"].numpy()))
    marginal = stats.multivariate_normal(bias, weights.T @ weights + variance * np.eye(8))
    assert marginal.logpdf(x).mean() == pytest.approx(best, rel=0.01)
    scores = estimate_evidence(model.evidence, (x, x), samples=100).scores()
    assert scores["elbo"] == pytest.approx(best, rel=0.01)
    assert scores["elbo"] <= -scores["nll"] <= best + 0.02
    assert variance == pytest.approx(noise, rel=0.05)


@pytest.fixture(scope="module")
def conditional(digits):
    return aenb.train("vae", digits, conditional=True, latent_dim=4, hidden_units=(64,), epochs=40, batch_size=64,
                      learning_rate=3e-3, verbose=False)  # fmt: skip


def test_a_conditional_model_makes_items_of_the_class_that_is_asked_for(conditional, digits):
    means = np.stack([digits.x_train[digits.y_train == c].mean(axis=0).ravel() for c in range(10)])
    for wanted in (0, 4, 6):
        made = conditional.generate(50, labels=wanted).reshape(50, -1)
        nearest = ((made[:, None] - means) ** 2).sum(axis=-1).argmin(axis=-1)
        assert (nearest == wanted).mean() > 0.6
    with pytest.raises(aenb.AenbError, match="`labels`"):
        conditional.encode(digits.x_test)


def test_the_run_says_which_likelihood_it_took_and_learns(conditional):
    assert any("gaussian, with a learned variance" in note for note in conditional.record["notes"])
    assert {"loss", "reconstruction_loss", "kl_loss", "val_loss", "val_kl_loss"} <= set(conditional.history)
    scores = conditional.evaluate(parts="reconstruction")
    assert scores["mse"] < 0.7 * scores["mean_mse"]
    error = np.exp(conditional.model.own["log_var"].numpy())
    assert 0.5 * scores["mse"] < error < 2 * scores["mse"]
    assert "not-checked" not in {finding.code for finding in conditional.diagnose()}


def test_a_training_in_half_precision_counts_its_loss_in_single(monkeypatch):
    keras = backend.keras
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build(support="binary", scale=0.3)
    finally:
        keras.config.set_dtype_policy("float32")
    x = items(64, binary=True)
    history = eager.fit(model, x, x, epochs=2)
    assert np.isfinite(history["loss"]).all()
    codes, seeds = model.evidence((x, x), 3, keras.random.SeedGenerator(0))
    assert codes.dtype == seeds.dtype == "float32"


FRESH = """
import sys
import numpy as np
import keras
arrays = dict(np.load(sys.argv[1] + "/in.npz"))
both, out = (arrays["x"], arrays["labels"]), {}
for name in ("dense", "conv", "own"):
    folder = sys.argv[1] + "/" + name
    encoder, decoder = (keras.models.load_model(f"{folder}/{part}.keras") for part in ("encoder", "decoder"))
    out[name + "_mean"], out[name + "_log_var"] = (np.asarray(head) for head in encoder([*both]))
    out[name + "_made"] = decoder([out[name + "_mean"], arrays["labels"]])
assert not any(name.startswith("aenb") for name in sys.modules)
import aenb.models.custom_objects
for name in ("dense", "conv", "own"):
    model = keras.models.load_model(sys.argv[1] + "/" + name + "/model.keras")
    model.run_eagerly = name != "dense"
    out[name + "_whole"] = model.predict(both, verbose=0)
    model.seeds.state.assign(arrays[name])
    out[name + "_loss"] = model.evaluate(both, arrays["x"], batch_size=99, verbose=0, return_dict=True)["loss"]
np.savez(sys.argv[1] + "/out.npz", **out)
"""


def test_saved_it_gives_the_same_in_a_fresh_process(tmp_path):
    keras = backend.keras
    own = {
        "encoder": keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(6, "tanh")]),
        "decoder": keras.Sequential([keras.layers.Dense(20, "sigmoid"), keras.layers.Reshape(SHAPE)]),
    }
    models = {
        "dense": build(conditional=True, num_classes=3),
        "conv": build(conditional=True, num_classes=3, filters=(4,), likelihood="continuous_bernoulli"),
        "own": build(conditional=True, num_classes=3, num_samples=3, **own),
    }
    x, labels = items(), np.eye(3, dtype="float32")[np.arange(60) % 3]
    for name, model in models.items():
        eager.fit(model, (x, labels), x, epochs=2)
        (tmp_path / name).mkdir()
        for part, saved in {"model": model, "encoder": model.encoder, "decoder": model.decoder}.items():
            saved.save(tmp_path / name / f"{part}.keras")
    seeds = {name: model.seeds.state.numpy() for name, model in models.items()}
    np.savez(tmp_path / "in.npz", x=x, labels=labels, **seeds)
    fresh.run(FRESH, tmp_path)
    out = np.load(tmp_path / "out.npz")
    for name, model in models.items():
        mean, log_var = (np.asarray(head) for head in model.encoder([x, labels]))
        made = {"mean": mean, "log_var": log_var, "made": model.decoder([mean, labels])}
        for what, expected in (made | {"whole": model((x, labels))}).items():
            np.testing.assert_allclose(out[f"{name}_{what}"], expected, atol=1e-6)
        found = eager.evaluate(model, (x, labels), x)
        assert float(out[f"{name}_loss"]) == pytest.approx(found["loss"], rel=1e-5)


def test_an_encoder_of_ones_own_gives_one_vector_or_both():
    keras = backend.keras
    one = build(encoder=keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(7)]))
    assert [head.shape for head in one.encoder.outputs] == [(None, 3), (None, 3)]
    assert one.encoder.get_layer("z_log_var").units == 3
    x = keras.Input(SHAPE)
    flat = keras.layers.Flatten()(x)
    heads = [keras.layers.Dense(5, name=name)(flat) for name in ("middle", "width")]
    both = build(encoder=keras.Model(x, heads))
    assert both.code_shape == (5,)
    assert both.decoder.input_shape == (None, 5)


def test_parts_of_ones_own_that_take_the_label_are_given_it():
    keras = backend.keras
    code, label = keras.Input((3,)), keras.Input((2,))
    made = keras.layers.Reshape(SHAPE)(keras.layers.Dense(20)(keras.layers.Concatenate()([code, label])))
    model = build(conditional=True, num_classes=2, decoder=keras.Model([code, label], made))
    z = np.zeros((2, 3), "float32")
    first, second = np.asarray(model.decode(z, np.eye(2, dtype="float32")))
    assert np.abs(first - second).max() > 0.01


def test_parts_of_ones_own_that_do_not_fit_are_named():
    keras = backend.keras
    with pytest.raises(aenb.AenbError, match=r"`decoder`: expected to give \(5, 4, 1\); received \(10,\)"):
        build(decoder=keras.Sequential([keras.layers.Dense(10)]))
    with pytest.raises(aenb.AenbError, match="`encoder`: expected to give a vector"):
        build(encoder=keras.Sequential([keras.layers.Conv2D(2, 3)]))
    with pytest.raises(aenb.AenbError, match=r"`decoder`: expected a Keras model that takes \(3,\)"):
        build(decoder=keras.Sequential([keras.Input((9,)), keras.layers.Dense(20), keras.layers.Reshape(SHAPE)]))


@pytest.mark.parametrize("likelihood", ["bernoulli", "continuous_bernoulli"])
def test_gradients_are_finite_where_the_decoder_is_sure(likelihood):
    model, x = build(likelihood=likelihood, support="unit"), items(binary=True)
    model.decoder.get_layer("output").bias.assign(np.where(np.arange(20) % 2, 300.0, -300.0))
    history = model.fit(x, x, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert all(np.isfinite(weight.numpy()).all() for weight in model.trainable_variables)


@pytest.mark.thorough
def test_a_warm_up_cures_a_collapse(digits):
    """So many layers learn to do without the code before they can use it."""
    active, scores = {}, {}
    for name, cure in {"collapsed": {}, "cured": {"kl_warmup": 700}}.items():
        run = aenb.train("vae", digits, latent_dim=16, hidden_units=(64,) * 6, likelihood="bernoulli", epochs=25,
                         batch_size=32, verbose=False, **cure)  # fmt: skip
        active[name] = active_units(run.encode(digits.x_test)).sum()
        scores[name] = estimate_evidence(run.model.evidence, (digits.x_test, digits.x_test), samples=50).scores()
    assert active["collapsed"] < 2 < 8 < active["cured"]
    assert scores["collapsed"]["kl"] < 0.3 < 1 < scores["cured"]["kl"]
    assert scores["cured"]["elbo"] > scores["collapsed"]["elbo"] + 0.5
