"""The vector-quantised autoencoder: its codebook, its losses and its prior."""

import json

import numpy as np
import pytest

import aenb
from aenb.core.backend import keras, tf
from aenb.engine import compiles_well
from aenb.models.codes import code_prior, quantiser
from aenb.models.codes.quantiser import Codebook
from aenb.models.players.training_step import batch_of
from tests import eager, fresh

RNG = np.random.default_rng(0)
CODEBOOK = ("codebook", "codebook_sizes", "codebook_sums")


def normal(*shape):
    return np.random.default_rng(len(shape)).normal(size=shape).astype("float32")


def own(model):
    return Codebook(*(model.own[name].numpy() for name in CODEBOOK))


def small(shape=(8, 8, 1), **hyperparameters):
    """Return a model of few weights whose codebook one batch has given its vectors, and that batch."""
    keras.utils.set_random_seed(0)
    settings = {"num_embeddings": 16, "embedding_dim": 4, "hidden_units": (16,), "prior_units": 8, "prior_layers": 1}
    model = aenb.build_model("vqvae", shape, **settings | hyperparameters)
    x = np.random.default_rng(0).random((64, *shape), "float32")
    model.train_step((tf.constant(x), tf.constant(x)))
    model.reset_metrics()
    return model, x


@pytest.fixture(scope="module")
def run(digits):
    return train(digits)


def train(data, **settings):
    sizes = {"num_embeddings": 32, "embedding_dim": 8, "prior_layers": 1, "epochs": 40, "batch_size": 128}
    return aenb.train("vqvae", data, verbose=False, **sizes | settings)


# The codebook


def test_nearest_is_what_a_search_through_all_finds():
    z, vectors = normal(200, 5), normal(17, 5)[:, ::-1].copy()
    distances = ((z[:, None] - vectors[None]) ** 2).sum(axis=-1)
    found = np.asarray(quantiser.nearest(tf.constant(z), tf.constant(vectors)))
    np.testing.assert_array_equal(found, distances.argmin(axis=1))
    assert found.dtype == "int32"


def test_the_gradient_goes_straight_through():
    z, e, w = tf.constant(normal(6, 4)), tf.constant(normal(6, 4)[::-1].copy()), normal(4, 3)

    def decode(vectors):
        return tf.reduce_sum(tf.tanh(vectors @ w) ** 2)

    with tf.GradientTape() as tape:
        tape.watch([z, e])
        quantised = quantiser.straight_through(z, e)
        value = decode(quantised)
    with tf.GradientTape() as alone:
        alone.watch(e)
        decoded = decode(e)
    np.testing.assert_allclose(quantised, e, atol=1e-6)
    through, beside = tape.gradient(value, [z, e])
    np.testing.assert_allclose(through, alone.gradient(decoded, e), atol=1e-5)
    assert beside is None  # the codebook learns by its averages only


def test_the_averages_are_those_of_the_appendix():
    """Against formulas (6) to (8) of the paper, one vector after the other, in double precision."""
    decay, count = 0.9, 5
    book = Codebook(normal(count, 3), np.float32([3, 0.5, 2, 1, 0]), normal(count, 3) * 2)
    sizes, sums = book.sizes.astype("float64"), book.sums.astype("float64")
    for step in range(3):
        z, indices = normal(40, 3) + step, np.random.default_rng(step).integers(0, count - 1, 40)  # the last: never
        book = quantiser.update(book, tf.constant(z), tf.constant(indices), decay)
        for i in range(count):
            mine = z[indices == i].astype("float64")
            sizes[i] = decay * sizes[i] + (1 - decay) * len(mine)
            sums[i] = decay * sums[i] + (1 - decay) * sum(mine, np.zeros(3))
        smooth = [(size + 1e-5) / (sizes.sum() + count * 1e-5) * sizes.sum() for size in sizes]
        np.testing.assert_allclose(book.sizes, sizes, rtol=1e-5)
        np.testing.assert_allclose(book.sums, sums, rtol=1e-4, atol=1e-5)
        for i in range(count - 1):
            np.testing.assert_allclose(book.vectors[i], sums[i] / smooth[i], rtol=1e-4, atol=1e-5)


def test_a_dead_code_takes_the_place_of_a_vector_of_the_batch():
    z, count = normal(80, 3), 8
    sizes = np.float32([10, 0, 9, 0.4, 0.6, 11, 10, 10])  # an even share is 10: the second and the fourth are dead
    book = Codebook(normal(count, 3), sizes, normal(count, 3) * 7)
    after = quantiser.restart(book, tf.constant(z), keras.random.SeedGenerator(0))
    dead = sizes < 0.5
    for i in range(count):
        if dead[i]:
            distances = np.abs(z - np.asarray(after.vectors)[i]).sum(axis=1)
            assert distances.min() == 0
            assert float(after.sizes[i]) == pytest.approx(1.0)
            np.testing.assert_allclose(after.sums[i] / after.sizes[i], after.vectors[i], rtol=1e-6)
        else:
            for before, now in zip(book, after, strict=True):
                np.testing.assert_array_equal(before[i], now[i])


