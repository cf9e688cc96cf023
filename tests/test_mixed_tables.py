"""Mixed tables: what each column is taken for, and that values, dtypes, names and the index come back."""

from __future__ import annotations

import json
import re
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.preprocessing import QuantileTransformer

import aenb
from aenb.data.tables import mixed_table
from aenb.data.tables.kind_inference import infer
from aenb.data.tables.unseen_levels import unseen
from tests import fresh
from tests.mixed_frame import CITIES, patients
from tests.thorough import thorough

DRAW = np.random.default_rng(0)
SMALL = {"epochs": 30, "latent_dim": 6, "hidden_units": (32,), "seed": 0, "verbose": False}


def fitted(frame, **asked):
    """Return the columns of a table, fitted to all its rows."""
    return mixed_table.fit(frame, np.arange(len(frame)), asked, "x")


def one(values, asked=None):
    """Return a column with another one of numbers beside it, fitted."""
    frame = pd.DataFrame({"a": values, "other": np.linspace(0, 1, len(values)) ** 2 + 0.1})
    return fitted(frame, **({} if asked is None else {"a": asked}))[0]


@pytest.fixture(scope="module")
def frame():
    return patients()


@pytest.fixture(
    scope="module",
    params=[*thorough("shallow", "aae"), "deep", "vae"],
)
def run(request, frame):
    small = {name: value for name, value in SMALL.items() if request.param != "shallow" or name != "hidden_units"}
    return aenb.train(request.param, frame, **small)


@pytest.fixture(scope="module")
def imputer(frame):
    return aenb.train("deep", frame, task="impute", **SMALL | {"epochs": 60})


