"""Data larger than memory, folders of images and tf.data: nothing is read whole, and nothing changes silently."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import aenb
from aenb.data.own import pipeline
from aenb.data.own.arrays import from_arrays
from aenb.data.values import streamed
from aenb.data.values.streamed import Rows

DRAW = np.random.default_rng(0)
KINDS = {
    "bytes": DRAW.integers(0, 256, (60, 9, 7), dtype="uint8"),
    "colour": DRAW.integers(0, 256, (60, 9, 7, 3), dtype="uint8"),
    "units": DRAW.random((60, 5, 5)),
    "both signs": DRAW.random((60, 5, 5, 1), dtype="float32") * 2 - 1,
    "whole numbers": DRAW.integers(0, 256, (60, 5, 5), dtype="int32"),
    "16 bits": DRAW.integers(0, 65536, (60, 5, 5), dtype="uint16"),
    "big-endian": DRAW.random((60, 5, 5)).astype(">f4"),
    "black and white": DRAW.random((60, 5, 5)) > 0.5,
    "a table": DRAW.normal(5, 3, (60, 4)),
    "a table of bytes": DRAW.integers(0, 256, (60, 4), dtype="uint8"),
    "in Fortran order": np.asfortranarray(DRAW.normal(size=(60, 4))),
}


@pytest.fixture
def small_memory(monkeypatch):
    """Let everything be too large for memory, and work on a few rows at a time."""
    monkeypatch.setattr(streamed, "LIMIT", 0)


def same_scaler(one, other) -> bool:
    if one is None or other is None:
        return one is other
    return all((getattr(one, a) == getattr(other, a)).all() for a in ("mean_", "var_", "scale_"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_streamed_gives_the_same_as_one_in_memory(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(streamed, "BLOCK", 999)  # so that tables take several blocks
    np.save(tmp_path / "x.npy", KINDS[kind])
    memory = aenb.load_data(tmp_path / "x.npy")
    monkeypatch.setattr(streamed, "LIMIT", 0)
    disk = aenb.load_data(tmp_path / "x.npy")
    assert isinstance(disk.train, Rows)
    assert not memory.is_streamed
    assert disk.train.shape == memory.train.shape
    assert disk.train.dtype == memory.train.dtype
    np.testing.assert_array_equal(disk.train[:], memory.train)
    np.testing.assert_array_equal(disk.test, memory.test)
    np.testing.assert_array_equal(disk.x_train, memory.x_train)
    np.testing.assert_array_equal(np.concatenate(list(disk.blocks())), memory.x_train)
    assert same_scaler(disk.scaler, memory.scaler)
    assert disk.fingerprint == memory.fingerprint == aenb.load_data(tmp_path / "x.npy").fingerprint
    assert set(memory.notes) < set(disk.notes)
    if disk.scaler is not None:
        np.testing.assert_allclose(disk.x_train.mean(axis=0), 0, atol=1e-6)
        np.testing.assert_allclose(disk.x_train.std(axis=0), 1, atol=1e-6)


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs Linux's account of the memory")
def test_what_was_read_does_not_stay_in_this_process(tmp_path, monkeypatch):
    def mapped():
        with open("/proc/self/status", encoding="utf-8") as stream:
            return next(int(line.split()[1]) for line in stream if line.startswith("RssFile"))

    monkeypatch.setattr(streamed, "LIMIT", 0)
    np.save(tmp_path / "x.npy", np.zeros((42_000, 28, 28), "float32"))  # 132 MB
    before = mapped()
    data = aenb.load_data(tmp_path / "x.npy")
    assert sum(len(block) for block in data.blocks()) == 33_600
    assert mapped() - before < 30_000
    monkeypatch.setattr(streamed, "MAX_TOUCHED", 2**20)
    for first in range(50):
        data.train[np.arange(first, 33_600, 50)]
    assert mapped() - before < 30_000


def test_a_map_that_may_be_written_keeps_its_changes(tmp_path, small_memory, monkeypatch):
    monkeypatch.setattr(streamed, "MAX_TOUCHED", 0)
    np.save(tmp_path / "x.npy", np.zeros((60, 4, 4)))
    private = np.load(tmp_path / "x.npy", mmap_mode="c")
    private[:] = 0.5
    data = aenb.load_data(private)
    assert data.is_streamed
    for _ in range(2):
        assert (data.train[:] == 0.5).all()


def test_what_is_streamed_says_so(tmp_path, small_memory):
    np.save(tmp_path / "x.npy", KINDS["in Fortran order"])
    shown = repr(aenb.load_data(tmp_path / "x.npy"))
    assert "streamed from the disk" in shown
    assert "read from disk when needed" in shown
    assert "Fortran order" in shown


def test_rows_are_indexed_as_an_array_is():
    source = DRAW.integers(0, 256, (20, 3, 2), dtype="uint8")
    index = np.arange(0, 20, 2)
    rows, array = Rows(source, index), source[index]
    for key in (slice(None), slice(2, 5), slice(4, 4), np.array([1, 3, 7]), np.array([], int), index < 7, 3, -1):
        np.testing.assert_array_equal(rows[key], array[key])
    np.testing.assert_array_equal(list(rows), array)
    with pytest.raises(IndexError):
        rows[10]


def test_a_limit_reads_what_fits_and_leaves_the_rest(tmp_path, monkeypatch):
    np.save(tmp_path / "x.npy", KINDS["a table"])
    memory = aenb.load_data(tmp_path / "x.npy", limit=20)
    monkeypatch.setattr(streamed, "LIMIT", 20 * 4 * 4)
    small, large = (aenb.load_data(tmp_path / "x.npy", limit=n) for n in (20, 21))
    assert not small.is_streamed
    assert "disk" not in repr(small)
    assert large.is_streamed
    assert "disk" in repr(large)
    assert len(large.train) == 21
    assert small.fingerprint == memory.fingerprint
    assert repr(small) == repr(memory)


def test_a_memory_map_is_streamed_as_its_file_is(tmp_path, small_memory):
    np.save(tmp_path / "x.npy", KINDS["bytes"])
    labels = np.arange(60) % 3
    data = aenb.load_data((np.load(tmp_path / "x.npy", mmap_mode="r"), labels))
    assert data.is_streamed
    memory = aenb.load_data(KINDS["bytes"], labels)  # an array in memory stays there
    assert not memory.is_streamed
    assert data.fingerprint == memory.fingerprint
    np.testing.assert_array_equal(data.y_train, memory.y_train)


def test_labels_go_with_a_file(tmp_path):
    np.save(tmp_path / "x.npy", KINDS["bytes"])
    data = aenb.load_data((tmp_path / "x.npy", np.arange(60) % 3))
    assert sorted(set(data.y_test)) == [0, 1, 2]
    with pytest.raises(aenb.AenbError, match=r"Labels of `x`: expected the shape \(60,\)"):
        aenb.load_data(tmp_path / "x.npy", labels=[1, 2])
    with pytest.raises(aenb.AenbError, match="this data has its own"):
        aenb.load_data("digits", labels=np.zeros(1797))


def broken_at(value, row):
    array = DRAW.random((60, 4, 4))
    array[row, 1, 2] = value
    return array


BAD = {
    "NaN": (broken_at(np.nan, 33), "infinity in 1 of 60 examples, the first at index 33"),
    "infinite": (broken_at(-np.inf, 59), "infinity in 1 of 60 examples, the first at index 59"),
    "out of range": (broken_at(1e5, 17), r"received values from .* to 1e\+05"),
    "too large to square": (np.array([[1e300, 1.0], [-1e300, 2.0]] * 9), "squares are finite; received .* 1e\\+300"),
    "one axis": (np.zeros(9), r"received the shape \(9,\)"),
    "few": (np.zeros((3, 2)), "at least 4 examples; received 3"),
    "complex": (np.zeros((9, 2), complex), "expected numbers; received dtype complex128"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files_that_are_streamed_are_refused(case, tmp_path, small_memory, monkeypatch):
    monkeypatch.setattr(streamed, "BLOCK", 300)
    array, message = BAD[case]
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(aenb.AenbError, match=message):
        aenb.load_data(tmp_path / "x.npy")


def test_broken_files_that_would_be_streamed_are_refused(tmp_path, small_memory):
    np.save(tmp_path / "x.npy", np.zeros((9, 4)))
    content = (tmp_path / "x.npy").read_bytes()
    (tmp_path / "cut.npy").write_bytes(content[:-8])
    np.save(tmp_path / "pickled.npy", np.array([{"a": 1}] * 5, dtype=object), allow_pickle=True)
    for name in ("cut.npy", "pickled.npy"):
        with pytest.raises(aenb.AenbError, match=r"expected a readable \.npy file"):
            aenb.load_data(tmp_path / name)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path):
    array = np.lib.format.open_memmap(tmp_path / "x.npy", mode="w+", dtype="uint8", shape=(2**17, 128, 128))  # 2 GB
    array[::1000] = 255
    del array
    if (tmp_path / "x.npy").stat().st_blocks * 512 > 2**30:
        pytest.skip("this file system has no sparse files")
    tracemalloc.start()
    try:
        data = aenb.load_data(tmp_path / "x.npy")
        data.train[np.arange(0, len(data.train), 100)]
        loaded = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert data.is_streamed
    assert len(data.test) == 8192  # 512 MB as float32
    assert any("too much memory" in note for note in data.notes)
    assert loaded < 2**28


@pytest.mark.parametrize("kind", ["bytes", "16 bits", "a table"])
def test_a_training_that_streams_learns_the_same_to_the_bit(kind, tmp_path, monkeypatch):
    settings = {"epochs": 2, "batch_size": 7, "hidden_units": (16,), "latent_dim": 3, "seed": 1, "verbose": False}
    np.save(tmp_path / "x.npy", KINDS[kind])
    memory = aenb.train("deep", tmp_path / "x.npy", **settings)
    monkeypatch.setattr(streamed, "LIMIT", 0)
    disk = aenb.train("deep", tmp_path / "x.npy", **settings)
    assert memory.record["resident"]
    assert not disk.record["resident"]
    assert any("read from disk" in note for note in disk.record["notes"])
    for one, other in zip(memory.model.get_weights(), disk.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert memory.history == disk.history
    assert memory.evaluate(parts="reconstruction") == disk.evaluate(parts="reconstruction")


# Folders of images


def picture(path, size=(8, 6), mode="RGB", **how):
    """Save an image of noise; size is width and height, as Pillow has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    bands = {"L": 1, "RGB": 3, "RGBA": 4, "LA": 2, "CMYK": 4}[mode]
    noise = DRAW.integers(0, 256, (size[1], size[0], bands), dtype="uint8")
    image = Image.frombytes(mode, size, noise.tobytes())
    image.save(path, **how)
    return noise


