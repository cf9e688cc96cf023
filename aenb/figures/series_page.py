"""A long series with its anomaly score as HTML to scroll and zoom, without a kernel and without other files.

The page has every row, up to 100,000, as 32-bit numbers; it draws the smallest and the largest value of each column of
pixels, so that no spike is lost at any zoom.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from aenb.core.html import script_tag, with_id

MOST = 100_000  # rows
CHANNELS = 4
SCRIPT = Path(__file__).with_name("series_page.js").read_text(encoding="utf-8")
HELP = "arrow keys or drag: scroll; + and −, or Ctrl and the wheel: zoom; 0: all; n and p: next and previous event"


def series_page(
    values: np.ndarray,
    scores: np.ndarray,
    threshold: float,
    *,
    names: Sequence[str],
    index: Any = None,
    expected: np.ndarray | None = None,
) -> str:
    """Return a page with a series, its anomaly score, and its events.

    Args:
        values: (rows, channels), in the order of time, NaN for missing values; the first 100,000 rows and four channels
            are shown.
        scores: (rows,), the anomaly scores.
        threshold: Scores above it are events.
        names: The names of the channels.
        index: Times of the rows; None, or other labels: the rows are numbered.
        expected: (rows, channels), what the model expects, drawn beside the values; None: nothing.

    Returns:
        HTML.

    Example:
        >>> import numpy as np
        >>> page = series_page(np.zeros((50, 1)), np.arange(50.0), 40.0, names=["load"])
        >>> page.count("<canvas"), "load" in page
        (1, True)
    """
    kept, shown = slice(MOST), slice(CHANNELS)
    times = _milliseconds(index)
    about = with_id(
        {
            "values": [_packed(column) for column in values[kept, shown].T],
            "expected": [] if expected is None else [_packed(column) for column in expected[kept, shown].T],
            "scores": _packed(scores[kept]),
            "times": "" if times is None else _packed(times[kept], "<f8"),
            "names": [str(name) for name in names[shown]],
            "threshold": float(threshold),
        }
    )
    left = len(scores) - MOST
    note = f"<div>The first {MOST:,} rows; {left:,} more are not shown.</div>" if left > 0 else ""
    return (
        f'<div class="aenb-series" data-aenb-series="{about["id"]}">'
        '<canvas tabindex="0" role="img" aria-label="the series, and its anomaly score below" '
        'data-lm-suppress-shortcuts="true" style="width:100%;height:320px;touch-action:pan-y;cursor:grab"></canvas>'
        f'<div class="aenb-tools" style="display:flex;flex-wrap:wrap;gap:.3em 1em;align-items:center"></div>'
        f'<div aria-live="polite"></div><div style="opacity:.8;font-size:.9em">{escape(HELP)}</div>{note}'
        f"{script_tag(about, SCRIPT)}</div>"
    )


def _packed(numbers: np.ndarray, dtype: str = "<f4") -> str:
    return base64.b64encode(np.ascontiguousarray(numbers, dtype).tobytes()).decode()


def _milliseconds(index: Any) -> np.ndarray | None:
    """Return times as milliseconds since 1970, as they read in their own zone; None for other labels."""
    import pandas as pd

    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp()
    if not isinstance(index, pd.DatetimeIndex):
        return None
    local = index.tz_localize(None)
    return ((local - pd.Timestamp(0)) / pd.Timedelta(milliseconds=1)).to_numpy("float64")
