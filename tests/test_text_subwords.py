"""Texts as they are written: subword units, bytes, and what is odd in texts."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aenb
from aenb.data.preprocessing import Preprocessing
from aenb.data.text.subwords import FIRST, Subwords, byte_characters, learn
from aenb.data.text.written import MAX_LENGTH, from_written

SENTENCES = [f"{who} {does} the {what}." for who in ("He", "She", "A dog") for does in ("saw", "likes")
             for what in ("red house", "old man", "sea")]  # fmt: skip
ODD = ["مرحبا بالعالم", "שלום עולם", "🙂👩‍👩‍👧", "漢字 и кириллица", "x\ty\nz", "it's $5.00!", "\x00"]


@pytest.fixture(scope="module")
def units():
    pytest.importorskip("tokenizers")
    return learn(SENTENCES, 300)


class TestBytes:
    def test_they_are_the_bytes_of_utf8(self):
        assert Subwords().encode(["é"]).tolist() == [[0xC3 + FIRST, 0xA9 + FIRST]]
        assert len(set(byte_characters())) == 256
        assert len(Subwords().vocabulary) == 256 + FIRST

    @settings(max_examples=50, deadline=None)
    @given(st.text())
    def test_any_text_comes_back_without_the_space_around_it(self, text):
        """Unpaired surrogates, which UTF-8 can't encode, become question marks."""
        (back,) = Subwords().decode(Subwords().encode([text]))
        assert back == text.encode("utf-8", "replace").decode().strip()

    def test_what_is_no_utf8_is_marked(self):
        assert Subwords().decode([[0xFF + FIRST, ord("a") + FIRST, 0]]) == ["\ufffda"]


class TestSubwords:
    def test_frequent_pairs_are_joined_first(self, units):
        first, second = units.merges[0].split(" ")
        together = [a + b for text in SENTENCES for a, b in zip(" " + text, text, strict=False) if b != " "]
        pairs = pd.Series(together)  # a space begins a word
        assert (first + second).replace("Ġ", " ") in set(pairs.value_counts().pipe(lambda n: n[n == n.max()]).index)
        assert len(units.split(["He saw the sea."])[0]) < len("He saw the sea.")

    @pytest.mark.parametrize("text", [*SENTENCES[:3], *ODD])
    def test_any_script_comes_back(self, units, text):
        assert units.decode(units.encode([text])) == [text]
        assert 1 not in units.encode([text])

    def test_the_same_texts_give_the_same_units_and_json_keeps_them(self, units):
        again = learn(SENTENCES, 300)
        kept = Subwords(tuple(json.loads(json.dumps(again.merges))))
        assert kept == units
        np.testing.assert_array_equal(kept.encode(ODD), units.encode(ODD))

    @pytest.mark.parametrize("merges", [("ab",), ("a b c",), ("ab c",), ("é b", "a  b")])
    def test_pairs_of_unknown_units_are_refused(self, merges):
        with pytest.raises(aenb.AenbError, match="merges"):
            Subwords(merges).check()


class TestData:
    def test_odd_texts_become_data(self):
        data = aenb.load_data([*ODD, "", "  ", "word " * 10_000], tokens="bytes")
        assert data.input_shape == (MAX_LENGTH,)
        assert any("Empty texts were left out: 2" in note for note in data.notes)
        assert any("were cut: 1 of" in note for note in data.notes)
        found = {*data.texts(data.train), *data.texts(data.test)}
        assert set(ODD) <= {*found, "\x00"}

    def test_one_text_in_a_thousand_does_not_set_the_length(self):
        data = from_written(["four"] * 1999 + ["a longer text"], tokens="bytes")
        assert data.input_shape == (4,)

    @pytest.mark.parametrize("texts", [[], ["one"], ["", " "] * 9])
    def test_too_few_are_refused(self, texts):
        with pytest.raises(aenb.AenbError, match=r"expected"):
            aenb.load_data(texts, tokens="bytes")

    def test_a_file_and_a_folder_and_a_column(self, tmp_path):
        (tmp_path / "t.txt").write_text("\n".join(SENTENCES), "utf-8")
        folder = tmp_path / "f"
        folder.mkdir()
        for number, text in enumerate(SENTENCES):
            (folder / f"{number:02}.txt").write_text(text, "utf-8")
        (folder / "bad.txt").write_bytes(b"\xff\xfe\xfd")
        for data in (tmp_path / "t.txt", folder, pd.Series(SENTENCES)):
            loaded = aenb.load_data(data, tokens="bytes")
            assert {*loaded.texts(loaded.train), *loaded.texts(loaded.test)} == set(SENTENCES)
        assert any("bad.txt" in note for note in aenb.load_data(folder, tokens="bytes").notes)

    def test_a_file_that_is_no_utf8_is_refused(self, tmp_path):
        (tmp_path / "t.txt").write_bytes(b"good\n\xff\xfe\nbad")
        with pytest.raises(aenb.AenbError, match=r"t\.txt"):
            aenb.load_data(tmp_path / "t.txt", tokens="bytes")

    def test_tokens_are_of_texts_that_are_yet_to_be_split(self, digits):
        with pytest.raises(aenb.AenbError, match="tokens"):
            aenb.load_data(digits, tokens="bytes")
        with pytest.raises(aenb.AenbError, match="tokens"):
            aenb.load_data(np.zeros((9, 3)), tokens="words")
        assert aenb.load_data(SENTENCES, tokens="words").vocabulary == aenb.load_data(SENTENCES).vocabulary

    def test_a_preprocessing_is_plain_json_and_checked(self, units):
        given = from_written(SENTENCES, subwords=units).preprocessing
        values = json.loads(json.dumps(given.to_dict()))
        assert Preprocessing.from_dict(values) == given
        assert given.tokens == "subwords"
        for wrong in ({"merges": ["zz y"]}, {"merges": values["merges"][:-1]}, {"vocabulary": ["", "<unk>"]}):
            with pytest.raises(aenb.AenbError, match=r"merges|vocabulary"):
                Preprocessing.from_dict(values | wrong)

    def test_other_units_are_converted(self, units):
        first, second = (from_written(SENTENCES, tokens="bytes"), from_written(SENTENCES, subwords=units))
        moved = first.within(second.preprocessing)
        assert moved.texts(moved.train) == first.texts(first.train)
        assert moved.input_shape == second.input_shape
