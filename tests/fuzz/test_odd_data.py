"""Small and odd data, all the way: trained on by each family, evaluated, shown, saved, loaded, diagnosed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aenb
from tests.fuzz.harness import case, fuzz

TRAINING = 120.0  # seconds on a machine with other work: a training and all its pictures take two
TINY: dict[str, dict[str, Any]] = {
    "shallow": {"latent_dim": 2},
    "deep": {"latent_dim": 2, "hidden_units": (5,)},
    "conv": {"latent_dim": 2, "filters": (3,)},
    "vae": {"latent_dim": 2, "hidden_units": (5,)},
    "attention": {"latent_dim": 2, "embed_dim": 4, "num_heads": 1, "num_layers": 1},
    "gan": {"latent_dim": 2},
    "aae": {"latent_dim": 2, "hidden_units": (5,)},
    "vaegan": {"latent_dim": 2},
    "vqvae": {"num_embeddings": 4},
    "diffusion": {"hidden_units": (5,), "sampling_steps": 2},
}
WORDS = ("sun", "moon", "a", "the", "ß", "月", "x_1", "$", "")


def arrays(kind: str, n: int, size: int, values: str, draw: np.random.Generator) -> Any:
    """Make n items of a kind: random, constant, two values only, or with what is missing."""
    if kind == "text":
        return [" ".join(draw.choice(WORDS, size + 1)).strip() or "sun" for _ in range(n)]
    shape = {"tabular": (n, size), "image": (n, size, max(1, size - 1)), "colour": (n, size, size, 3),
             "signal": (n, size + 1, 1 + size % 2)}[kind]  # fmt: skip
    x = {"constant": np.full(shape, 0.5), "binary": draw.integers(0, 2, shape).astype(float)}.get(
        values, draw.uniform(size=shape)
    )
    if values == "one row":
        x[:] = x[0]
    if values == "huge" and kind == "tabular":
        x *= 10.0 ** draw.integers(-12, 12, x.shape[-1])
    if values == "missing" and kind in ("tabular", "signal"):
        x[draw.uniform(size=shape) < 0.3] = np.nan
    if values == "empty column" and kind == "tabular":
        x[:, 0] = np.nan
    return x.astype(draw.choice(["float32", "float64"]))


def labelled(how: str, n: int, draw: np.random.Generator) -> Any:
    """Make labels: none, of two or three classes, all the same, all distinct, measured, words, one rare."""
    return {
        "none": lambda: None,
        "few": lambda: draw.integers(0, 3, n),
        "same": lambda: np.zeros(n, int),
        "distinct": lambda: np.arange(n),
        "measured": lambda: draw.normal(size=n),
        "words": lambda: draw.choice(["<b>", "$a$", ""], n),
        "rare": lambda: np.arange(n) == 0,
        "negative": lambda: -draw.integers(1, 4, n),
    }[how]()


def through(family: str, x: Any, labels: Any, settings: dict[str, Any], folder: Any) -> None:
    """Train, and ask of the run all that a cell would."""
    kind = settings.pop("kind", None)
    data = aenb.load_data(x, labels, kind=kind)
    run = aenb.train(family, data, epochs=1, verbose=False, **(TINY[family] | settings))
    scores = run.evaluate(verbose=False)
    assert all(np.isscalar(score) and not np.isnan(score) for score in scores.values()), scores
    assert scores._repr_html_()
    notes = list(run.record["notes"])
    assert run._repr_html_()
    assert run._repr_png_()
    gallery = run.show()
    assert gallery._repr_html_()
    run.diagnose()
    run.generate(3) if family != "vqvae" or run.model.sample_prior else None
    again = aenb.load_run(run.save(folder / "run"))
    assert repr(again) == repr(run)
    assert again._repr_html_()
    failed = [note for note in run.record["notes"] if note not in notes and "could not" in note]
    assert not failed, failed


@pytest.fixture(scope="module", autouse=True)
def warm():
    """Let TensorFlow and all that is drawn with be there: no case pays for that."""
    draw = np.random.default_rng(0)
    run = aenb.train("vae", draw.uniform(size=(30, 6, 6)), epochs=1, verbose=False, **TINY["vae"])
    run.evaluate(verbose=False)
    run._repr_html_()


@fuzz(0.02)
@given(
    family=st.sampled_from(list(TINY)),
    kind=st.sampled_from(["tabular", "image", "signal", "text", "colour"]),
    n=st.one_of(st.integers(4, 8), st.integers(4, 40)),
    size=st.integers(1, 5),
    values=st.sampled_from(["random", "constant", "one row", "binary", "missing", "huge", "empty column"]),
    labels=st.sampled_from(["none", "few", "same", "distinct", "measured", "words", "rare", "negative"]),
    seed=st.integers(0, 99),
)
def test_odd_data_is_trained_on_scored_shown_and_saved(tmp_path_factory, family, kind, n, size, values, labels, seed):
    draw, folder = np.random.default_rng(seed), tmp_path_factory.mktemp("odd")
    x = arrays(kind, n, size, values, draw)
    settings = {"kind": "signal"} if kind == "signal" else {}
    if family in ("vae", "gan") and seed % 3 == 0:
        settings["conditional"] = True
    with case("odd data", folder, seconds=TRAINING):
        through(family, x, labelled(labels, n, draw), settings, folder)
