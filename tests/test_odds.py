"""The benchmark on PyOD's tables: its splits, its file of lines, its table, and a small measurement."""

import json

import numpy as np
import pytest
from scipy.io import savemat

from aenb.core.errors import AenbError
from tests.benchmarks import odds


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Give the folder of local copies a table of iris: the flowers of a class are the anomalies."""
    from sklearn.datasets import load_iris

    x, y = load_iris(return_X_y=True)
    kept = np.r_[0:110]
    (tmp_path / "odds").mkdir()
    savemat(tmp_path / "odds" / "glass.mat", {"X": x[kept], "y": (y[kept] == 2)[:, None].astype(float)})
    lines = ["Data,AutoEncoder,IForest,INNE,VAE", "glass,0.5,0.75,0.8,0.0", "wbc,0.9,0.9,0.9,0.0"]
    (tmp_path / "odds" / "roc.csv").write_text("\n".join(lines))
    monkeypatch.setenv("AENB_DATA", str(tmp_path))
    return tmp_path


def test_a_split_is_that_of_the_protocol(folder):
    from scipy.io import loadmat
    from sklearn.model_selection import train_test_split

    content = loadmat(folder / "odds" / "glass.mat")
    train, test, _, y = train_test_split(
        content["X"], content["y"].ravel(), test_size=0.4, random_state=np.random.RandomState(3)
    )
    split = odds.load("glass", 3)
    assert (split.train.shape, split.test.shape) == ((66, 4), (44, 4))
    np.testing.assert_allclose(split.train.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(split.train.std(axis=0), 1)
    np.testing.assert_allclose(split.test, (test - train.mean(axis=0)) / train.std(axis=0))
    assert np.array_equal(split.is_anomaly, y == 1)


@pytest.mark.slow
def test_the_rivals_are_read_and_a_measurement_is_a_line(folder):
    assert odds.published()["glass"] == {"AutoEncoder": 0.5, "IForest": 0.75, "INNE": 0.8}
    one = odds.measure("glass", 0)
    assert one["auc"] > 0.9
    assert (one["train"], one["test"]) == (66, 44)
    assert json.loads(json.dumps(one)) == one


def test_what_is_measured_is_not_measured_again(tmp_path):
    file = tmp_path / "odds.jsonl"
    assert list(odds.missing(["glass", "wbc"], 1, file)) == [("glass", 0), ("wbc", 0)]
    file.write_text('{"set": "glass", "seed": 0, "auc": 0.5, "seconds": 1.0}\n{"set": "wbc", "se')
    assert list(odds.missing(["glass", "wbc"], 2, file)) == [("wbc", 0), ("glass", 1), ("wbc", 1)]


@pytest.mark.slow
def test_a_cut_off_line_spoils_no_other(folder, monkeypatch, capsys):
    out = folder / "out"
    out.mkdir()
    (out / "odds.jsonl").write_text('{"set": "glass", "se')
    monkeypatch.setattr("sys.argv", ["odds", "--seeds", "2", "--sets", "glass", "--out", str(out)])
    odds.main()
    assert len(odds.kept(out / "odds.jsonl").read()) == 2
    assert "| glass | 2 | 0.5000 | 0.7500 | 0.8000 |" in (out / "odds.md").read_text()
    assert "glass" in capsys.readouterr().out


def test_the_table_has_means_over_seeds_and_over_tables():
    found = [
        {"set": name, "seed": seed, "auc": auc, "seconds": 2.0}
        for name, seed, auc in (("glass", 0, 0.6), ("glass", 1, 0.8), ("wbc", 0, 0.9))
    ]
    rivals = {"glass": dict(zip(odds.RIVALS, (0.5, 0.75, 0.8), strict=True))}
    rivals["wbc"] = dict.fromkeys(odds.RIVALS, 0.9)
    lines = odds.table(found, rivals).splitlines()
    assert lines[2] == "| glass | 2 | 0.5000 | 0.7500 | 0.8000 | 0.7000 ± 0.100 | +0.2000 | -0.1000 | 2.0 |"
    assert lines[4] == "| **mean of 2** |  | 0.7000 | 0.8250 | 0.8500 | 0.8000 | +0.1000 | -0.0500 | 2.0 |"
    assert {line.count("|") for line in lines} == {10}


def test_offline_the_setting_is_named(tmp_path, monkeypatch):
    import requests

    monkeypatch.delenv("AENB_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(requests, "get", lambda *_, **__: (_ for _ in ()).throw(requests.ConnectionError()))
    with pytest.raises(AenbError, match=r"set AENB_DATA to a folder that has odds/glass\.mat"):
        odds.load("glass", 0)
