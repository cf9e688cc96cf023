"""Files of data that are broken, or declare what they have not."""

from __future__ import annotations

import io
import zipfile
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aenb
from tests.fuzz.harness import case
from tests.fuzz.hostile import Content, damaged, drawn

SMALL = np.random.default_rng(0).random((12, 3))


@pytest.fixture(scope="module", autouse=True)
def warm():
    """Import what loading imports, once: it is not a case's time or memory."""
    pd.read_csv(io.StringIO("a,b\n1,2"))
    aenb.load_data((SMALL, np.arange(12) % 2))
    aenb.load_data(["a b", "c d", "e f", "g h", "i j"])


DTYPES = [
    "<f8",
    "<f4",
    ">f8",
    "<f2",
    "<f16",
    "<i8",
    "|u1",
    "<u2",
    "|b1",
    "<c16",
    "|S5",
    "<U4",
    "|V8",
    "<M8[ns]",
    "<m8[s]",
]
ODD = [
    "|O", None, 5, "x", "", "<f9", "<f8," * 300, "f8,O", [("a", "<f8")], [("a", "|O")], [(("title", "a"), "<f8")],
    [("a", "<f8", (2**40,))], ("<f8", (2,)), ("<f8", {}), {"names": ["a"], "formats": ["<f8"], "itemsize": 2**40}, [],
    [("", "<f8"), ("", "<f8")], "<U1000000000", "<V0", "|S0", "<U0", "T", "<M8[parsec]", {"a": 1}, {}, (), ["a"] * 50,
]  # fmt: skip
SHAPES = [
    (12, 3), (12, 4, 4), (12, 4, 4, 3), (12,), (), (0,), (0, 3), (12, 0), (2**45, 3), (1 << 28, 6), (2**63, 2**63),
    (2**64,), (10**30, 0), (-1, 3), (-4, -3), (True, 3), (12.0, 3), (None,), "x", 12, [12, 3], ((12, 3),), (1,) * 40,
    (1,) * 100, (3, 1 << 40, 0), None,
]  # fmt: skip


@st.composite
def header(draw) -> bytes:
    """Draw the header of an array, and some content."""
    fields = {
        "descr": draw(st.sampled_from(DTYPES + ODD) if draw(st.booleans()) else st.just("<f8")),
        "fortran_order": draw(st.sampled_from([False, False, True, None, 1, "x", []])),
        "shape": draw(st.sampled_from(SHAPES)),
    }
    words = draw(
        st.sampled_from([repr(fields)] * 8 + [repr({**fields, "more": 1}), repr(fields)[:-5], "(" * 3000, "{" * 90,
        "1" * 9000])
        | st.text(max_size=80)
        | st.sampled_from(["{'shape': (12L, 3L), 'descr': '<f8', 'fortran_order': False}", "'''", "\\", "{**{}}",
        "lambda: 0"])
    ).encode("utf-8", "replace")  # fmt: skip
    version = draw(st.sampled_from([1, 1, 1, 2, 3, 0, 9]))
    length = draw(st.sampled_from([len(words)] * 6 + [0, 2**16 - 1, 5]))
    size = length.to_bytes(2 if version == 1 else 4, "little")
    content = draw(st.sampled_from([SMALL.tobytes(), bytes(12 * 48 * 8), b"", bytes(range(256)) * 4]))
    return b"\x93NUMPY" + bytes([version, 0]) + size + words + content


