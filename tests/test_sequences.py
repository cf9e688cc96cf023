"""Signals and texts, and values that are missing: from the data to a run's report."""

import dataclasses
import importlib.util
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import aenb
from aenb.data.sets import aeon_files, wordnet
from aenb.data.values import streamed
from aenb.data.values.standardised import fit_scaler

DRAW = np.random.default_rng(0)
needs_vowels = pytest.mark.skipif(aeon_files.at_hand("JapaneseVowels") is None, reason="needs the PyPI package aeon")
needs_wordnet = pytest.mark.skipif(not wordnet._is_installed(), reason="needs the package wordnet-base")
QUICK = {"hidden_units": (32,), "latent_dim": 8, "verbose": False, "xla": "off"}  # compiling takes seconds

TS = """# of two channels
@problemName Two
@data
1,2,3:4,5,6:1
7,8:9,?:2
"""


def ragged(n=20, channels=2):
    return [DRAW.normal(3, 2, (4 + place % 5, channels)) for place in range(n)]


@pytest.fixture
def sample(monkeypatch, tmp_path):
    """Return the phrases that come with aenb, as on a machine without WordNet."""
    monkeypatch.setattr(wordnet, "FOLDER", tmp_path)
    return aenb.load_data("wordnet")


class TestVowels:
    @needs_vowels
    def test_the_split_is_the_official_one_and_short_utterances_are_filled_up(self):
        data = aenb.load_data("vowels")
        assert (data.kind, data.input_shape, data.train.dtype) == ("signal", (29, 12), np.float32)
        assert (np.bincount(data.y_train) == 30).all()
        assert np.bincount(data.y_test).tolist() == [31, 35, 88, 44, 29, 24, 40, 50, 29]
        steps = (~np.isnan(data.train)).all(axis=-1)
        assert (steps.sum(axis=1).min(), (~np.isnan(data.test)).all(axis=-1).sum(axis=1).max()) == (7, 29)
        assert (np.diff(steps.astype(int), axis=1) <= 0).all()  # nothing is missing before the end
        assert data.has_missing
        rows = data.train[steps].astype("float64")
        np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-6)
        np.testing.assert_allclose(rows.std(axis=0), 1, atol=1e-6)
        first = data.scaler.inverse_transform(data.train[0][:1])[0]
        np.testing.assert_allclose(first[:3], [1.860936, -0.207383, 0.261557], atol=1e-5)  # as the file has it
        assert "aeon" in repr(data)

    def test_without_aeon_it_says_what_to_install(self, monkeypatch):
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
        assert not aenb.datasets()["vowels"].at_hand()
        with pytest.raises(aenb.AenbError, match="pip install --no-deps aeon"):
            aenb.load_data("vowels")

    @needs_vowels
    def test_aeon_itself_is_not_imported(self):
        code = "import sys, aenb; aenb.load_data('vowels'); print('aeon' in sys.modules, 'tensorflow' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
        assert done.stdout == "False False\n"

    def test_a_ts_file_is_read_channel_by_channel(self, tmp_path):
        (tmp_path / "two.ts").write_text(TS.replace("?", "nan"))
        found, labels = aeon_files.read_ts(tmp_path / "two.ts")
        np.testing.assert_array_equal(found[0], [[1, 4], [2, 5], [3, 6]])
        np.testing.assert_array_equal(found[1], [[7, 9], [8, np.nan]])
        assert labels.tolist() == ["1", "2"]
        for name, content in {"cut": TS[:-12] + ",x:1", "headless": "1,2:3", "empty": "@data\n"}.items():
            (tmp_path / name).write_text(content)
            with pytest.raises(aenb.AenbError, match="a broken file"):
                aeon_files.read_ts(tmp_path / name)


