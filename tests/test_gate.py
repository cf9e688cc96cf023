"""The gate: whatever training accepted is checked and scaled alike afterwards, and results keep the caller's names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import sparse
from sklearn.datasets import load_diabetes, load_digits, load_wine

import aenb
from tests import fresh

QUICK = {"epochs": 2, "latent_dim": 3, "seed": 0, "verbose": False}
DRAW = np.random.default_rng(0)
FAMILY = "shallow"


@pytest.fixture(scope="module")
def wine():
    return load_wine(as_frame=True).data


@pytest.fixture(scope="module")
def of_wine(wine):
    return aenb.train(FAMILY, wine, activation="linear", **QUICK)


@pytest.fixture(scope="module")
def digits():
    return load_digits()


@pytest.fixture(scope="module")
def of_digits(digits):
    return aenb.train(FAMILY, digits.images.astype("uint8") * 16, **QUICK)


@pytest.fixture(scope="module")
def waves():
    return [np.sin(np.linspace(0, rate, 40)) * 5 + 100 for rate in DRAW.uniform(3, 9, 60)]


@pytest.fixture(scope="module")
def of_waves(waves):
    return aenb.train(FAMILY, aenb.load_data(waves, kind="signal"), **QUICK)


class TestRows:
    FORMS = (
        "frame", "float64", "float32", "float16", "list", "list of rows", "sparse", "bunch", "csv", "other order",
    )  # fmt: skip

    def form(self, form, wine, folder):
        if form == "csv":
            wine.to_csv(folder / "wine.csv", index=False)
        return {
            "frame": lambda: wine,
            "float64": wine.to_numpy,
            "float32": lambda: wine.to_numpy("float32"),
            "float16": lambda: wine.to_numpy("float16"),
            "list": lambda: wine.to_numpy().tolist(),
            "list of rows": lambda: [row for _, row in wine.iterrows()],
            "sparse": lambda: sparse.csr_matrix(wine.to_numpy()),
            "bunch": load_wine,
            "csv": lambda: folder / "wine.csv",
            "other order": lambda: wine[wine.columns[::-1]],
        }[form]()

    @pytest.mark.parametrize("form", FORMS)
    def test_they_are_taken_in_any_form(self, of_wine, wine, tmp_path, form):
        x = self.form(form, wine, tmp_path)
        tolerance = {"atol": 0.05} if form == "float16" else {"rtol": 1e-5, "atol": 1e-5}
        right = of_wine.data.prepare(wine.to_numpy())
        np.testing.assert_allclose(of_wine.encode(x), of_wine.encode(right), **tolerance)
        np.testing.assert_allclose(of_wine.score(x), of_wine.score(right), **tolerance)

    def test_no_name_is_not_the_current_folder(self, of_digits):
        with pytest.raises(aenb.AenbError, match="received no name"):
            of_digits.score("")

    def test_a_table_without_rows_has_codes_without_rows(self, of_wine, wine):
        codes = of_wine.encode(wine.iloc[:0])
        assert codes.shape == (0, 3)
        assert list(codes.columns) == ["z1", "z2", "z3"]

    def test_arrays_in_the_models_units_stay_in_them(self, of_wine):
        x = of_wine.data.x_test
        assert of_wine.reconstruct(x).dtype == "float32"
        assert abs(of_wine.reconstruct(x).mean()) < 1
        for part in (x, x[:1], x * 3, np.zeros_like(x)):
            assert not of_wine.preprocessing.is_raw(part)
        assert of_wine.preprocessing.is_raw(load_wine().data[:1])

    def test_standardised_training_data_leaves_no_doubt(self):
        x = DRAW.normal(0.02, 0.98, (300, 4))
        run = aenb.train(FAMILY, x, **QUICK)
        assert not run.preprocessing.is_raw(x)
        assert not run.preprocessing.is_raw(run.data.x_test)

    def test_reconstructions_have_the_units_of_the_rows(self, of_wine, wine):
        of_frame = of_wine.reconstruct(wine)
        np.testing.assert_allclose(of_wine.reconstruct(wine.to_numpy()), of_frame, rtol=1e-4)
        assert list(of_frame.columns) == list(wine.columns)
        assert of_frame["proline"].mean() == pytest.approx(wine["proline"].mean(), rel=0.05)

    def test_whole_numbers_are_raw(self):
        x = DRAW.poisson(50, (100, 5))
        run = aenb.train(FAMILY, x, **QUICK)
        for dtype in ("int8", "uint8", "int32", "uint64"):
            np.testing.assert_allclose(run.encode(x.astype(dtype)), run.encode(run.data.prepare(x)), atol=1e-6)

    @pytest.mark.parametrize(
        "index",
        [
            pd.Index(np.arange(9) ** 2 + 3, name="bottle"),
            pd.Index(list("abcdefghi")),
            pd.MultiIndex.from_product([["red", "white"], range(5)]).delete(9),
            pd.date_range("2020-01-01", periods=9, freq="3D"),
        ],
        ids=["gaps", "names", "two levels", "dates"],
    )
    def test_the_index_stays(self, of_wine, wine, index):
        part = wine.head(9).set_index(index).mask(DRAW.random((9, 13)) < 0.2)
        results = of_wine.encode(part), of_wine.score(part), of_wine.reconstruct(part), of_wine.impute(part)
        for result in (*results, of_wine.decode(results[0])):
            pd.testing.assert_index_equal(result.index, index)
        assert results[3].where(part.notna()).equals(part)

    def test_imputed_arrays_have_the_units_of_the_rows(self, of_wine, wine):
        holes = wine.to_numpy(copy=True)
        holes[::5, 2] = np.nan
        filled = of_wine.impute(holes)
        np.testing.assert_allclose(filled, of_wine.impute(wine.assign(ash=holes[:, 2])), rtol=1e-4)
        np.testing.assert_allclose(filled[~np.isnan(holes)], holes[~np.isnan(holes)], rtol=1e-5)

    def test_other_columns_are_ignored_with_a_warning(self, of_wine, wine):
        with pytest.warns(UserWarning, match="are ignored: `colour`") as caught:
            found = of_wine.encode(wine.assign(colour="red"))
        assert caught[0].filename == __file__
        pd.testing.assert_frame_equal(found, of_wine.encode(wine))

    def test_columns_that_were_left_out_are_ignored_in_silence(self, wine):
        numbered = wine.assign(id=np.arange(len(wine)))
        run = aenb.train(FAMILY, numbered, **QUICK)
        pd.testing.assert_frame_equal(run.encode(numbered), run.encode(wine))
        assert list(run.reconstruct(numbered).columns) == list(wine.columns)
        assert list(run.impute(numbered.assign(ash=np.nan)).columns) == list(numbered.columns)

    WRONG = (
        (lambda x: x.drop(columns="ash"), "none called `ash`"),
        (lambda x: x.assign(ash=np.inf), "infinity"),
        (lambda x: x.to_numpy()[:, :4], r"expected the shape \(n, 13\)"),
        (lambda x: "no/such.csv", "no file or folder"),
        (lambda x: ["a", "b"], "expected numbers"),
        (lambda x: x.assign(ash="much"), "text or objects in ash"),
        (lambda x: {"ash": [1]}, "expected numbers"),
    )

    @pytest.mark.parametrize("number", range(len(WRONG)))
    def test_what_does_not_fit_is_refused_everywhere(self, of_wine, wine, number):
        change, message = self.WRONG[number]
        for ask in (of_wine.encode, of_wine.score, of_wine.reconstruct, of_wine.impute):
            with pytest.raises(aenb.AenbError, match=message):
                ask(change(wine))


class TestImages:
    def test_they_are_taken_in_any_form(self, of_digits, digits):
        raw = digits.images.astype("uint8") * 16
        right = of_digits.encode(raw)
        for x in (raw[..., None], raw.astype("int64"), raw / 255, (raw / 255).astype("float32")):
            np.testing.assert_allclose(of_digits.encode(x), right, atol=1e-5)
        assert aenb.load_data(digits).input_shape == (8, 8, 1)
        assert aenb.load_data(digits).class_names == tuple("0123456789")

    def test_a_folder_gives_the_names_of_its_files(self, of_digits, digits, tmp_path):
        raw = digits.images.astype("uint8") * 16
        (tmp_path / "more").mkdir()
        names = ["a.png", "b.png", "more/c.png"]
        for name, image in zip(names, raw, strict=False):
            Image.fromarray(image).save(tmp_path / name)
        codes = of_digits.encode(tmp_path)
        assert codes.index.tolist() == names
        np.testing.assert_allclose(codes, of_digits.encode(raw[:3]), atol=1e-6)
        assert of_digits.score(str(tmp_path)).index.tolist() == names
        np.testing.assert_array_equal(of_digits.reconstruct(tmp_path), of_digits.reconstruct(raw[:3]))
        Image.fromarray(raw[0]).resize((30, 20)).convert("RGB").save(tmp_path / "d.jpg")  # of another size and mode
        assert len(of_digits.encode(tmp_path)) == 4

    def test_a_folder_of_nothing_is_refused(self, of_digits, of_wine, tmp_path):
        with pytest.raises(aenb.AenbError, match="folder of images"):
            of_digits.encode(tmp_path)
        with pytest.raises(aenb.AenbError, match="received a folder"):
            of_wine.encode(tmp_path)


class TestSignals:
    def test_series_of_one_length_are_signals_of_one_channel(self, waves, of_waves):
        data = aenb.load_data(waves, kind="signal")
        assert (data.kind, data.input_shape) == ("signal", (40, 1))
        right = of_waves.encode(waves)
        stacked = np.stack(waves)
        for x in (stacked, stacked[..., None], [wave[:, None] for wave in waves], [pd.Series(wave) for wave in waves]):
            np.testing.assert_allclose(of_waves.encode(x), right, atol=1e-5)
        back = of_waves.reconstruct(stacked)
        assert back.shape == (60, 40, 1)
        assert back.mean() == pytest.approx(100, abs=5)

    def test_pandas_series_and_series_of_other_lengths_are_signals(self, waves):
        for series in (
            [pd.Series(wave) for wave in waves],
            [wave[: 30 + place % 9] for place, wave in enumerate(waves)],
        ):
            data = aenb.load_data(series)
            assert (data.kind, data.input_shape[-1]) == ("signal", 1)
            assert any("series was taken for signals" in note for note in data.notes)

    def test_arrays_of_one_length_are_rows_and_that_is_reported(self, waves, wine):
        data = aenb.load_data(waves)
        assert data.kind == "tabular"
        assert any('kind="signal") takes series' in note for note in data.notes)
        rows = aenb.load_data([row for _, row in wine.iterrows()])
        assert rows.feature_names == tuple(wine.columns)


def test_texts_are_taken_in_any_form(tmp_path):
    texts = [f"the {one} sees the {other}" for one in ("cat", "dog", "cow") for other in ("sun", "sea", "hen", "hill")]
    run = aenb.train("deep", texts, hidden_units=(16,), **QUICK)
    (tmp_path / "x.txt").write_text("\n".join(texts))
    right = run.encode(texts)
    np.testing.assert_array_equal(run.encode(np.array(texts)), right)
    np.testing.assert_array_equal(run.encode(tmp_path / "x.txt"), right)
    named = pd.Series(texts, index=[f"t{number}" for number in range(len(texts))])
    assert run.encode(named).index.tolist() == named.index.tolist()
    np.testing.assert_array_equal(run.encode(named), right)


class TestContainers:
    def test_a_bunch_has_its_columns_and_its_classes(self):
        data = aenb.load_data(load_wine())
        assert data.feature_names == tuple(load_wine().feature_names)
        assert data.class_names == ("class_0", "class_1", "class_2")
        assert aenb.load_data(load_wine(), np.zeros(178, int)).class_names == ()
        plain = aenb.load_data(load_diabetes())
        assert plain.y_train is None
        assert any("target of the Bunch is not classes" in note for note in plain.notes)

    def test_a_sparse_matrix_is_a_table(self):
        x = sparse.random(60, 20, 0.3, random_state=0)
        for matrix in (x, x.tocsr(), x.tocsc(), sparse.csr_array(x)):
            np.testing.assert_array_equal(aenb.load_data(matrix).x_train, aenb.load_data(x.toarray()).x_train)
        with pytest.raises(aenb.AenbError, match="sparse matrix that fits into memory"):
            aenb.load_data(sparse.csr_matrix((10**6, 10**7)))


class TestFiles:
    def rows(self):
        return pd.DataFrame({"height": DRAW.normal(170, 9, 60).round(1), "group": ["a", "b", "c"] * 20})

    @pytest.mark.parametrize("separator", [";", "\t", "|"])
    def test_other_separators_are_recognised_and_reported(self, tmp_path, separator):
        rows = self.rows()
        rows.to_csv(tmp_path / "x.csv", index=False, sep=separator, decimal="," if separator == ";" else ".")
        data = aenb.load_data(tmp_path / "x.csv")
        assert data.columns["kind"].to_dict() == {"height": "numeric", "group": "categorical"}
        assert any("separated by" in note for note in data.notes)
        back = data.preprocessing.to_frame(data.x_train)
        assert back["height"].isin(rows["height"]).all()

    def test_a_byte_order_mark_is_no_part_of_a_name(self, tmp_path):
        self.rows().to_csv(tmp_path / "x.csv", index=False, encoding="utf-8-sig")
        assert list(aenb.load_data(tmp_path / "x.csv").columns.index) == ["height", "group"]

    def test_kinds_and_labels_are_given_for_a_file_too(self, tmp_path):
        self.rows().to_csv(tmp_path / "x.csv", index=False)
        data = aenb.load_data(tmp_path / "x.csv", "group", columns={"height": "quantile"})
        assert data.classes == ("a", "b", "c")
        assert data.columns["kind"].to_dict() == {"height": "quantile"}

    BROKEN = (
        ("x.csv", b"", "readable .csv file"),
        ("x.csv", b"a,b\n", "received"),
        ("x.csv", b"\xff\xfe\x00\x01" * 50, "readable .csv file"),
        ("x.csv", b",".join(b"%d" % number for number in range(10**6)) + b"\n", "1,000,000 columns"),
        ("x.parquet", b"", "parquet"),
    )

    @pytest.mark.parametrize("number", range(len(BROKEN)))
    def test_broken_ones_are_refused_and_say_why(self, tmp_path, of_wine, number):
        name, content, message = self.BROKEN[number]
        (tmp_path / name).write_bytes(content)
        with pytest.raises(aenb.AenbError, match=message):
            aenb.load_data(tmp_path / name)
        with pytest.raises(aenb.AenbError):
            of_wine.encode(tmp_path / name)


class TestPipelines:
    """`pipeline.keras`: raw rows and byte images to reconstructions, without aenb."""

    def reconstructed(self, folder, x, tmp_path):
        np.save(tmp_path / "x.npy", x)
        code = (
            "import keras, numpy as np, sys\n"
            f"model = keras.models.load_model({str(folder / 'pipeline.keras')!r})\n"
            f"np.save({str(tmp_path / 'y.npy')!r}, model.predict(np.load({str(tmp_path / 'x.npy')!r}), verbose=0))\n"
            "assert not any(name.split('.')[0] == 'aenb' for name in sys.modules)\n"
        )
        fresh.run(code)
        return np.load(tmp_path / "y.npy")

    def test_of_rows(self, of_wine, wine, tmp_path):
        raw = wine.to_numpy(copy=True)
        raw[::7, 3] = np.nan
        found = self.reconstructed(of_wine.save(tmp_path / "run"), raw, tmp_path)
        np.testing.assert_allclose(found, of_wine.reconstruct(raw), rtol=1e-3)
        np.testing.assert_allclose(found, of_wine.reconstruct(wine.mask(np.isnan(raw))), rtol=1e-3)

    def test_of_images(self, of_digits, digits, tmp_path):
        raw = digits.images.astype("uint8")[:50] * 16
        found = self.reconstructed(of_digits.save(tmp_path / "run"), raw[..., None], tmp_path)
        np.testing.assert_allclose(found, of_digits.reconstruct(raw), atol=1e-4)

    def test_which_runs_have_one(self, wine, tmp_path):
        from aenb.runs.raw_pipeline import pipeline

        small = QUICK | {"epochs": 1}
        for family, has_one in {"vae": True, "vqvae": False, "gan": False}.items():
            given = {name: value for name, value in small.items() if name != "latent_dim" or family != "vqvae"}
            assert (pipeline(aenb.train(family, wine, **given)) is not None) == has_one, family
        labels = load_wine().target
        assert pipeline(aenb.train("vae", aenb.load_data(wine, labels), conditional=True, **small)) is None


class TestDtypes:
    """Arrays with a channel, of any integer or float dtype, are taken alike by all that takes examples."""

    METHODS = ("encode", "score", "reconstruct", "impute", "denoise")

    def check(self, run, raw, dtypes, tolerance):
        right = {name: getattr(run, name)(raw) for name in self.METHODS}
        codes = run.encode(raw)
        for dtype in dtypes:
            x = raw.astype(dtype)
            for name in self.METHODS:
                np.testing.assert_allclose(getattr(run, name)(x), right[name], **tolerance, err_msg=f"{name} {dtype}")
            assert run.interpolate(x[0], x[1], steps=3).shape == (3, *raw.shape[1:])
            assert len(run.anomalies(x)) == len(run.explain(x).to_frame()) == len(raw)
        np.testing.assert_allclose(run.decode(codes.tolist()), run.decode(codes))
        assert run.generate(3).shape == (3, *raw.shape[1:])

    def test_images(self, of_digits, digits):
        raw = digits.images[:12].astype("uint8")[..., None] * 16
        self.check(of_digits, raw, ("int16", "int64", "uint16", "float32", "float64"), {"atol": 1e-5})

    def test_series_of_one_channel(self):
        steps = np.linspace(0, 12, 100)
        raw = (100 * np.sin(steps + DRAW.uniform(0, 6, (60, 1))) + 500).round()[..., None]
        data = aenb.load_data(raw)
        assert (data.kind, data.input_shape) == ("signal", (100, 1))
        assert any("taken for signals of one channel" in note for note in data.notes)
        run = aenb.train(FAMILY, raw, **QUICK)
        self.check(run, raw[:12], ("int16", "int32", "uint16", "float16", "float32"), {"rtol": 1e-3, "atol": 1e-2})


class TestOddTables:
    def test_text_that_is_not_utf8(self, tmp_path):
        frame = pd.DataFrame({"größe": DRAW.normal(170, 9, 60).round(1), "ort": ["Köln", "Bonn", "Trier"] * 20})
        frame.to_csv(tmp_path / "x.csv", index=False, encoding="cp1252")
        data = aenb.load_data(tmp_path / "x.csv")
        assert list(data.columns.index) == ["größe", "ort"]
        assert "Köln" in data.columns.loc["ort", "values"]
        assert "It is not in UTF-8, and was read as Windows-1252." in data.notes
        frame.to_csv(tmp_path / "x.csv", index=False, encoding="utf-16")
        with pytest.raises(aenb.AenbError, match="text in UTF-16; save it as UTF-8"):
            aenb.load_data(tmp_path / "x.csv")

    def test_names_that_are_there_twice(self, tmp_path):
        frame = pd.DataFrame(DRAW.normal(size=(30, 3)), columns=["a", "b", "a"])
        frame.to_csv(tmp_path / "x.csv", index=False)
        data = aenb.load_data(tmp_path / "x.csv")
        assert data.feature_names == ("a", "b", "a.1")
        assert "Columns of one name were numbered, such as `a.1`: `a`." in data.notes
        with pytest.raises(aenb.AenbError, match="columns of different names; received `a` more than once"):
            aenb.load_data(frame)

    def test_levels_of_names_are_joined(self):
        names = pd.MultiIndex.from_product([["left", "right"], ["x", "y"]])
        data = aenb.load_data(pd.DataFrame(DRAW.normal(size=(30, 4)), columns=names))
        assert data.feature_names == ("left_x", "left_y", "right_x", "right_y")
        assert any("levels of the columns' names were joined" in note for note in data.notes)