class TestKinds:
    def test_each_column_of_the_patients_is_what_it_looks_like(self, frame):
        data = aenb.load_data(frame)
        assert data.columns["kind"].to_dict() == {
            "age": "numeric", "sex": "binary", "bmi": "numeric", "bp": "numeric", "cholesterol": "numeric",
            "s3": "numeric", "triglycerides": "numeric", "s6": "numeric", "weight": "ordinal", "seen": "date",
            "smoker": "binary", "patient": "drop", "visits": "count", "city": "categorical", "progress": "numeric",
        }  # fmt: skip
        assert data.columns["missing"]["seen"] == pytest.approx(0.2, abs=0.04)
        assert (data.kind, data.x_train.shape) == ("tabular", (354, len(data.feature_names)))
        assert {"city=Nice", "weight>thin", "age"} <= set(data.feature_names)
        text = repr(data)
        assert "`patient` (all its values are different: an identifier)" in text
        assert re.search("city +categorical +Lyon, Nice, Paris", text)

    KINDS: ClassVar = {
        "text": (["a", "b", "c"] * 20, "categorical"),
        "two texts": (["a", "b"] * 20, "binary"),
        "truth values": ([True, False] * 20, "binary"),
        "truth values with gaps": ([True, False, None] * 20, "binary"),
        "text of numbers": ([f"{number / 7:.3f}" for number in range(40)], "numeric"),
        "text of numbers with a word": ([*(f"{number / 7:.3f}" for number in range(40)), "unknown"], "numeric"),
        "text and numbers": (["a", 1, "b", 2.5] * 20, "categorical"),
        "ISO dates": ([f"2020-{month:02}-11" for month in range(1, 13)] * 3, "date"),
        "days first": ([f"{day}/03/2021" for day in range(10, 31)] * 2, "date"),
        "times of day": (pd.date_range("2020-01-01", periods=40, freq="7h").astype(str), "date"),
        "dates of Python": ([date.date() for date in pd.date_range("2020-01-01", periods=40)], "date"),
        "durations": (pd.to_timedelta(DRAW.integers(1, 99, 40), unit="h"), "numeric"),
        "few whole numbers": (DRAW.integers(1, 5, 60), "ordinal"),
        "zero and one": (DRAW.integers(0, 2, 60), "binary"),
        "counts with a tail": (DRAW.negative_binomial(1, 0.1, 200), "count"),
        "ages": (DRAW.integers(18, 80, 200), "numeric"),
        "nullable": (pd.array([*DRAW.normal(size=40), None]), "numeric"),
        "a category": (pd.Categorical(["a", "b", "c"] * 20), "categorical"),
        "an ordered category": (pd.Categorical(["a", "b", "c"] * 20, ordered=True), "ordinal"),
        "row numbers": (np.arange(40), "drop"),
        "names of rows": ([f"row {number}" for number in range(40)], "drop"),
        "free text": ([f"note {number % 30}" for number in range(40)], "drop"),
        "lists": ([[1, 2], [3]] * 20, "drop"),
        "nothing": ([None] * 40, "drop"),
        "one value": (["a"] * 40, "constant"),
        "one value and gaps": ([3.0, None] * 20, "constant"),
    }

    @pytest.mark.parametrize("case", KINDS)
    def test_a_column_is_what_it_looks_like(self, case):
        values, kind = self.KINDS[case]
        found = one(values)
        assert found.kind == kind
        assert found.why

    def test_what_was_asked_for_wins(self, frame):
        asked = {"age": "ordinal", "s6": "quantile", "bmi": "drop", "visits": "numeric", "patient": "drop",
                 "sex": "categorical", "city": CITIES[::-1]}  # fmt: skip
        data = aenb.load_data(frame, columns=asked)
        kinds = data.columns["kind"].to_dict()
        assert {name: kinds[name] for name in asked} == asked | {"city": "ordinal"}
        assert set(data.columns.loc[list(asked), "why"]) == {"asked for"}
        assert [name for name in data.feature_names if name.startswith("city")] == ["city>Paris", "city>Nice"]

    def test_a_table_of_numbers_stays_as_it_was(self):
        numbers = patients(gaps=False).select_dtypes("float")
        data = aenb.load_data(numbers)
        np.testing.assert_array_equal(data.x_train, aenb.load_data(numbers.to_numpy()).x_train)
        assert data.table == ()
        assert set(data.columns["kind"]) == {"numeric"}

    def test_a_column_that_numbers_the_rows_is_left_out_and_reported(self):
        numbers = patients(gaps=False).select_dtypes("float")
        for name, ids in (("Unnamed: 0", np.arange(442)), ("id", DRAW.permutation(442))):
            data = aenb.load_data(numbers.assign(**{name: ids}))
            np.testing.assert_array_equal(data.x_train, aenb.load_data(numbers).x_train)
            assert any(name in note and "left out" in note for note in data.notes)
            assert data.columns.loc[name, "kind"] == "drop"
        kept = aenb.load_data(numbers.assign(year=np.arange(1900, 1900 + 442)))
        assert "year" in kept.feature_names

    def test_labels_among_the_features_are_reported(self, frame):
        labels = frame["smoker"].to_numpy()
        assert any("`smoker` holds the labels" in note for note in aenb.load_data(frame, labels).notes)
        assert any("`target` looks like labels" in note for note in aenb.load_data(frame.assign(target=labels)).notes)
        data = aenb.load_data(frame, labels="smoker")
        assert data.classes == (False, True)
        assert "smoker" not in data.columns.index
        assert not any("holds the labels" in note for note in data.notes)


