"""How data gets into a model's units: at training, in a run, and in a run that was saved, without its data."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

import aenb
from aenb.core.backend import tf
from aenb.data.preprocessing import Preprocessing
from aenb.data.values.scaling import BYTES as BYTE_RANGE
from aenb.data.values.scaling import from_range, units
from tests import fresh

DRAW = np.random.default_rng(0)
QUICK = {"epochs": 1, "hidden_units": (8,), "latent_dim": 2, "verbose": False}
BYTES = DRAW.integers(0, 256, (40, 6, 6), dtype="uint8")


def table(n=60):
    return pd.DataFrame(DRAW.normal(size=(n, 4)) * [1, 10, 100, 0.1] + [5, -3, 1000, 0], columns=list("abcd"))


@pytest.fixture(scope="module")
def frame():
    return table()


@pytest.fixture(scope="module")
def of_table(frame):
    return aenb.train("deep", frame, **QUICK)


@pytest.fixture(scope="module")
def of_bytes():
    return aenb.train("deep", BYTES, **QUICK)


@pytest.fixture(scope="module")
def of_texts():
    return aenb.train("deep", ["a red cat", "a dog", "a red dog", "the cat", "a cat"] * 4, **QUICK)


@pytest.fixture(scope="module")
def signals():
    return [DRAW.normal(3, 5, size=(int(steps), 2)) for steps in DRAW.integers(4, 9, 30)] + [np.ones((9, 2))]


@pytest.fixture(scope="module")
def of_signals(signals):
    return aenb.train("deep", signals, **QUICK)


class TestColumns:
    def test_they_are_matched_by_their_names(self, of_table, frame):
        right = of_table.score(frame)
        np.testing.assert_array_equal(of_table.score(frame[list("dbca")]), right)
        np.testing.assert_array_equal(of_table.score(of_table.data.prepare(frame.to_numpy())), right)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (
                lambda x: x.rename(columns={"a": "aa"}),
                "none called `a`, and `aa`, which it did not have. Rename `aa` to",
            ),
            (lambda x: x.drop(columns="b"), "none called `b`"),
            (lambda x: pd.concat([x, x["a"]], axis=1), "`a` more than once"),
            (lambda x: x.to_numpy()[:, :3], "rows of 4 features; received the shape"),
            (lambda x: x.assign(a="text"), "text or objects in a"),
        ],
    )
    def test_those_that_do_not_fit_are_named(self, of_table, frame, change, message):
        for ask in (of_table.encode, of_table.score, of_table.impute, of_table.reconstruct):
            with pytest.raises(aenb.AenbError, match=message):
                ask(change(frame))

    def test_a_frame_that_is_imputed_keeps_its_own_order(self, of_table, frame):
        holes = frame.mask(DRAW.random(frame.shape) < 0.2)
        filled = of_table.impute(holes)
        pd.testing.assert_frame_equal(of_table.impute(holes[list("dbca")]), filled[list("dbca")])
        assert abs(filled["c"] - 1000).max() < 500  # in its own units
        pd.testing.assert_frame_equal(filled.where(holes.notna()), holes)

    def test_columns_of_a_table_without_names_go_by_their_place(self):
        run = aenb.train("deep", table().to_numpy(), **QUICK)
        x = table()
        np.testing.assert_array_equal(run.encode(x), run.encode(run.data.prepare(x.to_numpy())))


class TestPixels:
    """One range of pixels, inferred from the training images."""

    def of(self, images):
        return aenb.load_data(images).preprocessing

    @pytest.mark.parametrize(
        ("images", "expected"),
        [
            (np.full((20, 4, 4), 0.5) + 0.5002 * np.eye(4), (0, 1)),
            (np.full((20, 4, 4), 0.5) - 0.500001 * np.eye(4), (0, 1)),
            (DRAW.integers(0, 2, (20, 4, 4), dtype="uint8"), (0, 1)),
            (DRAW.integers(0, 2, (20, 4, 4)), (0, 1)),
            (DRAW.integers(0, 256, (20, 4, 4)), (0, 255)),
            (DRAW.integers(0, 60000, (20, 4, 4)), (0, 65535)),
            (DRAW.random((20, 4, 4)) * 256, (0, 255)),
            (DRAW.random((20, 4, 4)) * 2 - 1, (-1, 1)),
        ],
    )
    def test_it_is_inferred_with_some_tolerance(self, images, expected):
        data = aenb.load_data(images)
        assert data.preprocessing.pixel_range == expected
        assert (data.x_train.min(), data.x_train.max()) >= (0, 0.4)
        assert data.x_train.max() <= 1

    def test_what_was_done_is_said(self):
        assert any("from -1e-06 to 1" in note for note in aenb.load_data(np.tile([-1e-6, 1], (20, 4, 2))).notes)
        assert any("masks" in note for note in aenb.load_data(DRAW.integers(0, 2, (20, 4, 4), dtype="uint8")).notes)

    def test_images_held_out_do_not_decide_it(self):
        images = DRAW.random((20, 4, 4))
        data = aenb.load_data(images)
        place = next(i for i, x in enumerate(images) if np.isclose(x, data.test[0, ..., 0]).all())
        images[place, 0, 0] = 1.04
        assert aenb.load_data(images).preprocessing.pixel_range == (0, 1)
        np.testing.assert_array_equal(aenb.load_data(images).train, data.train)
        images[place, 0, 0] = 200
        with pytest.raises(aenb.AenbError, match=r"in the held-out images.*to 200"):
            aenb.load_data(images)

    def test_all_later_images_are_scaled_alike(self):
        wide = self.of(DRAW.integers(0, 60000, (20, 4, 4), dtype="uint16"))
        assert wide.inputs(np.full((1, 4, 4), 200, "uint16")).max() == pytest.approx(200 / 65535)
        bytes_ = self.of(BYTES)
        image = BYTES[:1, :, :]
        for dtype in ("uint8", "int64", "int16", "float32", "float64"):
            np.testing.assert_array_equal(bytes_.inputs(image.astype(dtype)), bytes_.inputs(image))
        np.testing.assert_array_equal(bytes_.inputs(np.ones((1, 6, 6), "int64")), np.float32(1) / np.float32(255))
        masks = self.of(DRAW.integers(0, 2, (20, 4, 4), dtype="uint8"))
        np.testing.assert_array_equal(masks.inputs(np.ones((1, 4, 4), "uint8")), 1)

    def test_every_byte_has_the_same_bits_in_arrays_and_in_graphs(self):
        every = np.arange(256, dtype="uint8")
        expected = units(every)
        for graph in (units, tf.function(units, jit_compile=False), tf.function(units, jit_compile=True)):
            np.testing.assert_array_equal(graph(tf.constant(every)), expected)
        for dtype in ("uint8", "int64", "float32"):
            np.testing.assert_array_equal(from_range(BYTE_RANGE)(every.astype(dtype)), expected)
        assert (expected.dtype, expected[0], expected[255]) == (np.float32, 0, 1)
        np.testing.assert_array_max_ulp(expected, (every / 255).astype("float32"), 1)

    def test_noisy_images_in_a_models_units_stay(self, of_bytes):
        noisy = of_bytes.data.x_test + DRAW.normal(0, 0.3, of_bytes.data.x_test.shape).astype("float32")
        np.testing.assert_array_equal(of_bytes.preprocessing.inputs(noisy), noisy)

    @pytest.mark.parametrize("x", [np.full((1, 6, 6), 300), np.full((1, 6, 6), -1), np.full((1, 6, 6), 1e4)])
    def test_other_ranges_are_refused(self, of_bytes, x):
        with pytest.raises(aenb.AenbError, match="expected pixels from 0 to 255"):
            of_bytes.encode(x)


class TestOneGate:
    def test_grey_images_need_no_channel_anywhere(self, of_bytes):
        x, mask = of_bytes.data.x_test, np.zeros((6, 6), bool)
        mask[2:4] = True
        for ask in (of_bytes.encode, of_bytes.reconstruct, of_bytes.score, of_bytes.denoise, of_bytes.impute):
            np.testing.assert_array_equal(ask(x[..., 0]), ask(x))
        np.testing.assert_array_equal(
            of_bytes.inpaint(x[..., 0], mask[..., None]), of_bytes.inpaint(x, mask[..., None])
        )
        masks = np.broadcast_to(mask, x.shape[:-1])
        np.testing.assert_array_equal(of_bytes.inpaint(x, masks), of_bytes.inpaint(x, mask[..., None]))
        np.testing.assert_array_equal(of_bytes.interpolate(x[0, ..., 0], x[1]), of_bytes.interpolate(x[0], x[1]))
        first, second = (x[:2, ..., 0] * 255).round().astype("int64")
        np.testing.assert_allclose(of_bytes.interpolate(first, second), of_bytes.interpolate(x[0], x[1]), atol=1e-5)

    @pytest.mark.parametrize(
        "x",
        [
            np.zeros((1, 9, 9)), np.zeros((6, 6)), np.zeros(()), np.full((1, 6, 6), np.inf), "photos", None, object(),
            np.zeros((1, 6, 6), complex), np.zeros((1, 6, 6), object), [[1], [2, 3]], [], {"x": 1},
        ],
    )  # fmt: skip
    def test_what_does_not_fit_is_refused_alike(self, of_bytes, x):
        for ask in (of_bytes.encode, of_bytes.reconstruct, of_bytes.score, of_bytes.denoise, of_bytes.impute):
            with pytest.raises(aenb.AenbError):
                ask(x)
        for ask in (of_bytes.inpaint, of_bytes.interpolate):
            with pytest.raises(aenb.AenbError):
                ask(x, np.zeros((1, 9, 9)))

    def test_masks_that_do_not_fit_are_refused(self, of_bytes):
        for mask in (np.zeros(5), [[1], [2, 3]], "mask"):
            with pytest.raises(aenb.AenbError, match="`mask`"):
                of_bytes.inpaint(of_bytes.data.x_test, mask)

    def test_integers_of_a_table_are_raw(self, of_table):
        x = np.array([[5, -3, 1000, 0]])
        np.testing.assert_array_equal(of_table.encode(x), of_table.encode(of_table.data.prepare(x)))

    def test_a_signal_that_is_ragged_itself_is_an_error(self, of_signals):
        with pytest.raises(aenb.AenbError, match="`x`: expected an array"):
            of_signals.encode([[[1], 0.27], [[0.1, 0.2]]])

    def test_a_list_of_signals_is_raw_whatever_their_lengths(self, of_signals):
        alike = [np.full((9, 2), 7.0), np.full((9, 2), 9.0)]
        np.testing.assert_array_equal(of_signals.encode(alike), of_signals.encode(of_signals.data.prepare(alike)))
        among_others = of_signals.encode([*alike, np.ones((4, 2))])[:2]
        np.testing.assert_allclose(among_others, of_signals.encode(alike), rtol=1e-6)  # sums of another batch size

    def test_what_is_masked_was_not_observed(self, of_table, frame):
        values = frame.to_numpy().copy()
        hidden = DRAW.random(values.shape) < 0.2
        masked, missing = np.ma.array(values, mask=hidden), np.where(hidden, np.nan, values)
        np.testing.assert_array_equal(aenb.load_data(masked).train, aenb.load_data(missing).train)
        np.testing.assert_array_equal(of_table.data.prepare(masked), of_table.data.prepare(missing))
        whole = np.ma.array(values.astype("int64"), mask=hidden)
        expected = of_table.data.prepare(np.where(hidden, np.nan, values.astype("int64")))
        np.testing.assert_array_equal(of_table.encode(whole), of_table.encode(expected))

    def test_values_too_large_to_be_squared_are_refused(self, of_table):
        for x in (np.full((1, 4), 1e30), np.full((1, 4), 1e300), pd.DataFrame([[1e300] * 4], columns=list("abcd"))):
            with pytest.raises(aenb.AenbError, match="marks a missing one"):
                of_table.score(x)

    def test_ids_of_words_are_those_of_the_vocabulary(self, of_texts):
        most = len(of_texts.data.vocabulary)
        assert of_texts.encode(np.full((1, 3), most - 1)).shape == (1, 2)
        for x in (np.full((1, 3), most), np.full((1, 3), -1), np.full((1, 3), 0.5), np.zeros((1, 4), int)):
            with pytest.raises(aenb.AenbError):
                of_texts.encode(x)


class TestOtherData:
    """`run.evaluate(other)`: in the run's units."""

    def test_a_table_is_standardised_by_the_runs_own_scaler(self, of_table, frame):
        own = of_table.evaluate(parts="reconstruction")["mse"]
        assert of_table.evaluate(frame, parts="reconstruction")["mse"] == pytest.approx(own)
        assert of_table.evaluate(frame[list("dbca")], parts="reconstruction")["mse"] == pytest.approx(own, rel=1e-5)
        other = frame * 7 + 100
        found = of_table.evaluate(other, parts="reconstruction")["mse"]
        held = aenb.load_data(other)
        x = of_table.data.prepare(held.scaler.inverse_transform(held.x_test.astype("float64")))
        assert found == pytest.approx(np.mean((of_table.reconstruct(x) - x) ** 2), rel=1e-4)
        assert found > 100 * own
        assert of_table.evaluate(held, parts="reconstruction")["mse"] == found

    def test_texts_have_the_runs_own_words(self, of_texts):
        own = of_texts.evaluate(parts="reconstruction")["accuracy"]
        assert of_texts.evaluate(of_texts.data, parts="reconstruction")["accuracy"] == own
        other = ["the dog", "a purple giraffe", "a cat and a very red dog", "dog red cat"] * 3
        texts = aenb.load_data(other)
        found = of_texts.evaluate(texts, parts="reconstruction")
        x = of_texts.data.prepare([other[i] for i in np.flatnonzero([t in texts.texts(texts.test) for t in other])])
        assert x.max() < len(of_texts.data.vocabulary)
        assert 0 <= found["accuracy"] <= 1
        assert of_texts.evaluate(other, parts="reconstruction")["accuracy"] == pytest.approx(found["accuracy"])

    def test_signals_are_filled_up_to_the_runs_length(self, of_signals, signals):
        own = of_signals.evaluate(parts="reconstruction")["mse"]
        assert of_signals.evaluate(signals, parts="reconstruction")["mse"] == pytest.approx(own, rel=1e-5)
        short = [signal[:3] * 2 for signal in signals]
        assert of_signals.evaluate(short, parts="reconstruction")["mse"] > 0
        with pytest.raises(aenb.AenbError, match="up to 9 steps"):
            of_signals.evaluate([np.zeros((12, 2))] * 9, parts="reconstruction")

    def test_other_kinds_and_shapes_are_refused(self, of_table, of_bytes, of_texts, frame):
        for run, other in ((of_table, BYTES), (of_bytes, frame), (of_texts, frame), (of_bytes, BYTES[:, :5])):
            with pytest.raises(aenb.AenbError, match="`data`: expected"):
                run.evaluate(other, parts="reconstruction")

    def test_what_is_streamed_stays_so(self, of_table, frame, tmp_path, monkeypatch):
        from aenb.data.values import streamed

        np.save(tmp_path / "x.npy", frame.to_numpy() * 7)
        monkeypatch.setattr(streamed, "LIMIT", 0)
        disk = aenb.load_data(tmp_path / "x.npy").within(of_table.preprocessing)
        memory = aenb.load_data(frame * 7).within(of_table.preprocessing)
        assert disk.is_streamed
        np.testing.assert_array_equal(disk.x_train, memory.x_train)


