"""Tables of words, as plain text and as HTML: the first row is the head, the first column the names."""

from __future__ import annotations

import re
from collections.abc import Set
from html import escape

Rows = list[list[str]]
Places = Set[tuple[int, int]]


def text_table(rows: Rows) -> list[str]:
    """Set a table as lines of text: names to the left, values to the right."""
    first, *others = (max(map(len, column)) for column in zip(*rows, strict=True))
    return [
        "  ".join([name.ljust(first), *(value.rjust(width) for value, width in zip(values, others, strict=True))])
        for name, *values in rows
    ]


_MARKS = re.compile(
    r"[\\`*_\[\]<|~&$@{}^]|:(?=//)|(?<=mailto):|(?<=xmpp):|(?<=www)\."  # within a line
    r"|^[#>=]|^[+-](?=[\s-]|$)|^\d+(?=[.)](?:\s|$))",  # at its beginning
    re.IGNORECASE,
)


def markdown(words: str) -> str:
    """Write words as Markdown that shows just them: no emphasis, link, image, HTML, mathematics or heading."""
    line = " ".join("".join(one if one.isprintable() else " " for one in words).split())
    return _MARKS.sub(lambda found: f"{found[0]}\\" if found[0].isdigit() else f"\\{found[0]}", line)


def markdown_table(rows: Rows, stressed: Places = frozenset()) -> str:
    """Set a table as Markdown, the names to the left, values to the right.

    Args:
        rows: The head and the rows.
        stressed: Cells to set in bold, (row, column), the first row under the head being 0.
    """
    head, *body = ([markdown(word) for word in row] for row in rows)
    for row, column in stressed:
        body[row][column] = f"**{body[row][column]}**"
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def html_table(rows: Rows, *, values: str = "right", bold: int | None = None, stressed: Places = frozenset()) -> str:
    """Set a table as HTML, every word escaped, in the colours of the page.

    Args:
        rows: The head and the rows; of a cell with several lines, those after the first are set small.
        values: How the columns after the first are aligned.
        bold: The number of a row to stress, the first under the head being 0.
        stressed: Cells to stress, (row, column).
    """

    def line(words: list[str], tag: str, style: str = "", row: int = -1) -> str:
        aligned = ["left", *[values] * (len(words) - 1)]
        cells = (
            f'<{tag} style="text-align:{side};padding:.15em .9em;vertical-align:top'
            f'{";font-weight:700" if (row, column) in stressed else ""}">{_lines(word)}</{tag}>'
            for column, (word, side) in enumerate(zip(words, aligned, strict=True))
        )
        return f'<tr style="background:none;{style}">{"".join(cells)}</tr>'

    head, *body = rows
    lines = [
        line(words, "td", "font-weight:600" if number == bold else "", number) for number, words in enumerate(body)
    ]
    return f'<table style="margin:.3em 0"><thead>{line(head, "th")}</thead><tbody>{"".join(lines)}</tbody></table>'


def _lines(word: str) -> str:
    first, *others = escape(word).split("\n")
    return first + "".join(f'<br><span style="opacity:.7;font-size:.88em">{line}</span>' for line in others)


def number_of(n: int, what: str) -> str:
    """Return how many there are of something: "1 epoch", "2 epochs"."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