def test_the_first_batch_gives_the_codebook_its_vectors():
    model, x = small()
    before = model.encoder(x).numpy().reshape(-1, 4)  # after one small step of Adam
    distance = np.linalg.norm(own(model).vectors[:, None] - before[None], axis=-1).min(axis=1)
    assert distance.max() < 0.2 * np.linalg.norm(before, axis=1).mean()
    assert (own(model).sizes > 0).all()


@pytest.mark.slow
def test_codes_that_training_does_not_reach_come_back(digits):
    """A codebook planted far away from all vectors but for one code: collapsed, and all used again after some steps."""
    model, _ = small()
    x = tf.constant(digits.x_train[:256])
    far = own(model).vectors + 100.0
    far[0] = 0
    for name, value in zip(CODEBOOK, (far, np.float32([2048, *[0] * 15]), far), strict=True):
        model.own[name].assign(value)
    assert len(np.unique(model.encode(x))) == 1
    for _ in range(3):
        terms = model.train_step((x, x))
    assert float(terms["perplexity"]) > 1.5
    assert len(np.unique(model.encode(x))) > 8
    assert np.abs(own(model).vectors).max() < 50


@pytest.mark.parametrize(
    ("counts", "expected"),
    [((8, 0, 0, 0), 1.0), ((2, 2, 2, 2), 4.0), ((1, 3, 0, 0), np.exp(0.25 * np.log(4) + 0.75 * np.log(4 / 3)))],
)
def test_perplexity_has_its_closed_form(counts, expected):
    indices = np.repeat(np.arange(4), counts)
    assert float(quantiser.perplexity(tf.constant(indices), 4)) == pytest.approx(expected, rel=1e-5)


# The losses


def test_the_terms_are_those_of_the_paper():
    """Against NumPy: Gaussian likelihood of what was observed, commitment, perplexity, cross-entropy of the prior."""
    model, x = small(commitment_cost=0.5, variance=0.3)
    y = x.copy()
    y[0, :4] = np.nan
    terms = {name: float(value) for name, value in model.test_step((tf.constant(x), tf.constant(y))).items()}
    z = model.encoder(x).numpy().astype("float64")  # (items, positions, dimensions)
    book = own(model).vectors.astype("float64")
    codes = ((z[:, :, None] - book) ** 2).sum(axis=-1).argmin(axis=-1)
    made = model.decoder(book[codes].astype("float32")).numpy()
    entries = 0.5 * (np.log(2 * np.pi * 0.3) + (y - made) ** 2 / 0.3)
    assert terms["reconstruction_loss"] == pytest.approx(np.nansum(entries) / len(x), rel=1e-4)
    assert terms["commitment_loss"] == pytest.approx(0.5 * ((z - book[codes]) ** 2).sum() / len(x), rel=1e-3)
    assert terms["loss"] == pytest.approx(terms["reconstruction_loss"] + terms["commitment_loss"], rel=1e-5)
    share = np.bincount(codes.ravel(), minlength=16) / codes.size
    assert terms["perplexity"] == pytest.approx(np.exp(-np.sum(share * np.log(share + 1e-10))), rel=1e-4)
    logits = model.prior_model(codes).numpy().astype("float64")
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    nats = -np.take_along_axis(log_p, codes[..., None], axis=-1).sum() / len(x)
    assert terms["prior_loss"] == pytest.approx(nats, rel=1e-4)


def test_the_encoder_learns_from_the_decoder_and_from_its_codes():
    """Its gradient is that of the reconstruction where the codes are, and of the commitment: nothing of the prior's."""
    model, x = small()
    bias = model.encoder.get_layer("vectors").bias
    model.own["codebook"].assign(own(model).vectors * 1.5)  # away from the vectors
    batch = batch_of(model, (tf.constant(x), tf.constant(x)), training=False)
    with tf.GradientTape() as tape:
        loss = model.players[0].loss(model, batch)["loss"]
    found = tape.gradient(loss, bias.value)
    z = model.encoder(x)
    e = tf.gather(own(model).vectors, model.encode(x))
    with tf.GradientTape() as tape:
        tape.watch(e)
        error = tf.reduce_sum(tf.square(model.decoder(e) - x)) / (2 * 0.1)
    expected = tape.gradient(error, e) + 2 * 0.25 * (z - e)
    np.testing.assert_allclose(
        found, tf.reduce_sum(expected, axis=0).numpy().reshape(-1) / len(x), rtol=1e-3, atol=1e-4
    )
    with tf.GradientTape() as tape:
        loss = model.players[1].loss(model, batch)["prior_loss"]
    assert tape.gradient(loss, bias.value) is None


