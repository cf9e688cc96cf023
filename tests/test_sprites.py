"""The sprites: their factors, and images that follow from these."""

import numpy as np
import pytest
from scipy import ndimage

import aenb
from aenb.data.sets.sprites import FACTORS, LEVELS, draw_sprites, factors, name_of


@pytest.fixture(scope="module")
def data():
    return aenb.load_data("sprites")


def test_all_combinations_of_the_factors_occur_once_and_no_two_images_are_equal(data):
    levels = np.concatenate(factors(data))
    assert levels.shape == (np.prod(LEVELS), len(FACTORS))
    assert len(np.unique(levels, axis=0)) == len(levels)
    images = np.concatenate([data.train, data.test])
    assert images.dtype == "uint8"
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == len(images)
    np.testing.assert_array_equal(draw_sprites(levels), images)
    np.testing.assert_array_equal(levels[: len(data.train), 0], data.y_train)
    assert np.bincount(data.y_test).min() > 300


def test_it_is_the_same_at_each_call(data):
    again = aenb.load_data("sprites")
    assert again.fingerprint == data.fingerprint
    assert data.fingerprint.startswith("87e7faaad2d42aa2")  # on any machine


def test_the_centre_follows_x_and_y_and_the_size_follows_the_scale():
    levels = np.array(
        [[s, k, o, x, y] for s in range(3) for k in range(4) for o in (0, 5) for x, y in ((0, 7), (3, 3))]
    )
    images = draw_sprites(levels)[..., 0].astype("float64")
    centres = np.array([ndimage.center_of_mass(image) for image in images])  # (n, 2): down, across
    np.testing.assert_allclose(centres[:, 1] - 2 * levels[:, 3], 8.5, atol=0.1)
    np.testing.assert_allclose(centres[:, 0] - 2 * levels[:, 4], 8.5, atol=0.1)
    areas = images.sum(axis=(1, 2)) / 255
    for shape in range(3):
        by_scale = [areas[(levels[:, 0] == shape) & (levels[:, 1] == scale)] for scale in range(4)]
        ratios = [found.mean() / by_scale[0].mean() for found in by_scale]
        np.testing.assert_allclose(ratios, (np.arange(4, 8) / 4) ** 2, rtol=0.03)
    square = areas[(levels[:, 0] == 0) & (levels[:, 1] == 3)]
    np.testing.assert_allclose(square, (2 * 0.8 * 7) ** 2, rtol=0.02)
    ellipse = areas[(levels[:, 0] == 1) & (levels[:, 1] == 3)]
    np.testing.assert_allclose(ellipse, np.pi * 7 * 7 * 0.55, rtol=0.02)


def test_orientation_turns_the_shape():
    images = draw_sprites(np.array([[1, 3, o, 4, 4] for o in range(8)]))[..., 0].astype("float64")
    angles = []
    for image in images:
        down, across = np.indices(image.shape).reshape(2, -1)
        spread = np.cov(across, down, aweights=image.ravel())
        angles.append(np.degrees(np.arctan2(*np.linalg.eigh(spread)[1][::-1, 1])) % 180)
    np.testing.assert_allclose(angles, 11.25 * np.arange(8), atol=1.5)


def test_parts_keep_their_factors_and_other_data_has_none(data):
    part = data.limit(200)
    train, test = factors(part)
    np.testing.assert_array_equal(draw_sprites(train), part.train)
    np.testing.assert_array_equal(draw_sprites(test), part.test)
    assert name_of([2, 1, 0, 3, 7]) == "heart, scale 1, orientation 0, x 3, y 7"
    with pytest.raises(aenb.AenbError, match=r"`data`: expected sprites.*received digits"):
        factors(aenb.load_data("digits"))
