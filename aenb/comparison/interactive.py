"""A comparison as an interactive page without a kernel: sort the tables, filter by score, pick an input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from aenb.comparison.figure import Compared
from aenb.comparison.score_columns import COSTS, SCORES
from aenb.core.html import png_source, script_tag, with_id
from aenb.data.scaling import units
from aenb.data.split import spread
from aenb.figures.plots import image_grid, image_png

INPUTS = 24  # held-out images to pick from
SCRIPT = (Path(__file__).parent / "page.js").read_text(encoding="utf-8")


def interactive(comparison: Compared, inside: str) -> str:
    """Make the HTML of a comparison's tables interactive; without scripts it looks the same.

    Args:
        comparison: The `Comparison`.
        inside: Its tables, sentences and picture, as HTML.
    """
    names = list(comparison.runs)
    heads = {column.name: column.head for column in (*SCORES, *COSTS)}
    scores = {
        name: [row[name].mean if name in row else None for row in comparison.intervals.values()]
        for name in heads
        if sum(name in row for row in comparison.intervals.values()) > 1
    }
    about = with_id({"names": names, "heads": heads, "scores": scores} | _inputs(comparison))
    slider = f'<input type="range" min="0" max="{max(0, len(about["labels"]) - 1)}" value="0" aria-label="input">'
    return (
        f'<div class="aenb-comparison" data-aenb-comparison="{about["id"]}">{inside}'
        '<div class="aenb-brush" style="display:none;flex-wrap:wrap;gap:.4em 1em;align-items:center;margin:.6em 0">'
        '<label>Show runs with <select aria-label="score to brush"></select></label>'
        '<label>from <input type="range" min="0" max="100" aria-label="lowest score"></label>'
        '<label>to <input type="range" min="0" max="100" aria-label="highest score"></label><output></output></div>'
        '<div class="aenb-pick" style="display:none"><label>Pick an input: '
        f"{slider}</label> <output></output>"
        '<div style="display:flex;flex-wrap:wrap;gap:12px;margin-top:.4em"></div></div>'
        f"{script_tag(about, SCRIPT)}</div>"
    )


def _inputs(comparison: Compared) -> dict[str, Any]:
    """Return images and their reconstructions by each contender as one picture: a column for each image."""
    data = comparison.data
    if data.kind != "image":
        return {"sprite": "", "labels": []}
    index = spread(len(data.test), INPUTS)
    index = index[np.random.default_rng(0).permutation(len(index))]
    x = units(data.test[index])
    labels = None if data.y_test is None else data.y_test[index]
    rows = [x]
    for run, *_ in comparison.runs.values():
        rows.append(run.reconstruct(run.corrupt(x), labels if run.is_conditional else None))
    named = dict(zip(data.classes, data.class_words, strict=True))
    words = [] if labels is None else [named.get(label, str(label)) for label in labels.tolist()]
    return {
        "sprite": png_source(image_png(image_grid(np.concatenate(rows), columns=len(x), gap=0)[..., :3])),
        "labels": words or [f"input {number + 1}" for number in range(len(x))],
        "height": x.shape[1],
        "width": x.shape[2],
    }