class TestCoding:
    def test_values_dtypes_and_index_come_back(self, frame):
        columns = fitted(frame)
        back = mixed_table.decode(mixed_table.encode(frame, columns, "x"), columns, frame.index)
        expected = frame.drop(columns="patient")
        pd.testing.assert_frame_equal(back, expected, rtol=1e-5)

    DTYPES: ClassVar = {
        "text of dates": [f"{day}/03/2021" for day in range(10, 31)] * 2,
        "time zone": pd.date_range("2020-01-01", periods=42, freq="7D", tz="Europe/Paris"),
        "periods": pd.period_range("2015-01", periods=42, freq="M"),
        "durations": pd.to_timedelta(np.arange(42) ** 2 % 37, unit="h"),
        "truth values with gaps": pd.array([True, False, None] * 14, "boolean"),
        "whole numbers with gaps": pd.array([*range(12, 52), None, 99], "Int64"),
        "bytes": DRAW.integers(0, 200, 42).astype("uint8"),
        "category of numbers": pd.Categorical([10, 20, 30] * 14),
        "objects": np.array(["x", "y", None] * 14, dtype=object),
    }

    @pytest.mark.parametrize("case", DTYPES)
    def test_each_dtype_comes_back(self, case):
        frame = pd.DataFrame({"a": self.DTYPES[case], "b": np.arange(42) ** 0.5})
        columns = fitted(frame)
        back = mixed_table.decode(mixed_table.encode(frame, columns, "x"), columns)
        pd.testing.assert_frame_equal(back, frame, rtol=1e-5)

    def test_quantiles_are_those_of_scikit_learn(self):
        values = DRAW.lognormal(size=500)
        column = one(values, "quantile")
        frame = pd.DataFrame({"a": values})
        found = mixed_table.encode(frame, (column,), "x")[:, 0]
        reference = QuantileTransformer(n_quantiles=500, output_distribution="normal").fit_transform(values[:, None])
        inside = abs(reference[:, 0]) < 3
        np.testing.assert_allclose(found[inside], reference[inside, 0], atol=1e-3)
        assert stats.kstest(found, "norm").pvalue > 0.9
        np.testing.assert_allclose(
            mixed_table.decode(found[:, None], (column,))["a"][inside], values[inside], rtol=1e-3
        )

    def test_dates_have_a_trend_and_cycles(self):
        days = pd.date_range("2018-01-01", "2021-12-31", freq="D")
        column = one(days)
        assert column.cycles == ("year", "week")
        entries = mixed_table.encode(pd.DataFrame({"a": days}), (column,), "x")
        assert np.corrcoef(entries[:, 0], np.arange(len(days)))[0, 1] == pytest.approx(1)
        np.testing.assert_allclose(entries[::7, 3:], np.tile(entries[:1, 3:], (len(entries[::7]), 1)), atol=1e-3)
        np.testing.assert_allclose(entries[:, 1] ** 2 + entries[:, 2] ** 2, 1, atol=1e-5)
        assert "day" in one(pd.date_range("2020-01-01", periods=400, freq="7h")).cycles

    def test_rare_levels_are_pooled_and_come_back_as_the_commonest_of_them(self):
        values = ["a"] * 300 + ["b"] * 200 + ["c", "d", "d", "e", "f"]
        column = one(values)
        assert len(column.pooled) == 4
        assert "4 rare ones" in aenb.load_data(pd.DataFrame({"a": values, "b": 1.5})).columns["values"]["a"]
        new = pd.DataFrame({"a": ["c", "f", "a", "never seen", None]})
        assert unseen(new, (column,)) == ["`never seen` in `a`, taken as a rare level"]
        entries = mixed_table.encode(new, (column,), "x")
        assert entries.argmax(axis=1)[:4].tolist() == [2, 2, 0, 2]
        assert np.isnan(entries[4]).all()
        assert mixed_table.decode(entries[:4], (column,))["a"].tolist() == ["d", "d", "a", "d"]

    def test_every_column_starts_at_the_same_weighted_loss(self, frame):
        columns = [column for column in fitted(frame) if column.is_modelled]
        baselines = [
            mixed_table.KINDS[one.kind].baseline(mixed_table.encode(frame[[one.name]], (one,), "x"), one)
            for one in columns
        ]
        weighted = [one.weight * loss for one, loss in zip(columns, baselines, strict=True)]
        np.testing.assert_allclose(weighted, weighted[0], rtol=1e-4)
        assert sum(weighted) == pytest.approx(sum(baselines))
        assert min(baselines) > 0.1
        by_name = dict(zip((one.name for one in columns), baselines, strict=True))
        assert by_name["age"] == pytest.approx(0.5, rel=1e-3)  # a number: half of its variance
        shares = frame["city"].value_counts(normalize=True)
        assert by_name["city"] == pytest.approx(stats.entropy(shares), rel=1e-4)

    def test_draws_have_the_distributions_of_the_outputs(self):
        frame = pd.DataFrame({
            "two": ["no", "yes"] * 20, "three": ["a", "b", "c", "a"] * 10, "grade": [1, 2, 3, 2] * 10,
            "count": DRAW.negative_binomial(1, 0.1, 40),
        })  # fmt: skip
        columns = fitted(frame, count="count")
        layout = mixed_table.layout(columns)
        output = np.zeros((20_000, layout.width))
        output[:, layout.slices["bernoulli"]] = 0.4  # p = 0.7
        output[:, layout.slices["categorical"]] = [0.2, 0.5, 0.3]
        output[:, layout.slices["ordinal"]] = [0.8, -0.5]  # p = 0.9, 0.25
        block = layout.of("count")[0]
        output[:, layout.slices["count"]] = (np.log1p(5.0) - block.shift) / block.scale
        drawn = mixed_table.decode(output, columns, draw=np.random.default_rng(0))
        assert (drawn["two"] == "yes").mean() == pytest.approx(0.7, abs=0.02)
        assert [(drawn["three"] == level).mean() for level in "abc"] == pytest.approx([0.2, 0.5, 0.3], abs=0.02)
        assert [(drawn["grade"] == level).mean() for level in (1, 2, 3)] == pytest.approx([0.1, 0.65, 0.25], abs=0.02)
        assert drawn["count"].mean() == pytest.approx(5, abs=0.6)  # those above the largest are cut

    def test_intervals_are_filled_in_as_intervals(self, frame):
        binned = pd.DataFrame({"age": pd.cut(frame["age"], 5), "bmi": frame["bmi"]})
        columns = fitted(binned)
        assert columns[0].kind == "ordinal"
        holes = binned.assign(age=binned["age"].mask(DRAW.random(len(binned)) < 0.2))
        filled = mixed_table.fill(
            holes, mixed_table.decode(mixed_table.encode(binned, columns, "x"), columns, frame.index)
        )
        pd.testing.assert_frame_equal(filled, binned, check_categorical=False)
        assert filled["age"].dtype == binned["age"].dtype

    def test_a_missing_value_is_0_in_inputs_and_no_value_is(self, frame):
        columns = fitted(patients(gaps=False))
        levels = [one for one in columns if one.levels and one.is_modelled]
        for column in levels:
            entries = mixed_table.encode(frame[[column.name]].dropna(), (column,), "x")
            assert (entries != 0).any(axis=1).all()
            assert np.isnan(
                mixed_table.encode(frame[[column.name]].assign(**{column.name: None}), (column,), "x")
            ).all()


