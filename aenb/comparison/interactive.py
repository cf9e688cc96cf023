"""A comparison as HTML that answers without a kernel: tables to sort, learning curves, scores to filter, inputs.

Without scripts it is plain tables and pictures. While scores are still to come, it is the tables alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from aenb.comparison.figure import Compared
from aenb.comparison.overlaid_curves import are_different, curves_figure, page_curves
from aenb.comparison.score_columns import COSTS, SCORES
from aenb.comparison.score_tables import cost_table, score_table
from aenb.core.errors import failure
from aenb.core.html import png_source, script_tag, with_id
from aenb.core.page_chart import CHART_SCRIPT, CHART_STYLE
from aenb.core.tables import Places, Rows, html_table
from aenb.data.split import spread
from aenb.data.values.scaling import units
from aenb.figures.plots import image_grid, image_png, to_png

INPUTS = 24  # held-out images to pick from
HERE = Path(__file__).parent
SCRIPT = CHART_SCRIPT + (HERE / "page.js").read_text(encoding="utf-8")
STYLE = CHART_STYLE + (HERE / "page.css").read_text(encoding="utf-8")
TO_COME = "…"


def unfinished(comparison: Compared) -> str:
    """Return the tables of a comparison whose scores are still coming.

    Args:
        comparison: The `Comparison` so far.
    """
    tables: list[tuple[Rows, Places]] = [
        score_table(comparison.intervals, comparison.baselines, TO_COME),
        (cost_table(comparison.intervals), frozenset()),
    ]
    return f'<div class="aenb-comparison">{_tables(tables)}</div>'


def interactive(comparison: Compared, tables: Sequence[tuple[Rows, Places]], lines: Iterable[str]) -> str:
    """Return a comparison as HTML; what cannot be drawn is named in its place.

    Args:
        comparison: The `Comparison`.
        tables: Its tables, with their best cells.
        lines: Sentences below the tables.
    """
    said = "".join(f'<div style="margin:.15em 0">{escape(line)}</div>' for line in lines)
    text = f"{_tables(tables)}{said}"
    try:  # odd data or a custom model can raise anything: then show the tables
        picture = _picture(comparison.plot(), "The scores of each seed with their intervals, and reconstructions")
        return _with_script(comparison, text + _curves(comparison) + picture)
    except Exception as error:
        problem = escape(failure("The figure could not be drawn", error))
        return f'<div class="aenb-comparison">{text}<div>{problem}</div></div>'


def _tables(tables: Iterable[tuple[Rows, Places]]) -> str:
    """Return tables as HTML, one below the other, in a box that scrolls sideways."""
    inside = "".join(html_table(_stacked(rows), stressed=stressed) for rows, stressed in tables)
    return (
        '<div style="overflow-x:auto;white-space:nowrap" tabindex="0" role="region" aria-label="tables" '
        f'data-lm-suppress-shortcuts="true">{inside}</div>'
    )


def _stacked(rows: Rows) -> Rows:
    """Put intervals below their means, so that a table is narrow enough for a page."""
    head, *body = rows
    return [head, *([cell.replace(" ± ", "\n± ") for cell in row] for row in body)]


def _picture(figure: Any, words: str) -> str:
    source = png_source(to_png(figure))
    return f'<img alt="{words}" style="max-width:100%;margin-top:.5em;display:block" src="{source}">'


def _curves(comparison: Compared) -> str:
    """Return the learning curves as a picture, which the script replaces with a chart that answers."""
    figure = curves_figure(comparison.runs)
    if figure is None:
        return ""
    caution = "The losses are different quantities, such as squared errors and nats: their values cannot be compared."
    words = f'<div style="margin:.15em 0">{caution}</div>' if are_different(comparison.runs) else ""
    return f'<div class="aenb-curves">{_picture(figure, "Learning curves of all contenders")}</div>{words}'


def _with_script(comparison: Compared, inside: str) -> str:
    names = list(comparison.runs)
    heads = {column.name: column.head for column in (*SCORES, *COSTS)}
    scores = {
        name: [row[name].mean if name in row else None for row in comparison.intervals.values()]
        for name in heads
        if sum(name in row for row in comparison.intervals.values()) > 1
    }
    about = {"names": names, "heads": heads, "scores": scores, "curves": page_curves(comparison.runs)}
    about = with_id(about | {"areDifferent": are_different(comparison.runs)} | _inputs(comparison))
    slider = f'<input type="range" min="0" max="{max(0, len(about["labels"]) - 1)}" value="0" aria-label="input">'
    return (
        f'<div class="aenb-comparison" data-aenb-comparison="{about["id"]}"><style>{STYLE}</style>{inside}'
        '<div class="aenb-brush" style="display:none">'
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
