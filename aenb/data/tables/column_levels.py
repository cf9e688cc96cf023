"""Columns of levels: two, several, or several in order; `column_kinds` says what each function does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from aenb.core.errors import AenbError, shown
from aenb.data.tables.column import Column, Level, level_text, plain_level

if TYPE_CHECKING:
    from pandas import Series

MAX_LEVELS, MAX_ORDINAL = 50, 100
RARE, RARE_COUNT = 0.005, 2  # a level is rare below this share of the rows, or below this number


def _levels(values: Series) -> tuple[np.ndarray, list[Any], list[str]]:
    """Return the position of each value's level, −1 if missing; the levels; and the levels as text."""
    import pandas as pd

    places, levels = pd.factorize(values.astype(object), use_na_sentinel=True)
    levels = [plain_level(level) for level in levels]
    return places, levels, [level_text(level) for level in levels]


def _places(values: Series, column: Column) -> np.ndarray:
    """Return the position of each value in the column's levels: (n,), −1 if missing or unknown."""
    given, levels, words = _levels(values)
    known = {level_text(level): place for place, level in enumerate(column.levels)}
    known |= {word: len(column.levels) - 1 for word in column.pooled}
    others = len(column.levels) - 1 if column.pooled else -1
    if column.kind == "ordinal" and all(isinstance(level, int | float) for level in column.levels):
        order = np.asarray(column.levels, "float64")
        places = [known.get(word, _nearest(level, order)) for level, word in zip(levels, words, strict=True)]
    else:
        places = [known.get(word, others) for word in words]
    return np.array([*places, -1])[given]


def _nearest(level: Level, order: np.ndarray) -> int:
    try:
        return int(np.abs(order - float(level)).argmin())
    except ValueError:  # a word
        return -1


def unknown_levels(values: Series, column: Column) -> list[str]:
    """Return the levels of a column that its training values did not have."""
    known = {*map(level_text, column.levels), *column.pooled}
    return [word for word in _levels(values)[2] if word not in known]


def _counted(values: Series) -> tuple[list[Level], np.ndarray]:
    places, levels, words = _levels(values)
    counts = np.bincount(places[places >= 0], minlength=len(levels))
    merged: dict[str, int] = {}
    for place, word in enumerate(words):
        merged.setdefault(word, place)
    first = list(merged.values())
    totals = (
        np.array([sum(counts[place] for place, one in enumerate(words) if one == words[at]) for at in first])
        if len(first) < len(words)
        else counts
    )
    return [levels[place] for place in first], totals


def fit_categorical(values: Series, column: Column) -> Column:
    """Find the levels, and pool those that are rare."""
    levels, counts = _counted(values)
    order = np.argsort(-counts, kind="stable")
    least = max(RARE_COUNT, RARE * counts.sum())
    kept = [place for place in order if counts[place] >= least][:MAX_LEVELS]
    rare = [place for place in order if place not in set(kept)]
    if len(rare) < 2:
        kept, rare = [*kept, *rare], []
    if len(kept) + bool(rare) < 2:
        raise AenbError(
            f"`{column.name}`: expected a category with levels of at least {int(np.ceil(least))} training rows; "
            f"received {len(levels):,} levels. Group them, or leave the column out."
        )
    named = sorted((levels[place] for place in kept), key=lambda level: (isinstance(level, str), level))
    pooled = tuple(level_text(levels[place]) for place in rare)
    return replace(column, levels=(*named, *([levels[rare[0]]] if rare else [])), pooled=pooled)


def encode_categorical(values: Series, column: Column) -> np.ndarray:
    """Return levels one-hot."""
    places = _places(values, column)
    entries = np.eye(len(column.levels))[places]
    entries[places < 0] = np.nan
    return entries


def decode_categorical(entries: np.ndarray, column: Column) -> np.ndarray:
    """Return the positions of the most probable levels."""
    return entries.argmax(axis=1)