def test_a_folder_of_images_of_one_size_is_taken_as_it_is(tmp_path):
    drawn = {
        f"{name}/{number}.png": picture(tmp_path / name / f"{number}.png") for name in "ab" for number in range(10)
    }
    (tmp_path / "a" / "notes.txt").write_text("hello")
    picture(tmp_path / ".hidden" / "0.png")
    data = aenb.load_data(tmp_path)
    assert data.input_shape == (6, 8, 3)
    assert data.train.dtype == np.uint8
    assert data.class_names == ("a", "b")
    assert list(np.bincount(data.y_test)) == [2, 2]
    expected = from_arrays(np.stack([drawn[path] for path in sorted(drawn)]), [0] * 10 + [1] * 10)
    assert data.fingerprint == expected.fingerprint
    assert "Files left out: 1 .txt, 1 hidden." in data.notes
    assert "Labels are the subfolders: a, b." in data.notes
    assert not any("resized" in note for note in data.notes)
    assert data.name == str(tmp_path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "JPEG", "bmp", "gif", "webp"])
def test_formats(suffix, tmp_path):
    for number in range(5):
        picture(tmp_path / f"{number}.{suffix}", mode="L")
    data = aenb.load_data(f"{tmp_path}/")
    assert data.input_shape[:2] == (6, 8)
    assert data.y_train is None


