"""Arrays, tables, lists and objects, and labels of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aenb
from tests.fuzz.harness import case
from tests.fuzz.hostile import Rubbish, drawn, rubbish

SMALL = np.random.default_rng(0).random((12, 3))


@pytest.fixture(scope="module", autouse=True)
def warm():
    """Import what loading imports, once: it is not a case's time or memory."""
    aenb.load_data((SMALL, np.arange(12) % 2))
    aenb.load_data(["a b", "c d", "e f", "g h", "i j"])


RECURSIVE: list = [[1.0, 2.0]] * 8
RECURSIVE.append(RECURSIVE)
DEEP: list = [1.0]
for _ in range(200):
    DEEP = [DEEP]


def _table(**columns):
    return pd.DataFrame({name: pd.Series(values) for name, values in columns.items()})


def _named(*names):
    return pd.DataFrame(SMALL[:, : len(names)], columns=list(names))


TABLES = [
    _named("a", "a", "b"), _named(1, None, 2.5), _named(("a", 1), ("a", 2)), _named("x\ny", "\udc80", ""),
    _named(np.nan, "n"),
    pd.DataFrame(SMALL, columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)])), pd.DataFrame(),
    pd.DataFrame(index=range(9)),
    _table(a=pd.array([1, None] * 6, "Int64"), b=SMALL[:, 0]), _table(a=pd.array([True, None] * 6, "boolean")),
    _table(a=pd.date_range("2020", periods=12)), _table(a=pd.Categorical(["x", "y"] * 6)), _table(a=["x"] * 12),
    _table(a=[np.nan] * 12, b=range(12)), _table(a=[10**30] * 12), _table(a=SMALL[:, 0] * 1j),
    _table(a=pd.arrays.SparseArray(SMALL[:, 0])),
    _table(a=pd.period_range("2020", periods=12, freq="D")), _table(a=pd.interval_range(0, 12)), pd.Series(SMALL[:, 0]),
    pd.Series(["a b", None, "c"] * 4), pd.Series(["a b", pd.NA, "c"] * 4, dtype="string"), pd.Index(range(12)),
    pd.DataFrame(SMALL).style,
]  # fmt: skip
SHAPED = [
    (12, 3),
    (12, 4, 4),
    (12, 4, 4, 3),
    (12,),
    (),
    (0, 3),
    (12, 0),
    (3, 2),
    (12, 4, 0, 1),
    (5, 1),
    (12, 1, 1),
    (12, 4, 4, 7),
]
KINDS = [
    "float64",
    "float32",
    "float16",
    "longdouble",
    "complex64",
    "int8",
    "uint8",
    "int64",
    "uint64",
    "bool",
    "object",
    "U3",
    "S3",
    "M8[D]",
    "m8[s]",
    "V4",
]
VALUES = [0.0, 1.0, -1.0, 255.0, 1e4, 1e30, 1e38, 1e300, -1e308, 5e-324, np.inf, -np.inf, np.nan, -0.0, 65535.0]


@st.composite
def arrays(draw):
    """Draw arrays of all dtypes and shapes, in all orders."""
    shape, dtype = draw(st.sampled_from(SHAPED)), draw(st.sampled_from(KINDS))
    values = draw(st.lists(st.sampled_from(VALUES), min_size=1, max_size=9))
    array = np.resize(np.array(values), shape)
    with np.errstate(all="ignore"):
        try:
            array = array.astype(dtype)
        except (ValueError, TypeError, OverflowError, RuntimeWarning):
            array = np.zeros(shape, dtype)
    match draw(
        st.sampled_from(
            [
                "",
                "",
                "reversed",
                "fortran",
                "fixed",
                "matrix",
                "masked",
                "record",
                "list",
                "one",
                "swapped",
                "every second",
            ]
        )
    ):
        case "reversed" if array.ndim:
            array = array[::-1]
        case "fortran":
            array = np.asfortranarray(array)
        case "fixed":
            array.setflags(write=False)
        case "matrix" if array.ndim <= 2:
            array = array.view(np.matrix)
        case "masked":
            array = np.ma.masked_array(array, draw(st.booleans()))
        case "record":
            array = np.zeros(12, [("a", dtype), ("b", "f4", (2,))])
        case "list":
            array = array.tolist()
        case "one":
            array = list(array) if array.ndim else [array]
        case "swapped" if array.dtype.kind in "fiu":
            array = array.astype(array.dtype.newbyteorder())
        case "every second":
            array = np.repeat(array, 2, axis=0)[::2] if array.ndim else array
    return array


