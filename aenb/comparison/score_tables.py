"""The tables of a comparison as rows of text: scores with the baselines, costs, and settings that differ."""

from __future__ import annotations

from collections.abc import Mapping

from aenb.comparison.score_columns import COSTS, SCORES, Column
from aenb.core.tables import Places, Rows
from aenb.evaluation.metrics.intervals import Interval, best

Intervals = Mapping[str, Mapping[str, Interval]]
Baselines = Mapping[str, Mapping[str, float]]

FLOOR = "training examples"  # real against real: a bound to read the scores by, not a contender


def score_table(intervals: Intervals, baselines: Baselines, absent: str = "–") -> tuple[Rows, Places]:
    """Lay out the scores on held-out examples, and mark the best cells.

    Args:
        intervals: Scores by contender and name.
        baselines: Scores by baseline and name.
        absent: What stands for a contender's score that is not there.

    Returns:
        The rows, and the cells that hold the best of their column, (row, column).
    """
    shown = _shown(SCORES, intervals)
    rows = [["held-out examples", *(column.head for column in shown)], *_contenders(shown, intervals, absent)]
    labels = list(intervals)
    for label, figures in baselines.items():
        if any(column.name in figures for column in shown):
            labels.append(label)
            rows.append([label, *(_plain(column, figures.get(column.name)) for column in shown)])
    stressed = set()
    for place, column in enumerate(shown, 1):
        first = best_in(column, intervals, baselines)
        if first is not None:
            stressed.add((labels.index(first), place))
    return rows, stressed


def cost_table(intervals: Intervals, absent: str = "–") -> Rows:
    """Lay out what each training cost."""
    shown = _shown(COSTS, intervals)
    return [["cost", *(column.head for column in shown)], *_contenders(shown, intervals, absent)]


def best_in(column: Column, intervals: Intervals, baselines: Baselines) -> str | None:
    """Return the contender or baseline with the best score, if its interval is apart from all others; else None."""
    scores = {name: own[column.name] for name, own in intervals.items() if column.name in own}
    for label, figures in baselines.items():
        if column.name in figures and label != FLOOR:
            scores[label] = Interval(figures[column.name], None, 1)
    return best(scores, lower=column.lower)


def _shown(columns: list[Column], intervals: Intervals) -> list[Column]:
    return [column for column in columns if any(column.name in scores for scores in intervals.values())]


def _contenders(columns: list[Column], intervals: Intervals, absent: str) -> Rows:
    return [
        [name, *(_written(column, scores.get(column.name), absent) for column in columns)]
        for name, scores in intervals.items()
    ]


def _written(column: Column, score: Interval | None, absent: str) -> str:
    if score is None:
        return absent
    mean = column.form.format(score.mean)
    return mean if not score.half else f"{mean} ± {column.form.format(score.half)}"


def _plain(column: Column, score: float | None) -> str:
    return "" if score is None else column.form.format(score)