@pytest.mark.parametrize(
    ("sizes", "shape", "message"),
    [
        ([(40, 70), (50, 60), (90, 33)], (32, 32), r"3 sizes, 70×40 to 60×50, were cropped to .* resized to 32×32"),
        ([(400, 300), (300, 200)], (128, 128), "128×128"),
        ([(70, 80), (90, 90), (20, 70)], (64, 64), "That enlarged 2 images"),
        ([(9, 8), (8, 9)], (8, 8), "8×8"),
        ([(400, 300)], (96, 128), "Images of 300×400 were resized to 96×128"),
    ],
)
def test_images_of_other_sizes_are_brought_to_one_and_it_is_said(sizes, shape, message, tmp_path):
    for number in range(6):
        picture(tmp_path / f"{number}.png", sizes[number % len(sizes)], "L")
    data = aenb.load_data(tmp_path)
    assert data.input_shape == (*shape, 1)
    assert re.search(message, repr(data))


def test_the_centre_is_kept_and_smoothed(tmp_path):
    for number in range(5):
        image = np.zeros((40, 80 + number), "uint8")
        image[:, 20 + number // 2 : 60 + number // 2] = 200  # the central square
        Image.fromarray(image).save(tmp_path / f"{number}.png")
    data = aenb.load_data(tmp_path)
    assert data.input_shape == (32, 32, 1)
    np.testing.assert_allclose(data.train[:, :, 4:-4], 200, atol=2)


def test_what_becomes_of_the_pixels_is_said(tmp_path):
    kinds = {"L": "png", "RGB": "png", "RGBA": "png", "LA": "png", "CMYK": "jpg"}
    for mode, suffix in kinds.items():
        picture(tmp_path / f"{mode}.{suffix}", mode=mode)
    Image.fromarray(DRAW.integers(0, 65536, (6, 8), dtype="uint16")).save(tmp_path / "deep.png")
    frames = [Image.fromarray(DRAW.integers(0, 256, (6, 8, 3), dtype="uint8")) for _ in range(3)]
    frames[0].save(tmp_path / "moves.gif", save_all=True, append_images=frames[1:])
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(tmp_path / "side.jpg", (6, 8), exif=exif)
    data = aenb.load_data(tmp_path)
    assert data.input_shape == (6, 8, 3)
    for sentence in (
        "3 images grey among colour images: given three equal channels.",
        "1 image turned upright, as its EXIF orientation says.",
        "1 image of several frames: the first was taken.",
        "2 images with transparency: laid over white.",
        "1 image of 16 bits a channel: reduced to 8.",
        "1 image in CMYK: converted to RGB.",
    ):
        assert sentence in data.notes


def test_transparency_shows_white_and_16_bits_keep_their_range(tmp_path):
    for number in range(4):
        Image.new("LA", (6, 6), (10, 0)).save(tmp_path / f"clear{number}.png")
        Image.fromarray(np.full((6, 6), 30000, "uint16")).save(tmp_path / f"deep{number}.png")
    data = aenb.load_data(tmp_path)
    assert data.input_shape == (6, 6, 1)
    assert set(np.unique(np.concatenate([data.train, data.test]))) == {30000 >> 8, 255}


def test_images_beside_subfolders_have_no_labels(tmp_path):
    for path in ("1.png", "2.png", "a/3.png", "b/4.png", "b/c/5.png"):
        picture(tmp_path / path)
    data = aenb.load_data(tmp_path)
    assert data.y_train is None
    assert any("no labels" in note for note in data.notes)
    assert aenb.load_data((tmp_path, [0, 1, 0, 1, 0])).y_train is not None


def test_images_that_cannot_be_read_are_named_and_left_out(tmp_path):
    for number in range(8):
        picture(tmp_path / f"{number}.png")
    whole = aenb.load_data((tmp_path, list("aabbaabb")))
    content = (tmp_path / "0.png").read_bytes()
    (tmp_path / "3.png").write_bytes(content[:-60])
    (tmp_path / "5.png").write_bytes(b"")
    data = aenb.load_data((tmp_path, list("aabbaabb")))
    (note,) = [note for note in data.notes if "cannot be read" in note]
    assert re.search(r"3\.png \(image file is truncated.*\), 5\.png \(it is empty\)\.$|5\.png .*3\.png", note)
    names = [*data.names_train, *data.names_test]
    assert sorted(names) == [f"{number}.png" for number in (0, 1, 2, 4, 6, 7)]
    known = dict(zip([*whole.names_train, *whole.names_test], [*whole.train, *whole.test], strict=True))
    labels = dict(zip((f"{number}.png" for number in range(8)), "aabbaabb", strict=True))
    for name, image, label in zip(names, [*data.train, *data.test], [*data.y_train, *data.y_test], strict=True):
        np.testing.assert_array_equal(image, known[name])
        assert label == labels[name]
    for number in range(2, 7):
        (tmp_path / f"{number}.png").write_bytes(b"hello")
    with pytest.raises(aenb.AenbError, match=r"5 of 8 cannot: 2\.png \(cannot identify image file\), .* and 2 more"):
        aenb.load_data(tmp_path)


def test_a_decompression_bomb_is_refused(tmp_path, monkeypatch):
    for number in range(5):
        picture(tmp_path / f"{number}.png", (30, 20))
    for limit, said in ((599, "limit of 599"), (250, "exceeds limit")):  # Pillow warns at the one, refuses at the other
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with pytest.raises(aenb.AenbError, match=rf"5 of 5 cannot: 0\.png .*{said}"):
            aenb.load_data(tmp_path)


@pytest.mark.parametrize(("files", "message"), [((), "received none"), (("a.xml", "b.csv"), r"2 other files \(.csv")])
def test_a_folder_without_images_is_refused(files, message, tmp_path):
    for name in files:
        (tmp_path / name).write_text("1")
    with pytest.raises(aenb.AenbError, match=message):
        aenb.load_data(tmp_path)


def test_a_large_folder_is_decoded_onto_the_disk(tmp_path, monkeypatch):
    for number in range(150):
        picture(tmp_path / f"{number:03}.png")
    memory = aenb.load_data(tmp_path)
    monkeypatch.setattr(streamed, "LIMIT", 20 * 6 * 8 * 3)
    disk = aenb.load_data(tmp_path)
    assert disk.is_streamed
    assert disk.fingerprint == memory.fingerprint
    assert any("temporary file" in note for note in disk.notes)


def test_a_full_temporary_disk_is_an_error(tmp_path, monkeypatch, small_memory):
    for number in range(70):
        picture(tmp_path / "images" / f"{number}.png")
    (tmp_path / "disk").mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(tmp_path / "disk")]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("mounting a small file system needs root")
    try:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "disk"))
        with pytest.raises(aenb.AenbError, match=r"expected room .* No space left on device.*TMPDIR"):
            aenb.load_data(tmp_path / "images")
        assert list((tmp_path / "disk").iterdir()) == []
    finally:
        subprocess.run(["umount", str(tmp_path / "disk")], check=True)


