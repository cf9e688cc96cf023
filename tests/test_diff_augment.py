"""DiffAugment: its transformations against NumPy, what they leave alone, and what passes through them."""

import numpy as np
import pytest

import aenb
import aenb.core.backend
from aenb.models.players.diff_augment import POLICIES, augment
from aenb.models.players.training_step import batch_of

aenb.core.backend.start()

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

SMALL = {"hidden_units": (16,), "latent_dim": 4}


def images(n=6, side=16, channels=2):
    return np.random.default_rng(0).uniform(0.1, 1, (n, side, side + 4, channels)).astype("float32")


def seeds(number=3):
    return keras.random.SeedGenerator(number)


def test_translation_moves_each_image_by_whole_pixels_of_at_most_an_eighth():
    x = images(200)
    (found,) = (np.array(one) for one in augment("translation", seeds(), x))
    padded, shifts = np.pad(x, ((0, 0), (2, 2), (3, 3), (0, 0))), set()
    for image, moved in zip(padded, found, strict=True):  # an eighth of 16 and of 20 pixels: 2 and 3, rounded
        fits = [
            (dy, dx)
            for dy in range(-2, 3) for dx in range(-3, 4)
            if np.array_equal(moved, image[2 + dy : 18 + dy, 3 + dx : 23 + dx])
        ]  # fmt: skip
        assert len(fits) == 1
        shifts.add(fits[0])
    assert len(shifts) > 30  # of 35


def test_cutout_clears_a_square_of_half_the_side_that_edges_cut_off():
    x = images(300)
    (found,) = (np.array(one) for one in augment("cutout", seeds(), x))
    sides = set()
    for image, cut in zip(x, found, strict=True):
        gone = (cut == 0).all(axis=-1)
        rows, columns = (np.flatnonzero(gone.any(axis=axis)) for axis in (1, 0))
        assert gone.sum() == len(rows) * len(columns)  # a rectangle
        assert rows[-1] - rows[0] + 1 == len(rows)
        np.testing.assert_array_equal(cut[~gone], image[~gone])
        for places, side in ((rows, 16), (columns, 20)):
            assert side // 4 <= len(places) <= side // 2
            assert len(places) == side // 2 or places[0] == 0 or places[-1] == side - 1
        sides.add((len(rows), len(columns)))
    assert (8, 10) in sides and len(sides) > 5  # noqa: PT018


def test_brightness_adds_a_constant_of_at_most_a_quarter_to_each_image():
    x = images(500)
    (found,) = (np.array(one) for one in augment("brightness", seeds(), x))
    added = (found - x).reshape(500, -1)
    np.testing.assert_allclose(added, added[:, :1] * np.ones_like(added), atol=1e-6)
    assert -0.2501 < added.min() < -0.23
    assert 0.23 < added.max() < 0.2501
    assert abs(added.mean()) < 0.02


@pytest.mark.parametrize("policy", POLICIES)
def test_all_batches_of_a_call_are_transformed_alike_and_those_of_two_calls_are_not(policy):
    draw, x = seeds(), images(8)
    one, other = augment(policy, draw, x, x)
    np.testing.assert_array_equal(one, other)
    assert np.abs(np.array(augment(policy, draw, x)[0]) - one).max() > 0


def test_none_draws_nothing():
    draw, x = seeds(), images()
    before = np.array(draw.state)
    assert augment(None, draw, x)[0] is x
    np.testing.assert_array_equal(draw.state, before)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_gradient_passes_through_to_the_pixels_that_are_seen(policy):
    x = tf.constant(images(3))
    with tf.GradientTape() as tape:
        tape.watch(x)
        (found,) = augment(policy, seeds(), x)
        total = tf.reduce_sum(found)
    gradient = tape.gradient(total, x).numpy()
    assert set(np.unique(gradient)) <= {0.0, 1.0}  # each pixel is seen once, or not at all
    unseen = np.mean(gradient == 0)
    assert unseen == 0 if policy == "brightness" else 0 < unseen < 0.6


@pytest.mark.parametrize("family", ["gan", "vaegan"])
def test_the_discriminator_sees_augmented_images_and_nothing_else_does(family, monkeypatch):
    keras.utils.set_random_seed(0)
    model = aenb.build_model(family, (8, 8, 1), diff_augment="cutout", **SMALL)
    x = np.random.default_rng(0).uniform(0.2, 1, (16, 8, 8, 1)).astype("float32")
    seen = []
    kind = type(model.discriminator)
    call = kind.__call__

    def record(self, x, **options):
        if self is model.discriminator:
            seen.append(np.array(x))
        return call(self, x, **options)

    monkeypatch.setattr(kind, "__call__", record)
    batch = batch_of(model, (keras.ops.convert_to_tensor(x),) * 2, training=True)
    outputs = batch if model.forward is None else model.forward(model, batch)
    for player in model.players:
        player.loss(model, outputs)
    assert len(seen) == 3  # a gan: real examples, and generated ones twice; a vaegan: reconstructions too
    assert all((one == 0).reshape(16, -1).any(axis=1).all() for one in seen)


@pytest.mark.thorough
def test_it_trains_conditioned_and_with_missing_values(digits):
    settings = {"diff_augment": "translation,cutout,brightness", "r1": 0.1, "conditional": True, **SMALL}
    run = aenb.train("gan", digits, epochs=1, limit=300, verbose=False, task="impute", **settings)
    assert np.isfinite([values[-1] for values in run.history.values()]).all()
    assert "r1_penalty" in run.history


def test_only_images_are_augmented():
    with pytest.raises(aenb.AenbError, match=r'`diff_augment`: expected None for examples.*received "cutout"'):
        aenb.build_model("gan", (13,), diff_augment="cutout")
    with pytest.raises(aenb.AenbError, match="Unknown diff_augment `cut` of family `vaegan`"):
        aenb.build_model("vaegan", (8, 8, 1), diff_augment="cut")