class TestWordnet:
    @needs_wordnet
    def test_phrases_of_the_package(self):
        data = aenb.load_data("wordnet")
        assert (data.kind, data.train.dtype, data.x_train.dtype, data.input_shape) == ("text", "uint16", "int32", (12,))
        assert data.n == data.total == wordnet.TOTAL
        assert len(data.vocabulary) == 8002
        assert data.vocabulary[:3] == ("", "<unk>", "the")
        lengths = (data.train > 0).sum(axis=1)
        assert (lengths.min(), lengths.max()) == (2, 12)
        assert data.train.max() == len(data.vocabulary) - 1
        phrases = data.texts(data.train)
        assert "he spoke kindly to the boy" in phrases + data.texts(data.test)
        held_out = {row.tobytes() for row in data.test if not (row == 1).any()}
        assert not held_out & {row.tobytes() for row in data.train}
        assert not data.has_missing

    def test_the_embedded_sample_is_named_as_such(self, sample):
        assert sample.n == 1000
        assert sample.total == wordnet.TOTAL
        assert "the sample that comes with aenb" in sample.describe()
        assert "1,000 of 46,350" in sample.describe()
        assert "apt-get install wordnet-base" in repr(sample)
        assert "a ball of fire" in sample.texts(sample.train) + sample.texts(sample.test)
        file = wordnet.importlib.resources.files("aenb.data.sets") / wordnet.SAMPLE
        assert "Princeton University" in file.read_text(encoding="utf-8")

    @needs_wordnet
    def test_the_sample_is_of_the_phrases(self):
        assert set(wordnet._sample()) <= set(wordnet._distinct(wordnet._phrases()))


class TestTexts:
    TEXTS = ("A red cat.", "a DOG", "Don't!", "a cat, a red cat", "the dog’s cat", "a b c d e f", "?!", "the cat")

    def test_a_list_becomes_the_numbers_of_its_words(self):
        data = aenb.load_data(list(self.TEXTS), labels=list("ababaxyz"), name="mine")
        assert (data.kind, data.n, data.input_shape) == ("text", 7, (6,))
        assert data.vocabulary[:4] == ("", "<unk>", "a", "cat")
        assert "y" not in {*data.y_train, *data.y_test}  # the text without a word is gone with its label
        assert any("without a word were left out: 1." in note for note in data.notes)
        texts = [*data.texts(data.x_train), *data.texts(data.x_test)]
        both = dict(zip(texts, [*data.y_train, *data.y_test], strict=True))
        known = {text: label for text, label in both.items() if "<unk>" not in text}
        expected = {"a red cat": "a", "a dog": "b", "don't": "a", "a cat a red cat": "b", "the dog's cat": "a",
                    "a b c d e f": "x", "the cat": "z"}  # fmt: skip
        assert len(known) >= 5
        assert known.items() <= expected.items()

    def test_new_texts_get_the_same_numbers(self):
        data = aenb.load_data(list(self.TEXTS))
        ids = data.prepare(["A cat!", "a giraffe", "a a a a a a a a"])
        assert ids.dtype == "int32"
        assert data.texts(ids) == ["a cat", "a <unk>", "a a a a a a"]
        for wrong, message in {
            "a cat": "list of texts",
            5: "list of texts",
            ("a", None): "NoneType at index 1",
        }.items():
            with pytest.raises(aenb.AenbError, match=message):
                data.prepare(wrong)

    @pytest.mark.parametrize("form", [list, np.array, pd.Series])
    def test_lists_arrays_and_columns_are_texts(self, form):
        assert aenb.load_data(form(list(self.TEXTS))).kind == "text"

    def test_long_texts_are_cut_and_rare_words_unknown_and_it_is_said(self, monkeypatch):
        monkeypatch.setattr("aenb.data.own.texts.MAX_WORDS", 5)
        monkeypatch.setattr("aenb.data.own.texts.MAX_LENGTH", 4)
        data = aenb.load_data(["a b c d e f g h", *["a b", "a c"] * 9])
        assert data.input_shape == (4,)
        assert len(data.vocabulary) <= 7
        assert any("longer than 4 words were cut: 1 of 19." in note for note in data.notes)

    def test_a_file_has_a_text_in_each_line(self, tmp_path):
        (tmp_path / "mine.txt").write_text("\ufeffein Vogel\nä ö ü\n\nein Haus\nein Baum\n", encoding="utf-8")
        data = aenb.load_data(tmp_path / "mine.txt")
        assert data.n == 4
        assert "ein" in data.vocabulary
        (tmp_path / "latin.txt").write_bytes("ä ö ü\n".encode("latin-1") * 9)
        (tmp_path / "empty.txt").write_bytes(b"")
        for name in ("latin.txt", "empty.txt"):
            with pytest.raises(aenb.AenbError, match=r"readable \.txt file"):
                aenb.load_data(tmp_path / name)

    @pytest.mark.parametrize(
        ("texts", "message"),
        [
            (["a cat", "a dog", 7, "b", "c"], "received a int at index 2"),
            (["a cat", "a dog", "?"], "at least 4 texts with a word; received 2"),
            (["!", "?", "…", "-"], "received 0"),
        ],
    )
    def test_what_is_no_text_is_refused(self, texts, message):
        with pytest.raises(aenb.AenbError, match=message):
            aenb.load_data(texts)

    def test_what_is_hidden_inside_a_text_shows(self):
        data = aenb.load_data(list(self.TEXTS))
        ids = data.prepare(["a red cat"])
        ids[0, 1] = 0
        assert data.texts(ids) == ["a _ cat"]