# tf.data


@pytest.fixture(scope="module")
def tf():
    from aenb.core import backend

    backend.start()
    import tensorflow

    return tensorflow


IMAGES, COLOUR, TABLE = KINDS["bytes"], KINDS["colour"], KINDS["a table"]
LABELS = np.arange(60) % 3
PIPELINES = {
    "images": (IMAGES, lambda d: d),
    "images in batches": (IMAGES, lambda d: d.batch(7)),
    "images in full batches": (IMAGES, lambda d: d.batch(10, drop_remainder=True)),
    "colour": (COLOUR, lambda d: d),
    "colour in batches": (COLOUR, lambda d: d.batch(7)),
    "colour in full batches": (COLOUR, lambda d: d.batch(10, drop_remainder=True)),
    "rows": (TABLE, lambda d: d),
    "rows in batches": (TABLE, lambda d: d.batch(7).prefetch(1)),
    "of unknown length": (TABLE, lambda d: d.filter(lambda x: True)),
}


@pytest.mark.parametrize("kind", PIPELINES)
@pytest.mark.parametrize("limit", [2**29, 0])
def test_a_pipeline_is_taken_as_its_array(kind, limit, tf, monkeypatch):
    monkeypatch.setattr(streamed, "LIMIT", limit)
    array, make = PIPELINES[kind]
    data = aenb.load_data(make(tf.data.Dataset.from_tensor_slices(array)))
    expected = aenb.load_data(array)
    assert data.fingerprint == expected.fingerprint
    assert data.is_streamed == (limit == 0)
    assert any("read once" in note for note in data.notes)


