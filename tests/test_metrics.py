import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn.decomposition import PCA

import aenb
from aenb.data.sets import fashion_mnist as fashion
from aenb.evaluation.metrics import baselines
from aenb.evaluation.metrics.baselines import principal_subspace
from aenb.evaluation.metrics.distortion import mse, psnr, reconstruction_errors, ssim
from aenb.evaluation.metrics.reconstruction_scores import reconstruction_scores, text_scores

DRAW = np.random.default_rng(0)


def pca(x_train, x, dimensions, parts=3):
    return principal_subspace(lambda: iter(np.array_split(x_train, parts)), dimensions).reconstruct(x, dimensions)


@pytest.mark.parametrize("shape", [(28, 28, 1), (9, 13, 3), (7, 7, 1), (5, 8, 2), (3, 3, 1)])
def test_ssim_and_psnr_equal_scikit_image_image_by_image(shape):
    x = DRAW.random((12, *shape))
    y = np.clip(x + DRAW.normal(0, 0.1, x.shape), 0, 1)
    window = min(7, *(side - 1 + side % 2 for side in shape[:2]))
    pairs = list(zip(x, y, strict=True))
    expected = np.mean(
        [structural_similarity(a, b, win_size=window, data_range=1.0, channel_axis=-1) for a, b in pairs]
    )
    assert ssim(x, y) == pytest.approx(expected, abs=1e-9)
    assert psnr(x, y) == pytest.approx(np.mean([peak_signal_noise_ratio(a, b, data_range=1.0) for a, b in pairs]))


def test_ssim_is_absent_for_images_under_three_pixels():
    assert ssim(np.zeros((2, 2, 9, 1)), np.zeros((2, 2, 9, 1))) is None


def test_perfect_scores():
    x = DRAW.random((4, 8, 8, 1))
    assert mse(x, x) == 0
    assert psnr(x, x) == np.inf
    assert ssim(x, x) == pytest.approx(1)


def test_the_mean_item_has_the_variance_as_its_error():
    x = DRAW.random((50, 6))
    assert mse(x, pca(x, x, 0)) == pytest.approx(x.var(axis=0).mean(), rel=1e-5)


def test_the_error_of_pca_is_the_sum_of_the_eigenvalues_left_out():
    x = DRAW.normal(size=(300, 10)) @ DRAW.normal(size=(10, 10))
    values = np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1]
    assert mse(x, pca(x, x, 4)) == pytest.approx(values[4:].sum() / 10, rel=1e-4)


def test_pca_of_more_dimensions_than_features_is_perfect():
    x = DRAW.normal(size=(20, 5))
    assert mse(x, pca(x, x, 99)) < 1e-10


@pytest.mark.slow
@pytest.mark.skipif(fashion._folder_at_hand() is None, reason="needs the package dataset-fashion-mnist")
def test_pca_on_fashion_mnist_gives_the_known_figures():
    data = aenb.load_data("fashion_mnist")
    for k, expected in {2: 0.0461, 30: 0.0156}.items():
        made = principal_subspace(data.blocks, 30).reconstruct(data.x_test, k)
        assert mse(data.x_test, made) == pytest.approx(expected, abs=5e-5)
    mean = principal_subspace(data.blocks, 0).reconstruct(data.x_test, 0)
    assert mse(data.x_test, mean) == pytest.approx(0.0866, abs=5e-5)


def test_a_planted_bad_model_scores_as_the_mean_image(digits):
    bad = pca(digits.x_train, digits.x_test, 0)
    scores = reconstruction_scores(digits.blocks, digits.x_test, bad, 8, images=True)
    assert scores["mse"] == scores["mean_mse"] > scores["pca_mse"]
    assert scores["ssim"] < scores["pca_ssim"]
    assert set(scores) == {f"{p}{m}" for p in ("", "pca_", "mean_") for m in ("mse", "psnr", "ssim")}


def test_images_that_a_hole_did_not_change_do_not_make_what_was_given_perfect(digits):
    x, given = digits.x_test[:9], digits.x_test[:9].copy()
    given[1:, 2:5, 2:5] = 1.0
    scores = reconstruction_scores(digits.blocks, x, x, 8, images=True, given=given)
    assert scores["input_psnr"] == pytest.approx(psnr(x[1:], given[1:]))
    assert scores["input_mse"] == pytest.approx(mse(x, given))


@pytest.mark.parametrize("features", [40, 300])
def test_pca_of_blocks_is_that_of_scikit_learn(features):
    x = (DRAW.normal(size=(500, 20)) @ DRAW.normal(size=(20, features)) + 3).astype("float32")
    x += DRAW.normal(0, 0.1, x.shape).astype("float32")
    other = PCA(7).fit(x)
    expected = other.inverse_transform(other.transform(x))
    np.testing.assert_allclose(pca(x, x, 7, parts=4), expected, atol=1e-3)


def test_pca_of_very_wide_items_is_fitted_on_a_sample(monkeypatch):
    monkeypatch.setattr(baselines, "WIDE", 30)
    monkeypatch.setattr(baselines, "SAMPLE", 250 * 40)
    x = (DRAW.normal(size=(500, 3)) @ DRAW.normal(size=(3, 40))).astype("float32")
    assert mse(x, pca(x, x, 3)) < 1e-9


def test_what_was_not_observed_does_not_count():
    x, made = DRAW.normal(size=(40, 6)), DRAW.normal(size=(40, 6))
    missing = DRAW.random(x.shape) < 0.3
    whole = np.square(x - made)[~missing].mean()
    x[missing] = np.nan
    assert mse(x, made) == pytest.approx(whole)
    scores = reconstruction_scores(lambda: iter([x]), x, made, 2, images=False)
    other = PCA(2).fit(np.nan_to_num(x))
    expected = other.inverse_transform(other.transform(np.nan_to_num(x)))
    assert scores["pca_mse"] == pytest.approx(np.square(x - expected)[~missing].mean(), rel=1e-4)
    assert scores["mean_mse"] == pytest.approx(np.square(x - np.nan_to_num(x).mean(axis=0))[~missing].mean(), rel=1e-4)


def test_a_model_that_gives_nan_does_not_score_well():
    x, made = np.zeros((4, 3)), np.zeros((4, 3))
    x[0, 0], made[1, 1] = np.nan, np.nan
    assert np.isnan(mse(x, made))


def test_texts_are_scored_by_their_words_beside_the_commonest_of_each_place():
    train = np.array([[2, 3, 0], [2, 4, 5], [6, 4, 0]], "uint16")
    x = np.array([[2, 3, 0], [6, 4, 5]], "int32")
    made = np.array([[2, 4, 7], [6, 4, 5]], "int32")
    given = np.array([[0, 3, 0], [0, 0, 0]], "int32")
    scores = text_scores(train, x, made, given=given)
    assert scores == {"accuracy": 4 / 5, "mean_accuracy": 3 / 5, "input_accuracy": 1 / 5}
    assert "input_accuracy" not in text_scores(train, x, made)


def test_errors_of_examples_are_means_of_what_was_observed():
    x = np.random.default_rng(0).normal(size=(5, 4))
    x[0, 1] = x[1, :] = np.nan
    made = np.zeros((5, 4))
    errors = reconstruction_errors(x, made)
    assert np.isnan(errors[1])
    np.testing.assert_array_equal(errors[[0, 2, 3, 4]], np.nanmean(np.square(x[[0, 2, 3, 4]]), axis=1))
