"""New data for a run: arrays, tables, texts and signals of any kind, to small runs that learnt from others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import aenb
from tests.fuzz.harness import case, fuzz

KIND = "new data for a run"
COLUMNS = ["a", "b", "c"]
ASK = {
    "encode": lambda run, x: run.encode(x),
    "reconstruct": lambda run, x: run.reconstruct(x),
    "score": lambda run, x: run.score(x),
    "impute": lambda run, x: run.impute(x),
    "inpaint": lambda run, x: run.inpaint(x, np.zeros(run.preprocessing.input_shape, bool)),
    "interpolate": lambda run, x: run.interpolate(x, x, steps=2),
}


@pytest.fixture(scope="module")
def runs():
    """Return a run of each kind of data, and call each once: what is compiled counts for no case."""
    draw = np.random.default_rng(0)
    data = {
        "image": draw.integers(0, 256, (20, 4, 4), dtype="uint8"),
        "table": pd.DataFrame(draw.normal(5, 3, (30, 3)), columns=COLUMNS),
        "text": ["a red cat", "a dog", "the red dog", "a cat"] * 5,
        "signal": [draw.normal(size=(int(steps), 2)) for steps in draw.integers(2, 5, 20)] + [np.ones((5, 2))],
    }
    settings = {"epochs": 1, "hidden_units": (4,), "latent_dim": 2, "verbose": False}
    found = {name: aenb.train("deep", x, **settings) for name, x in data.items()}
    for run in found.values():
        for name, ask in ASK.items():
            if run.preprocessing.kind != "text" or name != "impute":
                ask(run, run.data.x_test[:1])
    return found


def shapes():
    exact = st.sampled_from([(4, 4), (4, 4, 1), (3,), (5, 2), (2, 2)])
    fitting = st.builds(lambda n, shape: (n, *shape), st.integers(0, 3), exact)
    return fitting | exact | arrays.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=5)


DTYPES = ["?", "u1", "i1", "u2", "i8", "u8", "f2", "f4", "f8", "g", "c8", "U3", "S2", "M8[s]", "O"]


@st.composite
def numbers(draw):
    """Draw an array of any dtype, with some values that are extreme, missing, infinite or masked."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    source = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = draw(st.sampled_from([1, 1, 4, 255, 65535, 1e9, 1e30, 1e300]))
    with np.errstate(all="ignore"):
        values = source.normal(0, 1, draw(shapes())) if draw(st.booleans()) else source.random(draw(shapes()))
        x = np.asarray(values * scale, "float64")
        if dtype.kind in "ui":
            x = np.clip(x, max(-1e18, np.iinfo(dtype).min), min(1e18, np.iinfo(dtype).max))
        x = np.nan_to_num(x).astype("i8").astype(dtype) if dtype.kind == "M" else x.astype(dtype)
    if dtype.kind in "fc" and x.size and draw(st.booleans()):
        x.flat[draw(st.integers(0, x.size - 1))] = draw(st.sampled_from([np.nan, np.nan, np.inf, -np.inf]))
    if dtype.kind == "O" and x.size:
        x.flat[0] = draw(st.sampled_from([None, "a", 1, [1], {}]))
    if draw(st.integers(0, 4)) == 0:
        return np.ma.array(x, mask=source.random(x.shape) < 0.3)
    form = draw(st.sampled_from([np.asarray, np.asarray, np.ndarray.tolist, np.asfortranarray, list]))
    return form(x) if x.ndim else x


@st.composite
def frames(draw):
    """Draw a DataFrame whose columns are those of the table, reordered, renamed, twice, missing, or of other kinds."""
    names = draw(st.permutations(COLUMNS) | st.lists(st.sampled_from([*COLUMNS, "A", "a ", "\n", "", 0]), max_size=5))
    n = draw(st.integers(0, 3))
    column = st.one_of(
        st.just(np.arange(n)), st.just(np.full(n, np.nan)), st.just(np.full(n, 1e300)), st.just(np.full(n, -np.inf)),
        st.just(pd.array([None] * n, dtype="Int64")), st.just(pd.array([True] * n, dtype="boolean")),
        st.just(pd.array([None] * n, dtype="boolean")), st.just(pd.array([1.5] * n, dtype="Float32")),
        st.just(["a"] * n), st.just(pd.Categorical(["a"] * n)), st.just(pd.to_datetime(["2020-01-01"] * n)),
        st.just([None] * n), st.just(np.full(n, 1j)), st.just(pd.arrays.SparseArray([0.0] * n)),
    )  # fmt: skip
    plain = st.just(np.linspace(0, 9, n))
    series = [pd.Series(draw(plain | plain | column)) for _ in names]
    frame = pd.concat(series, axis=1) if series else pd.DataFrame(index=range(n))
    frame.columns = names
    return frame if draw(st.integers(0, 5)) else (frame.iloc[0] if len(frame) else frame.T)


words = st.text(max_size=20) | st.sampled_from(["a red cat", "the dog", "giraffe", "", "\ud800", "’", "a\nb"])
texts = words | st.lists(words, max_size=3) | st.lists(words | st.none() | st.integers(), max_size=3)
texts |= st.lists(words, max_size=3).map(lambda x: np.array(x, object)) | st.lists(words, max_size=3).map(pd.Series)
ragged = st.lists(numbers(), max_size=3) | st.lists(numbers(), max_size=3).map(tuple)
others = st.sampled_from([None, object(), 7, 1.5, {}, {"x": 1}, set(), iter(()), b"x", range(3), int, ...])


asked = st.one_of(numbers(), numbers(), frames(), texts, ragged, others)


@pytest.mark.filterwarnings("ignore:.*columns that the training table did not have:UserWarning")  # by design
@fuzz()
@given(kind=st.sampled_from(["image", "signal", "table", "text"]), name=st.sampled_from(sorted(ASK)), x=asked)
def test_new_data(runs, kind, name, x):
    with case(KIND):
        ASK[name](runs[kind], x)


@fuzz(0.3)
@given(labels=st.one_of(numbers(), texts, ragged, others))
def test_labels_and_classes(labels):
    found = aenb.load_data((np.arange(80.0).reshape(20, 4), ["x", "y"] * 10)).preprocessing
    with case("labels for a run"):
        found.class_numbers(labels)