@pytest.mark.parametrize(
    "make", [lambda d: d, lambda d: d.batch(7), lambda d: d.batch(10, drop_remainder=True)], ids=["one", "some", "full"]
)
@pytest.mark.parametrize("array", [IMAGES, COLOUR, TABLE], ids=["images", "colour", "rows"])
def test_a_pipeline_with_labels(make, array, tf):
    data = aenb.load_data(make(tf.data.Dataset.from_tensor_slices((array, LABELS))))
    expected = aenb.load_data(array, LABELS)
    assert data.fingerprint == expected.fingerprint
    np.testing.assert_array_equal(data.y_train, expected.y_train)


def test_labels_of_other_kinds(tf):
    def loaded(y):
        return aenb.load_data(tf.data.Dataset.from_tensor_slices((IMAGES, y)).batch(8))

    assert loaded(LABELS[:, None].astype("float32")).y_test.shape == (12,)
    assert set(loaded(np.array(["a", "b", "ü"])[LABELS]).y_test) == {"a", "b", "ü"}
    targets = loaded(IMAGES)
    assert targets.y_test is None
    assert any("not one label per example" in note for note in targets.notes)


def ragged(tf):
    return tf.data.Dataset.from_tensor_slices(tf.ragged.constant([[1, 2], [3]]))