class TestSignals:
    def test_ragged_lists_are_filled_up(self):
        x = ragged()
        data = aenb.load_data(x, labels=np.arange(20) % 2)
        assert (data.kind, data.input_shape, data.n) == ("signal", (8, 2), 20)
        assert any("4 to 8 rows were taken for signals" in note for note in data.notes)
        prepared = data.prepare(x)
        assert prepared.shape == (20, 8, 2)
        back = data.scaler.inverse_transform(prepared[3][: len(x[3])])
        np.testing.assert_allclose(back, x[3], atol=1e-5)
        assert np.isnan(prepared[3][len(x[3]) :]).all()

    def test_arrays_are_signals_where_one_says_so(self, tmp_path):
        x = DRAW.normal(0, 100, (20, 6, 3))
        x[:, 4:, 1] = np.nan
        data = aenb.load_data(x, kind="signal")
        assert (data.kind, data.input_shape) == ("signal", (6, 3))
        np.testing.assert_allclose(np.nanmean(data.x_train, axis=(0, 1)), 0, atol=1e-6)
        np.testing.assert_allclose(np.nanstd(data.x_train, axis=(0, 1)), 1, atol=1e-6)
        assert np.isnan(data.x_train[:, 4:, 1]).all()
        np.save(tmp_path / "x.npy", x)
        again = aenb.load_data(tmp_path / "x.npy", kind="signal")
        assert again.fingerprint == data.fingerprint
        with pytest.raises(aenb.AenbError, match=r'expected pixels in.*kind="signal"'):
            aenb.load_data(np.nan_to_num(x))
        with pytest.raises(aenb.AenbError, match=r"`kind`: expected \"signal\""):
            aenb.load_data(x, kind="image")

    @pytest.mark.parametrize(
        ("x", "message"),
        [
            ([np.zeros((3, 2)), np.zeros((4, 3))] * 5, "the same number of channels"),
            ([np.zeros((3, 2)), np.zeros((0, 2))] * 5, "the same number of channels"),
            ([np.zeros((3, 2)), np.full((4, 2), np.inf)] * 5, "infinity in 5 of 10"),
            ([np.zeros((3, 2)), np.full((4, 2), "a")] * 5, "signals of numbers"),
            ([np.zeros((3, 2)), np.zeros((4, 2))], "at least 4 examples"),
        ],
    )
    def test_what_is_no_signal_is_refused(self, x, message):
        with pytest.raises(aenb.AenbError, match=message):
            aenb.load_data(x)

    def test_new_signals_must_fit(self):
        data = aenb.load_data(ragged())
        with pytest.raises(aenb.AenbError, match="up to 8 steps; received one of 9"):
            data.prepare([np.zeros((9, 2))])
        with pytest.raises(aenb.AenbError, match=r"8 steps and 2 channels; received the shape \(1, 8, 3\)"):
            data.prepare([np.zeros((8, 3))])


