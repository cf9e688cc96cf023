"""The scikit-learn estimators: scikit-learn's own checks, and what they are for, on real tables."""

import pickle
import pickletools
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.estimator_checks import parametrize_with_checks

import aenb
from aenb.engine import dense_training
from aenb.sklearn import (
    AutoencoderGenerator,
    AutoencoderImputer,
    AutoencoderOutlierDetector,
    AutoencoderTransformer,
)

ESTIMATORS = (AutoencoderGenerator, AutoencoderImputer, AutoencoderOutlierDetector, AutoencoderTransformer)
EXPECTED_TO_FAIL = {}  # by the name of the check: the reason. None fails.


@parametrize_with_checks(
    [estimator(steps=10, random_state=0) for estimator in ESTIMATORS],
    expected_failed_checks=lambda estimator: EXPECTED_TO_FAIL,
)
def test_scikit_learn_takes_it_for_an_estimator(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def wine():
    return load_wine(as_frame=True).data


@pytest.fixture(scope="module")
def fitted(wine):
    return {one: one(steps=50, random_state=0).fit(wine) for one in ESTIMATORS}


def outputs(estimator, x):
    """Return what an estimator computes of rows."""
    if isinstance(estimator, AutoencoderGenerator):
        return estimator.sample(4, random_state=3).to_numpy()
    if isinstance(estimator, AutoencoderOutlierDetector):
        return estimator.score_samples(x)
    return np.asarray(estimator.transform(x.mask(x > x.mean()) if isinstance(estimator, AutoencoderImputer) else x))


@pytest.mark.parametrize("one", ESTIMATORS)
def test_a_pickle_has_arrays_and_gives_the_same(one, fitted, wine, tmp_path):
    content = pickle.dumps(fitted[one])
    names = {str(arg) for code, arg, _ in pickletools.genops(content) if code.name in ("GLOBAL", "SHORT_BINUNICODE")}
    assert not [name for name in names if name.split(".")[0] in ("keras", "tensorflow")]
    joblib.dump(fitted[one], tmp_path / "estimator.joblib")
    for again in (pickle.loads(content), joblib.load(tmp_path / "estimator.joblib")):
        assert np.array_equal(outputs(again, wine), outputs(fitted[one], wine))


def test_another_process_predicts_without_tensorflow(fitted, wine, tmp_path):
    (tmp_path / "detector.pickle").write_bytes(pickle.dumps(fitted[AutoencoderOutlierDetector]))
    wine.to_csv(tmp_path / "wine.csv", index=False)
    code = """
import pickle, sys, pandas
detector = pickle.load(open("detector.pickle", "rb"))
print(*detector.predict(pandas.read_csv("wine.csv")))
print("tensorflow" in sys.modules, "keras" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    predicted, modules = done.stdout.splitlines()
    assert predicted.split() == [str(one) for one in fitted[AutoencoderOutlierDetector].predict(wine)]
    assert modules == "False False"


def test_the_package_is_imported_when_it_is_used():
    code = "import sys, aenb; print('sklearn' in sys.modules); aenb.sklearn; print('keras' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["False", "False"], done.stderr


@pytest.mark.parametrize("one", ESTIMATORS)
def test_before_fit_it_is_not_fitted(one, wine):
    with pytest.raises(NotFittedError):
        outputs(one(), wine)
    with pytest.raises(NotFittedError):
        one().keras_model()


@pytest.mark.parametrize("one", ESTIMATORS)
def test_the_keras_model_reconstructs_the_same(one, fitted, wine, tmp_path):
    import keras

    ensemble = fitted[one].ensemble_
    x = ensemble.standardise(wine.to_numpy()[:5])
    fitted[one].keras_model().save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    given = model.predict(x, verbose=0).reshape(5, ensemble.members, -1)
    for number, rows, residuals in ensemble.residuals(x):
        np.testing.assert_allclose(given[rows, number], x[rows] - residuals, atol=1e-5)
    assert model.get_layer("encoder").predict(x, verbose=0).shape[0] == 5
    assert {type(layer).__module__.split(".")[0] for layer in model.get_layer("decoder").layers} == {"keras"}


def test_one_trace_serves_all_tables(wine):
    AutoencoderTransformer(steps=2).fit(wine)
    loop = dense_training._compiled(8)
    AutoencoderTransformer(steps=2, latent_dim=5).fit(load_breast_cancer().data)
    AutoencoderOutlierDetector(steps=2).fit(wine.iloc[:20, :3])
    assert dense_training._compiled(8) is loop
    assert loop.experimental_get_tracing_count() == 1


@pytest.mark.parametrize("one", ESTIMATORS)
def test_the_seed_decides(one, wine):
    first, again, other = (one(steps=5, random_state=seed).fit(wine) for seed in (1, 1, 2))
    assert np.array_equal(outputs(first, wine), outputs(again, wine))
    assert not np.array_equal(first.ensemble_.weights[0], other.ensemble_.weights[0])
    if one is not AutoencoderImputer:  # whose autoencoders may have nothing to correct
        assert not np.array_equal(outputs(first, wine), outputs(other, wine))


def test_codes_have_principal_axes_and_reconstruct_as_well_as_pca():
    x = load_digits().data
    transformer = AutoencoderTransformer(latent_dim=8, steps=3000, random_state=0)
    codes = transformer.fit_transform(x)
    covariance = np.cov(codes, rowvar=False)
    assert np.abs(codes.mean(axis=0)).max() < 1e-6
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 1e-6 * covariance[0, 0]
    assert (np.diff(np.diag(covariance)) <= 0).all()
    standardise = transformer.ensemble_.standardise
    error = ((standardise(transformer.inverse_transform(codes)) - standardise(x)) ** 2).mean()
    pca = PCA(8).fit(standardise(x))
    assert error < ((pca.inverse_transform(pca.transform(standardise(x))) - standardise(x)) ** 2).mean()


def test_codes_of_another_width_are_refused(fitted):
    with pytest.raises(aenb.AenbError, match=r"expected codes \(n, 2\); received \(1, 3\)"):
        fitted[AutoencoderTransformer].inverse_transform([[0.0, 0.0, 0.0]])


def test_a_pipeline_with_a_grid_search_on_a_mixed_table():
    bunch = load_wine(as_frame=True)
    table = bunch.data.assign(cellar=np.where(bunch.data["ash"] > 2.4, "north", "south"))
    table.iloc[::7, 3] = np.nan
    numbers = list(bunch.data.columns)
    columns = ColumnTransformer(
        [("numbers", AutoencoderImputer(steps=50, random_state=0), numbers), ("cellar", OneHotEncoder(), ["cellar"])]
    )
    pipeline = make_pipeline(columns, AutoencoderTransformer(random_state=0), LogisticRegression())
    grid = {"autoencodertransformer__latent_dim": [1, 4], "autoencodertransformer__steps": [300]}
    search = GridSearchCV(clone(pipeline), grid, cv=3).fit(table, bunch.target)
    assert search.best_params_["autoencodertransformer__latent_dim"] == 4
    assert search.best_score_ > 0.9


def test_pandas_comes_out(fitted, wine):
    imputer = clone(fitted[AutoencoderImputer]).set_output(transform="pandas").fit(wine)
    filled = imputer.transform(wine.iloc[::-1].mask(wine.iloc[::-1] > 100))
    assert list(filled.columns) == list(wine.columns)
    assert list(filled.index) == list(wine.index[::-1])
    codes = clone(fitted[AutoencoderTransformer]).set_output(transform="pandas").fit_transform(wine)
    assert list(codes.columns) == ["autoencodertransformer0", "autoencodertransformer1"]
    assert list(fitted[AutoencoderGenerator].sample(2).columns) == list(wine.columns)


@pytest.mark.parametrize("table", [load_wine, load_breast_cancer])
@pytest.mark.slow
def test_the_imputer_is_better_than_the_mean(table):
    x = table().data
    missing = np.random.default_rng(0).uniform(size=x.shape) < 0.3
    filled = AutoencoderImputer(random_state=0).fit_transform(np.where(missing, np.nan, x))
    assert np.array_equal(filled[~missing], x[~missing])
    error = (((filled - x) / x.std(axis=0))[missing] ** 2).mean()
    means = np.nanmean(np.where(missing, np.nan, x), axis=0)
    baseline = ((np.where(missing, means - x, 0) / x.std(axis=0))[missing] ** 2).mean()
    assert error < 0.75 * baseline


def test_a_column_without_values_is_filled_with_0(wine):
    x = wine.to_numpy().copy()
    x[:, 2] = np.nan
    filled = AutoencoderImputer(steps=20, random_state=0).fit_transform(x)
    assert np.isfinite(filled).all()
    assert np.abs(filled[:, 2]).max() < 1.0


def test_generated_rows_have_the_columns_means_spreads_and_correlations(wine):
    generator = AutoencoderGenerator(random_state=0).fit(wine)
    rows = generator.sample(3000, random_state=1)
    scale = wine.std()
    assert ((rows.mean() - wine.mean()) / scale).abs().max() < 0.2
    assert (rows.std() / scale - 1).abs().max() < 0.2
    assert (rows.corr() - wine.corr()).abs().to_numpy().max() < 0.25
    assert not rows.duplicated().any()


@pytest.mark.parametrize("n", [0, 2.5, True, "3"])
def test_a_wrong_number_of_samples_is_refused(fitted, n):
    with pytest.raises(aenb.AenbError, match="`n_samples`: expected a whole number of at least 1"):
        fitted[AutoencoderGenerator].sample(n)


def contaminated(seed=0, share=0.1):
    """Return benign tumours with a share of malignant ones to train on, others to score, and which of these are."""
    x, y = load_breast_cancer(return_X_y=True)
    train, test, is_bad, is_anomaly = train_test_split(x, y == 0, test_size=0.4, random_state=seed)
    bad = np.flatnonzero(is_bad)[: int(share * len(train))]
    kept = np.concatenate([np.flatnonzero(~is_bad), bad])
    return train[kept], test, is_bad[kept], is_anomaly


@pytest.mark.thorough
def test_the_detector_finds_tumours_though_it_was_trained_on_some():
    trimmed, untrimmed = [], []
    for seed in range(3):
        train, test, _, is_anomaly = contaminated(seed)
        for scores, trim in ((trimmed, 0.25), (untrimmed, 0.0)):
            detector = AutoencoderOutlierDetector(trim=trim, random_state=seed).fit(train)
            scores.append(roc_auc_score(is_anomaly, -detector.score_samples(test)))
    assert np.mean(trimmed) > 0.85
    assert np.mean(trimmed) > np.mean(untrimmed)


@pytest.mark.thorough
def test_false_alarms_are_as_many_as_asked_for():
    """On clean rows, within a point, in the mean of some splits: one has a standard error of as much."""
    x, rates = load_digits().data, {0.02: [], 0.1: []}
    for seed in range(4):
        train, test = train_test_split(x, test_size=0.5, random_state=seed)
        detector = AutoencoderOutlierDetector(random_state=seed, trim=0.0).fit(train)
        for rate, seen in rates.items():
            threshold = np.quantile(detector.held_out_scores_, 1 - rate)
            seen.append((-detector.score_samples(test) > threshold).mean())
        assert detector.offset_ == pytest.approx(-np.quantile(detector.held_out_scores_, 0.95), rel=0.01)
    for rate, seen in rates.items():
        assert abs(np.mean(seen) - rate) < 0.01


def test_known_anomalies_are_left_out():
    train, test, is_bad, is_anomaly = contaminated()
    plain = AutoencoderOutlierDetector(random_state=0).fit(train)
    told = AutoencoderOutlierDetector(random_state=0).fit(train, np.where(is_bad, -1, 1))
    assert len(told.held_out_scores_) == (~is_bad).sum()
    aucs = [roc_auc_score(is_anomaly, -detector.score_samples(test)) for detector in (plain, told)]
    assert aucs[1] > aucs[0]
    found = [(detector.predict(test)[is_anomaly] == -1).mean() for detector in (plain, told)]
    assert found[1] > found[0]
    with pytest.raises(aenb.AenbError, match="at least two rows that are not marked −1; received 1"):
        AutoencoderOutlierDetector().fit(train, np.r_[1, np.full(len(train) - 1, -1)])


def test_known_anomalies_tell_which_columns_matter():
    """Anomalies have an unusual proportion of two columns; ten of them are known."""
    x = load_wine().data
    draw = np.random.default_rng(0)
    anomalies = x[draw.integers(len(x), size=60)].copy()
    anomalies[:, 6] = draw.permutation(anomalies[:, 6])
    anomalies[:, 2] += 1.5 * x[:, 2].std() * draw.choice([-1, 1], 60)
    train, test = train_test_split(x, test_size=0.4, random_state=0)
    rows, y = np.concatenate([train, anomalies[:10]]), np.r_[np.ones(len(train)), np.full(10, -1)]
    plain = AutoencoderOutlierDetector(random_state=0).fit(train)
    told = AutoencoderOutlierDetector(random_state=0).fit(rows, y)
    assert set(np.argsort(-told.column_weights_)[:2]) & {2, 6}
    assert told.column_weights_.mean() == pytest.approx(1)
    assert (plain.column_weights_ == 1).all()
    scored, is_anomaly = np.concatenate([test, anomalies[10:]]), np.r_[np.zeros(len(test)), np.ones(50)]
    aucs = [roc_auc_score(is_anomaly, -detector.score_samples(scored)) for detector in (plain, told)]
    assert aucs[1] > aucs[0] + 0.02
    np.testing.assert_allclose(told.explain(scored).sum(axis=1), -told.score_samples(scored))


def test_contamination_sets_the_share_of_training_rows():
    train, *_ = contaminated()
    detector = AutoencoderOutlierDetector(contamination=0.1, steps=50, random_state=0).fit(train)
    assert (detector.predict(train) == -1).mean() == pytest.approx(0.1, abs=0.01)


def test_the_explanation_sums_to_the_score_and_finds_the_planted_column():
    x = load_breast_cancer(as_frame=True).data
    train, test = train_test_split(x, test_size=0.3, random_state=0)
    detector = AutoencoderOutlierDetector(random_state=0).fit(train)
    draw = np.random.default_rng(0)
    columns = draw.integers(x.shape[1], size=len(test))
    planted = test.to_numpy().copy()
    places = np.arange(len(test)), columns
    planted[places] = (train.mean() + 6 * draw.choice([-1, 1], x.shape[1]) * train.std()).to_numpy()[columns]
    parts = detector.explain(pd.DataFrame(planted, columns=x.columns, index=test.index))
    assert list(parts.index) == list(test.index)
    np.testing.assert_allclose(parts.sum(axis=1), -detector.score_samples(parts * 0 + planted), rtol=1e-9)
    assert (parts.to_numpy().argmax(axis=1) == columns).mean() >= 0.95


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"trim": 1.0}, "'trim' parameter"),
        ({"members": 1}, "'members' parameter"),
        ({"contamination": 0.7}, "'contamination' parameter"),
        ({"false_alarm_rate": 0.9}, "'false_alarm_rate' parameter"),
        ({"latent_dim": 0}, "'latent_dim' parameter"),
    ],
)
def test_a_wrong_parameter_is_named(changed, words, wine):
    with pytest.raises(ValueError, match=words):
        AutoencoderOutlierDetector(**changed).fit(wine)


def test_rows_far_away_have_finite_scores(fitted, wine):
    far = pd.concat([wine.iloc[:1] * 0 + 1e300, wine.iloc[:1] * 0 - 1e30])
    scores = fitted[AutoencoderOutlierDetector].score_samples(far)
    assert np.isfinite(scores).all()
    assert (fitted[AutoencoderOutlierDetector].predict(far) == -1).all()


def test_a_training_without_a_finite_loss_is_refused(wine):
    with pytest.raises(aenb.AenbError, match="Expected finite weights after 50 steps"), np.errstate(all="ignore"):
        AutoencoderTransformer(learning_rate=1e30, steps=50).fit(wine)
