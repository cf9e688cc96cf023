import datetime

import numpy as np
import pandas as pd
import pytest

import aenb
from aenb.data.labels import class_numbers, read_labels
from aenb.data.split import draw, hold_out
from aenb.runs.spec import Spec
from aenb.training.build import facts

ITEMS = np.random.default_rng(0).random((60, 3))
GOOD = {
    "whole numbers": ([3, 1, 2], [3, 1, 2]),
    "floats that are whole": (np.array([3.0, 1.0, 2.0], "float16"), [3, 1, 2]),
    "truth values": ([True, False, True], [True, False, True]),
    "names": (["a", "b", "a"], ["a", "b", "a"]),
    "bytes": (np.array([b"a", "é".encode(), b"a"]), ["a", "é", "a"]),
    "a column": (np.array([[3], [1], [2]]), [3, 1, 2]),
    "objects": (np.array([3, 1.0, np.int8(2)], object), [3, 1, 2]),
    "categories": (pd.Categorical(["a", "b", "a"]), ["a", "b", "a"]),
    "a nullable column without gaps": (pd.Series([3, 1, 2], dtype="Int64"), [3, 1, 2]),
    "a column of strings": (pd.Series(["a", "b", "a"], dtype="string"), ["a", "b", "a"]),
    "names of files that are no Unicode": (["caf\udce9", "a\nb", "é"], ["caf\\udce9", "a\\nb", "é"]),
}
BAD = {
    "one too few": ([1, 2], r"expected the shape \(3,\); received \(2,\)"),
    "one-hot": (np.eye(3), r"received \(3, 3\)\. Convert one-hot labels to classes with \.argmax"),
    "ragged": ([[1], [1, 2], 3], "lists of different lengths"),
    "None": ([1, None, 2], "a missing one at index 1"),
    "NaN": ([1.0, 2.0, np.nan], "a missing one at index 2"),
    "NA": (pd.Series([1, pd.NA, 2], dtype="Int64"), "a missing one at index 1"),
    "a category that is missing": (pd.Categorical(["a", None, "b"]), "a missing one at index 1"),
    "names and numbers": (["a", 1, "b"], "both names and numbers, such as 'a' and 1"),
    "fractions": (
        [0.5, 1.0, 2.5],
        r"received 0\.5 at index 0\. Bin the numbers into classes with pandas\.cut",
    ),
    "infinity": ([1.0, np.inf, 2.0], "received inf at index 1"),
    "complex numbers": ([1j, 2, 3], "received dtype complex128"),
    "dates": (np.array(["2020", "2021", "2020"], "M8[D]"), r"Turn dates into names with \.astype\(str\)"),
    "a date": ([datetime.date(2020, 1, 1), "a", "b"], "received a date at index 0. Turn dates"),
    "objects": ([object(), 1, 2], "received a object at index 0"),
    "bytes that are no text": ([b"\xff", b"a", b"b"], "bytes in UTF-8"),
    "large numbers": ([10**30, 1, 2], "up to 64 bits"),
    "long names": (["a", "b" * 2000, "c"], "up to 1,000 letters"),
    "a set": ({1, 2, 3}, "received a set"),
}


@pytest.mark.parametrize(("given", "expected"), GOOD.values(), ids=GOOD)
def test_labels_of_any_dtype_become_classes(given, expected):
    labels = read_labels(given, 3, "x")
    assert labels.tolist() == expected
    assert labels.dtype.kind in "biuU"


@pytest.mark.parametrize(("given", "message"), BAD.values(), ids=BAD)
def test_what_is_no_class_is_refused(given, message):
    with pytest.raises(aenb.AenbError, match=message):
        read_labels(given, 3, "x")


@pytest.mark.parametrize("asked", ["b", 1, None, 1.5, [0, "a"], 7, True])
def test_a_class_that_is_not_there_is_refused(asked):
    known = ("a", "c") if asked != "b" and asked != [0, "a"] else (0, 2)
    with pytest.raises(aenb.AenbError, match="`labels`"):
        class_numbers(asked, known, "x")


def test_labels_that_are_all_distinct_or_rare_load():
    assert len(aenb.load_data(ITEMS, range(60)).classes) == 48
    rare = aenb.load_data(ITEMS, [0] * 58 + [1, 2])
    assert rare.classes == (0, 1, 2)
    assert not rare.unseen


def test_a_class_is_held_out_only_if_it_is_kept_too():
    labels = np.repeat(np.arange(30), 2)
    labels[:9] = range(100, 109)
    kept, held = hold_out(60, 12, labels)
    assert set(labels[held]) <= set(labels[kept])
    assert sorted([*kept, *held]) == list(range(60))
    assert len(held) == 12


def test_a_limit_keeps_each_class():
    digits = aenb.load_data("digits")
    for limit in (10, 12, 30):
        few = digits.limit(limit)
        assert (len(few.train), few.classes, few.unseen) == (limit, digits.classes, ())
    fewer = digits.limit(5)
    assert len(fewer.classes) == 5
    assert not fewer.unseen


def test_a_draw_without_rare_classes_is_as_it_always_was():
    order = np.random.default_rng(0).permutation(1000)
    labels = np.arange(1000) % 3
    np.testing.assert_array_equal(draw(order, 50, labels), np.sort(order[:50]))


def test_a_conditional_model_is_refused_before_it_is_trained_on_classes_that_it_cannot_know():
    data = aenb.load_data(ITEMS, range(60))
    with pytest.raises(aenb.AenbError, match="`conditional`: expected held-out examples of the classes"):
        facts(Spec("vae", hyperparameters={"conditional": True}), data)
    facts(Spec("vae", hyperparameters={"conditional": True}), aenb.load_data("digits", limit=12))
