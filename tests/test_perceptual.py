"""The perceptual distance against NumPy, in the losses of the families that have it, and apart from the scorer."""

import numpy as np
import pytest
from scipy import ndimage, signal

import aenb
from aenb.core import backend
from aenb.core.backend import keras, tf
from aenb.evaluation import extractor
from aenb.models.losses import perceptual
from aenb.models.players.training_step import batch_of
from tests import eager

STOCK = ("deep", "conv", "attention")  # stock Keras models, whose loss is a mean over pixels
SMALL = {
    "deep": {"hidden_units": (8,)},
    "conv": {"filters": (4,)},
    "attention": {"patch_size": 6, "embed_dim": 8, "num_heads": 2, "num_layers": 1},
    "vae": {"filters": (4,), "hidden_units": (8,), "latent_dim": 3},
    "vqvae": {"filters": (4,), "num_embeddings": 8, "embedding_dim": 4, "prior_units": 8, "prior_layers": 1},
}


@pytest.fixture(scope="module", autouse=True)
def _started():
    backend.start()


def examples(n=6, shape=(12, 12, 1), seed=0):
    return np.random.default_rng(seed).random((n, *shape), "float32")


def by_numpy(x, y):
    """The formula, with convolutions by SciPy, for square images."""
    total = 0
    x, y = x.astype("float64"), y.astype("float64")
    for weights in perceptual.filters(x.shape[-1]):
        pair = []
        for f in (x, y):
            around = 1, 1 + f.shape[1] % 2  # "same", for 4 pixels in steps of 2
            padded = np.pad(f, ((0, 0), around, around, (0, 0)))
            found = [
                sum(signal.correlate2d(image[..., c], weights[..., c, k], "valid") for c in range(f.shape[-1]))[
                    ::2, ::2
                ]
                for image in padded
                for k in range(weights.shape[-1])
            ]
            found = np.maximum(np.stack(found).reshape(len(f), -1, *found[0].shape), 0)
            pair.append(np.moveaxis(found, 1, -1))
        a, b = (f / np.sqrt((f**2).sum(axis=-1, keepdims=True) + 0.01) for f in pair)
        total = total + ((a - b) ** 2).sum(axis=-1).mean(axis=(1, 2))
        x, y = pair
    return total / 3


def test_the_distance_is_that_of_numpy():
    x, y = examples(2, (8, 8, 2)), examples(2, (8, 8, 2), seed=1)
    np.testing.assert_allclose(perceptual.distance(tf.constant(x), tf.constant(y)), by_numpy(x, y), rtol=1e-4)


def test_the_distance_of_equal_images_is_zero_and_has_a_finite_gradient():
    x = tf.constant(
        np.concatenate([examples(3), np.zeros((1, 12, 12, 1), "float32"), np.ones((1, 12, 12, 1), "float32")])
    )
    with tf.GradientTape() as tape:
        tape.watch(x)
        found = perceptual.distance(tf.stop_gradient(x), x)
    np.testing.assert_array_equal(found, 0)
    np.testing.assert_array_equal(tape.gradient(found, x), 0)


def test_the_gradient_is_that_of_differences():
    x, y = examples(1, seed=1), examples(1)
    with tf.GradientTape() as tape:
        moved = tf.constant(y)
        tape.watch(moved)
        found = perceptual.distance(tf.constant(x), moved)
    gradient = np.asarray(tape.gradient(found, moved), "float64")
    step = np.random.default_rng(2).normal(size=y.shape)
    step *= 1e-3 / np.linalg.norm(step)
    change = by_numpy(x, (y + step).astype("float64")) - by_numpy(x, (y - step).astype("float64"))
    assert float((gradient * step).sum()) == pytest.approx(float(change[0]) / 2, rel=0.02)


def test_blur_is_further_than_noise_of_the_same_squared_error():
    """What the distance is for: of two images with one squared error, the sharp one is nearer."""
    x = np.zeros((1, 16, 16, 1), "float32")
    x[:, 4:12, 4:12] = 1
    blurred = ndimage.gaussian_filter(x, (0, 1.5, 1.5, 0))
    shifted = x * (1 - np.sqrt(np.sum((x - blurred) ** 2) / x.sum()))  # darker all over
    assert np.sum((x - blurred) ** 2) == pytest.approx(np.sum((x - shifted) ** 2), rel=1e-4)
    assert perceptual.distance(x, blurred)[0] > 2 * perceptual.distance(x, shifted)[0]


