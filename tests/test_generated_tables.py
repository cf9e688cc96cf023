"""Scores of generated tables: against SciPy and scikit-learn, and with tables that they must tell apart."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.datasets import load_wine

import aenb
from aenb.evaluation.metrics.table_similarity import (
    association,
    association_difference,
    classifier_auc,
    marginal_distance,
)
from aenb.evaluation.scorers.generated_tables import compare_tables
from tests.benchmarks import generated_tables
from tests.mixed_frame import patients

NAMES = {"marginal_distance", "worst_marginal", "association_difference", "classifier_auc"}


@pytest.fixture(scope="module")
def table():
    return patients(gaps=False)


def test_marginal_distances_are_those_of_scipy(table):
    halves = table.iloc[::2], table.iloc[1::2]
    for name in ("bmi", "visits"):
        expected = stats.ks_2samp(halves[0][name], halves[1][name]).statistic
        assert marginal_distance(halves[0][name], halves[1][name]) == pytest.approx(expected)
    days = [half["seen"].map(pd.Timestamp.toordinal) for half in halves]
    assert marginal_distance(*(half["seen"] for half in halves)) == pytest.approx(stats.ks_2samp(*days).statistic)
    for name in ("city", "smoker", "weight"):
        shares = [half[name].value_counts(normalize=True).to_dict() for half in halves]
        expected = sum(abs(shares[0][level] - shares[1][level]) for level in shares[0]) / 2
        assert marginal_distance(halves[0][name], halves[1][name]) == pytest.approx(expected)


def test_a_level_of_one_table_alone_counts_and_gaps_do_not():
    real, other = pd.Series(["a", "b", None, "b"]), pd.Series(["c", "c"])
    assert marginal_distance(real, other) == 1.0
    assert marginal_distance(pd.Series([1.0, np.nan]), pd.Series([1.0])) == 0.0
    assert marginal_distance(pd.Series([np.nan, np.nan]), pd.Series([1.0, 2.0])) == 1.0


def test_associations_are_those_of_scipy(table):
    assert association(table["bmi"], table["bp"]) == pytest.approx(stats.pearsonr(table["bmi"], table["bp"])[0])
    counts = pd.crosstab(table["city"], table["sex"]).to_numpy()
    expected = stats.contingency.association(counts, method="cramer")
    assert association(table["city"], table["sex"]) == pytest.approx(expected)
    groups = [group["bmi"] for _, group in table.groupby("city")]
    f, n = stats.f_oneway(*groups).statistic, len(table)
    between = f * (len(groups) - 1) / (f * (len(groups) - 1) + n - len(groups))  # η² from the F statistic
    assert association(table["bmi"], table["city"]) == pytest.approx(np.sqrt(between))
    assert association(table["city"], table["bmi"]) == association(table["bmi"], table["city"])


def test_a_constant_column_has_no_association(table):
    constant = pd.Series(1.0, table.index)
    assert association(table["bmi"], constant) == association(table["city"], constant) == 0
    assert association(table["city"], constant.astype(str)) == 0


def test_columns_shuffled_apart_keep_their_marginals_and_lose_their_associations():
    wine = load_wine(as_frame=True).data
    draw = np.random.default_rng(0)
    apart = wine.apply(lambda column: draw.permutation(column))
    scores = compare_tables(wine, apart)
    assert scores["marginal_distance"] == 0
    correlations = [frame.corr().to_numpy()[np.triu_indices(wine.shape[1], 1)] for frame in (wine, apart)]
    assert scores["association_difference"] == pytest.approx(np.abs(correlations[0] - correlations[1]).mean())
    assert association_difference(wine, wine.sample(frac=1, random_state=0)) == pytest.approx(0)
    assert scores["classifier_auc"] > 0.8


def test_the_classifier_can_not_tell_rows_of_one_distribution_apart(table):
    halves = [table.drop(columns="patient").iloc[start::2] for start in (0, 1)]
    assert abs(classifier_auc(*halves) - 0.5) < 0.1
    moved = halves[1].assign(city=halves[1]["city"].to_numpy()[::-1], bmi=halves[1]["bmi"] + 3)
    assert classifier_auc(halves[0], moved) > 0.75


def test_missing_values_alone_do_not_give_generated_rows_away():
    table, full = patients().drop(columns="patient"), patients(gaps=False).drop(columns="patient")
    assert abs(compare_tables(table.iloc[::2], full.iloc[1::2])["classifier_auc"] - 0.5) < 0.1


@pytest.mark.thorough
@pytest.mark.slow
def test_a_run_on_a_table_has_these_scores_and_others_have_none():
    run = aenb.train("vae", patients(), latent_dim=4, epochs=2, verbose=False)
    scores = run.evaluate(parts="generated_table")
    assert set(scores) == NAMES | {f"{name}_floor" for name in NAMES}
    assert scores["classifier_auc"] > scores["classifier_auc_floor"]
    assert scores["marginal_distance"] > scores["marginal_distance_floor"]
    images = aenb.train("shallow", "digits", latent_dim=2, epochs=1, verbose=False)
    assert images.evaluate(parts="generated_table") == {}


def test_the_benchmark_has_means_over_seeds():
    one = {"set": "wine", "generator": "aenb", **dict.fromkeys(generated_tables.SCORES, 0.25), "cpu_seconds": 2.0}
    lines = [one | {"seed": 0}, one | {"seed": 1, "classifier_auc": 0.75}]
    assert "| wine | aenb | 2 | 0.250 | 0.250 | 0.250 | 0.500 | 2.0 |" in generated_tables.table(lines)
    found = generated_tables.measure("wine", 0, "training rows")
    assert {"marginal_distance", "classifier_auc", "cpu_seconds"} <= set(found)
