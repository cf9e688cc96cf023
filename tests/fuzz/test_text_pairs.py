"""Pairs of texts that nobody expects, and SWORD modules that are broken anywhere."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import aenb
from aenb.data.sets import sword
from tests.fuzz.harness import case, fuzz

odd = st.sampled_from(
    ["", " ", "\0", "\ud800", "🙂👩‍👩‍👧", "مرحبا", "<script>", "a\tb\nc", "x" * 20_000, "é" * 300]
) | st.text(max_size=9)
thing = odd | st.none() | st.integers() | st.floats() | st.lists(odd, max_size=3) | st.binary(max_size=3)
pair = st.tuples(odd, odd) | st.lists(odd, min_size=2, max_size=2) | st.tuples(thing, thing) | thing


@pytest.fixture(scope="module")
def imported():
    """Import what takes long the first time."""
    aenb.load_data([("a", "b")] * 5, tokens="bytes")


@fuzz(0.5)
@given(st.lists(st.tuples(odd, odd), min_size=1, max_size=12) | st.lists(pair, max_size=8))
@example([("a", "b")] * 4)
@example([("", "")] * 9)
@example([("\ud800", "x" * 300)] * 9)
def test_pairs(imported, given_pairs):
    with case("pairs of texts"):
        data = aenb.load_data(given_pairs, kind="pairs", tokens="bytes")
        assert len(data.train) == len(data.targets_train)
        assert len(data.test) == len(data.targets_test) > 0
        assert all(data.texts(data.targets_test))


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    """Return the folder of a sound module."""
    folder = tmp_path_factory.mktemp("module")
    entries = ['<chapter n="1" osisID="Gen.1" sID="x"/>', "In the <w>beginning</w>.", "And so on."]
    book, begin, places = "".join(entries).encode(), 0, b""
    for entry in entries:
        places += struct.pack("<IIH", 0, begin, len(entry.encode()))
        begin += len(entry.encode())
    block = zlib.compress(book)
    for testament in sword.TESTAMENTS:
        for ending, content in (("bzs", struct.pack("<III", 0, len(block), begin)), ("bzv", places), ("bzz", block)):
            (folder / f"{testament}.{ending}").write_bytes(content)
    return folder


@fuzz()
@given(st.sampled_from(["bzs", "bzv", "bzz"]), st.binary(max_size=40), st.integers(0, 60), st.booleans())
def test_sword_modules(module, ending, garbage, place, is_cut):
    file = module / f"nt.{ending}"
    before = file.read_bytes()
    file.write_bytes(before[:place] + garbage + (b"" if is_cut else before[place + len(garbage) :]))
    try:
        with case("SWORD modules", module):
            found = sword.verses(module)
            assert all(isinstance(text, str) and "<" not in name for name, text in found.items())
    finally:
        file.write_bytes(before)