class TestTrained:
    def test_it_learns_every_kind(self, run, frame):
        back, held = run.reconstruct(frame), frame["bmi"].notna()
        assert np.corrcoef(back["bmi"][held], frame["bmi"][held])[0, 1] > 0.6
        for name in ("smoker", "weight"):
            known = frame[name].notna()
            hits = (back[name][known].astype(str) == frame[name][known].astype(str)).mean()
            assert hits > frame[name].astype(str).value_counts(normalize=True).max() + 0.05
        losses = run.history["val_loss" if "val_loss" in run.history else "val_autoencoder_loss"]
        assert losses[-1] < losses[0]

    def test_tables_come_back_with_their_names_dtypes_and_index(self, run, frame):
        part = frame.iloc[3:30]
        own = frame.drop(columns="patient")
        for table in (run.reconstruct(part), run.decode(run.encode(part)), run.generate(9)):
            assert table.dtypes.to_dict() == own.dtypes.to_dict()
            assert not table.isna().any().any()
        pd.testing.assert_index_equal(run.reconstruct(part).index, part.index)
        codes = run.encode(part)
        assert codes.shape == (27, 6)
        pd.testing.assert_index_equal(codes.index, part.index)
        pd.testing.assert_frame_equal(run.decode(codes), run.reconstruct(part))
        scores = run.score(part)
        pd.testing.assert_index_equal(scores.index, part.index)
        assert scores.gt(0).all()

    def test_columns_may_come_in_any_order_with_others_which_is_reported(self, run, frame):
        part = frame.iloc[3:9]
        right = run.encode(part)
        pd.testing.assert_frame_equal(run.encode(part[part.columns[::-1]].drop(columns="patient")), right)
        with pytest.warns(UserWarning, match="are ignored: `shoe size`") as caught:
            pd.testing.assert_frame_equal(run.encode(part.assign(**{"shoe size": 43})), right)
        assert caught[0].filename == __file__

    def test_missing_columns_and_unknown_levels_are_named(self, run, frame):
        part = frame.iloc[3:9]
        with pytest.raises(aenb.AenbError, match=r"none called `bmi`, `sex`, and `BMI`, .*Rename `BMI` to `bmi`"):
            run.encode(part.rename(columns={"bmi": "BMI"}).drop(columns="sex"))
        with pytest.warns(UserWarning, match="`Rome` in `city`, taken as missing") as caught:
            found = run.encode(part.assign(city="Rome"))
        assert caught[0].filename == __file__
        pd.testing.assert_frame_equal(found, run.encode(part.assign(city=None)))

    def test_samples_are_like_the_rows(self, run, frame):
        drawn = run.generate(400, seed=1)
        pd.testing.assert_frame_equal(drawn, run.generate(400, seed=1))
        assert drawn["city"].value_counts(normalize=True).min() > 0.1
        assert set(drawn["city"]) == set(CITIES)
        assert abs(drawn["age"].mean() - frame["age"].mean()) < frame["age"].std() / 2
        assert drawn["visits"].between(0, frame["visits"].max()).all()
        assert drawn["bmi"].corr(drawn["visits"]) > 0.2

    def test_rows_without_names_go_by_their_place(self, run, frame):
        part = frame.iloc[3:9]
        rows = part.astype(object).where(part.notna(), None).to_numpy().tolist()
        np.testing.assert_allclose(run.encode(rows), run.encode(part), atol=1e-5)
        np.testing.assert_array_equal(run.encode(run.data.prepare(part)), run.encode(part).to_numpy())

    def test_its_scores_and_its_report_are_there(self, run):
        scores = run.evaluate(verbose=False)
        assert scores["mse"] < scores["mean_mse"]
        assert np.isfinite(list(scores.values())).all()
        assert "16 columns" in run.data.describe() or "14 columns" in run.data.describe()
        assert run._repr_html_()
        assert not any("takes all columns for numbers" in note for note in run.record["notes"])

    def test_saved_and_loaded_it_is_the_same(self, run, frame, tmp_path):
        folder = run.save(tmp_path / "run")
        again = aenb.load_run(folder)
        part = frame.iloc[3:9]
        pd.testing.assert_frame_equal(again.reconstruct(part), run.reconstruct(part))
        pd.testing.assert_frame_equal(again.generate(5), run.generate(5))
        assert again.adopt(frame).data.columns.equals(run.data.columns)


