"""A series as data: windows in the order of time, and what is repaired, reported and refused."""

import numpy as np
import pandas as pd
import pytest

import aenb
from aenb.data.gate import admit
from aenb.data.series import windows
from aenb.data.series.autocorrelation import autocorrelation, natural_length
from aenb.data.series.recording import is_series, read
from aenb.data.series.time_axis import time_axis
from aenb.data.series.validation_windows import validation_split

N, PERIOD = 600, 24
WAVE = np.sin(np.arange(N) * 2 * np.pi / PERIOD) + 0.05 * np.random.default_rng(0).normal(size=N)
HOURS = pd.date_range("2024-03-01", periods=N, freq="h")


def said(data):
    return " ".join(data.notes)


@pytest.mark.parametrize(
    ("given", "channels"),
    [
        (WAVE, 1), (pd.Series(WAVE), 1), (pd.Series(WAVE, HOURS, name="load"), 1),
        (pd.DataFrame({"a": WAVE, "b": -WAVE}, HOURS), 2), ((100 * WAVE).astype("int32"), 1),
        (pd.Series(WAVE, HOURS.to_period("h")), 1), (np.ma.masked_greater(WAVE, 0.9), 1),
    ],
)  # fmt: skip
def test_what_is_a_series_by_its_type_is_cut_into_windows(given, channels):
    data = aenb.load_data(given)
    assert is_series(given)
    assert (data.kind, data.input_shape) == ("signal", (PERIOD, channels))
    assert len(data.train) == 480 - PERIOD + 1
    assert "highest peak of the autocorrelation" in said(data)


@pytest.mark.parametrize("given", [np.stack([WAVE, WAVE], 1), WAVE.tolist(), WAVE[:, None]])
def test_a_series_is_asked_for_explicitly(given):
    data = aenb.load_data(given, kind="series", window=20, stride=5)
    assert data.input_shape == (20, np.reshape(given, (N, -1)).shape[1])
    assert len(data.train) == (480 - 20) // 5 + 1
    assert aenb.load_data(given, window=20, stride=5).fingerprint == data.fingerprint


def test_tables_without_times_stay_tables():
    table = pd.DataFrame({"a": WAVE, "b": -WAVE})
    assert aenb.load_data(table).kind == "tabular"
    assert not is_series(pd.DataFrame({"a": ["x"] * 4}, HOURS[:4]))
    assert not is_series(pd.Series(["a", "b"]))


def test_no_window_has_steps_of_both_parts_and_the_scaler_knows_the_training_part_only():
    x = np.arange(100.0)
    data = aenb.load_data(x, window=10)
    raw = data.preprocessing.to_raw(data.x_train)
    assert raw.max() == pytest.approx(79)
    assert data.preprocessing.to_raw(data.x_test).min() == pytest.approx(80)
    assert data.scaler.mean_[0] == pytest.approx(np.arange(80).mean())
    assert data.scaler.scale_[0] == pytest.approx(np.arange(80).std())
    assert np.allclose(np.diff(raw[..., 0], axis=1), 1, atol=1e-4)


def test_validation_windows_come_last_and_overlap_none_that_is_learnt_from():
    data = aenb.load_data(WAVE, window=20)
    kept, held = validation_split(data, 46)
    starts = data.series.starts
    assert held.tolist() == list(range(len(starts) - 46, len(starts)))
    assert starts[kept[-1]] + 20 <= starts[held[0]] < starts[kept[-1]] + 22
    assert data.limit(50).series.starts.tolist() == sorted(data.limit(50).series.starts)
    digits = aenb.load_data("digits")
    assert sorted(np.concatenate(validation_split(digits, 100))) == list(range(1437))


