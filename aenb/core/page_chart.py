"""Learning curves that the page draws, in a live view or in static HTML: the lines, and the script that draws them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
CHART_SCRIPT = (HERE / "chart.js").read_text(encoding="utf-8")  # defines `make`, `number` and the class `Chart`
CHART_STYLE = (HERE / "chart.css").read_text(encoding="utf-8")
MAX_POINTS = 300  # of a line: more are thinned out


def curve_points(values: Sequence[float]) -> list[list[float]]:
    """Return the points (epoch, value) of a learning curve, thinned out, the last one always among them.

    Args:
        values: One for each epoch.

    Example:
        >>> curve_points([0.5, 0.25])
        [[1, 0.5], [2, 0.25]]
    """
    stride = max(1, -(-len(values) // MAX_POINTS))
    kept = sorted({*range(0, len(values), stride), *range(len(values))[-1:]})
    return [[number + 1, values[number]] for number in kept]