class TestMissingValues:
    def table(self, n=200):
        frame = pd.DataFrame({"a": DRAW.normal(5, 2, n), "b": DRAW.normal(-1, 9, n), "c": DRAW.integers(0, 9, n)})
        return frame, frame.mask(DRAW.random(frame.shape) < 0.2)

    def test_a_table_is_standardised_by_what_was_observed(self):
        _, frame = self.table()
        data = aenb.load_data(frame)
        assert data.has_missing
        np.testing.assert_allclose(np.nanmean(data.x_train, axis=0), 0, atol=1e-6)
        np.testing.assert_allclose(np.nanstd(data.x_train, axis=0), 1, atol=1e-6)
        assert any("of the training values are missing (NaN)" in note for note in data.notes)
        np.testing.assert_array_equal(np.isnan(data.prepare(frame)), frame.isna())
        assert not aenb.load_data(frame.dropna()).has_missing

    def test_a_column_that_is_missing_in_whole_blocks_is_standardised_too(self, monkeypatch):
        """scikit-learn's partial_fit would give NaN for ever."""
        monkeypatch.setattr(streamed, "BLOCK", 400)
        x = DRAW.normal(3, 2, (300, 3))
        x[:100, 1] = np.nan
        scaler, _ = fit_scaler(x, "x")
        np.testing.assert_allclose(scaler.mean_, np.nanmean(x, axis=0))
        np.testing.assert_allclose(scaler.var_, np.nanvar(x, axis=0))

    def test_a_run_fills_in_a_table_in_its_own_units_and_leaves_what_is_known(self):
        whole, frame = self.table()
        frame["d"] = frame["a"].fillna(0) > 5
        frame["e"] = pd.array([1, None] * 100, dtype="Int64")
        frame["f"] = frame["b"].astype("float32")
        frame.index = [f"row {number % 150}" for number in range(200)]  # not all different
        run = aenb.train("deep", frame, task="impute", epochs=2, **QUICK)
        filled = run.impute(frame)
        assert list(filled.columns) == list(frame.columns)
        assert list(filled.index) == list(frame.index)
        assert not filled.isna().any(axis=None)
        known = frame.notna().to_numpy()
        before, after = frame.to_numpy("float64", na_value=np.nan), filled.to_numpy("float64")
        np.testing.assert_array_equal(after[known], before[known])
        assert filled["a"].between(whole["a"].min() - 5, whole["a"].max() + 5).all()
        assert filled["d"].dtype == bool

    def test_imputing_beats_the_mean_on_real_data(self):
        """The error of missing entries, in deviations, is 1 for the mean."""
        data = aenb.load_data("breast_cancer")
        x = data.x_test.copy()
        missing = np.random.default_rng(1).random(x.shape) < 0.2
        x[missing] = np.nan
        settings = QUICK | {"latent_dim": 16, "hidden_units": (128,)}
        run = aenb.train("deep", data, task="impute", epochs=30, batch_size=32, **settings)
        error = (run.impute(x) - data.x_test)[missing]
        assert np.sqrt(np.mean(error**2)) < 0.7 * np.sqrt(np.mean(data.x_test[missing] ** 2))

    @pytest.mark.parametrize(("shape", "kind"), [((300, 3), None), ((60, 6, 3), "signal")])
    def test_what_is_streamed_is_the_same_as_in_memory(self, shape, kind, tmp_path, monkeypatch):
        x = DRAW.normal(3, 2, shape)
        x[DRAW.random(shape) < 0.2] = np.nan
        np.save(tmp_path / "x.npy", x)
        whole = aenb.load_data(x, kind=kind)
        monkeypatch.setattr(streamed, "LIMIT", 0)
        monkeypatch.setattr(streamed, "BLOCK", 500)
        data = aenb.load_data(tmp_path / "x.npy", kind=kind)
        assert data.is_streamed
        assert data.has_missing
        np.testing.assert_allclose(data.x_train, whole.x_train, atol=1e-6)
        run = aenb.train("deep", data, epochs=1, **QUICK)
        assert np.isfinite(run.history["val_loss"]).all()
        assert np.isfinite([*run.evaluate(parts="reconstruction").values()]).all()

    def test_images_are_not_searched_for_what_is_missing(self, digits):
        """A pass over images on a disk takes minutes, and images with NaN are refused."""
        data = dataclasses.replace(digits, train=np.full((4, 8, 8, 1), np.nan, "float32"))
        assert not data.has_missing

    def test_real_tables(self):
        wine, cancer = aenb.load_data("wine"), aenb.load_data("breast_cancer")
        assert (wine.n, wine.input_shape, len(wine.class_names)) == (178, (13,), 3)
        assert (cancer.n, cancer.input_shape, cancer.class_names) == (569, (30,), ("malignant", "benign"))
        assert cancer.feature_names[0] == "mean radius"


