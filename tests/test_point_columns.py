"""What points are coloured by: errors, features, labels, and a user's table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import aenb
from aenb.figures.views.view_inputs import ViewInputs
from aenb.notebook.widgets.point_columns import PointColumns
from tests.test_views import DIGITS, untrained


@pytest.fixture(scope="module")
def digits():
    return ViewInputs(untrained("deep", latent_dim=3), 20)


def test_the_error_is_that_of_the_examples_shown(digits):
    columns = PointColumns(digits)
    assert columns.names == ["reconstruction error"]
    values, classes = columns.column(0)
    assert classes == []
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, digits.run.score(DIGITS.x_test[digits.index]), rtol=1e-5)


def test_features_are_in_their_original_units_and_missing_ones_stay_missing():
    frame = pd.DataFrame({"age": np.linspace(20, 80, 50), "height": np.linspace(150, 200, 50)})
    frame.loc[::3, "age"] = np.nan
    inputs = ViewInputs(untrained("deep", aenb.load_data(frame), latent_dim=2))
    columns = PointColumns(inputs)
    assert columns.names == ["reconstruction error", "age", "height"]
    raw = inputs.data.preprocessing.to_raw(inputs.data.x_test)
    age, height = (columns.column(number)[0] for number in (1, 2))
    np.testing.assert_allclose(age, raw[:, 0], rtol=1e-5)
    assert 0 < np.isnan(age).sum() < len(age)
    assert height.min() >= 149
    assert height.max() > 180


def test_labels_that_are_too_many_for_colours_are_numbers():
    x = np.random.default_rng(0).random((200, 6))
    inputs = ViewInputs(untrained("deep", aenb.load_data((x, np.arange(200) // 4)), latent_dim=2))
    columns = PointColumns(inputs)
    assert columns.names == ["label", "reconstruction error", *(f"column {number}" for number in range(1, 7))]
    np.testing.assert_array_equal(columns.column(0)[0], inputs.labels)


def test_a_table_gives_columns_and_names(digits):
    n = len(DIGITS.x_test)
    table = pd.DataFrame(
        {"ink": np.arange(n) / 2, "parity": ["even", "odd"] * (n // 2) + ["even"] * (n % 2),
         "reconstruction error": np.zeros(n), "free text": [f"note {number}" for number in range(n)]},
        index=[f"scan_{number}.png" for number in range(n)],
    )  # fmt: skip
    columns = PointColumns(digits, table)
    assert columns.names == ["reconstruction error", "ink", "parity", "reconstruction error (table)"]
    assert columns.row_names == [f"scan_{number}.png" for number in digits.index]
    np.testing.assert_array_equal(columns.column(1)[0], digits.index / 2)
    numbers, names = columns.column(2)
    assert names == ["even", "odd"]
    np.testing.assert_array_equal(numbers, digits.index % 2)
    assert PointColumns(digits, table.reset_index(drop=True)).row_names == []


@pytest.mark.parametrize("table", [pd.DataFrame({"a": [1, 2]}), np.zeros(75), "ink", {"a": [1]}])
def test_what_is_no_table_of_the_examples_is_refused(digits, table):
    with pytest.raises(aenb.AenbError, match="`table`: expected a pandas DataFrame with a row for each of the"):
        PointColumns(digits, table)


def test_draws_from_a_prior_have_no_error():
    assert PointColumns(ViewInputs(untrained("gan", latent_dim=4), 20)).names == []
