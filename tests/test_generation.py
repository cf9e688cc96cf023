"""The scores of generated items against independent implementations, and the extractor they look through."""

import os

import numpy as np
import pytest

import aenb
from aenb.evaluation import extractor as extractors
from aenb.evaluation.extractor import load_extractor, quick_extractor
from aenb.evaluation.metrics.sample_quality import (
    class_histogram,
    density_coverage,
    frechet_distance,
    kernel_distance,
    precision_recall,
    sample_diversity,
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Keep extractors in a folder of these tests."""
    folder = tmp_path_factory.mktemp("cache")
    before = os.environ.get("AENB_CACHE")
    os.environ["AENB_CACHE"] = str(folder)
    yield folder
    if before is None:
        del os.environ["AENB_CACHE"]
    else:
        os.environ["AENB_CACHE"] = before


@pytest.fixture(scope="module")
def extractor(cache, digits):
    return load_extractor(digits)


def gaussian(seed, n, mean, covariance):
    return np.random.default_rng(seed).multivariate_normal(mean, covariance, n)


def random_covariance(seed, size):
    root = np.random.default_rng(seed).normal(size=(size, size))
    return root @ root.T / size + 0.1 * np.eye(size)


def test_the_frechet_distance_is_that_with_scipys_matrix_root():
    from scipy.linalg import sqrtm

    a = gaussian(0, 400, np.arange(6), random_covariance(1, 6))
    b = gaussian(2, 300, np.ones(6), random_covariance(3, 6))
    first, second = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    apart = np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2)
    expected = apart + np.trace(first + second - 2 * sqrtm(first @ second).real)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9)


def test_the_frechet_distance_comes_near_the_closed_form():
    """Of N(0, diag(s²)) and N(m, diag(t²)) it is ‖m‖² + Σ (s − t)²."""
    s, t, m = np.array([1.0, 2.0, 0.5]), np.array([3.0, 2.0, 1.5]), np.array([1.0, 0.0, 2.0])
    a, b = gaussian(0, 200_000, np.zeros(3), np.diag(s**2)), gaussian(1, 200_000, m, np.diag(t**2))
    assert frechet_distance(a, b) == pytest.approx(np.sum(m**2) + np.sum((s - t) ** 2), rel=0.02)


def test_the_frechet_distance_stands_singular_features():
    a = np.zeros((50, 8))
    a[:, 0] = np.linspace(0, 1, 50)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-12)
    assert frechet_distance(a, np.zeros((50, 8))) == pytest.approx(a[:, 0].mean() ** 2 + a[:, 0].var(ddof=1))
    assert frechet_distance(a[:, :1], a[:, :1] + 2) == pytest.approx(4)


def test_the_kernel_distance_is_the_estimate_without_bias():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(20, 4)), rng.normal(size=(15, 4)) + 0.5

    def kernel(x, y):
        return (x @ y / 4 + 1) ** 3

    within = [np.mean([kernel(x[i], x[j]) for i in range(len(x)) for j in range(len(x)) if i != j]) for x in (a, b)]
    across = np.mean([kernel(x, y) for x in a for y in b])
    assert kernel_distance(a, b) == pytest.approx(sum(within) - 2 * across)
    draws = [kernel_distance(rng.normal(size=(50, 4)), rng.normal(size=(50, 4))) for _ in range(200)]
    assert abs(np.mean(draws)) < 3 * np.std(draws) / np.sqrt(200)  # 0 on average, also for few items


def slow_manifold(x, k):
    distances = np.sort(np.linalg.norm(x[:, None] - x[None], axis=-1), axis=1)
    return distances[:, k]  # column 0 is the item itself


def test_precision_recall_density_and_coverage_are_those_of_their_definitions(monkeypatch):
    monkeypatch.setattr("aenb.evaluation.metrics.sample_quality.CHUNK", 500)  # several chunks
    rng = np.random.default_rng(0)
    real, made = rng.normal(size=(60, 3)), 0.6 * rng.normal(size=(40, 3)) + 0.3
    across = np.linalg.norm(real[:, None] - made[None], axis=-1)
    precision = (across <= slow_manifold(real, 3)[:, None]).any(axis=0).mean()
    recall = (across <= slow_manifold(made, 3)[None]).any(axis=1).mean()
    assert precision_recall(real, made) == pytest.approx((precision, recall))
    inside = across < slow_manifold(real, 5)[:, None]
    assert density_coverage(real, made) == pytest.approx((inside.sum() / (5 * 40), inside.any(axis=1).mean()))


def test_equal_distributions_have_the_expected_density_and_coverage():
    rng = np.random.default_rng(1)
    density, coverage = density_coverage(rng.normal(size=(2000, 4)), rng.normal(size=(2000, 4)))
    assert density == pytest.approx(1, abs=0.1)
    assert coverage == pytest.approx(1 - 2**-5, abs=0.02)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_item_repeated_is_seen(dtype):
    real = np.random.default_rng(0).normal(size=(300, 5)).astype(dtype)
    same = np.repeat(real[:1], 300, axis=0)
    assert sample_diversity(same, real) < 1e-6
    assert sample_diversity(real[:150], real) == pytest.approx(1, abs=0.1)
    assert precision_recall(real, same)[0] == 1  # it looks real …
    assert precision_recall(real, same)[1] < 0.01  # … and covers nothing
    assert density_coverage(real, same)[1] < 0.05
    assert class_histogram(np.tile([0.1, 0.7, 0.2], (9, 1))).tolist() == [0, 1, 0]


def test_the_extractor_knows_digits_and_is_kept(extractor, cache, digits, monkeypatch):
    assert extractor.name == f"classifier features, version {extractors.VERSION}"
    assert extractor.accuracy > 0.95
    monkeypatch.setattr(extractors, "_train", None)  # not once more
    again = load_extractor(digits)
    for one, other in zip(extractor(digits.x_test), again(digits.x_test), strict=True):
        np.testing.assert_array_equal(one, other)
    assert extractor.features(digits.x_test).shape == (360, extractors.FEATURES)
    assert extractor.probabilities(digits.x_test).sum(axis=1) == pytest.approx(np.ones(360), abs=1e-5)
    assert [file.suffix for file in (cache / "extractors").iterdir()] == [".keras"]  # nothing half-done beside it


def test_each_planted_fault_is_seen_through_the_extractor(extractor, digits):
    real, other = digits.x_test, digits.x_train[:360]
    mean = np.repeat(digits.x_train.mean(axis=0, keepdims=True), 360, axis=0)
    noisy = real + np.random.default_rng(0).normal(0, 0.3, real.shape)
    distances = [frechet_distance(extractor.features(real), extractor.features(x)) for x in (other, noisy, mean)]
    assert distances == sorted(distances)
    assert distances[1] > 1.5 * distances[0]
    assert distances[2] > 10 * distances[0]
    assert class_histogram(extractor.probabilities(real)) == pytest.approx(np.full(10, 0.1), abs=0.03)
    assert sample_diversity(extractor.features(real[digits.y_test == 3]), extractor.features(real)) < 0.7


def test_other_labels_have_an_extractor_of_their_own(extractor, digits):
    import dataclasses

    even = dataclasses.replace(digits, y_train=digits.y_train % 2, y_test=digits.y_test % 2)
    assert extractors._file(even) != extractors._file(digits)
    assert quick_extractor(digits).name == extractor.name
    assert quick_extractor(even).name.startswith("PCA")


def test_a_broken_file_is_trained_again(extractor, digits, tmp_path, monkeypatch):
    monkeypatch.setenv("AENB_CACHE", str(tmp_path))
    file = extractors._file(digits)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"not a model")
    monkeypatch.setattr(extractors, "_train", lambda data, progress: extractors._build(data))
    with pytest.warns(UserWarning, match="broken"):
        load_extractor(digits)
    assert load_extractor(digits).name == extractor.name  # whole now


def test_where_nothing_can_be_kept_it_works_and_says_so(digits, tmp_path, monkeypatch):
    place = tmp_path / "file"
    place.write_text("in the way")
    monkeypatch.setenv("AENB_CACHE", str(place))
    monkeypatch.setattr(extractors, "_train", lambda data, progress: extractors._build(data))
    with pytest.warns(UserWarning, match="AENB_CACHE"):
        assert load_extractor(digits).accuracy < 0.5


def test_training_tells_how_far_it_is_and_leaves_the_global_seed_alone(cache):
    import random

    wine, shares = aenb.load_data("wine"), []
    random.seed(5), np.random.seed(5)
    before = random.getstate(), np.random.get_state()[1].tolist()
    found = load_extractor(wine, shares.append)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before
    assert found.accuracy > 0.9
    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.slow
def test_the_recipe_gives_the_same_each_time(cache, digits):
    one, other = (extractors._train(digits.limit(200), lambda share: None) for _ in range(2))
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


def test_without_labels_it_is_pca_and_says_so():
    from sklearn.decomposition import PCA

    x = np.random.default_rng(0).random((300, 12, 10, 3), "float32")
    found = load_extractor(aenb.load_data(x))
    assert found.name == "PCA features of 64 dimensions"
    assert found.accuracy is None
    features, probabilities = found(found.data.x_test)
    assert probabilities is None
    flat = found.data.x_train.reshape(len(found.data.x_train), -1)
    expected = PCA(64, random_state=0).fit(flat).transform(found.data.x_test.reshape(-1, 360))
    np.testing.assert_allclose(np.abs(features), np.abs(expected), atol=1e-4)


def test_neighbours_vote_where_no_classifier_was_kept(digits, tmp_path, monkeypatch):
    monkeypatch.setenv("AENB_CACHE", str(tmp_path))
    found = quick_extractor(digits)
    assert found.name.startswith("PCA features")
    assert found.accuracy > 0.95


def test_items_beyond_their_range_and_missing_values_are_borne(extractor, digits):
    x = digits.x_test[:4].copy()
    wild = np.where(x == 1, 7, x)
    np.testing.assert_array_equal(extractor.features(wild), extractor.features(x))
    x[0, 0, 0] = np.nan
    assert np.isfinite(extractor.features(x)).all()


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(5, 7, 1), (130, 97, 3)])
def test_images_of_any_size_have_an_extractor(shape, cache):
    import dataclasses

    x = np.random.default_rng(0).random((40, *shape), "float32")
    data = aenb.load_data(x)
    labels = {"y_train": np.arange(len(data.train)) % 2, "y_test": np.arange(len(data.test)) % 2}
    features, probabilities = load_extractor(dataclasses.replace(data, **labels))(data.x_test)
    assert features.shape == (len(data.test), extractors.FEATURES)
    assert probabilities.shape == (len(data.test), 2)


def test_a_mixture_fits_codes_better_than_one_gaussian():
    from aenb.latent.densities import draw, fit_density

    rng = np.random.default_rng(0)
    codes = np.concatenate([rng.normal(size=(500, 2)) * 0.1 + at for at in ([0, 0], [4, 0], [0, 4])]).astype("float32")
    codes = rng.permutation(codes)
    drawn = {kind: draw(fit_density(kind, codes), 1500, np.random.default_rng(1)) for kind in ("gaussian", "gmm")}
    assert frechet_distance(drawn["gaussian"], codes) < 0.1  # both have the right mean and covariance
    precision = {kind: precision_recall(codes, x)[0] for kind, x in drawn.items()}
    assert precision["gaussian"] < 0.3 < 0.9 < precision["gmm"]
    assert drawn["gmm"].dtype == np.float32


@pytest.mark.thorough
def test_mixture_sampling_improves_a_plain_autoencoder(extractor, digits):
    run = aenb.train("deep", digits, latent_dim=8, epochs=40, seed=0, verbose=False)
    real = extractor.features(digits.x_test)
    distance = {
        density: frechet_distance(real, extractor.features(run.generate(360, density=density)))
        for density in ("gaussian", "gmm")
    }
    assert distance["gmm"] < 0.6 * distance["gaussian"]


# A classifier that was kept, and is damaged


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Return small labelled data, the file of its classifier, and how often one was trained."""
    monkeypatch.setenv("AENB_CACHE", str(tmp_path))
    draw, trained = np.random.default_rng(0), []
    data = aenb.load_data(draw.uniform(size=(60, 4, 4)), np.arange(60) % 3)

    def train(data, progress):
        trained.append(data)
        return extractors._build(data)

    monkeypatch.setattr(extractors, "_train", train)
    load_extractor(data)
    assert len(trained) == 1
    return data, extractors._file(data), trained


def cut(file, data):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def pipe(file, data):
    file.unlink()
    os.mkfifo(file)


def folder(file, data):
    file.unlink()
    (file / "inside").mkdir(parents=True)


def of_other_classes(file, data):
    extractors._build(aenb.load_data(data.x_train, np.arange(48) % 4)).save(file)


def without_numbers(file, data):
    model = extractors._build(data)
    model.set_weights([np.full(weight.shape, np.nan) for weight in model.get_weights()])
    model.save(file)


def of_bytes(file, data):
    file.write_bytes(np.random.default_rng(0).bytes(5000))


@pytest.mark.parametrize("damage", [cut, pipe, folder, of_other_classes, without_numbers, of_bytes])
def test_a_damaged_classifier_is_trained_again(kept, damage):
    data, file, trained = kept
    before = load_extractor(data).features(data.x_test)
    damage(file, data)
    assert quick_extractor(data).name.startswith("PCA")  # without a word: nothing is trained
    with pytest.warns(UserWarning, match="is broken, so it is trained again"):
        again = load_extractor(data)
    assert len(trained) == 2
    assert np.array_equal(again.features(data.x_test), before)
    load_extractor(data)  # the file is whole again
    assert len(trained) == 2


def test_a_mixture_of_sorted_codes_has_all_of_their_classes():
    from aenb.latent.densities import fit_density

    means = 20.0 * np.eye(10)
    codes = np.repeat(means, 100, axis=0) + np.random.default_rng(0).normal(size=(1000, 10))  # class after class
    fitted = fit_density("gmm", codes).means_
    distances = np.linalg.norm(fitted[None] - means[:, None], axis=2).min(axis=1)
    assert distances.max() < 2