class TestTheRecord:
    @pytest.mark.parametrize("name", ["of_table", "of_bytes", "of_texts", "of_signals"])
    def test_it_is_plain_json_and_back(self, name, request):
        found = request.getfixturevalue(name).preprocessing
        assert Preprocessing.from_dict(json.loads(json.dumps(found.to_dict()))) == found

    def test_labels_keep_their_types(self):
        for labels in ([1, 2], ["a", "b"], [False, True]):
            found = aenb.load_data((BYTES, labels * 20)).preprocessing
            again = Preprocessing.from_dict(json.loads(json.dumps(found.to_dict())))
            assert again.classes == tuple(labels)
            assert list(map(type, again.classes)) == list(map(type, labels))
            assert again.class_numbers(np.array(labels)).tolist() == [0, 1]
        for wrong in (["c"], [[1, 2], [3]], [{}], [None], 0.5):
            with pytest.raises(aenb.AenbError, match="`labels`"):
                found.class_numbers(wrong)

    def test_standardising_is_that_of_the_scaler(self, frame):
        data = aenb.load_data(frame)
        expected = data.scaler.transform(frame.to_numpy()).astype("float32")
        np.testing.assert_array_equal(data.prepare(frame), expected)

    @pytest.mark.parametrize(
        "change",
        [
            {"kind": "video"}, {"input_shape": [0]}, {"input_shape": [4, 4]}, {"input_shape": "4"}, {"mean": [1.0]},
            {"mean": [float("nan")] * 4}, {"scale": [0.0] * 4}, {"scale": []}, {"pixel_range": [1.0, 0.0]},
            {"pixel_range": [1.0]}, {"feature_names": ["a"]}, {"feature_names": "abcd"}, {"more": 1},
            {"classes": [[1]]}, {"vocabulary": None},
        ],
        ids=str,
    )  # fmt: skip
    def test_one_that_is_broken_is_refused(self, of_table, change):
        with pytest.raises(aenb.AenbError, match="preprocessing"):
            Preprocessing.from_dict(of_table.preprocessing.to_dict() | change)
        for values in (None, [], {}, "x"):
            with pytest.raises(aenb.AenbError, match="preprocessing"):
                Preprocessing.from_dict(values)

    def test_it_is_frozen(self, of_table):
        with pytest.raises(dataclasses.FrozenInstanceError):
            of_table.preprocessing.kind = "image"


