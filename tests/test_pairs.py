"""Pairs of texts as data: from lists, tables and files, what is left out, and that both sides stay together."""

import numpy as np
import pandas as pd
import pytest

import aenb
from aenb.data.preprocessing import Preprocessing
from aenb.data.text.pairs import are_pairs, from_pairs
from aenb.data.text.subwords import Subwords

PAIRS = [(f"The {what} {does}.", f"{other} {hace}.") for what, other in (("cat", "El gato"), ("sea", "El mar"))
         for does, hace in (("sees me", "me ve"), ("is red", "es rojo"), ("is old", "es viejo"))]  # fmt: skip


def both(data):
    """Return all pairs of data as texts, in order."""
    parts = [(data.train, data.targets_train), (data.test, data.targets_test)]
    return {pair for x, y in parts for pair in zip(data.texts(x), data.texts(y), strict=True)}


def test_sources_and_targets_stay_together_and_come_back_as_they_were():
    data = aenb.load_data(PAIRS, tokens="bytes")
    assert both(data) == set(PAIRS)
    assert (data.kind, data.name, len(data.test), data.input_shape) == ("text", "array", 1, (len("The cat sees me."),))
    few = aenb.load_data(PAIRS * 5, tokens="bytes").limit(7)
    assert len(few.targets_train) == len(few.train) == 7
    assert len(few.targets_test) == len(few.test)
    assert both(few) <= set(PAIRS)


def test_both_sides_have_one_vocabulary_of_the_training_pairs_alone():
    pytest.importorskip("tokenizers")
    is_held = np.arange(30) >= 24
    data = from_pairs([(a, b) for a, b in PAIRS * 4] + [("zzzz zzzz", "qqqq qqqq")] * 6, is_held=is_held)
    units = "".join(data.vocabulary)
    assert "gato" in units
    assert "cat" in units
    assert "zz" not in units
    assert data.texts(data.targets_test) == ["qqqq qqqq"] * 6


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_tables_have_them_in_two_columns(tmp_path, suffix):
    path = tmp_path / f"pairs.{suffix}"
    frame = pd.DataFrame(PAIRS, columns=["english", "spanish"]).assign(number=range(len(PAIRS)))
    frame.to_csv(path, index=False, sep="\t" if suffix == "tsv" else ",")
    data = aenb.load_data(path, kind="pairs", tokens="bytes")
    assert both(data) == set(PAIRS)
    turned = aenb.load_data(frame, kind="pairs", tokens="bytes", columns={"english": "target", "spanish": "source"})
    assert both(turned) == {(b, a) for a, b in PAIRS}
    with pytest.raises(aenb.AenbError, match=r"two columns of text; received .*Name them: columns="):
        aenb.load_data(frame.assign(other="x"), kind="pairs")


def test_what_is_left_out_is_reported():
    long = "x" * 300
    data = aenb.load_data([*PAIRS, ("", "nada"), ("nothing", "  "), (long, "largo")], tokens="bytes")
    assert both(data) == set(PAIRS)
    assert "Pairs with an empty side were left out: 2." in data.notes
    assert "Pairs with a side of more than 256 units were left out: 1." in data.notes


@pytest.mark.parametrize(
    ("given", "options", "words"),
    [
        (PAIRS[:2], {}, "at least 4 pairs of texts; received 2"),
        ([*PAIRS, ("a", 3)], {}, "pairs of texts, .*at index 6"),
        (PAIRS, {"labels": [1] * 6}, "`labels`: expected none with pairs"),
        (PAIRS, {"tokens": "words"}, 'expected "subwords" or "bytes" of pairs'),
        (["a", "b", "c", "d"], {"kind": "pairs"}, "a list of .source, target."),
        ("digits", {"kind": "pairs"}, "with pairs of texts"),
    ],
)
def test_errors_say_what_was_expected(given, options, words):
    with pytest.raises(aenb.AenbError, match=words):
        aenb.load_data(given, **options)


def test_odd_texts_come_back():
    odd = ["مرحبا بالعالم", "שלום", "🙂👩‍👩‍👧", "x\ty", "漢字", "\ud800 half"]
    data = aenb.load_data([(a, b) for a in odd for b in odd], tokens="bytes")
    assert {a for a, _ in both(data)} == {text.replace("\ud800", "?") for text in odd}


def test_a_run_keeps_the_units_of_both_sides():
    data = aenb.load_data(PAIRS, tokens="bytes")
    kept = Preprocessing.from_dict(data.preprocessing.to_dict())
    assert kept == data.preprocessing
    assert kept.target_length == data.targets_train.shape[1]
    assert data.preprocessing.what == "pairs of texts of up to 16 and 17 bytes"
    with pytest.raises(aenb.AenbError, match="target_length that does not fit"):
        Preprocessing.from_dict(kept.to_dict() | {"target_length": -1})


def test_other_targets_are_other_data():
    data, other = (aenb.load_data([(a, change(b)) for a, b in PAIRS], tokens="bytes") for change in (str, str.upper))
    assert data.fingerprint != other.fingerprint
    np.testing.assert_array_equal(data.train, other.train)


def test_the_preview_shows_both_sides():
    from aenb.notebook.widgets.data_preview import DataOverview

    shown = repr(DataOverview(aenb.load_data(PAIRS, tokens="bytes")))
    assert "The cat is old. → El gato es viejo." in shown
    assert "pairs of texts" in shown


def test_what_is_taken_for_pairs():
    assert are_pairs(np.array(PAIRS, object))
    assert not are_pairs([[1, 2], [3, 4]])
    assert not are_pairs((["a", "b"], ["c", "d"]))  # texts and their labels
    assert aenb.load_data((["a b", "c d", "a d", "c b"], ["x", "y", "x", "y"])).target_length == 0


def test_units_that_are_known_are_used():
    data = from_pairs(PAIRS, subwords=Subwords(), lengths=(5, 3))
    assert data.input_shape == (5,)
    assert set(data.texts(data.targets_train)) == {"El "}
