"""The page of a series: what it carries, and that no name can end its script."""

import base64
import json
import re

import numpy as np
import pandas as pd

from aenb.figures.series_page import MOST, series_page


def carried(page):
    return json.loads(re.search(r"const about = (\{.*\});\n", page)[1])


def unpacked(text, dtype="<f4"):
    return np.frombuffer(base64.b64decode(text), dtype)


def test_the_page_has_every_row_and_the_times_as_they_read():
    values, scores = np.random.default_rng(0).normal(size=(500, 2)), np.arange(500.0)
    values[3, 0] = np.nan
    index = pd.date_range("2024-07-01", periods=500, freq="h", tz="Europe/Paris")
    about = carried(series_page(values, scores, 400.0, names=["a", "b"], index=index, expected=values + 1))
    assert np.allclose(unpacked(about["values"][0]), values[:, 0], equal_nan=True)
    assert np.allclose(unpacked(about["expected"][1]), values[:, 1] + 1)
    assert np.allclose(unpacked(about["scores"]), scores)
    assert pd.Timestamp(unpacked(about["times"], "<f8")[1], unit="ms") == pd.Timestamp("2024-07-01 01:00")


def test_rows_are_numbered_without_times_and_the_rest_is_reported():
    page = series_page(np.zeros((MOST + 5, 1)), np.zeros(MOST + 5), 1.0, names=["x"], index=pd.RangeIndex(MOST + 5))
    assert carried(page)["times"] == ""
    assert len(unpacked(carried(page)["scores"])) == MOST
    assert "5 more are not shown" in page


def test_no_name_ends_the_script_and_nothing_is_loaded():
    page = series_page(np.zeros((30, 1)), np.zeros(30), 1.0, names=["</script><b>"])
    assert page.count("</script>") == 1
    assert not re.search(r"https?://|src=|import\(", page)