ANSWERS = """
import sys, warnings
import numpy as np, pandas as pd, aenb

warnings.simplefilter("error", RuntimeWarning)

def answers(folder, name, runs):
    run = runs[name] if runs else aenb.load_run(f"{folder}/{name}")
    raw = np.load(f"{folder}/raw.npz")
    x = {
        "table": pd.DataFrame(raw["table"], columns=list("dcba")), "bytes": raw["bytes"], "labelled": raw["bytes"],
        "texts": ["a red cat", "an unknown giraffe"], "signals": [raw["signals"][0, :5], raw["signals"][1]],
        "prior": raw["bytes"].astype("int64"),
    }[name]
    labels = ["yes", "no"] * (len(x) // 2) if name == "labelled" else None
    told = {} if labels is None else {"labels": labels}
    found = [run.encode(x, **told), run.score(x, **told), run.reconstruct(x, **told)]
    found.append(run.generate(4, labels=["yes", "no", "no", "no"]) if told else run.generate(4))
    if name in ("table", "bytes", "signals"):
        found += [run.generate(4, density="gaussian"), run.score(x, by="density")]
    if name == "table":
        found += [run.impute(x.mask(x > 1)).to_numpy()]
    if name in ("bytes", "texts"):
        hidden = np.zeros(run.preprocessing.input_shape, bool)
        hidden[1] = True
        found += [run.inpaint(x, hidden), run.denoise(x), run.decode(run.encode(x))]
    if name == "texts":
        found += [np.array(run.preprocessing.texts(found[-1]))]
    return {f"{name}.{number}": np.asarray(one) for number, one in enumerate(found)}

def all_answers(folder, runs):
    names = ("table", "bytes", "labelled", "texts", "signals", "prior")
    return {key: one for name in names for key, one in answers(folder, name, runs).items()}
"""