def test_missing_values_are_filled_in_and_nothing_else_changes(imputer, frame):
    holes, draw = frame.copy(), np.random.default_rng(0)
    hidden = {name: draw.random(len(frame)) < 0.2 for name in frame.columns.drop("patient")}
    for name, rows in hidden.items():
        holes[name] = holes[name].mask(rows)
    filled = imputer.impute(holes)
    pd.testing.assert_index_equal(filled.index, frame.index)
    assert list(filled.columns) == list(frame.columns)
    assert filled.drop(columns="patient").notna().all().all()
    for name in frame:
        observed = holes[name].notna()
        assert (filled[name][observed] == holes[name][observed]).all()
    assert filled["weight"].dtype == frame["weight"].dtype
    bmi = hidden["bmi"]
    error = (filled["bmi"] - frame["bmi"])[bmi].abs().mean()
    assert error < 0.85 * (frame["bmi"].mean() - frame["bmi"])[bmi].abs().mean()
    smoker = hidden["smoker"]
    majority = frame["smoker"][smoker].value_counts(normalize=True).max()
    assert (filled["smoker"] == frame["smoker"])[smoker].mean() > majority + 0.1


def test_imputation_hides_whole_columns(frame):
    from aenb.data.corruption import make_task

    data = aenb.load_data(patients(gaps=False))
    owners = np.array(data.preprocessing.owners)
    task = make_task("impute", None, 0.5, "tabular", owners=data.preprocessing.owners)
    hidden = np.asarray(task(data.x_train, [0, 1])[0]) == 0
    is_city = np.array([name.startswith("city") for name in data.feature_names])
    assert len(set(owners[is_city])) == 1
    assert hidden[:, is_city].all(axis=1).mean() == pytest.approx(0.5, abs=0.1)


