"""Arguments of the public functions, of types that they do not take."""

from __future__ import annotations

import decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aenb
from aenb.runs.spec import options
from tests.fuzz.harness import case
from tests.fuzz.hostile import drawn


class Own(Exception):
    """Where a training would begin."""


class Evil:
    """Raises whatever is asked of it."""

    def _raise(self, *_):
        raise RuntimeError("evil")

    __len__ = __iter__ = __bool__ = __eq__ = __repr__ = __str__ = __index__ = __float__ = __fspath__ = _raise
    __hash__ = object.__hash__


WRONG = [
    None, "x", "", "3", " ", "a\nb", "\0", "x" * 5000, "~nosuch/x", b"x", 1.5, -1, 0, True, 10**400, 10**12, -(10**400),
    float("nan"), float("inf"), 1j, decimal.Decimal("NaN"), [], [1, "a"], ["x"], (), {}, {"a": 1}, set(), object(), int,
    len, ..., np.zeros(3), np.array("a"), np.float32("nan"), np.int64(-5), range(10**9), Evil(), [Evil()], [[]], [None],
]  # fmt: skip
# a path that leads out of the folder is the user's own wish, which root may have
texts = st.text(max_size=20).filter(lambda text: not text.startswith(("/", "~")) and ".." not in text)
# between them are sizes that a user may well ask for, and that take as long and as much as they say
integers = st.integers(-(10**4), 10**4) | st.integers(min_value=10**12) | st.integers(max_value=-(10**12))
FAMILY = {name: families.fields for name, families in aenb.families().items()}


def calls(run, shown, folder):
    """Return what is called, by name: the arguments that are right, and those of which one is made wrong."""
    asked = [name for name in options() if name != "data"]
    deep = [name for name, field in FAMILY["deep"].items() if field.kind != "model"]
    a, b = run.data.x_train[:2]
    explorer = aenb.LatentExplorer(run)
    return {
        "train": (aenb.train, (), {"family": "deep"},
                  ["family", "name", "checkpoint", "resume", "background", "callbacks", "verbose", *asked, *deep]),
        "compare": (aenb.compare, ("deep",), {"data": run.data, "epochs": 1, "verbose": False},
                    ["epochs", "seeds", "seconds", "steps", "verbose", "latent_dim", "batch_size", "parts"]),
        "compare this": (lambda first: aenb.compare(first, "deep", data=run.data, verbose=False), (), {}, ["first"]),
        "load_data": (aenb.load_data, (np.ones((30, 3)),), {}, ["limit", "name", "kind"]),
        "load_run": (aenb.load_run, (), {}, ["path"]),
        "build_model": (aenb.build_model, (), {"family": "deep", "input_shape": (3,)}, ["family", *deep]),
        "generate": (run.generate, (), {"n": 1}, ["n", "seed", "density", "labels"]),
        "interpolate": (run.interpolate, (a, b), {}, ["steps"]),
        "score": (run.score, (run.data.x_test[:3],), {}, ["by"]),
        "evaluate": (run.evaluate, (), {"parts": "reconstruction"}, ["parts", "verbose"]),
        "show": (run.show, (), {}, ["names"]),
        "save": (run.save, (), {"path": folder / "run"}, ["path", "overwrite"]),
        "Spec": (aenb.Spec, (), {"family": "deep"}, ["family", "name", "hyperparameters", "data", *asked]),
        "Trainer": (aenb.Trainer, (), {}, ["family", "data", *asked, *deep]),
        "LatentExplorer": (aenb.LatentExplorer, (), {"run": run}, ["run", "plane", "limit", "table"]),
        "place": (explorer.place, (), {"x": b}, ["name", "labels"]),
        "animation": (explorer.animation, (), {"a": 0, "b": 1}, ["path", "a", "b", "steps", "seconds", "label"]),
        "selected": (lambda value: setattr(explorer, "selected", value), (), {}, ["value"]),
        "AttentionExplorer": (aenb.AttentionExplorer, (), {}, ["run"]),
        "to_csv": (shown.to_csv, (), {}, ["path"]),
        "to_html": (shown.to_html, (), {}, ["path"]),
    }  # fmt: skip


@pytest.fixture(scope="module")
def called(tmp_path_factory):
    """Return a folder and what is called, in a place where no training begins."""
    from aenb.comparison.result import Comparison

    def begins(*_, **__):
        raise Own

    folder = tmp_path_factory.mktemp("arguments")
    data = aenb.load_data(np.random.default_rng(0).random((40, 6)))
    run = aenb.train("shallow", data, latent_dim=2, epochs=1, verbose=False)
    run.show("reconstructions")
    run.generate(1)  # joblib asks lscpu for the cores, once
    shown = Comparison({"x": [run]}, {"x": [run.evaluate(parts="reconstruction")]}, run.data)
    shown._repr_html_()
    found = calls(run, shown, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("aenb.training.train.train_spec", begins)
        patch.setattr("aenb.comparison.compare.train_spec", begins)
        yield folder, found


@drawn()
@given(
    st.integers(0, 999), st.integers(0, 999), st.integers(0, len(WRONG) - 1), st.none() | integers | st.floats() | texts
)
def test_a_wrong_argument_is_an_error_of_one_line(called, which, place, wrong, value):
    folder, found = called
    function, right, named, arguments = list(found.values())[which % len(found)]
    name = arguments[place % len(arguments)]
    value = WRONG[wrong] if value is None else value  # by number: hypothesis would ask an evil object for its `repr`
    with case("API arguments", folder, own=(Own,), seconds=10):
        if name == "names":
            function(value)
        elif name in ("seconds", "steps") and "epochs" in named:
            function(*right, **{**named, "epochs": None, name: value})
        else:
            function(*right, **{**named, name: value})
