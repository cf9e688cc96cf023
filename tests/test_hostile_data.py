"""Files, folders and names that are none, broken, or declare what they have not: one line says so; nothing hangs."""

import io
import os
import zipfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import aenb
from aenb.data.files import data_files, folder_listing
from aenb.data.load import find_data
from aenb.data.split import hold_out

ITEMS = np.random.default_rng(0).random((12, 3))


def refused(data, message, **settings):
    with pytest.raises(aenb.AenbError, match=message) as caught:
        aenb.load_data(data, **settings)
    assert "\n" not in str(caught.value)


def npy(**changed):
    fields = {"descr": "<f8", "fortran_order": False, "shape": (12, 3)} | changed
    header = repr(fields).encode()
    return b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header + ITEMS.tobytes()


HEADERS = {
    "364 TiB": (npy(shape=(50, 10**12)), "400,000,000,000,000 bytes, of which 288 are there"),
    "11 GiB": (npy(shape=(10**9, 3, 4)), "of which 288 are there"),
    "negative": (npy(shape=(-12, -3)), "expected a readable"),
    "titles": (npy(descr=[(("title", "a"), "<f8")]), "expected"),
    "objects": (npy(descr="|O"), "Python objects"),
    "no Python": (npy()[:20] + b"\\'" + npy()[22:], "expected a readable"),
    "no Unicode": (npy(descr="<U2"), "text that is not Unicode"),
    "no Unicode, in Fortran order": (npy(descr=">U2", fortran_order=True), "text that is not Unicode"),
    "cut": (npy()[:100], "of which"),
}


@pytest.mark.parametrize(("content", "message"), HEADERS.values(), ids=HEADERS)
def test_what_a_header_declares_is_held_against_what_is_there(content, message, tmp_path):
    (tmp_path / "x.npy").write_bytes(content)
    refused(tmp_path / "x.npy", message)
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", content)
    refused(tmp_path / "x.npz", message)


@pytest.mark.parametrize(
    ("place", "content", "message"),
    [
        (8, b"\1", "encrypted"),
        (10, b"\x63", "compressed in an unknown way"),
        (24, b"\xff\xff\xff\x7f", "bytes"),
        (0, b"x", "directory"),
    ],
)
def test_damaged_archives_are_refused(place, content, message, tmp_path):
    stream = io.BytesIO()
    np.savez(stream, x=ITEMS)
    whole = bytearray(stream.getvalue())
    at = whole.rfind(b"PK\1\2") + place
    whole[at : at + len(content)] = content
    (tmp_path / "x.npz").write_bytes(whole)
    refused(tmp_path / "x.npz", message)


def test_an_archive_is_read_for_its_items_and_labels_alone(tmp_path):
    np.savez(tmp_path / "x.npz", x=ITEMS, y=np.arange(12) % 2, about=np.array([{"a": 1}], object))
    assert aenb.load_data(tmp_path / "x.npz").classes == (0, 1)


def test_what_needs_more_than_the_memory_at_hand_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(data_files, "_free_memory", lambda: 100)
    (tmp_path / "x.txt").write_text("a b\n" * 99)
    (tmp_path / "x.csv").write_text("1,2\n" * 99)
    np.savez_compressed(tmp_path / "x.npz", x=np.zeros((99, 9)))
    for suffix in ("txt", "csv", "npz"):
        refused(tmp_path / f"x.{suffix}", "more than")


def test_a_table_of_far_too_many_columns_is_refused(tmp_path):
    (tmp_path / "x.csv").write_text("," * 200_000)
    refused(tmp_path / "x.csv", "200,001 columns, more than 100,000")


