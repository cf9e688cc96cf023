"""Drift: false alarms are as rare as stated, and changes of one feature or of the dependence are found."""

import numpy as np
import pytest

import aenb
from aenb.evaluation.drift import energy_test


@pytest.fixture(scope="module")
def halves():
    """Return a run on three quarters of the digits' rows as a table, and rows that it never saw."""
    from sklearn.datasets import load_digits

    x = load_digits().data[:, 18:46:3]
    x = x[np.random.default_rng(0).permutation(len(x))]
    run = aenb.train("deep", x[:1200], latent_dim=3, epochs=10, verbose=False)
    return run, run.preprocessing.from_raw(x[1200:])


def test_other_rows_of_the_same_table_have_not_drifted(halves):
    run, fresh = halves
    found = run.drift(fresh)
    assert not found.is_drift
    assert found.verdict.startswith("No drift found (240 held-out and 597 new examples")
    alarms = 0
    for seed in range(20):
        chosen = np.random.default_rng(seed).permutation(len(fresh))[:200]
        alarms += run.drift(fresh[chosen]).is_drift
    assert alarms <= 4  # of 20, at a rate of 0.05: more has a probability below 0.003


def test_a_shifted_feature_is_named_first(halves):
    run, fresh = halves
    changed = fresh.copy()
    changed[:, 4] += 0.8
    found = run.drift(changed)
    assert found.is_drift
    frame = found.to_frame()
    assert list(frame.index[:3]) == ["anomaly score", "latent codes", "x4"]
    assert frame.loc["x4", "drift"]
    assert not frame["drift"].drop(["x4", "anomaly score", "latent codes"]).any()
    assert "x4" in found.verdict
    assert "x4" in repr(found)
    assert "<table" in found._repr_html_()


def test_a_lost_dependence_is_found_though_each_feature_stays_the_same(halves):
    run, fresh = halves
    draw = np.random.default_rng(0)
    shuffled = np.stack([draw.permutation(column) for column in fresh.T], axis=1)
    frame = run.drift(shuffled).to_frame()
    assert frame.loc["anomaly score", "drift"]
    assert not frame["drift"].drop(["anomaly score", "latent codes"]).any()


def test_the_energy_test_agrees_with_scipy():
    from scipy.stats import energy_distance

    draw = np.random.default_rng(0)
    old, new = draw.normal(size=200), draw.normal(0.5, size=150)
    statistic, p = energy_test(old[:, None], new[:, None])
    assert statistic == pytest.approx(energy_distance(old / old.std(), new / old.std()) ** 2)
    assert p <= 0.02
    assert energy_test(old[:, None], new[:, None] + 3)[1] == 1 / 500  # as small as it can be
    assert energy_test(old[:100, None], old[100:, None])[1] > 0.05


def test_too_few_examples_are_refused(halves):
    run, fresh = halves
    with pytest.raises(aenb.AenbError, match="expected at least 8 new examples; received 7"):
        run.drift(fresh[:7])
    with pytest.raises(aenb.AenbError, match="false_alarm_rate"):
        run.drift(fresh, false_alarm_rate=0.9)


def test_missing_values_are_no_obstacle(halves):
    run, fresh = halves
    holes = fresh.copy()
    holes[::2, 0] = np.nan
    holes[:, 1] = np.nan
    frame = run.drift(holes).to_frame()
    assert frame.loc["x1", "p"] == 1.0
    assert np.isfinite(frame.loc["x0", "p"])
