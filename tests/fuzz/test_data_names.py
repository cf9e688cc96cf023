"""What `--data` may be: names and paths of all kinds."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aenb
from aenb.data.load import find_data
from tests.fuzz.harness import case
from tests.fuzz.hostile import drawn, rubbish

SMALL = np.random.default_rng(0).random((12, 3))


@pytest.fixture(scope="module", autouse=True)
def warm():
    """Import what loading imports, once: it is not a case's time or memory."""
    aenb.load_data((SMALL, np.arange(12) % 2))
    aenb.load_data("digits")


WORDS = [
    "", " ", "\n", ".", "..", "~", "~nosuchuser", "~nosuchuser/x.npy", "x" * 300, "x" * 300 + ".npy", "x/" * 3000,
    "\0", "a\0.npy", "\udce9", "\udce9.npy",
    "pipe.npy", "pipe.csv", "pipe.txt", "pipe.npz", "pipe.parquet", "/dev/zero", "/dev/null", "zero.npy", "null.csv",
    "folder.npy", "loop.npy", "no/x.npy",
    "x.npy/y.npy", "x.npy/", "file:///etc/passwd", "http://localhost:1/x.csv", "x.npy", "x.npy.gz", "digits",
    "digits:3", "digits:", "digits:x", "wine:0\0",
    "wine:x\ny", "/proc/self/mem", "/proc/self/environ", "con.npy", "x.csv\n", "<b>", "{0}", "%s", "x.NPY", "empty",
    "None", "variable", "rubbish", "$HOME", "*",
    "*.npy", "|id", "-", "--help", "1", "wine",
]  # fmt: skip


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Return a folder with things of all kinds in it."""
    folder = tmp_path_factory.mktemp("names") / "inside"
    folder.mkdir()
    np.save(folder / "x.npy", SMALL)
    for suffix in ("npy", "csv", "txt", "npz", "parquet"):
        os.mkfifo(folder / f"pipe.{suffix}")
    (folder / "zero.npy").symlink_to("/dev/zero")
    (folder / "null.csv").symlink_to("/dev/null")
    (folder / "loop.npy").symlink_to("loop.npy")
    (folder / "folder.npy").mkdir()
    (folder / "empty").mkdir()
    return folder


@drawn()
@given(
    word=st.sampled_from(WORDS) | st.text(max_size=20),
    how=st.sampled_from(["data", "find"]),
    value=rubbish,
)
def test_data_names(places, monkeypatch, word, how, value):
    monkeypatch.chdir(places)
    monkeypatch.setenv("HOME", str(places))
    with case("data names", places):
        if how == "data":
            aenb.load_data(word)
        else:
            aenb.load_data(find_data(word, {"variable": SMALL, "rubbish": value, "pair": (SMALL, None)})[0])