@pytest.mark.parametrize("suffix", ["npy", "npz", "csv", "txt"])
def test_pipes_devices_and_folders_are_no_files(suffix, tmp_path):
    os.mkfifo(tmp_path / f"pipe.{suffix}")
    (tmp_path / f"zero.{suffix}").symlink_to("/dev/zero")
    (tmp_path / f"loop.{suffix}").symlink_to(f"loop.{suffix}")
    (tmp_path / f"folder.{suffix}").mkdir()
    for name, message in {"pipe": "a pipe", "zero": "a device", "loop": "symbolic links", "folder": "none"}.items():
        refused(str(tmp_path / f"{name}.{suffix}"), message)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", r"received an empty name\. The current folder is `\.`"),
        (" \n", "received an empty name"),
        ("~nosuchuser", "nosuchuser"),
        ("~nosuchuser/x.npy", "nosuchuser"),
        ("x" * 300, "name too long"),
        ("a\0.npy", "null"),
        ("nothing\nhere.npy", r"there is no file or folder nothing\\nhere\.npy"),
        ("no\nset", r"file is called `no\\nset`"),
        ("caf\udce9.npy", r"no file or folder caf\\udce9\.npy"),
        ("digits:a\nb", r"Unknown class `a\\nb`"),
    ],
)
def test_names_that_are_none_are_refused(name, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new("L", (4, 4)).save(tmp_path / "0.png")
    refused(name, message)
    assert find_data(name, {}) == (name, [])


def test_folders_that_can_not_be_read_are_an_error(tmp_path, monkeypatch):
    def scandir(path):
        raise PermissionError(13, "Permission denied", str(path))

    Image.new("L", (4, 4)).save(tmp_path / "0.png")
    monkeypatch.setattr(os, "scandir", scandir)
    refused(tmp_path, "a folder that can be read; received: Permission denied")
    monkeypatch.setattr(os, "stat", scandir)
    refused(str(tmp_path), "Permission denied")


def test_names_of_folders_that_are_no_unicode_are_shown_as_escapes(tmp_path):
    folder = os.path.join(os.fsencode(tmp_path), b"caf\xe9")
    for place in (b"\xff", b"b"):
        os.makedirs(os.path.join(folder, place))
        for number in range(5):
            with open(os.path.join(folder, place, b"%d\xfe.png" % number), "wb") as stream:
                Image.new("L", (4, 4), number * 50).save(stream, "PNG")
    data = aenb.load_data(os.fsdecode(folder))
    assert data.class_words == ("b", r"\udcff")
    "".join([repr(data), data.name, data.source, *data.notes]).encode()
    with open(os.path.join(folder, b"broken\xe9.png"), "wb"):
        pass
    assert any(r"broken\udce9.png (it is empty)" in note for note in aenb.load_data(os.fsdecode(folder)).notes)


def test_the_root_of_the_file_system_is_not_looked_through(monkeypatch):
    monkeypatch.setattr(os, "scandir", lambda _: pytest.fail("it was looked through"))
    refused("/", "the root of the file system")
    refused("/tmp/..", "the root of the file system")


def test_missing_values_of_the_kind_that_signals(tmp_path):
    items = (np.arange(36).reshape(12, 3) / 8).astype("<f2")
    items.view("<u2")[4, 1] = 0x7C01  # a signalling NaN: arithmetic with it is an invalid operation
    np.save(tmp_path / "x.npy", items)
    data = aenb.load_data(tmp_path / "x.npy")
    assert np.isnan(data.x_train[:]).sum() + np.isnan(data.x_test[:]).sum() == 1


def test_links_in_a_folder_do_not_lead_in_circles(tmp_path):
    for number in range(5):
        Image.new("L", (4, 4), number * 50).save(tmp_path / f"{number}.png")
    (tmp_path / "again").symlink_to(tmp_path)
    (tmp_path / "itself.png").symlink_to(tmp_path / "itself.png")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.png")
    assert aenb.load_data(tmp_path).n == 5


def test_a_folder_of_far_too_many_files_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_listing, "MAX_ENTRIES", 10)
    for number in range(11):
        (tmp_path / f"{number}.txt").write_text("")
    refused(tmp_path, "one of more than 10 files and folders")


def test_a_long_double_beyond_doubles_is_infinite():
    items = ITEMS.astype("longdouble")
    if np.finfo("longdouble").max == np.finfo("float64").max:
        pytest.skip("a long double is a double here")
    items[3] = np.longdouble("1e4000")
    refused(items, "received infinity in 1 of 12 examples, the first at index 3")


def test_what_is_far_from_all_else_is_refused_and_not_infinite():
    _, held = hold_out(12, 2)
    far = np.zeros((12, 2))
    far[held[0]] = 1e50
    refused(far, "float32 can hold")
    assert np.isfinite(aenb.load_data(far[::-1]).x_test).all()


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    refused(tmp_path / "x.parquet", r"Install it \(pip install pyarrow\)")


def test_a_parquet_file_is_read(tmp_path):
    pytest.importorskip("pyarrow")
    pd.DataFrame(ITEMS, columns=list("abc")).to_parquet(tmp_path / "x.parquet")
    assert aenb.load_data(tmp_path / "x.parquet").feature_names == ("a", "b", "c")
