"""`run.anomalies`: a table of scores, a threshold by a false-alarm rate, and reasons, in the caller's names."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_digits

import aenb
from aenb.evaluation.metrics.detection import upper_quantile
from aenb.runs.anomaly_reasons import largest_window

DRAW = np.random.default_rng(0)
COLUMNS = ["height", "<weight>", "age"]


def rows(n):
    """Return rows of three columns that are one factor plus noise, in units of their own."""
    factor = DRAW.normal(size=(n, 1))
    return pd.DataFrame((factor + 0.2 * DRAW.normal(size=(n, 3))) * [10, 15, 20] + [170, 70, 40], columns=COLUMNS)


@pytest.fixture(scope="module")
def of_rows():
    return aenb.train("shallow", rows(10_000), activation="linear", latent_dim=1, epochs=8, seed=0, verbose=False)


@pytest.fixture(scope="module")
def of_images():
    images = load_digits().images.astype("uint8")[:600] * 15
    return aenb.train("shallow", images, latent_dim=8, epochs=20, seed=0, verbose=False)


class TestThreshold:
    def test_it_is_the_order_statistic_of_conformal_prediction(self):
        scores = DRAW.permutation(np.arange(1.0, 100.0))
        assert upper_quantile(scores, 0.1) == 90  # ceil(100 · .9)
        assert upper_quantile(scores, 0.001) == 99
        assert upper_quantile(np.append(scores, np.nan), 0.1) == 90

    def test_clean_rows_are_flagged_at_the_stated_rate(self, of_rows):
        new = rows(10_000)
        for rate in (0.01, 0.05, 0.2):
            table = of_rows.anomalies(new, false_alarm_rate=rate)
            assert table["flagged"].mean() == pytest.approx(rate, abs=0.01)
            assert f"false-alarm rate of {rate:g}, set on 2,000 held-out examples" in table.verdict
            np.testing.assert_array_equal(table["flagged"], table["score"] > table["threshold"])

    def test_too_few_held_out_examples_are_reported(self, of_rows):
        assert "So few" not in of_rows.anomalies().verdict
        few = aenb.train("shallow", rows(100), latent_dim=1, epochs=1, verbose=False)
        assert "So few allow a rate of 0.048 at least" in few.anomalies(false_alarm_rate=0.01).verdict
        with pytest.raises(aenb.AenbError, match="false_alarm_rate"):
            few.anomalies(false_alarm_rate=0.7)


class TestTables:
    def test_the_worst_come_first_with_their_columns_and_the_callers_index(self, of_rows):
        new = rows(40).set_axis([f"p{number}" for number in range(40)]).rename_axis("person")
        new.loc["p7", "<weight>"] = 500.0
        new.loc["p9", "age"] = -300.0
        table = of_rows.anomalies(new)
        assert isinstance(table, pd.DataFrame)
        assert list(table.columns) == ["score", "threshold", "flagged", "reason"]
        assert table["score"].is_monotonic_decreasing
        assert sorted(table.index[:2]) == ["p7", "p9"]
        assert re.match(r"<weight> 500, expected [\d.]+ \(\d+%\); ", table.loc["p7", "reason"])
        assert table.loc["p9", "reason"].startswith("age -300, expected ")
        pd.testing.assert_series_equal(table["score"].sort_index(), of_rows.score(new).sort_index())
        assert (table["reason"].iloc[:10] != "").all()
        assert type(table[table["flagged"]]) is pd.DataFrame
        assert "<weight>" not in table._repr_html_()
        assert "&lt;weight&gt; 500" in table._repr_html_()
        assert "… and 30 more" in repr(table)
        assert pickle.loads(pickle.dumps(table)).verdict == table.verdict

    def test_levels_of_an_index_and_mixed_columns(self):
        frame = rows(300).assign(city=["Lyon", "Nice", "Paris"] * 100)
        run = aenb.train("deep", frame, latent_dim=3, hidden_units=(16,), epochs=3, seed=0, verbose=False)
        index = pd.MultiIndex.from_product([["a", "b"], [1, 2, 3]], names=["group", "number"])
        new = frame.head(6).set_axis(index)
        new.iloc[4, 0] = 900.0
        table = run.anomalies(new)
        assert table.index[0] == ("b", 2)
        assert table.index.names == ["group", "number"]
        assert table["reason"].iloc[0].startswith("height 900, expected ")
        assert "b, 2" in repr(table)

    def test_a_loaded_run_needs_no_data(self, of_rows, tmp_path):
        new = rows(20)
        before = of_rows.anomalies(new)
        after = aenb.load_run(of_rows.save(tmp_path / "run")).anomalies(new)
        pd.testing.assert_frame_equal(before.to_frame(), after.to_frame(), rtol=1e-5)


class TestImages:
    def test_the_place_of_the_error_is_named_and_framed(self, of_images, tmp_path):
        images = load_digits().images.astype("uint8")[600:612] * 15
        images[5, 6:, 0] = 255
        for number, image in enumerate(images):
            Image.fromarray(image).save(tmp_path / f"{number:02}.png")
        table = of_images.anomalies(tmp_path)
        assert table.index[0] == "05.png"
        assert re.match(r"bottom left, row [67], column 0 \(\d+% of the error\)", table["reason"].iloc[0])
        html = table._repr_html_()
        assert html.count("data:image/png;base64,") == 10
        assert 'alt="05.png and its reconstruction"' in html

    def test_the_window_has_the_largest_sum(self):
        errors = DRAW.random((9, 7))
        top, left, share = largest_window(errors, 3, 2)
        sums = {(i, j): errors[i : i + 3, j : j + 2].sum() for i in range(7) for j in range(6)}
        assert (top, left) == max(sums, key=sums.get)
        assert share == pytest.approx(max(sums.values()) / errors.sum())

    def test_names_of_held_out_files(self, tmp_path):
        for number, image in enumerate(load_digits().images.astype("uint8")[:20] * 15):
            Image.fromarray(image).save(tmp_path / f"{number:02}.png")
        run = aenb.train("shallow", str(tmp_path), latent_dim=2, epochs=1, verbose=False)
        assert sorted(run.anomalies().index) == sorted(run.data.names_test)


def test_signals_and_texts():
    waves = np.sin(np.linspace(0, 6, 40) + DRAW.uniform(0, 6, (80, 1)))[..., None] + [[[0.0, 5.0]]]
    run = aenb.train("shallow", aenb.load_data(waves, kind="signal"), latent_dim=3, epochs=5, verbose=False)
    new = waves[:6].copy()
    new[2, 20:24, 1] += 9
    table = run.anomalies(new)
    assert table.index[0] == 2
    assert re.match(r"steps 20–23 of channel 1 \(\d+% of the error\)", table["reason"].iloc[0])
    texts = [f"the {one} sees the {other}" for one in ("cat", "dog", "cow") for other in ("sun", "sea", "hen", "hill")]
    run = aenb.train("deep", texts, hidden_units=(16,), latent_dim=3, epochs=1, verbose=False)
    worst = run.anomalies(pd.Series(texts[:3], index=["x", "y", "z"])).iloc[0]
    assert worst["score"] > 0
    assert "reconstructed as “" in worst["reason"]
