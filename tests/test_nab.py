"""The benchmark on NAB's series: which series are whose, the training part, the detector, and the table."""

import json

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks import nab

STEPS, PERIOD = 1201, 24
HEAD = "file,AutoEncoder,Sub-PCA,POLY,ts_len,anomaly_len"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Give the folder of local copies two series: one is TSB-AD's, the other is not."""
    random = np.random.default_rng(0)
    times = pd.date_range("2014-04-01", periods=STEPS, freq="5min")
    root = tmp_path / "nab"
    (root / "labels").mkdir(parents=True)
    for name in ("realA/one", "realA/two", "artificialNoAnomaly/flat"):
        x = np.sin(np.arange(STEPS) * 2 * np.pi / PERIOD) + 0.1 * random.normal(size=STEPS)
        x[900:960] += 3
        (root / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame({"timestamp": times, "value": x}).to_csv(root / "data" / f"{name}.csv", index=False)
    window = [[str(times[880]) + ".000000", str(times[980]) + ".000000"]]
    labels = {
        "realA/one.csv": window,
        "realA/two.csv": [[str(times[870]), str(times[980])]],
        "artificialNoAnomaly/flat.csv": [],
    }
    (root / "labels" / "combined_windows.json").write_text(json.dumps(labels))
    rows = ["001_NAB_id_1_Web_tr_600_1st_880.csv,0.25,0.5,0.75,1200,100", "002_YAHOO_id_1_tr_9_1st_9.csv,0,0,0,9,9"]
    (root / "tsb_ad_vus_pr.csv").write_text("\n".join([HEAD, *rows]))
    monkeypatch.setenv("AENB_DATA", str(tmp_path))
    for cached in (nab.load, nab.windows, nab.published):
        cached.cache_clear()
    yield root
    for cached in (nab.load, nab.windows, nab.published):
        cached.cache_clear()


def test_a_series_is_identified_by_length_labels_and_first_anomaly(folder):
    one, two = nab.load("realA/one.csv"), nab.load("realA/two.csv")
    assert (len(one.x), int(one.is_anomaly.sum()), int(one.is_anomaly.argmax())) == (1200, 100, 880)
    assert one.published["POLY"] == "0.75"
    assert one.training == 600
    assert two.published is None
    assert two.training == 500
    assert nab.names("test") == ["realA/one.csv"]
    assert nab.names("development") == ["realA/two.csv"]


def test_components_keep_a_share_of_the_variance():
    x = np.random.default_rng(0).normal(size=(4000, 4)) * [3.0, 1.0, 0.1, 0.1]
    assert [nab.components(x, share) for share in (0.5, 0.95, 0.999999)] == [1, 2, 3]


@pytest.mark.thorough
@pytest.mark.slow
def test_a_measurement_finds_the_anomaly(folder):
    one = nab.measure("realA/one.csv", 0)
    assert one["vus_pr"] > 0.5
    assert one["buffer"] == PERIOD


def test_the_table_has_means_with_and_without_a_series(folder, monkeypatch):
    found = [{"set": "realA/one.csv", "seed": seed, "vus_pr": value} for seed, value in enumerate((0.5, 0.7))]
    found.append({"set": "realA/two.csv", "seed": 0, "vus_pr": 0.1})
    text = nab.table(found)
    assert "| 001 | realA/one | 2 | 0.250 | 0.500 | 0.750 | 0.600 ± 0.100 |" in text
    assert "0.350" in text
    monkeypatch.setattr(nab, "WITHOUT", "realA/two.csv")
    assert "without two, of 1** | | 0.250 | 0.500 | 0.750 | 0.600" in nab.table(found)