@pytest.fixture(scope="module")
def signal_run():
    """Return a run on signals of one sine each, of different lengths."""
    draw, steps = np.random.default_rng(3), np.arange(16)
    waves = [np.stack([np.sin(a * steps[:n]), np.cos(a * steps[:n])], -1)
             for a, n in zip(draw.uniform(0.1, 0.6, 400), draw.integers(8, 17, 400), strict=True)]  # fmt: skip
    settings = QUICK | {"latent_dim": 6, "hidden_units": (64,)}
    return aenb.train("deep", waves, name="s", epochs=40, batch_size=32, **settings)


class TestRunsOnSignals:
    def test_it_learns_what_was_observed(self, signal_run):
        scores = signal_run.evaluate(parts="reconstruction")
        assert scores["mse"] < 0.2 * scores["mean_mse"]
        x = signal_run.data.x_test
        made = signal_run.reconstruct(x)
        observed = ~np.isnan(x)
        assert np.mean((made - x)[observed] ** 2) == pytest.approx(scores["mse"], rel=1e-5)
        assert not np.isnan(made).any()

    def test_it_shows_itself_and_is_loaded_again(self, signal_run, tmp_path):
        assert "mean signal" in repr(signal_run)
        figure = signal_run.plot()
        assert figure.axes[0].get_ylabel() == "mean squared error"
        again = aenb.load_run(signal_run.save(tmp_path / "s"))
        x = signal_run.data.x_test
        np.testing.assert_allclose(again.reconstruct(x), signal_run.reconstruct(x), atol=1e-6)
        assert again.evaluate(parts="reconstruction") == signal_run.evaluate(parts="reconstruction")

    def test_raw_signals_are_brought_to_its_units(self, signal_run):
        x = [DRAW.normal(size=(9, 2)), DRAW.normal(size=(12, 2))]
        np.testing.assert_array_equal(signal_run.encode(x), signal_run.encode(signal_run.data.prepare(x)))

    def test_what_is_missing_before_the_end_is_filled_in(self, signal_run):
        x = signal_run.data.x_test[:20].copy()
        ended = np.isnan(x)
        x[:, 2:4] = np.nan
        filled = signal_run.impute(x)
        np.testing.assert_array_equal(np.isnan(filled), ended)
        np.testing.assert_array_equal(filled[~np.isnan(x)], x[~np.isnan(x)])

    @pytest.mark.parametrize("task", ["denoise", "inpaint", "impute"])
    def test_tasks(self, signal_run, task):
        run = aenb.train("deep", signal_run.data, task=task, epochs=2, **QUICK)
        assert np.isfinite([*run.history["loss"], *run.history["val_loss"]]).all()
        assert {"mse", "pca_mse", "mean_mse", "input_mse"} <= set(run.evaluate(parts="reconstruction"))
        assert len(run.plot().axes) == 2