@pytest.mark.slow
def test_validation_leaves_the_codebook_alone():
    model, x = small()
    before = own(model)
    model.test_step((tf.constant(x), tf.constant(x)))
    eager.evaluate(model, x, x)
    for was, now in zip(before, own(model), strict=True):
        np.testing.assert_array_equal(was, now)
    model.train_step((tf.constant(x), tf.constant(x)))
    assert all((was != now).any() for was, now in zip(before, own(model), strict=True))


# The prior


def prior(positions=6, num_embeddings=5):
    keras.utils.set_random_seed(1)
    model = code_prior.build(positions, num_embeddings, 8, 2)
    for weight in model.weights:  # such that the codes before matter much
        weight.assign(weight + 0.5 * np.random.default_rng(1).normal(size=weight.shape))
    return model


def test_a_code_hangs_on_the_codes_before_it_only():
    model, codes = prior(), RNG.integers(0, 5, (3, 6)).astype("int32")
    logits = model(codes).numpy()
    for position in range(6):
        other = codes.copy()
        other[:, position] = (codes[:, position] + 1) % 5
        changed = np.abs(model(other).numpy() - logits).max(axis=(0, 2)) > 1e-4
        assert changed.tolist() == [later > position for later in range(6)]


def test_the_logits_of_one_position_are_those_of_the_whole():
    model, codes = prior(), RNG.integers(0, 5, (3, 6)).astype("int32")
    cache = code_prior.empty_cache(model, 3)
    for position in range(6):
        logits, cache = code_prior.next_logits(model, tf.constant(codes), tf.constant(position), cache)
        np.testing.assert_allclose(logits, model(codes)[:, position], atol=1e-4)


def test_draws_follow_the_prior():
    """Of two positions, how often each pair comes, against what the model says; five standard deviations."""
    model = prior(2, 3)
    pairs = np.array([(i, j) for i in range(3) for j in range(3)], "int32")
    log_p = np.log(np.asarray(keras.ops.softmax(model(pairs))))
    expected = np.exp(log_p[np.arange(9), 0, pairs[:, 0]] + log_p[np.arange(9), 1, pairs[:, 1]])
    assert expected.sum() == pytest.approx(1, rel=1e-5)
    n = 4000
    drawn = code_prior.sampler(model)(n, 0)
    share = np.bincount(drawn[:, 0] * 3 + drawn[:, 1], minlength=9) / n
    assert (np.abs(share - expected) < 5 * np.sqrt(expected * (1 - expected) / n)).all()


def test_draws_are_those_of_the_seed():
    draw = code_prior.sampler(prior())
    np.testing.assert_array_equal(draw(600, 3), draw(600, 3))  # more than are drawn at once
    assert (draw(600, 3)[:512] != draw(600, 4)[:512]).any(axis=1).mean() > 0.9
    assert (draw(600, 3)[:88] != draw(600, 3)[512:]).any(axis=1).mean() > 0.9


# The whole


def test_it_learns_and_generates(run, digits):
    assert run.evaluate(parts="reconstruction")["mse"] < 0.6 * run.evaluate(parts="reconstruction")["mean_mse"]
    codes = run.encode(digits.x_test)
    assert codes.shape == (len(digits.x_test), 8)
    assert codes.dtype == "int32"
    assert codes.max() < 32
    np.testing.assert_allclose(run.decode(codes), run.reconstruct(digits.x_test), atol=1e-6)
    history = run.history
    assert history["val_perplexity"][-1] > 8
    assert history["val_prior_loss"][-1] < 0.9 * 8 * np.log(
        history["val_perplexity"][-1]
    )  # better than the shares alone
    np.testing.assert_array_equal(run.generate(20, seed=5), run.generate(20, seed=5))
    assert (run.generate(20, seed=5) != run.generate(20, seed=6)).any()


def test_what_is_drawn_is_nearer_to_items_than_codes_at_random(run, digits):
    def to_items(made):
        return np.square(made[:, None] - digits.x_test[None, :200]).mean(axis=(2, 3, 4)).min(axis=1).mean()

    anyhow = np.random.default_rng(0).integers(0, 32, (100, 8))
    assert to_items(run.generate(100)) < 0.8 * to_items(run.decode(anyhow))


def test_discrete_codes_have_no_line_and_no_mixture(run, digits):
    with pytest.raises(aenb.AenbError, match="discrete"):
        run.interpolate(digits.x_test[0], digits.x_test[1])
    with pytest.raises(aenb.AenbError, match="discrete"):
        run.generate(2, density="gmm")


