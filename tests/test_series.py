"""Runs on a series: a score for each step, events, explanations, and what a saved run keeps."""

import numpy as np
import pandas as pd
import pytest

import aenb
from aenb.data.gate import admit
from aenb.data.series.validation_windows import validation_split
from aenb.evaluation.step_errors import smoothed, step_parts, validation_scores
from aenb.runs.events import joined_ranges

N, PERIOD = 900, 20
HOURS = pd.date_range("2024-01-01", periods=N, freq="h", tz="Europe/Rome")


def waves(seed=0):
    random = np.random.default_rng(seed)
    angle = np.arange(N) * 2 * np.pi / PERIOD
    return pd.DataFrame({"load": 50 + 10 * np.sin(angle), "heat": 3 * np.cos(angle)}, HOURS) + random.normal(
        size=(N, 2)
    ) * [0.5, 0.15]


@pytest.fixture(scope="module")
def run():
    return aenb.train(
        "deep", waves(), name="plant", latent_dim=3, hidden_units=(16,), activation="tanh", linear_path=True, epochs=3,
        seed=0, verbose=False,
    )  # fmt: skip


@pytest.fixture
def broken():
    series = waves(seed=1)
    series.iloc[300:306, 0] += 25
    series.iloc[700, 1] -= 4
    return series


def test_each_row_has_a_score_with_the_index_it_came_with(run, broken):
    scores = run.score(broken)
    assert scores.index.equals(HOURS)
    assert set(scores.nlargest(3).index) <= set(HOURS[300:306])
    assert scores.iloc[700] > 20 * scores.median()
    shuffled = broken.sample(frac=1, random_state=0)
    assert np.allclose(run.score(shuffled).loc[HOURS], scores)
    assert np.allclose(run.score(broken.to_numpy()), scores)


def test_a_score_is_the_mean_squared_error_over_windows_and_channels(run, broken):
    given = admit(broken, run.preprocessing)
    squared = (given.inputs - run.reconstruct(given.inputs)) ** 2
    inside = [squared[n, 500 - first] for n, first in enumerate(given.series.starts) if first <= 500 < first + PERIOD]
    assert len(inside) == PERIOD
    assert run.score(broken).iloc[500] == pytest.approx(np.mean(inside), rel=1e-5)


@pytest.mark.parametrize("by", ["density"])
def test_scores_of_whole_windows_are_spread_over_their_steps(run, broken, by):
    from aenb.evaluation.scorers.anomaly import item_scores

    given = admit(broken, run.preprocessing)
    whole = item_scores(run, given.inputs, None, by)
    expected = [whole[n] for n, first in enumerate(given.series.starts) if first <= 500 < first + PERIOD]
    assert run.score(broken, by=by).iloc[500] == pytest.approx(np.mean(expected), rel=1e-5)


def test_missing_values_have_no_score_and_gaps_are_bridged(run, broken):
    broken.iloc[400:403] = np.nan
    broken.iloc[410, 0] = np.nan
    scores = run.score(broken)
    assert scores.iloc[400:403].isna().all()
    assert np.isfinite(scores.drop(HOURS[400:403])).all()
    assert scores.iloc[410] < 50 * scores.median()


def test_smoothing_averages_neighbours(run, broken):
    scores = run.score(broken)
    assert run.score(broken, smoothing=5).iloc[500] == pytest.approx(
        (scores.iloc[496:505] * [1, 2, 3, 4, 5, 4, 3, 2, 1]).sum() / 25
    )
    assert np.allclose(smoothed(np.full(9, 2.0), 4), 2)
    assert np.isfinite(smoothed(np.array([1.0, np.nan, 3.0]), 2)).all()


def test_events_are_runs_of_steps_above_a_threshold_set_on_the_validation_part(run, broken):
    events = run.anomalies(broken, false_alarm_rate=0.01)
    assert list(events.columns) == ["start", "end", "peak", "score", "threshold", "steps", "reason"]
    best = events.sort_values("score", ascending=False).iloc[0]
    assert HOURS[300 - PERIOD] < best["start"] <= HOURS[300]  # errors spread within windows
    assert HOURS[305] <= best["end"] < HOURS[305 + PERIOD]
    assert HOURS[300] <= best["peak"] <= HOURS[305]
    assert best["reason"].startswith("load above")
    second = events[(events["start"] <= HOURS[700]) & (events["end"] >= HOURS[700])].iloc[0]
    assert second["reason"].startswith("heat below")
    assert events["start"].is_monotonic_increasing
    assert np.allclose(events.scores, run.score(broken))
    known = validation_scores(run)
    assert (known > best["threshold"]).mean() <= 0.01 + 1 / len(known)
    assert "false-alarm rate of 0.01" in repr(events)
    assert "<table" in events._repr_html_()


def test_the_held_out_part_is_the_default(run):
    events = run.anomalies(false_alarm_rate=0.01)
    assert len(events.scores) == round(0.2 * N)
    assert events.scores.index.equals(HOURS[-180:])
    assert events["steps"].sum() <= 0.1 * 180


def test_nothing_found_is_an_empty_table(run):
    rebuilt = run.reconstruct(waves())  # which has no noise
    events = run.anomalies(rebuilt, false_alarm_rate=0.01)
    assert len(events) == 0
    assert "0 events" in repr(events)
    assert "<table" not in events._repr_html_()