def test_gaps_duplicates_unsorted_times_and_time_zones_are_repaired_and_reported():
    series = pd.Series(WAVE, HOURS.tz_localize("UTC").tz_convert("Europe/Paris"), name="load")
    broken = pd.concat([series.drop(series.index[50:60]), series.iloc[[5]] + 2.0]).sample(frac=1, random_state=0)
    data = aenb.load_data(broken)
    for words in ("not in the order of time", "1 row has the time of another", "10 steps are missing in 1 gap,",
                  "time zone Europe/Paris"):  # fmt: skip
        assert words in said(data)
    found = read(broken, "x", longest_gap=100)
    assert len(found.values) == N  # the change to summer time is no gap
    assert np.isnan(found.values[50:60]).all()
    assert found.values[5, 0] == pytest.approx(WAVE[5] + 1)
    assert np.allclose(found.rows(found.values)[:, 0], broken.to_numpy(), atol=1.01)
    assert np.isnan(data.x_train).any()
    assert "missing" in said(data)


def test_steps_of_months_and_jitter():
    months = time_axis(pd.date_range("2000-01-01", periods=120, freq="MS"), 120, "x")
    assert months.places.tolist() == list(range(120))
    random = np.random.default_rng(0)
    jittered = time_axis(pd.to_timedelta(np.arange(200) * 60 + random.uniform(-7, 7, 200), unit="s"), 200, "x")
    assert jittered.places.tolist() == list(range(200))
    assert not jittered.notes
    wild = time_axis(pd.to_timedelta(np.cumsum(random.exponential(60, 200)), unit="s"), 200, "x")
    assert "irregular" in " ".join(wild.notes)


def test_a_long_gap_takes_no_memory():
    times = pd.DatetimeIndex([*HOURS[:300], *(HOURS[300:] + pd.Timedelta(days=90_000))])
    assert len(read(pd.Series(WAVE, times), "x", longest_gap=50).values) == N + 50
    assert "2,160,000 steps are missing in 1 gap," in said(aenb.load_data(pd.Series(WAVE, times)))


def test_runs_of_missing_values_are_reported_and_empty_windows_left_out():
    x = WAVE.copy()
    x[100:200] = np.nan
    data = aenb.load_data(x, window=24)
    assert "1 run of them" in said(data)
    assert len(data.train) == 457 - (100 - 24 + 1) - 2 * 11
    assert np.isnan(data.x_train).mean(axis=(1, 2)).max() <= 0.5
    shuffled = pd.Series(x, HOURS).sample(frac=1, random_state=0)
    assert "1 run of them" in said(aenb.load_data(shuffled, window=24))  # runs are counted in the order of time


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("column", ["timestamp", "time"])
def test_a_table_in_a_file_with_a_column_of_times(tmp_path, form, column):
    if form == "parquet":
        pytest.importorskip("pyarrow", reason="reads .parquet files")
    times = HOURS.astype(str) if column == "timestamp" else np.arange(N) * 0.5
    table = pd.DataFrame({column: times, "a": WAVE, "b": WAVE**2})
    path = tmp_path / f"load.{form}"
    getattr(table, f"to_{form}")(path, index=False)
    data = aenb.load_data(path, kind="series", window=12)
    assert data.input_shape == (12, 2)
    assert data.feature_names == ("a", "b")
    assert data.preprocessing.step == (3600 if column == "timestamp" else 0.5)
    given = admit(path, data.preprocessing)
    assert np.allclose(given.examples(given.inputs)[["a", "b"]], table[["a", "b"]], atol=1e-5)


def test_times_with_offsets_in_a_file(tmp_path):
    table = pd.DataFrame(
        {"when": HOURS.tz_localize("Europe/Paris", nonexistent="shift_forward").astype(str), "x": WAVE}
    )
    table.to_csv(tmp_path / "a.csv", index=False)
    data = aenb.load_data(tmp_path / "a.csv", kind="series")
    assert "time zone UTC" in said(data)


def test_windows_joined_again_are_the_series():
    x = np.random.default_rng(0).normal(size=(47, 2))
    first = windows.starts(47, 10, 4)
    assert np.allclose(windows.joined(windows.cut(x, first, 10), first, 47), x)
    assert first[-1] == 37