def test_a_dense_one_is_compiled_and_reports_its_terms(run):
    assert compiles_well(run.model, 5_000)
    assert {"val_loss", "val_perplexity", "val_prior_loss"} <= set(run.history)


@pytest.mark.thorough
def test_with_convolutions_too(digits):
    first, second = (train(digits, limit=200, filters=(4,), epochs=2, batch_size=64) for _ in range(2))
    assert not compiles_well(first.model, 5_000)
    for a, b in zip(first.model.get_weights(), second.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert first.history == second.history


FRESH = """
import sys
import keras, numpy as np
folder = sys.argv[1]
x, out = np.load(folder + "/x.npy"), {}
names = ("encoder", "decoder", "prior_model")
encoder, decoder, prior = (keras.models.load_model(f"{folder}/run/{name}.keras") for name in names)
out["z"] = encoder(x)
out["items"] = decoder(out["z"])
out["logits"] = prior(np.zeros((1, 8), "int32"))
assert not [name for name in sys.modules if name.startswith("aenb")]
import aenb.models.custom_objects
model = keras.models.load_model(folder + "/run/model.keras")
out["made"] = model.predict(x, verbose=0)
out["drawn"] = model.sample_prior(5, np.random.default_rng(7))
np.savez(folder + "/out.npz", **out)
"""


def test_saved_it_gives_the_same_in_a_fresh_process(run, digits, tmp_path):
    run.save(tmp_path / "run")
    x = digits.x_test[:9]
    np.save(tmp_path / "x.npy", x)
    fresh.run(FRESH, tmp_path)
    model = run.model
    with np.load(tmp_path / "out.npz") as out:
        np.testing.assert_allclose(out["z"], model.encoder(x), atol=1e-5)
        np.testing.assert_allclose(out["items"], model.decoder(out["z"]), atol=1e-5)
        np.testing.assert_allclose(out["logits"], model.prior_model(np.zeros((1, 8), "int32")), atol=1e-5)
        np.testing.assert_allclose(out["made"], run.reconstruct(x), atol=1e-6)
        np.testing.assert_array_equal(out["drawn"], model.sample_prior(5, np.random.default_rng(7)))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shape", "settings", "grid"),
    [
        ((28, 28, 1), {}, (7, 7, 64)),
        ((13, 18, 3), {"filters": (4, 8), "embedding_dim": 5}, (4, 5, 5)),
        ((9, 7, 2), {"filters": (4,), "kernel_size": 3}, (5, 4, 64)),
        ((13,), {"positions": 3}, (3, 64)),
        ((20, 2), {"embedding_dim": 7}, (8, 7)),
    ],
)
def test_any_size_has_a_grid(shape, settings, grid):
    model, x = small(shape, **{"hidden_units": None, "embedding_dim": 64} | settings)
    assert model.encoder.output_shape == (None, *grid)
    assert model.code_shape == (np.prod(grid[:-1]),)
    assert model(x[:3]).shape == (3, *shape)
    assert model.decode(model.sample_prior(2, np.random.default_rng(0))).shape == (2, *shape)


def test_parts_of_ones_own_are_taken_and_those_that_do_not_fit_are_named():
    encoder = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(12), keras.layers.Reshape((4, 3))])
    decoder = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(64), keras.layers.Reshape((8, 8, 1))])
    model, x = small(encoder=encoder, decoder=decoder)
    assert model.code_shape == (4,)
    assert model(x).shape == x.shape
    with pytest.raises(aenb.AenbError, match=r"`decoder`: expected to give \(8, 8, 1\)"):
        small(decoder=keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)]))


def test_texts_are_refused():
    data = aenb.load_data(["a b c", "b c a", "c a b", "a c b", "b a c", "c b a"] * 4)
    with pytest.raises(aenb.AenbError, match=r"received.* texts of up to.*Families for texts: deep, vae, attention"):
        aenb.train("vqvae", data, verbose=False)


def test_the_recipe_is_kept():
    model, _ = small(commitment_cost=0.7)
    again = type(model).from_config(json.loads(json.dumps(model.get_config())))
    assert again.recipe["hyperparameters"]["commitment_cost"] == 0.7
    assert [w.shape for w in again.weights] == [w.shape for w in model.weights]


@pytest.mark.thorough
def test_images_that_are_mostly_black_are_learnt_and_not_all_black():
    """From grey, a sigmoid was driven to where it has no slope: all black, with a squared error of 0.113 for good."""
    run = aenb.train("vqvae", "mnist_5k", epochs=2, limit=2000, verbose=False)
    scores = run.evaluate(parts="reconstruction")
    assert scores["mse"] < 0.6 * scores["mean_mse"]