@st.composite
def saved(draw) -> bytes:
    """Draw a whole array of some dtype and shape, as `numpy.save` writes it."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(st.sampled_from([(12, 3), (12, 4, 4), (12, 4, 4, 3), (12, 2, 2, 2, 2), (12,), (), (3, 2), (12, 0)]))
    bits = np.random.default_rng(draw(st.integers(0, 99))).bytes(int(np.prod(shape)) * dtype.itemsize)
    if draw(st.integers(0, 3)) and dtype.kind in "fiu":
        array = (np.arange(int(np.prod(shape))) % 7).reshape(shape).astype(dtype)
    else:
        array = np.frombuffer(bits, dtype).reshape(shape)
    if dtype.str == "<f16":  # six bytes of each are whatever was in memory
        raw = bytearray(array.tobytes())
        raw = b"".join(raw[start : start + 10] + bytes(6) for start in range(0, len(raw), 16))
        array = np.frombuffer(raw, dtype).reshape(shape)
    if draw(st.booleans()):
        array = np.asfortranarray(array)
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


npy = saved() | damaged(saved()) | header() | damaged(header()) | st.binary(max_size=200)


@drawn()
@given(content=npy, suffix=st.sampled_from([".npy"] * 30 + [".npz", ".csv", ".txt", ".NPY"]))
def test_npy_files(tmp_path, content, suffix):
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    with case("npy files", tmp_path):
        aenb.load_data(path)


@st.composite
def archive(draw) -> bytes:
    """Draw a zip of arrays, compressed in some way."""
    stream = io.BytesIO()
    labels = io.BytesIO()
    np.save(
        labels, draw(st.sampled_from([np.arange(12) % 3, np.full(12, np.nan), np.zeros((12, 2)), np.array(["a"] * 12)]))
    )
    names = st.lists(
        st.sampled_from(["x.npy", "y.npy", "x", "z.npy", "../x.npy", "a/", "é.npy", "\n.npy"]), unique=True
    )
    with zipfile.ZipFile(stream, "w", draw(st.sampled_from([0, 8, 8, 12, 14]))) as file:
        for name in draw(st.just(["x.npy"]) | st.just(["x.npy", "y.npy"]) | names):
            member = draw(npy if draw(st.integers(0, 3)) == 0 else saved())
            about = zipfile.ZipInfo(name)  # of a fixed date
            about.compress_type = file.compression
            file.writestr(about, labels.getvalue() if name == "y.npy" else member)
    content = bytearray(stream.getvalue())
    for mark, place in ((b"PK\1\2", 8), (b"PK\3\4", 6)):  # the flags, the method, the sizes of a member
        if (at := content.find(mark)) >= 0 and draw(st.integers(0, 2)) == 0:
            offset = at + place + draw(st.sampled_from([0, 0, 2, 12, 14, 16, 18]))
            content[offset : offset + 4] = draw(st.binary(min_size=4, max_size=4))
    return bytes(content)


@drawn()
@given(content=archive() | damaged(archive()) | st.binary(max_size=100))
def test_npz_files(tmp_path, content):
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    with case("npz files", tmp_path):
        aenb.load_data(path)


numbers = st.sampled_from(
    [
        "1",
        "0",
        "-2.5",
        "1e300",
        "1e999",
        "nan",
        "inf",
        "",
        "True",
        "x",
        "2020-01-01",
        "1j",
        "9" * 40,
        '"',
        "\0",
        "é",
        "0x1",
    ]
)
cells = st.lists(st.lists(numbers, min_size=1, max_size=5).map(",".join), max_size=15).map("\n".join)
plain = st.lists(st.tuples(st.integers(), st.floats()), min_size=4, max_size=9).map(
    lambda rows: "a,b\n" + "\n".join(f"{a},{b}" for a, b in rows)
)
tables = (
    cells.map(lambda text: text.encode()) | damaged(plain.map(str.encode)) | st.binary(max_size=300)
    | st.text(st.sampled_from('0123456789,.;"\n\r\t e-#\\\ufeff\0é'), max_size=300).map(str.encode)
    | st.sampled_from([b"a" * 10**5, b"," * 10**6, b"1,2\n" * 10**4, b'"' * 10**5, b"\n" * 10**5, b"\xff\xfe" * 99,
    b"\x1f\x8b" * 9,
                       b"a,a\n" + b"1,2\n" * 9, b"a\n" + b"1,2\n" * 9, ("a,b\n" + "1,2\n" * 9).encode("utf-16")])
)  # fmt: skip


@drawn()
@given(content=tables.map(Content))
def test_csv_files(tmp_path, content):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with case("csv files", tmp_path):
        aenb.load_data(path)


@st.composite
def parquet(draw) -> bytes:
    stream = io.BytesIO()
    columns = {
        "a": SMALL[:, 0], "b": [None, 1, *range(10)], "c": list("abcdefghijkl"), "d": pd.date_range("2020", periods=12),
        "e": [[1, 2]] * 12, "f": np.arange(12) % 2 == 0, "g": np.zeros(12, "float16"),
    }  # fmt: skip
    names = draw(st.lists(st.sampled_from(["a", "a", "b", "f", *columns]), min_size=1, unique=True))
    frame = pd.DataFrame({name: columns[name] for name in names})
    if draw(st.integers(0, 20)) == 0:
        frame = pd.DataFrame({"a": np.zeros(draw(st.sampled_from([10**5, 10**6])))})
    frame.to_parquet(stream, compression=draw(st.sampled_from(["snappy", "gzip", "zstd", None])))
    return stream.getvalue()


@pytest.mark.skipif(find_spec("pyarrow") is None, reason="parquet files: pyarrow is not installed")
@drawn()
@given(content=damaged(parquet()) | st.binary(max_size=100))
def test_parquet_files(tmp_path, content):
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "warm.parquet")
    path = tmp_path / "x.parquet"
    path.write_bytes(content)
    with case("parquet files", tmp_path):
        aenb.load_data(path)


texts = (
    st.binary(max_size=400) | damaged(st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
    | st.lists(st.text(st.sampled_from("ab c'’é\u2028\x0b\0𝔘\u0301"), max_size=30),
    max_size=9).map("\n".join).map(str.encode)
    | st.sampled_from([b"a " * 10**5, b"a\n" * 10**4, b"'" * 10**5, b"\n" * 10**4, "a b\n".encode("utf-16") * 9,
    b"\xef\xbb\xbf",
                       b"".join(b"w%d " % n for n in range(10**4)) + b"\na\nb\nc\nd"])
)  # fmt: skip


@drawn()
@given(content=texts.map(Content))
def test_text_files(tmp_path, content):
    path = tmp_path / "x.txt"
    path.write_bytes(content)
    with case("text files", tmp_path):
        aenb.load_data(path)
