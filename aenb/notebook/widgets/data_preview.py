"""Ten examples of a data set, what was inferred of it and what would be done, as HTML and as text.

The panel's fold "Data" shows it, and so does `%aenb data PATH`. All text of the data is escaped.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from aenb.core.html import png_source
from aenb.core.tables import html_table, text_table
from aenb.data.record import Data
from aenb.data.split import spread
from aenb.data.values.scaling import units
from aenb.models.registry import families

TEN, CLASSES, COLUMNS, LISTED, LONGEST = 10, 10, 8, 20, 90  # at most so many are shown; characters of a text
WIDE, TALL, CHANNEL_COLOURS = 118, 56, ("#2b88c8", "#E69F00", "#009E73")  # of a signal
NOUNS = {"image": "images", "tabular": "rows", "signal": "signals", "text": "texts"}


@dataclass(frozen=True, repr=False)
class DataOverview:
    """Data as it would be trained on; it shows itself.

    Attributes:
        data: The data.
        remarks: What the reader should know of how it was found.
    """

    data: Data
    remarks: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        remarks = "".join(f"<div>{escape(remark)}</div>" for remark in self.remarks)
        return f"<div>{escape(data_line(self.data))}</div>{remarks}{data_html(self.data)}"

    def __repr__(self) -> str:
        facts = text_table([[name, ""] for name in _facts(self.data)])
        lines = [
            f"{name}  {words}" for name, words in zip(map(str.rstrip, facts), _facts(self.data).values(), strict=True)
        ]
        return "\n".join(
            [data_line(self.data), *self.remarks, *lines, *self.data.notes, "", *_examples_text(self.data)]
        )


def data_line(data: Data) -> str:
    """Return the data in a line of text: its name, how many examples, of which shape."""
    shape = "×".join(map(str, data.input_shape))
    return f"{data.name}, {data.n:,} {NOUNS[data.kind]} of {shape}"


def data_html(data: Data) -> str:
    """Return ten training examples, what was inferred of the data, and the columns of a table."""
    facts = [["property", "inferred"], *([name, words] for name, words in _facts(data).items())]
    notes = "".join(f"<div>{escape(note)}</div>" for note in data.notes)
    columns = _wide(html_table(_columns(data), values="left"), "columns") if data.kind == "tabular" else ""
    return f'<div class="aenb-data-preview">{_examples(data)}{html_table(facts, values="left")}{columns}{notes}</div>'


def _facts(data: Data) -> dict[str, str]:
    names = [str(word) for word in data.class_words[:CLASSES]]
    more = ["…"] if len(data.class_words) > CLASSES else []
    classes = f"{len(data.classes)}: {', '.join([*names, *more])}" if data.classes else "no labels"
    read = ", read from the disk when needed" if data.is_streamed else ""
    taking = [name for name, family in families().items() if data.kind in family.takes]
    return {
        "source": data.source,
        "kind": "pairs of texts" if data.target_length else NOUNS[data.kind],
        "shape": "×".join(map(str, data.input_shape)),
        "split": f"{len(data.train):,} for training{read}, {len(data.test):,} held out",
        "classes": classes,
        "missing values": _missing(data),
        "scaling": _scaling(data),
        "families": f"{', '.join(taking)} can be trained on it",
    }


def _columns(data: Data) -> list[list[str]]:
    """Return the columns of a table, as rows of words."""
    frame = data.columns
    shown = frame.head(LISTED).reset_index()[["column", "kind", "values", "missing", "why"]]
    shown["missing"] = [f"{share:.1%}" if share else "" for share in shown["missing"]]
    more = [[f"… and {len(frame) - LISTED:,} more", "", "", "", ""]] if len(frame) > LISTED else []
    return [list(shown.columns), *shown.astype(str).to_numpy().tolist(), *more]


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
    if data.table:
        return "each column by its kind, as listed"
    what = "column" if data.kind == "tabular" else "channel"
    return f"each {what} is standardised: mean 0, variance 1" if data.scaler is not None else "none"


def _examples(data: Data) -> str:
    index = spread(len(data.train), TEN)
    x = units(data.train[index])
    if data.kind == "text":
        return _list(_texts(data, index))
    if data.kind == "tabular":
        return _wide(html_table(_rows(data, x)), "ten examples")
    drawn = _images(x) if data.kind == "image" else _signals(data.preprocessing.to_raw(x))
    if data.y_train is None:
        return drawn
    words = dict(zip(data.classes, map(str, data.class_words), strict=True))
    labels = [words.get(label, str(label)) for label in data.y_train[index].tolist()]
    return f"{drawn}{_below(labels) if data.kind == 'image' else _small(', '.join(labels))}"


def _small(text: str) -> str:
    return f'<div style="font-size:.92em">{escape(text)}</div>'


def _below(labels: list[str]) -> str:
    """Return labels as HTML, each below the middle of its image."""
    columns = f"grid-template-columns:repeat({len(labels)},minmax(0,1fr));width:{_width(len(labels))}px;max-width:100%"
    style = f"display:grid;{columns};text-align:center;font-size:.92em;line-height:1.2;overflow-wrap:anywhere"
    return f'<div style="{style}">{"".join(f"<span>{escape(label)}</span>" for label in labels)}</div>'


def _list(texts: Any) -> str:
    return f"<ol>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ol>"


def _texts(data: Data, index: np.ndarray) -> list[str]:
    """Return training texts, cut to a line; of pairs, the source, an arrow and the target."""
    texts = _cut(data.texts(units(data.train[index])))
    if data.targets_train is None:
        return texts
    return [
        f"{text} → {target}" for text, target in zip(texts, _cut(data.texts(data.targets_train[index])), strict=True)
    ]


def _cut(texts: list[str]) -> list[str]:
    return [text if len(text) <= LONGEST else f"{text[:LONGEST]}…" for text in texts]


def _examples_text(data: Data) -> list[str]:
    """Return ten training rows or texts as lines of text; other examples are shown in HTML only."""
    if data.kind == "text":
        return _texts(data, spread(len(data.train), TEN))
    if data.kind != "tabular":
        return []
    return [*text_table(_columns(data)), "", *text_table(_rows(data, units(data.train[spread(len(data.train), TEN)])))]


def _rows(data: Data, x: np.ndarray) -> list[list[str]]:
    """Return rows of a table in its original units, as rows of words."""
    frame = data.preprocessing.to_frame(x)
    names = [str(name) for name in frame.columns[:COLUMNS]] if data.feature_names else map(str, range(1, COLUMNS + 1))
    cut = frame.shape[1] > COLUMNS
    head = ["example", *list(names)[: frame.shape[1]], *([f"and {frame.shape[1] - COLUMNS} more"] if cut else [])]
    values = frame.iloc[:, :COLUMNS].itertuples(index=False, name=None)
    return [head, *([str(number), *map(_value, row), *([""] * cut)] for number, row in enumerate(values, 1))]


def _value(value: Any) -> str:
    if value is None or value != value:  # NaN, NaT
        return "missing"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _wide(table: str, label: str) -> str:
    return (
        f'<div style="overflow-x:auto;white-space:nowrap" tabindex="0" role="region" aria-label="{label}">{table}</div>'
    )


def _width(count: int) -> int:
    """Return the width of so many images beside each other, in pixels of the page."""
    return min(64 * count, 640)


def _images(x: np.ndarray) -> str:
    from aenb.figures.plots import image_grid, image_png

    source = png_source(image_png(image_grid(x, columns=len(x))))
    style = f"width:{_width(len(x))}px;max-width:100%;display:block;image-rendering:pixelated"
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