def test_a_saved_model_opens_in_another_process(frame, tmp_path):
    run = aenb.train("deep", frame, **SMALL | {"epochs": 2})
    folder = run.save(tmp_path / "run")
    np.save(tmp_path / "x.npy", np.nan_to_num(run.data.x_test))
    code = f"""
import json, sys, keras, numpy as np
encoder = keras.models.load_model({str(folder / "encoder.keras")!r})
decoder = keras.models.load_model({str(folder / "decoder.keras")!r})
assert not any(name.startswith("aenb") for name in sys.modules)
x = decoder.predict(encoder.predict(np.load({str(tmp_path / "x.npy")!r}), verbose=0), verbose=0)
import aenb.models.custom_objects
model = keras.models.load_model({str(folder / "model.keras")!r})
print(json.dumps([x.tolist(), float(model.evaluate(np.load({str(tmp_path / "x.npy")!r}), x, verbose=0))]))
"""
    done = fresh.run(code)
    x, loss = json.loads(done.stdout.splitlines()[-1])
    np.testing.assert_allclose(x, run.reconstruct(run.data.x_test), atol=1e-5)
    assert np.isfinite(loss)


def test_other_data_is_scored_in_the_runs_units(frame):
    run = aenb.train("deep", frame.iloc[:300], **SMALL | {"epochs": 5})
    scores = run.evaluate(frame.iloc[300:], parts="reconstruction")
    assert 0 < scores["mse"] < 10
    with pytest.raises(aenb.AenbError, match="none called"):
        run.evaluate(frame.iloc[300:].drop(columns="bmi"), parts="reconstruction")


@pytest.mark.thorough
@pytest.mark.parametrize("family", ["gan", "vqvae"])
def test_other_families_take_the_columns_for_numbers_and_report_it(family, frame):
    run = aenb.train(family, frame.head(80), epochs=1, verbose=False)
    assert any("takes all columns for numbers" in note for note in run.record["notes"])
    assert run.generate(5).dtypes.equals(frame.drop(columns="patient").dtypes)


@pytest.mark.thorough
def test_samples_of_a_class(frame):
    data = aenb.load_data(frame, "smoker")
    run = aenb.train("vae", data, conditional=True, **SMALL | {"epochs": 60})
    drawn = run.generate(400, labels=np.repeat([True, False], 200))
    assert drawn["cholesterol"][:200].mean() > drawn["cholesterol"][200:].mean() + 20


def test_names_may_be_numbers_and_a_row_may_be_a_series(frame):
    numbered = frame.set_axis(range(frame.shape[1]), axis=1)
    run = aenb.train("deep", numbered, **SMALL | {"epochs": 1})
    assert list(run.generate(3).columns) == [place for place, name in enumerate(frame) if name != "patient"]
    path = run.interpolate(numbered.iloc[3], numbered.iloc[4], steps=4)
    pd.testing.assert_frame_equal(path.tail(1), run.reconstruct(numbered.iloc[[4]]).set_axis([3]))


