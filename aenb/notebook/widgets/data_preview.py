"""Ten examples of a data set and what was inferred of it, as HTML; all text of the data is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from aenb.core.html import png_source
from aenb.core.tables import html_table
from aenb.data.record import Data
from aenb.data.scaling import units
from aenb.data.split import spread

TEN, CLASSES, COLUMNS, LONGEST = 10, 10, 8, 90  # at most so many are shown; characters of a text
WIDE, TALL, CHANNEL_COLOURS = 118, 56, ("#2b88c8", "#E69F00", "#009E73")  # of a signal
NOUNS = {"image": "images", "tabular": "rows", "signal": "signals", "text": "texts"}


def data_line(data: Data) -> str:
    """Return the data in a line of text: its name, how many examples, of which shape."""
    shape = "×".join(map(str, data.input_shape))
    return f"{data.name}, {data.n:,} {NOUNS[data.kind]} of {shape}"


def data_html(data: Data) -> str:
    """Return what was inferred of the data, and ten training examples."""
    facts = [["property", "inferred"], *([name, words] for name, words in _facts(data).items())]
    notes = "".join(f"<div>{escape(note)}</div>" for note in data.notes)
    return f'<div class="aenb-data-preview">{_examples(data)}{html_table(facts, values="left")}{notes}</div>'


def _facts(data: Data) -> dict[str, str]:
    names = [str(word) for word in data.class_words[:CLASSES]]
    more = ["…"] if len(data.class_words) > CLASSES else []
    classes = f"{len(data.classes)}: {', '.join([*names, *more])}" if data.classes else "no labels"
    return {
        "kind": f"{NOUNS[data.kind]}, {len(data.train):,} for training and {len(data.test):,} held out",
        "shape": "×".join(map(str, data.input_shape)),
        "classes": classes,
        "missing values": _missing(data),
        "scaling": _scaling(data),
    }


def _missing(data: Data) -> str:
    if not data.has_missing:
        return "none"
    missing = sum(int(np.isnan(block).sum()) for block in data.blocks())
    what = "of the values are missing" + (", or are after the end of a signal" if data.kind == "signal" else "")
    return f"{missing / (len(data.train) * np.prod(data.input_shape)):.1%} {what}"


def _scaling(data: Data) -> str:
    if data.kind == "text":
        return f"words to ids, {len(data.vocabulary):,} in the vocabulary"
    if data.kind == "image":
        low, high = data.preprocessing.pixel_range
        return f"pixels from {low:g} to {high:g} become 0 to 1"
    what = "column" if data.kind == "tabular" else "channel"
    return f"each {what} is standardised: mean 0, variance 1" if data.scaler is not None else "none"


def _examples(data: Data) -> str:
    index = spread(len(data.train), TEN)
    x = units(data.train[index])
    if data.kind == "text":
        return _list(text if len(text) <= LONGEST else f"{text[:LONGEST]}…" for text in data.texts(x))
    if data.kind == "tabular":
        return _rows(data, data.preprocessing.to_raw(x))
    drawn = _images(x) if data.kind == "image" else _signals(data.preprocessing.to_raw(x))
    if data.y_train is None:
        return drawn
    words = dict(zip(data.classes, map(str, data.class_words), strict=True))
    labels = ", ".join(words.get(label, str(label)) for label in data.y_train[index].tolist())
    return f'{drawn}<div style="font-size:.92em">{escape(labels)}</div>'


def _list(texts: Any) -> str:
    return f"<ol>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ol>"


def _rows(data: Data, x: np.ndarray) -> str:
    names: Sequence[Any] = data.feature_names or range(1, x.shape[1] + 1)
    shown = [str(name) for name in names][:COLUMNS]
    cut = x.shape[1] > COLUMNS
    head = ["example", *shown, *([f"and {x.shape[1] - COLUMNS} more"] if cut else [])]
    body = [
        [str(number), *("missing" if np.isnan(value) else f"{value:.4g}" for value in row[:COLUMNS]), *([""] * cut)]
        for number, row in enumerate(x, 1)
    ]
    table = html_table([head, *body])
    return f'<div style="overflow-x:auto" tabindex="0" role="region" aria-label="ten examples">{table}</div>'


def _images(x: np.ndarray) -> str:
    from aenb.figures.plots import image_grid, image_png

    source, wide = png_source(image_png(image_grid(x, columns=len(x)))), min(64 * len(x), 640)
    style = f"width:{wide}px;max-width:100%;display:block;image-rendering:pixelated"
    return f'<img alt="{len(x)} training examples" style="{style}" src="{source}">'


def _signals(x: np.ndarray) -> str:
    """Draw the first channels of signals (n, length, channels), each signal in a box of its own."""
    boxes = []
    for number, signal in enumerate(x[..., : len(CHANNEL_COLOURS)], 1):
        low, high = np.nanmin(signal), np.nanmax(signal)
        lines = [_line(channel, low, high - low or 1.0, colour) for channel, colour in zip(signal.T, CHANNEL_COLOURS)]  # noqa: B905
        about = f'role="img" aria-label="training example {number}" width="{WIDE}" height="{TALL}"'
        boxes.append(f'<svg {about} style="border:1px solid #80808055">{"".join(lines)}</svg>')
    return f'<div style="display:flex;flex-wrap:wrap;gap:6px">{"".join(boxes)}</div>'


def _line(channel: np.ndarray, low: float, height: float, colour: str) -> str:
    step = WIDE / max(1, len(channel) - 1)
    points = " ".join(
        f"{number * step:.1f},{TALL - 3 - (TALL - 6) * (value - low) / height:.1f}"
        for number, value in enumerate(channel)
        if np.isfinite(value)
    )
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.3"/>'
