"""A comparison of runs with hostile names, as Markdown and as HTML."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given

import aenb
from aenb.comparison.result import Comparison
from tests.fuzz.harness import case, fuzz
from tests.fuzz.test_text import HARMLESS, Elements, elements, evil


@pytest.fixture(scope="module")
def small():
    data = aenb.load_data(np.random.default_rng(0).random((40, 6)))
    return aenb.train("shallow", data, latent_dim=2, epochs=1, verbose=False)


@fuzz(0.02)
@given(evil.filter(bool), evil.filter(bool))
@example("<script>alert(1)</script>", "![x](http://a.b)")
def test_a_comparison_of_hostile_names(small, first, second):
    scores = small.evaluate(parts="reconstruction")
    with case("Markdown", seconds=20):
        data = replace(small.data, name=second)
        made = Comparison({first: [small], f"{first} ": [small]}, {key: [scores] for key in (first, f"{first} ")}, data)
        assert elements(made.to_markdown()) <= HARMLESS
        allowed = {"script", "style", "img", "select", "label", "input", "output", "div", "br", "span"}
        found = Elements(made._repr_html_()).found
        seen = {tag for tag, _ in found}
        assert seen <= allowed | {"table", "thead", "tbody", "tr", "th", "td", "h3", "figure", "figcaption"}
        assert sum(tag == "script" for tag, _ in found) == 1
