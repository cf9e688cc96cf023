"""Files that anyone may have written are refused in one line, before memory is taken for them."""

from __future__ import annotations

import io
import os
import struct
import zipfile

import numpy as np
import pytest

from aenb.core import array_files, files, json_files
from aenb.core.errors import AenbError

WHAT = "a readable .npy file"


def refused(call, *arguments):
    """Return the words in which a file is refused."""
    with pytest.raises(AenbError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    str(caught.value).encode()  # can be shown
    return str(caught.value)


def npy(shape, descr="<f4", content=b""):
    header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}}}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("nothing")
    expected = {
        "nothing": "there is no such file",
        "pipe": "it is a pipe",
        ".": "it is a folder",
        "/dev/zero": "it is a device",
        "loop": "symbolic links",
        "dangling": "there is no such file",
        "a" * 5000: "name too long",
        "null\0": "null byte",
        "~nosuchuser/x": "home directory",
    }
    for name, words in expected.items():
        path = name if name.startswith("~") else tmp_path / name
        assert words in refused(files.read_bytes, path, WHAT, 100)
    assert "received an object of type int" in refused(files.expanded, 3)


def test_names_and_reasons_are_one_line_that_can_be_shown(tmp_path):
    for name in (os.fsdecode(b"bad-\xff\xfe"), "two\nlines", "\x1b[31mred", "right‮left", "x" * 250):
        assert len(refused(files.read_bytes, tmp_path / name, WHAT, 100)) < 500


def test_a_file_may_be_too_large(tmp_path):
    (tmp_path / "x").write_bytes(bytes(101))
    assert "101 bytes, more than 100" in refused(files.read_bytes, tmp_path / "x", WHAT, 100)
    assert files.read_bytes(tmp_path / "x", WHAT, 101) == bytes(101)


def test_json(tmp_path):
    file = tmp_path / "x.json"
    file.write_text('{"a": [1, 2.5, null, true, "é"], "b": [NaN, Infinity, -Infinity]}', encoding="utf-8")
    assert json_files.read_json(file, "JSON") == {"a": [1, 2.5, None, True, "é"], "b": ["NaN", "Infinity", "-Infinity"]}
    broken = {
        b"": "Expecting value", b"\xff": "utf-8", b'"\\ud800"': "surrogates", b"[" * 5000: "nested too deeply",
        b"[" * 150 + b"]" * 150: "nested too deeply", b'{"a":' * 150 + b"1" + b"}" * 150: "nested too deeply",
        b"[1e999]": "too large", b"1" * 400: "too large", b"1" * 9999: "", b"[" + b"[]," * 300_000 + b"1]": "300,000",
        b'{"\\ud800": 1}': "surrogates",
    }  # fmt: skip
    for content, words in broken.items():
        file.write_bytes(content)
        assert words in refused(json_files.read_json, file, "JSON")


def test_arrays_of_npy(tmp_path):
    file, x = tmp_path / "x.npy", np.arange(24, dtype="float32").reshape(4, 6)
    for array in (x, np.asfortranarray(x), x[:0], np.array(3.0), np.array(["é"])):
        np.save(file, array)
        found = array_files.read_npy(file, WHAT)
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array)
    np.save(file, np.asfortranarray(x))
    mapped = array_files.read_npy(file, WHAT, max_bytes=10)
    assert isinstance(mapped, np.memmap)
    np.testing.assert_array_equal(mapped, x)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (npy((2**46,)), "of which 0 are there"),
        (npy((3,), content=bytes(11)), "12 bytes, of which 11"),
        (npy((2**40,), "|V0"), "shape"),
        (npy((-1,)), "shape"),
        (npy((True,)), "shape"),
        (npy((1,), "|O", bytes(8)), "unpickled"),
        (npy((1,), [("a", "|O")], bytes(8)), "unpickled"),
        (npy((1,), [(("title", 3), "<f4")], bytes(8)), ""),
        (npy((1,))[:20], ""),
        (b"\x93NUMPY\x03\x00" + npy((1,))[8:], "version"),
        (b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535, ""),
        (npy((1,)).replace(b"False", b"'''\\ue"), ""),
        (b"", ""),
        (b"nonsense", ""),
    ],
)
def test_broken_arrays(tmp_path, content, words):
    (tmp_path / "x.npy").write_bytes(content)
    assert words in refused(array_files.read_npy, tmp_path / "x.npy", WHAT)
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", content)
    assert words in refused(array_files.read_npz, tmp_path / "x.npz", "a readable .npz file")
    assert words in refused(array_files.npz_headers, tmp_path / "x.npz", "a readable .npz file")


def test_arrays_of_npz(tmp_path):
    x, file = np.arange(6.0), tmp_path / "x.npz"
    for save in (np.savez, np.savez_compressed):
        save(file, x=x, y=x[:2])
        assert list(array_files.read_npz(file, WHAT)) == ["x", "y"]
        assert array_files.npz_headers(file, WHAT)["x"].shape == (6,)
        assert "more than 300" in refused(array_files.read_npz, file, WHAT, 300)


def bomb(file):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", npy((2**25,)) + bytes(2**27))


def encrypted(file):
    np.savez(file, x=np.zeros(3))
    content = bytearray(file.read_bytes())
    content[content.index(b"PK\1\2") + 8] |= 1
    file.write_bytes(content)


def oddly_compressed(file):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x.npy", npy((2**10,)) + bytes(2**12))


def twice(file):
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", npy((0,)))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("x.npy", npy((0,)))


def changed(file):
    np.savez(file, x=np.zeros(300))
    content = bytearray(file.read_bytes())
    content[600] ^= 1
    file.write_bytes(content)


def truncated(file):
    np.savez(file, x=np.zeros(300))
    file.write_bytes(file.read_bytes()[:-100])


def no_array(file):
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("../../x", b"")


def longer(file):
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", npy((1,)) + bytes(100))


@pytest.mark.parametrize("harm", [bomb, encrypted, oddly_compressed, twice, changed, truncated, no_array, longer])
def test_broken_zips(tmp_path, harm):
    harm(tmp_path / "x.npz")
    refused(array_files.read_npz, tmp_path / "x.npz", "a readable .npz file")


def test_headers_are_read_from_what_is_no_file():
    header = array_files.read_header(io.BytesIO(npy((2, 3), content=bytes(24))), 1000)
    assert (header.shape, header.dtype, header.fortran, header.nbytes) == ((2, 3), np.float32, False, 24)
