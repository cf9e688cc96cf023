"""Tables of text, as plain text, Markdown and HTML: the first row is the header, the first column the names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from html import escape
from types import MappingProxyType

Rows = list[list[str]]
Places = Set[tuple[int, int]]


def text_table(rows: Rows) -> list[str]:
    """Return a table as lines of text: names aligned left, values aligned right."""
    first, *others = (max(map(len, column)) for column in zip(*rows, strict=True))
    return [
        "  ".join([name.ljust(first), *(value.rjust(width) for value, width in zip(values, others, strict=True))])
        for name, *values in rows
    ]


_MARKS = re.compile(
    r"[\\`*_\[\]<|~&$@{}^]|:(?=//)|(?<=mailto):|(?<=xmpp):|(?<=www)\."  # within a line
    r"|^[#>=]|^[+-](?=[\s-]|$)|^\d+(?=[.)](?:\s|$))",  # at its start
    re.IGNORECASE,
)


def markdown(words: str) -> str:
    """Escape words for Markdown, so that they show literally: no emphasis, links, images, HTML, formulas, headings."""
    line = " ".join("".join(one if one.isprintable() else " " for one in words).split())
    return _MARKS.sub(lambda match: f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}", line)


def markdown_table(rows: Rows, stressed: Places = frozenset()) -> str:
    """Return a table as Markdown: names aligned left, values aligned right.

    Args:
        rows: The header and the rows.
        stressed: Cells to set in bold, (row, column); the first row under the header is 0.
    """
    head, *body = ([markdown(word) for word in row] for row in rows)
    for row, column in stressed:
        body[row][column] = f"**{body[row][column]}**"
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def html_table(
    rows: Rows,
    *,
    values: str = "right",
    stressed: Places = frozenset(),
    markup: Mapping[tuple[int, int], str] = MappingProxyType({}),
) -> str:
    """Return a table as HTML, with all text escaped, in the colours of the page.

    Args:
        rows: The header and the rows; lines of a cell after the first are set small.
        values: The alignment of the columns after the first.
        stressed: Cells to set in bold, (row, column); the first row under the header is 0.
        markup: HTML of cells, such as pictures, in place of their text.
    """

    def line(words: list[str], tag: str, row: int = -1) -> str:
        aligned = ["left", *[values] * (len(words) - 1)]
        inner = [markup.get((row, column)) or _lines(word) for column, word in enumerate(words)]
        cells = (
            f'<{tag} style="text-align:{side};padding:.15em .9em;vertical-align:top'
            f'{";font-weight:700" if (row, column) in stressed else ""}">{content}</{tag}>'
            for column, (content, side) in enumerate(zip(inner, aligned, strict=True))
        )
        return f'<tr style="background:none">{"".join(cells)}</tr>'

    head, *body = rows
    lines = [line(words, "td", number) for number, words in enumerate(body)]
    return f'<table style="margin:.3em 0"><thead>{line(head, "th")}</thead><tbody>{"".join(lines)}</tbody></table>'


def _lines(word: str) -> str:
    first, *others = escape(word).split("\n")
    return first + "".join(f'<br><span style="opacity:.7;font-size:.88em">{line}</span>' for line in others)


def number_of(n: int, what: str) -> str:
    """Return a number with its noun: "1 epoch", "2 epochs"."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