BAD = {
    "infinite": (lambda x: x.assign(bmi=x["bmi"].where(x["bmi"] < 30, np.inf)), {}, "infinity in .* column `bmi`"),
    "duplicated names": (lambda x: pd.concat([x, x["bmi"]], axis=1), {}, "`bmi` more than once"),
    "only identifiers": (lambda x: x[["patient"]], {}, "columns to learn from; received none"),
    "complex": (lambda x: x.assign(bmi=x["bmi"] * 1j), {}, "`bmi`: expected numbers, text or dates"),
    "no such column": (lambda x: x, {"bmj": "numeric"}, "Did you mean `bmi`"),
    "no such kind": (lambda x: x, {"bmi": "number"}, "Did you mean `numeric`"),
    "numbers asked for, of text": (lambda x: x, {"city": "numeric"}, "expected another kind of `city`"),
    "dates asked for, of text": (lambda x: x, {"city": "date"}, "expected another kind of `city`"),
    "counts asked for, of fractions": (lambda x: x, {"bmi": "count"}, "`bmi`: expected counts"),
    "two levels asked for, of three": (lambda x: x, {"city": "binary"}, "`city`: expected two levels"),
    "an order asked for, of text": (lambda x: x, {"city": "ordinal"}, "`city`: expected the order of its levels"),
    "an order of one level": (lambda x: x, {"city": ["Lyon"]}, "at least two different levels of `city`"),
    "too many levels in order": (lambda x: x, {"progress": "ordinal"}, "`progress`: expected 2 to 100 levels"),
    "levels that are all rare": (lambda x: x, {"patient": "categorical"}, "`patient`: expected a category"),
    "no such labels": (lambda x: x, None, "the name of a column"),
    "too few rows": (lambda x: x.iloc[:3], {}, "at least 4 examples; received 3"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_learnt_is_refused_and_says_why(case, frame):
    change, columns, message = BAD[case]
    with pytest.raises(aenb.AenbError, match=message):
        aenb.load_data(change(frame), "outcome" if columns is None else None, columns=columns)


def test_kinds_are_only_for_tables():
    for data in (np.zeros((9, 3)), "digits", ["a text", "another"] * 9):
        with pytest.raises(aenb.AenbError, match="columns"):
            aenb.load_data(data, columns={"a": "numeric"})


def test_odd_tables_are_repaired_and_that_is_reported(frame):
    odd = frame.assign(empty=None, same="x", notes=[f"note {number % 230}" for number in range(len(frame))])
    odd.columns = pd.MultiIndex.from_tuples([("a", name) for name in odd.columns])
    data = aenb.load_data(odd)
    kinds, why = data.columns["kind"], data.columns["why"]
    assert (kinds["a_empty"], kinds["a_same"], kinds["a_notes"]) == ("drop", "constant", "drop")
    assert why["a_empty"] == "no value is observed"
    assert "free text" in why["a_notes"]
    notes = " ".join(data.notes)
    assert "levels of the columns' names were joined" in notes
    assert "one value, which outputs have too: `a_same`" in notes
    run = aenb.train("deep", data, **SMALL | {"epochs": 1})
    back = run.reconstruct(odd.iloc[:5])
    assert back["a_same"].tolist() == ["x"] * 5
    assert "a_empty" not in back


def test_ten_thousand_levels_are_pooled_or_left_out():
    names = [f"shop {number}" for number in DRAW.zipf(1.3, 30_000) % 10_000]
    column = infer(pd.Series(names), "shop")
    assert column.kind == "categorical"
    data = aenb.load_data(pd.DataFrame({"shop": names, "sales": DRAW.normal(size=30_000)}))
    assert data.columns["entries"]["shop"] <= 51
    assert any("Rare levels count as one level" in note for note in data.notes)
    even = pd.DataFrame({"shop": np.arange(30_000) % 10_000, "sales": DRAW.normal(size=30_000)})
    data = aenb.load_data(even.assign(shop=even["shop"].astype(str) + " street"))
    assert data.columns["kind"]["shop"] == "drop"
    assert "levels" in data.columns["why"]["shop"]


def test_a_mixed_table_of_too_many_columns_is_refused():
    wide = pd.DataFrame(np.zeros((5, 20_000))).assign(name="x")
    with pytest.raises(aenb.AenbError, match="up to 10,000 columns"):
        aenb.load_data(wide)


def test_outliers_are_trained_on_within_five_deviations_and_found_again():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"spend": draw.normal(40, 5, 300), "plan": draw.choice(["free", "pro"], 300)})
    frame.loc[6, "spend"] = 900.0
    frame.loc[8, "spend"] = np.nan
    data = aenb.load_data(frame)
    (note,) = (note for note in data.notes if "standard deviations" in note)
    assert note.startswith("Training values more than 5 standard deviations from the mean: 1, of `spend`.")
    assert np.nanmax(data.x_train) == 5
    run = aenb.train("deep", data, epochs=5, verbose=False, xla="off")
    worst = run.anomalies(frame).iloc[0]
    assert worst.name == 6
    assert worst.reason.startswith("spend 900, expected ")
