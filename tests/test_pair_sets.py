"""Data sets of pairs: verses from SWORD modules, definitions from WordNet, and their embedded samples."""

import struct
import zlib

import numpy as np
import pytest

import aenb
from aenb.data.sets import definitions, sword, verses
from aenb.data.text import pairs


@pytest.fixture
def nothing_installed(monkeypatch, tmp_path):
    """Leave only what comes with aenb, and bytes, which need no library."""
    monkeypatch.delenv("AENB_DATA", raising=False)
    monkeypatch.setattr(verses, "PACKAGES", tmp_path)
    monkeypatch.setattr(definitions, "FOLDER", tmp_path)
    for one in (verses, definitions):
        monkeypatch.setattr(one, "usual_units", lambda: "bytes")


def write_module(folder, books):
    """Write a SWORD module: for each testament, a list of books, each a list of entries."""
    folder.mkdir(parents=True)
    for testament, entries in books.items():
        starts, places, blocks = b"", struct.pack("<IIH", 0, 0, 0), b""
        for number, book in enumerate(entries):
            texts = [entry.encode() for entry in book]
            begins = np.cumsum([0, *map(len, texts)])
            places += b"".join(
                struct.pack("<IIH", number, begin, len(text)) for begin, text in zip(begins, texts, strict=False)
            )
            block = zlib.compress(b"".join(texts))
            starts += struct.pack("<III", len(blocks), len(block), begins[-1])
            blocks += block
        for ending, content in (("bzs", starts), ("bzv", places), ("bzz", blocks)):
            (folder / f"{testament}.{ending}").write_bytes(content)


def book(name, *chapters):
    """Return the entries of a book: its heading, and each chapter's heading and verses."""
    entries = [f'<div osisID="{name}" type="book"/><title type="main">{name}</title>']
    for number, texts in enumerate(chapters, 1):
        entries += [f'<chapter n="{number}" osisID="{name}.{number}" sID="x"/>', *texts]
    return entries


class TestSword:
    def test_verses_are_read_without_markup(self, tmp_path):
        first = book(
            "Gen",
            ['In the <w lemma="strong:H7225">beginning</w> &amp; <note>or: <b>at</b></note>so.', "¶ Two"],
            ["Three"],
        )
        write_module(tmp_path / "m", {"ot": [first, book("Ruth", ["Four"])], "nt": [book("Matt", ["", "Five"])]})
        assert sword.verses(tmp_path / "m") == {
            "Gen.1.1": "In the beginning & so.", "Gen.1.2": "Two", "Gen.2.1": "Three", "Ruth.1.1": "Four",
            "Matt.1.2": "Five",
        }  # fmt: skip

    @pytest.mark.parametrize("ending", ["bzs", "bzv", "bzz"])
    @pytest.mark.parametrize("broken", [None, b"\xff" * 13, b"\x01\x00"])
    def test_broken_modules_are_refused(self, tmp_path, ending, broken):
        write_module(tmp_path / "m", {"ot": [book("Gen", ["One"])], "nt": [book("Matt", ["Two"])]})
        file = tmp_path / "m" / f"nt.{ending}"
        file.unlink() if broken is None else file.write_bytes(broken)
        with pytest.raises(aenb.AenbError, match="SWORD module"):
            sword.verses(tmp_path / "m")

    def test_a_book_that_grows_without_end_is_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sword, "BYTES", 1000)
        write_module(tmp_path / "m", {"ot": [book("Gen", ["x" * 5000])], "nt": [book("Matt", ["Two"])]})
        with pytest.raises(aenb.AenbError, match="a book of more than"):
            sword.verses(tmp_path / "m")


class TestVerses:
    def test_the_sample_is_split_by_book(self, nothing_installed):
        data = aenb.load_data("verses")
        train, held = ({name.split(".")[0] for name in names} for names in (data.names_train, data.names_test))
        assert held <= verses.HELD
        assert not train & held
        assert len(held) > 2
        assert len(train) > 30
        assert (data.n, data.is_subset) == (1000, True)
        assert any("apt-get install sword-text-kjv" in note for note in data.notes)
        place = data.names_test.tolist().index("Eccl.1.2")
        assert data.texts(data.test[[place]])[0].startswith("Vanity of vanities")
        assert data.texts(data.targets_test[[place]])[0].startswith("Vanidad de vanidades")

    def test_modules_of_your_own_folder_are_aligned(self, nothing_installed, monkeypatch, tmp_path):
        same = ["A verse.", "Another one."] * 4
        english = {"ot": [book("Ruth", same, same), book("Ps", same), book("Jonah", [*same, "Later."], same, same)],
                   "nt": [book("Matt", [*same, "It is long, and longer than the other."])]}  # fmt: skip
        spanish = {"ot": [book("Ruth", same, same), book("Ps", same), book("Jonah", same, same, same)],
                   "nt": [book("Matt", [*same, "Corto."])]}  # fmt: skip
        for name, books in zip(verses.MODULES, (english, spanish), strict=True):
            write_module(tmp_path / "mine" / "verses" / name, books)
        monkeypatch.setenv("AENB_DATA", str(tmp_path / "mine"))
        data = aenb.load_data("verses")
        names = [*data.names_train, *data.names_test]
        assert not [name for name in names if name in ("Ps.1.1", "Matt.1.9", "Jonah.1.9")]  # a title; other lengths
        assert {name.rpartition(".")[0] for name in names} == {"Ruth.1", "Ruth.2", "Ps.1", "Jonah.3", "Matt.1"}
        assert {name.split(".")[0] for name in data.names_test} == {"Ruth"}


class TestDefinitions:
    def test_the_sample_has_definitions_of_words(self, nothing_installed):
        data = aenb.load_data("definitions")
        found = [*data.texts(data.train), *data.texts(data.test)]
        words = [*data.texts(data.targets_train), *data.texts(data.targets_test)]
        assert words[found.index("a human being")] == "person"
        assert (data.n, data.is_subset) == (1000, True)

    def test_words_with_one_definition_and_long_ones_are_left_out(self, nothing_installed, tmp_path):
        lines = [
            "  1 a licence", '1 04 n 01 red_cat 0 000 | a cat that is red; "the red cat"',
            "2 04 n 02 red_cat 0 000 | a fox  ", "3 04 n 01 lone 0 000 | nothing else",
            f"4 04 n 01 red_cat 0 000 | {'very ' * 30} red",
        ]  # fmt: skip
        for name in definitions.FILES:
            (tmp_path / name).write_text("\n".join(lines) + "\n")
        found = definitions._frequent(list(definitions._glosses()))
        assert found == [("a cat that is red", "red cat"), ("a fox", "red cat")]
        (tmp_path / definitions.FILES[0]).write_text("x | y\n")
        with pytest.raises(aenb.AenbError, match="Expected WordNet in"):
            list(definitions._glosses())


def test_units_are_bytes_without_the_library(monkeypatch):
    monkeypatch.setattr(pairs.importlib.util, "find_spec", lambda name: None)
    assert pairs.usual_units() == "bytes"