def draw_categorical(entries: np.ndarray, column: Column, draw: np.random.Generator) -> np.ndarray:
    """Draw the positions of levels from their probabilities."""
    p = np.clip(entries.astype("float64"), 0, None)
    sums = np.cumsum(p, axis=1)
    return (draw.random((len(p), 1)) * sums[:, -1:] > sums).sum(axis=1).clip(max=len(column.levels) - 1)


def _entropy(shares: np.ndarray) -> float:
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())


def categorical_baseline(entries: np.ndarray, column: Column) -> float:
    """Return the entropy of the levels."""
    return _entropy(np.nanmean(entries, axis=0))


def fit_binary(values: Series, column: Column) -> Column:
    """Find the two levels."""
    levels, _ = _counted(values)
    if len(levels) != 2:
        raise AenbError(
            f"`{column.name}`: expected two levels, for binary; received {len(levels):,}. Ask for categorical."
        )
    return replace(column, levels=tuple(sorted(levels, key=lambda level: (isinstance(level, str), level))))


def encode_binary(values: Series, column: Column) -> np.ndarray:
    """Return −1 for the first level, 1 for the second."""
    return np.array([-1.0, 1.0, np.nan])[_places(values, column)][:, None]


def decode_binary(entries: np.ndarray, column: Column) -> np.ndarray:
    """Return the positions of the more probable levels."""
    return (entries[:, 0] > 0).astype("int64")


def draw_binary(entries: np.ndarray, column: Column, draw: np.random.Generator) -> np.ndarray:
    """Draw the positions of levels."""
    return (draw.random(len(entries)) < (1 + entries[:, 0]) / 2).astype("int64")


def binary_baseline(entries: np.ndarray, column: Column) -> float:
    """Return the entropy of the two levels."""
    p = (1 + np.nanmean(entries)) / 2
    return _entropy(np.array([p, 1 - p]))


def fit_ordinal(values: Series, column: Column) -> Column:
    """Find the levels and their order: that given, that of a pandas category, or that of numbers."""
    if column.levels:  # their order was given
        levels = list(column.levels)
    elif column.categories:
        levels = [plain_level(level) for level in column.categories]
    else:
        levels = _counted(values)[0]
        if any(isinstance(level, str) for level in levels):
            raise AenbError(
                f'`{column.name}`: expected the order of its levels, columns={{"{column.name}": ["low", "high"]}}, '
                f"or numbers; received text such as {shown(next(one for one in levels if isinstance(one, str)))!r}."
            )
        levels = sorted(levels)
    if not 2 <= len(levels) <= MAX_ORDINAL:
        raise AenbError(
            f"`{column.name}`: expected 2 to {MAX_ORDINAL} levels, for ordinal; received {len(levels):,}. "
            "Ask for numeric, or bin the values with pandas.cut."
        )
    return replace(column, levels=tuple(levels))


def encode_ordinal(values: Series, column: Column) -> np.ndarray:
    """Return 1 for each threshold below the level, −1 for the others."""
    places = _places(values, column)
    entries = np.where(places[:, None] > np.arange(len(column.levels) - 1), 1.0, -1.0)
    entries[places < 0] = np.nan
    return entries


def decode_ordinal(entries: np.ndarray, column: Column) -> np.ndarray:
    """Return the positions of the median levels."""
    return (entries > 0).sum(axis=1)  # the median


def draw_ordinal(entries: np.ndarray, column: Column, draw: np.random.Generator) -> np.ndarray:
    """Draw the positions of levels, from the probabilities to be above each threshold."""
    return (entries > draw.uniform(-1, 1, (len(entries), 1))).sum(axis=1)


def ordinal_baseline(entries: np.ndarray, column: Column) -> float:
    """Return the entropy of the levels."""
    above = (1 + np.nanmean(entries, axis=0)) / 2
    return _entropy(-np.diff(np.concatenate([[1.0], above, [0.0]])))