def test_validation_steps_are_the_last_ones_of_the_training_part(run):
    held = validation_split(run.data, run.record["validation"])[1]
    assert held[-1] == len(run.data.train) - 1
    assert len(held) > PERIOD


def test_validation_steps_that_few_windows_have_do_not_raise_the_threshold(run):
    held = validation_split(run.data, run.record["validation"])[1]
    x, first = run.data.x_train[held], run.data.series.starts[held]
    errors = ((x - run.reconstruct(x)) ** 2).mean(axis=2)
    by_step = {}
    for start, row in zip(first, errors, strict=True):
        for place, error in enumerate(row):
            by_step.setdefault(start + place, []).append(error)
    inner = [np.mean(found) for found in by_step.values() if len(found) >= PERIOD / 2]
    assert len(inner) == len(held) + PERIOD - 1 - 2 * (PERIOD // 2 - 1)
    assert np.allclose(validation_scores(run), np.sort(inner), rtol=1e-4)


def test_an_explanation_is_by_channel_and_time(run, broken):
    explanation = run.explain(broken)
    frame = explanation.to_frame()
    assert list(frame.columns) == ["load", "heat"]
    assert frame.index.equals(HOURS)
    assert np.allclose(frame.sum(axis=1), run.score(broken))
    assert frame.loc[HOURS[302]].idxmax() == "load"
    assert frame.loc[HOURS[700]].idxmax() == "heat"
    assert np.allclose(explanation.values, broken.to_numpy())
    assert explanation.expected[500] == pytest.approx(broken.iloc[500].to_numpy(), abs=3)
    parts, _ = step_parts(run, admit(broken, run.preprocessing))
    assert parts.shape == (N, 2)
    assert explanation.plot(302)


def test_latent_codes_and_reconstructions_of_a_series(run, broken):
    codes = run.encode(broken)
    assert codes.shape == (N - PERIOD + 1, 3)
    assert codes.index.equals(HOURS[: N - PERIOD + 1])
    rebuilt = run.reconstruct(waves())
    assert rebuilt.index.equals(HOURS)
    assert float((rebuilt - waves()).abs().mean().max()) < 2
    holes = broken.copy()
    holes.iloc[100:103, 0] = np.nan
    filled = run.impute(holes)
    assert np.allclose(filled.iloc[:100], holes.iloc[:100], atol=1e-3)
    assert np.abs(filled["load"].iloc[100:103] - waves(seed=1)["load"].iloc[100:103]).max() < 4


def test_a_saved_run_scores_series_without_its_data(run, broken, tmp_path):
    loaded = aenb.load_run(run.save(tmp_path / "plant"))
    assert np.allclose(loaded.score(broken), run.score(broken), rtol=1e-4)
    assert loaded.anomalies(broken)["start"].tolist() == run.anomalies(broken)["start"].tolist()
    assert loaded.adopt(waves()).data.n == run.data.n


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (waves().iloc[:10], "at least 20 steps"), (waves()[["load"]], "heat"), (np.zeros((50, 3)), "2 channels"),
        (waves().assign(heat="x"), "numbers"),
    ],
)  # fmt: skip
def test_bad_input_is_named(run, given, words):
    with pytest.raises(aenb.AenbError, match=words):
        run.anomalies(given)


def test_steps_without_a_score_do_not_part_an_event():
    flagged, missing = np.array([0, 1, 0, 1, 0, 0, 1], bool), np.array([0, 0, 1, 0, 0, 1, 0], bool)
    assert joined_ranges(flagged, missing).tolist() == [[1, 3], [6, 6]]


def test_the_threshold_follows_the_rate(run, broken):
    few, many = (run.anomalies(broken, false_alarm_rate=rate)["steps"].sum() for rate in (0.01, 0.2))
    assert few < many


def test_the_view_marks_the_events(run, tmp_path):
    from aenb.figures.views import show

    figure = show(run, ["series"])["series"]
    *channels, score = figure.axes
    assert [axes.get_ylabel() for axes in figure.axes[-1:]] == ["anomaly score"]
    assert {axes.get_ylabel() for axes in channels} == {"load", "heat"}
    assert len(score.lines[0].get_xdata()) == 180
    figure.savefig(tmp_path / "series.png")  # it can be drawn


def test_other_data_has_no_such_view():
    from aenb.figures.views.series import _fits

    class Inputs:
        data = aenb.load_data("power")

    assert not _fits(Inputs())


def test_thinning_keeps_spikes():
    from aenb.figures.plots.decimated import decimated

    x = np.random.default_rng(0).normal(size=100_000)
    x[54_321], x[77_777], x[5_000:6_000] = 40, -40, np.nan
    places, values = decimated(x, 1000)
    assert len(places) == 1000
    assert (np.diff(places) >= 0).all()
    assert {54_321, 77_777} <= set(places.tolist())
    assert np.allclose(values, x[places], equal_nan=True)


def test_labelled_steps_are_scored_by_vus(run):
    labels = np.zeros(N, bool)
    labels[800:806] = True
    series = waves(seed=3)
    series.iloc[800:806, 0] += 25
    data = aenb.load_data(series, labels, window=PERIOD)
    scores = run.evaluate(data, parts="series_anomaly")
    assert list(scores) == ["vus_pr", "vus_roc", "pca_vus_pr", "pca_vus_roc"]
    assert scores["vus_pr"] > 0.5
    assert run.evaluate(parts="series_anomaly") == {}