@pytest.mark.slow
def test_its_network_is_not_the_scorers(digits):
    """Another architecture, and other weights, that do not depend on what the scorer has learnt."""
    before = [weights.copy() for weights in perceptual.filters(1)]
    scorer = extractor.load_extractor(digits)  # trained, if it is not kept
    model = extractor._build(digits)
    shapes = {tuple(weight.shape) for weight in model.weights if len(weight.shape) == 4}
    assert shapes
    assert not shapes & {weights.shape for channels in (1, 3) for weights in perceptual.filters(channels)}
    assert perceptual.SEED not in range(100)  # from which the scorer draws its initial weights
    assert scorer.features(digits.x_test[:2]).shape == (2, extractor.FEATURES)
    for weights, now in zip(before, perceptual.filters(1), strict=True):
        np.testing.assert_array_equal(weights, now)


@pytest.mark.parametrize("family", SMALL)
def test_it_is_added_to_the_loss_with_its_weight(family):
    """The loss with the weight is that without it, and λ times the distance, scaled as each family says."""
    x = examples(shape=(12, 12, 1))
    found = []
    for weight in (0.0, 0.7):
        keras.utils.set_random_seed(0)
        more = {} if family in STOCK else {"variance": 0.2}
        model = aenb.build_model(family, (12, 12, 1), perceptual=weight, **SMALL[family], **more)
        model.seeds.state.assign([1, 2]) if family == "vae" else None
        if family == "vqvae":
            model.own["codebook"].assign(examples(8, (4,)))
        found.append(eager.evaluate(model, x, x))
    if family == "vae":  # the codes of the same noise
        model.seeds.state.assign([1, 2])
        noise = np.asarray(keras.random.normal((1, 6, 3), seed=model.seeds))[0]
        mean, log_var = model.encoder(x)
        decoded = model.decoder(mean + tf.exp(log_var / 2) * noise)
    else:
        decoded = model(x)
    apart = by_numpy(x, np.asarray(decoded)).mean()
    scale = 1 if family in STOCK else 144 / (2 * 0.2)
    assert found[1]["loss"] - found[0]["loss"] == pytest.approx(0.7 * scale * apart, rel=1e-3)
    assert apart > 0.05
    if family not in STOCK:
        assert found[1]["perceptual_loss"] == pytest.approx(apart, rel=1e-3)


@pytest.mark.parametrize("family", ["vae", "vqvae"])
def test_the_decoder_gets_its_gradient(family):
    model, x = aenb.build_model(family, (12, 12, 1), perceptual=1.0, **SMALL[family]), tf.constant(examples())
    with tf.GradientTape() as tape:
        terms = model.players[0].loss(model, batch_of(model, (x, x), training=False))
    gradients = tape.gradient(terms["perceptual_loss"], model.decoder.trainable_variables)
    assert sum(float(tf.norm(gradient)) for gradient in gradients) > 0


def test_missing_pixels_do_not_count():
    model, x = aenb.build_model("conv", (12, 12, 1), perceptual=0.5, **SMALL["conv"]), examples()
    y, other = x.copy(), x.copy()
    y[:, :6] = np.nan
    other[:, :6] = np.asarray(model(x))[:, :6]
    error = np.mean((np.asarray(model(x)) - x)[:, 6:] ** 2)
    expected = error + 0.5 * by_numpy(other, np.asarray(model(x))).mean()
    assert eager.evaluate(model, x, y)["loss"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("family", ["conv", "vae"])
def test_a_saved_run_loads_without_its_network(family, tmp_path, monkeypatch):
    x = examples(60)
    run = aenb.train(family, x, epochs=1, perceptual=0.1, verbose=False, **SMALL[family])
    names = {weight.path for weight in run.model.weights}
    assert len(names) == len({weight.path for weight in aenb.build_model(family, (12, 12, 1), **SMALL[family]).weights})
    saved = run.save(tmp_path / "run")

    def filters(channels):
        raise AssertionError("the perceptual network was asked for")

    monkeypatch.setattr(perceptual, "filters", filters)
    np.testing.assert_allclose(aenb.load_run(saved).reconstruct(x[:3]), run.reconstruct(x[:3]), atol=1e-6)


def test_other_examples_are_refused():
    with pytest.raises(aenb.AenbError, match="`perceptual`: expected 0 for examples that are not images"):
        aenb.build_model("vae", (9,), perceptual=0.1)