def test_saved_runs_answer_alike_in_another_process_without_their_data(
    of_table, of_bytes, of_texts, of_signals, signals, tmp_path
):
    labels = np.array(["yes", "no"] * 20)
    runs = {
        "table": of_table, "bytes": of_bytes, "texts": of_texts, "signals": of_signals,
        "labelled": aenb.train("vae", aenb.load_data((BYTES, labels)), conditional=True, **QUICK),
        "prior": aenb.train("vae", BYTES, **QUICK),
    }  # fmt: skip
    for name, run in runs.items():
        run.save(tmp_path / name)
    np.savez(
        tmp_path / "raw.npz", table=table(8).to_numpy()[:, ::-1], bytes=BYTES[:6], signals=DRAW.normal(size=(2, 9, 2))
    )
    namespace = {}
    exec(ANSWERS, namespace)
    here = namespace["all_answers"](tmp_path, runs)
    code = f"{ANSWERS}\nnp.savez(sys.argv[1] + '/there.npz', **all_answers(sys.argv[1], None))"
    fresh.run(code, tmp_path)
    with np.load(tmp_path / "there.npz") as there:
        assert set(there) == set(here)
        for name, one in here.items():
            np.testing.assert_array_equal(there[name], one, err_msg=name)


class TestALoadedRun:
    def test_what_needs_the_data_says_how_to_give_it(self, of_table, frame, tmp_path):
        again = aenb.load_run(of_table.save(tmp_path / "run"))
        with pytest.raises(aenb.AenbError, match=r"pass it to run\.adopt\(data\)"):
            again.show()
        for other in (frame + 1, frame.rename(columns={"a": "z"}), BYTES):
            with pytest.raises(aenb.AenbError, match="expected what this run was trained on"):
                again.adopt(other)
        assert again.evaluate(frame, parts="reconstruction")["mse"] == of_table.evaluate(parts="reconstruction")["mse"]
        assert again.adopt(frame) is again
        assert again.evaluate(verbose=False) == of_table.evaluate(verbose=False)
        assert "reconstructions" in again.show("reconstructions")

    def test_it_can_be_saved_again_without_its_data(self, of_table, frame, tmp_path):
        again = aenb.load_run(of_table.save(tmp_path / "run"))
        third = aenb.load_run(again.save(tmp_path / "again"))
        np.testing.assert_array_equal(third.generate(3), of_table.generate(3))
        np.testing.assert_array_equal(third.encode(frame), of_table.encode(frame))

    def test_one_of_an_older_version_asks_for_its_data(self, of_table, frame, tmp_path):
        folder = of_table.save(tmp_path / "run")
        facts = json.loads((folder / "run.json").read_text())
        del facts["preprocessing"], facts["sha256"]["fitted.npz"]
        (folder / "fitted.npz").unlink()
        (folder / "run.json").write_text(json.dumps(facts))
        again = aenb.load_run(folder)
        with pytest.raises(aenb.AenbError, match="not at hand"):
            again.encode(frame)
        np.testing.assert_array_equal(again.adopt(frame).encode(frame), of_table.encode(frame))

    @pytest.mark.parametrize(
        "change",
        [
            {"mean": np.zeros(3)}, {"mean": np.zeros(4, int)}, {"noise": np.array(np.nan)}, {"more": np.zeros(1)},
            {"gmm.means": np.zeros((1, 1))}, {"gmm.weights": np.full(10, -0.1)}, {"gmm.covariances": np.array(1.0)},
            {"held_out_scores": np.zeros((2, 2))}, {"held_out_scores": np.array([1.0, np.nan])},
        ],
        ids=str,
    )  # fmt: skip
    def test_arrays_that_are_broken_are_refused(self, of_table, change):
        from aenb.runs import fitted

        arrays = fitted.to_arrays(of_table)
        assert {"mean", "noise", "gmm.means", "gaussian.weights"} < set(arrays)
        assert set(fitted.from_arrays(arrays, of_table.model)[0]) == {"gmm", "gaussian", "noise", "held_out_scores"}
        with pytest.raises(aenb.AenbError, match="expected"):
            fitted.from_arrays(arrays | change, of_table.model)