BAD_PIPELINES = {
    "infinite": (lambda tf: tf.data.Dataset.from_tensor_slices(TABLE).repeat(), r"an infinite one. Use .take\(n\)"),
    "ragged": (ragged, "RaggedTensorSpec"),
    "dicts": (lambda tf: tf.data.Dataset.from_tensor_slices({"x": TABLE}), "pairs"),
    "three parts": (lambda tf: tf.data.Dataset.from_tensor_slices((TABLE, LABELS, LABELS)), "pairs"),
    "text": (lambda tf: tf.data.Dataset.from_tensor_slices(["a", "b"]).batch(2), "Dataset of string"),
    "numbers": (lambda tf: tf.data.Dataset.range(9), "one known shape"),
    "batches of numbers": (lambda tf: tf.data.Dataset.range(9).batch(3), "one known shape"),
    "any size": (
        lambda tf: tf.data.Dataset.from_generator(list, output_signature=tf.TensorSpec((None, None, 3), "uint8")),
        "one known shape; .* tf.image.resize",
    ),
    "any shape": (
        lambda tf: tf.data.Dataset.from_generator(list, output_signature=tf.TensorSpec(None, "uint8")),
        "a known shape",
    ),
    "empty": (lambda tf: tf.data.Dataset.from_tensor_slices(TABLE).take(0), "received none"),
    "nothing in an item": (
        lambda tf: tf.data.Dataset.from_tensor_slices(np.zeros((9, 0))).repeat(9),
        "one known shape",
    ),
    "bytes that are no text": (
        lambda tf: tf.data.Dataset.from_tensor_slices((TABLE, [b"\xff"] * len(TABLE))),
        "Labels of `array`: expected bytes in UTF-8",
    ),
    "failing": (
        lambda tf: tf.data.Dataset.from_tensor_slices(TABLE).map(lambda x: tf.debugging.check_numerics(x / 0, "oh no")),
        "can be read; received: .*oh no",
    ),
}


@pytest.mark.parametrize("case", BAD_PIPELINES)
def test_bad_pipelines_are_refused(case, tf):
    make, message = BAD_PIPELINES[case]
    with pytest.raises(aenb.AenbError, match=message):
        aenb.load_data(make(tf))


@pytest.mark.parametrize("block", [TABLE[:5], TABLE[:0]], ids=["items", "empty batches"])
def test_a_generator_without_an_end_is_given_up(block, tf, monkeypatch):
    def endless():
        while True:
            yield block

    monkeypatch.setattr(pipeline, "MAX_EXAMPLES", 1000)
    signature = tf.TensorSpec((None, TABLE.shape[1]), TABLE.dtype)
    with pytest.raises(aenb.AenbError, match=r"up to 1,000 examples; received a longer one\. .*\.take\(n\)"):
        aenb.load_data(tf.data.Dataset.from_generator(endless, output_signature=signature))


def test_a_pipeline_leaves_some_of_the_temporary_disk_free(tf, monkeypatch):
    monkeypatch.setattr(streamed, "LIMIT", 0)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=TABLE.nbytes))
    with pytest.raises(aenb.AenbError, match=r"expected room .* No space left on device"):
        aenb.load_data(tf.data.Dataset.from_tensor_slices(TABLE))


def test_arrays_folders_and_files_do_not_import_tensorflow(tmp_path):
    np.save(tmp_path / "x.npy", KINDS["bytes"])
    for number in range(5):
        picture(tmp_path / f"{number}.png")
    program = (
        "import sys, aenb, numpy as np; aenb.load_data(np.zeros((9, 4))); aenb.datasets()\n"
        f"aenb.load_data({str(tmp_path)!r}); aenb.load_data({str(tmp_path / 'x.npy')!r})\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)
    assert not pipeline.is_pipeline(np.zeros(3))