leaf = st.sampled_from(
    [
        0,
        1.5,
        None,
        "a",
        "a b c",
        b"x",
        True,
        np.nan,
        2**70,
        1j,
        [],
        (),
        {},
        [1, 2],
        [[1.0]],
        object(),
        SMALL,
        SMALL[:2],
        np.zeros((3, 2)),
        np.zeros((4, 2)),
    ]
)
lists = st.lists(leaf, max_size=9) | st.lists(st.lists(leaf, max_size=3), max_size=6) | leaf | st.tuples(leaf, leaf)
given_data = arrays() | lists | rubbish | st.sampled_from([*TABLES, RECURSIVE, DEEP, range(9), iter([1]), {1: 2}, {1,
2}, b"x" * 99, np.float64(1), np.nan, 10**400, [10**400] * 9, int,
Ellipsis]) | st.builds(lambda: memoryview(SMALL))  # fmt: skip


@drawn()
@given(x=given_data, kind=st.sampled_from([None, None, "signal"]), limit=st.sampled_from([None, None, 4, 5, 10**9]))
def test_arrays(x, kind, limit):
    with case("arrays"):
        aenb.load_data(x, kind=kind, limit=limit)


scalars = st.one_of(
    st.integers(), st.integers(0, 3), st.booleans(), st.text(max_size=3), st.binary(max_size=3), st.floats(), st.none(),
    st.sampled_from([pd.NA, pd.NaT, np.float32(1), np.int8(2), np.bool_(1), np.str_("a"), 1j, object(), [], (1,), {},
    "x" * 2000, pd.Timestamp("2020"),
                     np.datetime64("2020"), 10**30, 1.0, 2.0, "\udce9", "a\0", "a\n", Rubbish(), np.array([1, 2]),
                     float("inf")]),
)  # fmt: skip
uniform = st.one_of(
    st.integers(0, 3),
    st.booleans(),
    st.sampled_from(["a", "b"]),
    st.sampled_from([b"a", b"\xff"]),
    st.sampled_from([0.0, 1.0, 2.0]),
)


@st.composite
def labels(draw):
    """Draw labels for twelve items, most of them wrong."""
    length = draw(st.sampled_from([12] * 8 + [0, 11, 13]))
    of = draw(
        st.sampled_from(
            [
                scalars,
                uniform,
                st.integers(0, 2),
                st.sampled_from(["a", "b", None]),
                st.floats(),
                st.integers(),
                st.text(max_size=2),
            ]
        )
    )
    found = draw(st.lists(of, min_size=length, max_size=length))
    how = draw(
        st.sampled_from(
            [
                "list",
                "list",
                "tuple",
                "array",
                "object",
                "series",
                "categorical",
                "column",
                "one hot",
                "nullable",
                "string",
                "set",
                "rubbish",
            ]
        )
    )
    try:
        return {
            "list": lambda: found, "tuple": lambda: tuple(found), "array": lambda: np.array(found),
            "object": lambda: np.array([*found, None], object)[:-1],
            "series": lambda: pd.Series(found), "categorical": lambda: pd.Categorical(found),
            "column": lambda: np.array(found)[:, None],
            "one hot": lambda: np.eye(12)[: len(found)], "nullable": lambda: pd.Series(found, dtype="Int64"),
            "string": lambda: pd.Series(found, dtype="string"), "set": lambda: set(found),
            "rubbish": lambda: draw(rubbish),
        }[how]()  # fmt: skip
    except (ValueError, TypeError, OverflowError, RuntimeWarning):
        return found


TWELVE = [SMALL, np.zeros((12, 4, 4)), ["a b"] * 12, pd.DataFrame(SMALL), [np.zeros((3, 2)), np.ones((4, 2))] * 6]


@drawn()
@given(x=st.sampled_from(TWELVE), y=labels(), limit=st.sampled_from([None, 4, 6]), asked=scalars)
def test_labels(x, y, limit, asked):
    data = None
    with case("labels"):
        data = aenb.load_data(x, y, limit=limit)
        assert data.y_train is None or (data.y_train.dtype.kind in "biuU" and data.y_train.shape == (len(data.train),))
        if data.classes:
            assert (data.class_numbers(data.y_train) < len(data.classes)).all()
            assert len(data.class_words) == len(data.classes)
            assert set(data.shown) <= set(range(len(data.test)))
    if data is not None:
        with case("labels"):
            data.class_numbers(asked)