def test_a_series_given_later_comes_back_in_the_order_of_its_rows():
    data = aenb.load_data(pd.Series(WAVE, HOURS, name="load"))
    later = pd.Series(WAVE[:200], HOURS[:200], name="load").sample(frac=1, random_state=1)
    given = admit(later, data.preprocessing)
    found = given.examples(given.inputs)
    assert found.index.equals(later.index)
    assert np.allclose(found["load"], later, atol=1e-5)


@pytest.mark.parametrize(
    ("given", "how", "words"),
    [
        (np.zeros(500), {}, "varies; received the value 0"),
        (np.arange(5.0), {}, "at least 6 steps"),
        (WAVE[:50], {"window": 40}, "`window` of at most 24"),
        (np.full(100, np.nan), {}, "only NaN"),
        (np.r_[WAVE, np.inf], {}, "infinity, first at row 600"),
        (np.r_[WAVE, 1e300], {}, "float32 can hold .* first at step 600"),
        (np.zeros((4, 3, 2)), {"kind": "series"}, "steps, channels"),
        (np.array([]), {}, "none"),
        (pd.Series(WAVE[:3], [HOURS[0], pd.NaT, HOURS[1]]), {}, "1 without"),
        (pd.Series(WAVE[:9], [HOURS[0]] * 9), {}, "different times"),
        (pd.DataFrame({"a": ["x", "y"] * 50, "b": range(100)}), {"kind": "series"}, "received 'x' in `a`"),
        ("digits", {"window": 5}, "loaded already"),
        (WAVE, {"window": 1}, "window"),
        (WAVE, {"kind": "waves"}, "series"),
        ((WAVE, np.arange(7)), {}, "each of the 600 rows"),
        (WAVE, {"columns": {"a": "numeric"}}, "`columns`"),
    ],
)  # fmt: skip
def test_bad_input_is_named(given, how, words):
    with pytest.raises(aenb.AenbError, match=words):
        aenb.load_data(given, **how)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (WAVE[:10], "at least 24 steps"), (np.zeros((30, 2)), "1 channels; received 2"),
        (pd.DataFrame({"other": WAVE}, HOURS), "load"), (np.full(100, np.inf), "infinity"),
    ],
)  # fmt: skip
def test_a_bad_series_given_later_is_named(given, words):
    data = aenb.load_data(pd.Series(WAVE, HOURS, name="load"))
    with pytest.raises(aenb.AenbError, match=words):
        admit(given, data.preprocessing)


def test_the_autocorrelation_is_that_of_its_definition():
    x = np.random.default_rng(0).normal(size=50)
    d = x - x.mean()
    expected = [(d[: 50 - k] * d[k:]).sum() / (d**2).sum() for k in range(11)]
    assert np.allclose(autocorrelation(x, 10), expected)
    assert natural_length(np.stack([WAVE, np.roll(WAVE, 5)], 1)) == PERIOD
    assert natural_length(np.ones(100)) is None


def test_the_data_sets_that_come_with_aeon():
    pytest.importorskip("aeon", reason="its data files are read")
    power, gunpoint, series = (aenb.load_data(name) for name in ("power", "gunpoint", "kdd_tsad"))
    assert (power.x_train.shape, power.x_test.shape, len(power.class_names)) == ((67, 24, 1), (1029, 24, 1), 2)
    assert (gunpoint.x_train.shape, gunpoint.x_test.shape) == ((50, 150, 1), (150, 150, 1))
    assert series.series.is_anomaly.nonzero()[0].tolist() == list(range(4187 - 1200, 4199 - 1200))
    assert len(series.series.held) == 7501 - 1200


def test_a_million_steps_are_few_windows():
    data = aenb.load_data(np.sin(np.arange(1_000_000) / 5), window=32)
    assert len(data.train) <= 20_001
    assert data.train.nbytes < 2**23
    assert data.series.scoring_stride == 8