@pytest.fixture(scope="module")
def text_run():
    """Return a run on short texts that follow a rule."""
    who, does, what = ("the cat", "a dog", "my old friend"), ("sees", "likes"), ("me", "red wine", "the big city", "it")
    texts = [f"{a} {b} {c} {d}" for a in who for b in does for c in what for d in ("today", "now", "and sings", "")]
    settings = QUICK | {"latent_dim": 16, "hidden_units": (64,)}
    return aenb.train("deep", texts, name="t", epochs=60, batch_size=8, learning_rate=5e-3, **settings)


class TestRunsOnTexts:
    def test_it_learns_words_and_where_a_text_ends(self, text_run):
        scores = text_run.evaluate(parts="reconstruction")
        assert scores["accuracy"] > max(0.8, scores["mean_accuracy"] + 0.3)
        data = text_run.data
        made = text_run.reconstruct(data.x_test)
        assert made.dtype == "int32"
        assert np.mean((made == 0) == (data.x_test == 0)) > 0.9

    def test_it_takes_and_makes_texts(self, text_run):
        codes = text_run.encode(["The cat sees me now!", "a dog likes it"])
        assert codes.shape == (2, 16)
        assert text_run.data.texts(text_run.decode(codes))[0].startswith("the cat")
        assert all(isinstance(text, str) for text in text_run.data.texts(text_run.generate(3)))
        mask = np.zeros(text_run.data.input_shape, bool)
        mask[1] = True
        x = text_run.data.prepare(["the cat sees me now"])
        filled = text_run.inpaint(["the cat sees me now"], mask)
        assert filled.dtype == "int32"
        np.testing.assert_array_equal(filled[:, ~mask], x[:, ~mask])

    def test_it_shows_itself_and_is_loaded_again(self, text_run, tmp_path):
        assert "token accuracy" in repr(text_run)
        assert "commonest words" in repr(text_run)
        assert text_run.plot().axes[0].get_ylabel() == "cross-entropy of a word (nats)"
        again = aenb.load_run(text_run.save(tmp_path / "t"))
        x = text_run.data.x_test
        np.testing.assert_array_equal(again.reconstruct(x), text_run.reconstruct(x))
        assert json.loads((tmp_path / "t" / "run.json").read_text())["record"]["data"]["kind"] == "text"

    @pytest.mark.parametrize(
        ("task", "corruption"), [("denoise", "swap"), ("inpaint", "random"), ("inpaint", "stretch")]
    )
    def test_tasks(self, text_run, task, corruption):
        settings = QUICK | {"xla": "on" if corruption == "swap" else "off"}
        run = aenb.train("deep", text_run.data, task=task, corruption=corruption, epochs=1, **settings)
        assert set(run.evaluate(parts="reconstruction")) == {"accuracy", "mean_accuracy", "input_accuracy"}
        assert 0 < run.evaluate(parts="reconstruction")["input_accuracy"] < 1
        assert "left as given" in repr(run)

    def test_it_holds_the_words_only_of_some_items_at_a_time(self, text_run, monkeypatch):
        """The probabilities of all words would take gigabytes."""
        from aenb.latent import coding

        sizes, whole = [], coding.as_items
        monkeypatch.setattr(coding, "BATCH", 7)
        monkeypatch.setattr(coding, "as_items", lambda model, made: sizes.append(len(made)) or whole(model, made))
        text_run.reconstruct(text_run.data.x_test)
        assert max(sizes) == 7


@needs_vowels
def test_a_cell_trains_on_vowels(shell):
    shell.run_cell_magic(
        "autoencoder", "deep v --data vowels --epochs 1 --quiet", "latent_dim = 4\nhidden_units = (16,)"
    )
    run = shell.user_ns["v"]
    assert run.data.name == "vowels"
    assert run.encode(run.data.x_test).shape == (370, 4)
