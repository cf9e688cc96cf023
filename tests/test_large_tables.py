"""Tables that are too large for memory, .csv and .parquet: streamed, with the same result as in memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import aenb
from aenb.data.files import data_files, large_tables
from aenb.data.values import streamed

DRAW = np.random.default_rng(0)
N = 900


def numbers():
    x = DRAW.normal(size=(N, 4)) * [1, 10, 100, 1000]
    x[::7, 2] = np.nan
    return pd.DataFrame(x, columns=["a", "b", "c", "d"]).assign(count=DRAW.integers(0, 50, N), row=np.arange(N))


def mixed():
    return numbers().assign(
        city=np.array(["Lyon", "Nice", "Paris"])[DRAW.integers(0, 3, N)], ok=DRAW.random(N) > 0.5,
        when=pd.date_range("2024-01-01", periods=N).strftime("%Y-%m-%d"), kind=["x", "y", "z"] * (N // 3),
    )  # fmt: skip


@pytest.fixture
def little_memory(monkeypatch):
    """Make tables of 900 rows large: they come in chunks of 100 rows or so."""

    def shrink():
        monkeypatch.setattr(streamed, "LIMIT", 2000)
        monkeypatch.setattr(data_files, "CHUNK", 100 * 8 * 8)

    return shrink


def saved(frame, path):
    if path.suffix == ".parquet":
        pytest.importorskip("pyarrow")
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep=";")
    return path


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_numbers_are_streamed_to_the_same_inputs(tmp_path, little_memory, suffix):
    path = saved(numbers(), tmp_path / f"x.{suffix}")
    memory = aenb.load_data(path)
    little_memory()
    disk = aenb.load_data(path)
    assert (memory.is_streamed, disk.is_streamed) == (False, True)
    assert disk.feature_names == memory.feature_names == ("a", "b", "c", "d", "count")
    assert disk.left_out == ("row",)
    np.testing.assert_allclose(disk.x_train, memory.x_train, rtol=1e-6)
    np.testing.assert_allclose(disk.x_test, memory.x_test, rtol=1e-6)
    assert any("temporary file" in note for note in disk.notes)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_mixed_columns_and_labels_are_streamed_to_the_same_inputs(tmp_path, little_memory, suffix):
    path = saved(mixed(), tmp_path / f"x.{suffix}")
    memory = aenb.load_data(path, "kind")
    little_memory()
    disk = aenb.load_data(path, "kind")
    assert disk.is_streamed
    pd.testing.assert_frame_equal(disk.columns, memory.columns.assign(why=disk.columns["why"]))
    np.testing.assert_allclose(disk.x_train, memory.x_train, rtol=1e-5)
    np.testing.assert_array_equal(disk.y_train, memory.y_train)
    assert disk.classes == ("x", "y", "z")
    asked = aenb.load_data(path, "kind", columns={"a": "quantile"}).columns["kind"]
    assert asked["a"] == "quantile"


def test_a_sample_decides_on_what_is_larger(tmp_path, little_memory, monkeypatch):
    path = saved(mixed(), tmp_path / "x.csv")
    little_memory()
    monkeypatch.setattr(large_tables, "SAMPLE", 100)
    data = aenb.load_data(path)
    (note,) = [note for note in data.notes if "were found on" in note]
    assert any(f"on {number} of 900 rows" in note for number in (113, 112, 225))
    assert data.columns.loc["city", "kind"] == "categorical"
    assert data.columns.loc["row", "kind"] == "drop"
    assert data.n == N


def test_text_in_a_later_chunk_counts_as_it_does_in_memory(tmp_path, little_memory):
    frame = numbers().astype(object)
    frame.loc[601, "b"] = "many"
    path = saved(frame, tmp_path / "x.csv")
    memory = aenb.load_data(path)
    little_memory()
    disk = aenb.load_data(path)
    assert disk.is_streamed
    inputs = [np.concatenate([data.x_train, data.x_test]) for data in (disk, memory)]
    assert np.isnan(inputs[0][:, 1]).sum() == 1
    np.testing.assert_allclose(*inputs, rtol=1e-5)
