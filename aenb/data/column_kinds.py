"""The kinds of columns: how each is fitted, becomes entries of a model's inputs, and is read back from its outputs.

A kind has three functions: `fit` finds what its entries need in the training values, `encode` turns values into entries
(NaN if missing), and `decode` turns entries, such as a decoder's outputs, into values: means of numbers and dates,
rounded means of counts, the most probable level. `draw` samples a value in place of that, from the same entries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from aenb.core.errors import AenbError, shown
from aenb.data.column import Column, Level, level_text, plain_level

if TYPE_CHECKING:
    from pandas import Series

Draw = np.random.Generator
CYCLES = {"year": 365.2425, "week": 7.0, "day": 1.0}  # in days
KNOTS = 1000  # quantiles that are kept
DECIMALS = 6
TAIL = 1e-4  # least quantile: that of 3.7 standard deviations
MAX_LEVELS, MAX_ORDINAL = 50, 100
RARE, RARE_COUNT = 0.005, 2  # a level is rare below this share of the rows, or below this number
DAY = 86_400.0  # seconds


class Kind(NamedTuple):
    """How a kind of column is coded.

    Attributes:
        fit: (training values, column) → the column with its parameters.
        encode: (values, column) → (n, entries), float64, NaN for missing values.
        decode: (entries (n, entries), column) → (n,) values, numbers or positions of levels.
        draw: The same with a generator as the last argument: values drawn from the entries' distribution.
        baseline: (entries of the training values, column) → the mean loss of a prediction by the column alone, in nats.
    """

    fit: Callable[[Series, Column], Column]
    encode: Callable[[Series, Column], np.ndarray]
    decode: Callable[[np.ndarray, Column], np.ndarray]
    draw: Callable[[np.ndarray, Column, Draw], np.ndarray]
    baseline: Callable[[np.ndarray, Column], float]


def numbers(values: Series) -> np.ndarray:
    """Return values as float64: (n,), NaN for missing ones and for words."""
    import pandas as pd

    if values.dtype.kind == "m":
        return values.dt.total_seconds().to_numpy("float64")
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    return pd.to_numeric(values, errors="coerce").to_numpy("float64", na_value=np.nan)


def seconds(values: Series, format: str = "") -> np.ndarray:
    """Return dates as seconds since 1970: (n,), float64, NaN for missing ones and for other words."""
    import warnings

    import pandas as pd

    if isinstance(values.dtype, pd.PeriodDtype):
        values = values.dt.to_timestamp()
    with warnings.catch_warnings():  # one on a format that it could not infer
        warnings.simplefilter("ignore", UserWarning)
        dates = pd.to_datetime(values, errors="coerce", format=format or None, utc=True)
    dates = dates.dt.tz_localize(None)
    return ((dates - pd.Timestamp(0)) / pd.Timedelta(seconds=1)).to_numpy("float64", na_value=np.nan)


# numbers


def _spread(values: np.ndarray, column: Column) -> Column:
    """Return a column with the mean and the deviation of numbers; the deviation of a constant counts as 1."""
    observed = values[~np.isnan(values)]
    if not len(observed):
        raise AenbError(f"`{column.name}`: expected numbers; received none to train on. Leave the column out.")
    scale = float(observed.std())
    if not np.isfinite(scale):
        raise AenbError(
            f"`{column.name}`: expected numbers whose squares are finite; received up to {observed.max():g}."
        )
    return replace(column, mean=float(observed.mean()), scale=scale if scale > 1e-12 * abs(observed).max() else 1.0)


def _fit_numeric(values: Series, column: Column) -> Column:
    x = numbers(values)
    observed = x[~np.isnan(x)]
    column = _spread(x, column)
    return replace(column, low=float(observed.min()), high=float(observed.max()), decimals=_decimals(observed))


def _decimals(x: np.ndarray) -> int | None:
    """Return how many decimals numbers have; None if they have more than six, or none that floats can hold."""
    tolerance = 1e-12 * np.abs(x).max()
    return next(
        (digits for digits in range(DECIMALS + 1) if (np.abs(np.round(x, digits) - x) <= tolerance).all()), None
    )


def _encode_numeric(values: Series, column: Column) -> np.ndarray:
    return ((numbers(values) - column.mean) / column.scale)[:, None]


def _bounded(x: np.ndarray, column: Column) -> np.ndarray:
    x = np.clip(x, column.low, column.high)
    return x if column.decimals is None else np.round(x, column.decimals)


def _decode_numeric(entries: np.ndarray, column: Column) -> np.ndarray:
    return _bounded(entries[:, 0] * column.scale + column.mean, column)


def _half_variance(entries: np.ndarray, column: Column) -> float:
    return float(0.5 * np.nanvar(entries, axis=0).sum())


def _fit_quantile(values: Series, column: Column) -> Column:
    column = _fit_numeric(values, column)
    x = numbers(values)
    knots = np.nanquantile(x, np.linspace(0, 1, min(KNOTS, int((~np.isnan(x)).sum()))))
    return replace(column, knots=tuple(knots.tolist()), mean=0.0, scale=1.0)


def _encode_quantile(values: Series, column: Column) -> np.ndarray:
    from scipy.stats import norm

    x, knots = numbers(values), np.asarray(column.knots)
    shares = np.linspace(0, 1, len(knots))
    share = 0.5 * (np.interp(x, knots, shares) - np.interp(-x, -knots[::-1], -shares[::-1]))  # the middle of equal ones
    return norm.ppf(np.clip(share, TAIL, 1 - TAIL))[:, None]


def _decode_quantile(entries: np.ndarray, column: Column) -> np.ndarray:
    from scipy.stats import norm

    return _bounded(np.interp(norm.cdf(entries[:, 0]), np.linspace(0, 1, len(column.knots)), column.knots), column)


def _as_decoded(decode: Callable) -> Callable:
    return lambda entries, column, draw: decode(entries, column)


# counts


def _fit_count(values: Series, column: Column) -> Column:
    x = numbers(values)
    observed = x[~np.isnan(x)]
    if (observed < 0).any() or (observed % 1).any():
        raise AenbError(f"`{column.name}`: expected counts, whole numbers from 0; received others. Ask for numeric.")
    mean, variance = float(observed.mean()), float(observed.var())
    dispersion = max(0.0, (variance - mean) / mean**2) if mean else 0.0
    column = replace(_spread(np.log1p(x), column), low=0.0, high=float(observed.max()), decimals=0)
    return replace(column, dispersion=dispersion if dispersion > 1e-3 else 0.0)


def _encode_count(values: Series, column: Column) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return ((np.log1p(np.maximum(numbers(values), 0.0)) - column.mean) / column.scale)[:, None]


def _rates(entries: np.ndarray, column: Column) -> np.ndarray:
    return np.expm1(np.clip(entries[:, 0] * column.scale + column.mean, 0.0, 50.0))


def _decode_count(entries: np.ndarray, column: Column) -> np.ndarray:
    return _bounded(_rates(entries, column), column)


def _draw_count(entries: np.ndarray, column: Column, draw: Draw) -> np.ndarray:
    rates = _rates(entries, column)
    if column.dispersion:  # a negative binomial is a Poisson distribution whose rate has a gamma distribution
        rates = rates * draw.gamma(1 / column.dispersion, column.dispersion, len(rates))
    return _bounded(draw.poisson(rates).astype("float64"), column)


def _count_baseline(entries: np.ndarray, column: Column) -> float:
    counts = np.rint(_rates(entries[~np.isnan(entries[:, 0])], column))
    mean, size = max(float(counts.mean()), 1e-4), 1 / max(column.dispersion, 1e-8)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_ratio = np.where(counts > 0, np.log(counts / mean), 0.0)
    return float((counts * log_ratio + (counts + size) * np.log1p((mean - counts) / (counts + size))).mean())


# levels


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


def _fit_categorical(values: Series, column: Column) -> Column:
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


def _encode_categorical(values: Series, column: Column) -> np.ndarray:
    places = _places(values, column)
    entries = np.eye(len(column.levels))[places]
    entries[places < 0] = np.nan
    return entries


def _decode_categorical(entries: np.ndarray, column: Column) -> np.ndarray:
    return entries.argmax(axis=1)


def _draw_categorical(entries: np.ndarray, column: Column, draw: Draw) -> np.ndarray:
    p = np.clip(entries.astype("float64"), 0, None)
    sums = np.cumsum(p, axis=1)
    return (draw.random((len(p), 1)) * sums[:, -1:] > sums).sum(axis=1).clip(max=len(column.levels) - 1)


def _entropy(shares: np.ndarray) -> float:
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())


def _categorical_baseline(entries: np.ndarray, column: Column) -> float:
    return _entropy(np.nanmean(entries, axis=0))


def _fit_binary(values: Series, column: Column) -> Column:
    levels, _ = _counted(values)
    if len(levels) != 2:
        raise AenbError(
            f"`{column.name}`: expected two levels, for binary; received {len(levels):,}. Ask for categorical."
        )
    return replace(column, levels=tuple(sorted(levels, key=lambda level: (isinstance(level, str), level))))


def _encode_binary(values: Series, column: Column) -> np.ndarray:
    return np.array([-1.0, 1.0, np.nan])[_places(values, column)][:, None]


def _decode_binary(entries: np.ndarray, column: Column) -> np.ndarray:
    return (entries[:, 0] > 0).astype("int64")


def _draw_binary(entries: np.ndarray, column: Column, draw: Draw) -> np.ndarray:
    return (draw.random(len(entries)) < (1 + entries[:, 0]) / 2).astype("int64")


def _binary_baseline(entries: np.ndarray, column: Column) -> float:
    p = (1 + np.nanmean(entries)) / 2
    return _entropy(np.array([p, 1 - p]))


def _fit_ordinal(values: Series, column: Column) -> Column:
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


def _encode_ordinal(values: Series, column: Column) -> np.ndarray:
    places = _places(values, column)
    entries = (places[:, None] > np.arange(len(column.levels) - 1)).astype("float64")
    entries[places < 0] = np.nan
    return entries


def _decode_ordinal(entries: np.ndarray, column: Column) -> np.ndarray:
    return (entries > 0.5).sum(axis=1)  # the median


def _draw_ordinal(entries: np.ndarray, column: Column, draw: Draw) -> np.ndarray:
    return (entries > draw.random((len(entries), 1))).sum(axis=1)


def _ordinal_baseline(entries: np.ndarray, column: Column) -> float:
    return _entropy(-np.diff(np.concatenate([[1.0], np.nanmean(entries, axis=0), [0.0]])))


# dates


def _fit_date(values: Series, column: Column) -> Column:
    x = seconds(values, column.format)
    column = _spread(x, column)
    observed = x[~np.isnan(x)]
    step = DAY if not (observed % DAY).any() else 60.0 if not (observed % 60).any() else 1.0
    days = (observed.max() - observed.min()) / DAY
    cycles = tuple(name for name, length in CYCLES.items() if days > 2 * length and (name != "day" or step < DAY))
    return replace(column, low=float(observed.min()), high=float(observed.max()), step=step, cycles=cycles)


def _encode_date(values: Series, column: Column) -> np.ndarray:
    x = seconds(values, column.format)
    turns = [2 * np.pi * x / (CYCLES[name] * DAY) for name in column.cycles]
    waves = [wave(turn) for turn in turns for wave in (np.sin, np.cos)]
    return np.stack([(x - column.mean) / column.scale, *waves], axis=1)


def _decode_date(entries: np.ndarray, column: Column) -> np.ndarray:
    x = np.clip(entries[:, 0].astype("float64") * column.scale + column.mean, column.low, column.high)
    return np.rint(x / column.step) * column.step


KINDS = {
    "numeric": Kind(_fit_numeric, _encode_numeric, _decode_numeric, _as_decoded(_decode_numeric), _half_variance),
    "quantile": Kind(_fit_quantile, _encode_quantile, _decode_quantile, _as_decoded(_decode_quantile), _half_variance),
    "count": Kind(_fit_count, _encode_count, _decode_count, _draw_count, _count_baseline),
    "binary": Kind(_fit_binary, _encode_binary, _decode_binary, _draw_binary, _binary_baseline),
    "categorical": Kind(
        _fit_categorical, _encode_categorical, _decode_categorical, _draw_categorical, _categorical_baseline
    ),
    "ordinal": Kind(_fit_ordinal, _encode_ordinal, _decode_ordinal, _draw_ordinal, _ordinal_baseline),
    "date": Kind(_fit_date, _encode_date, _decode_date, _as_decoded(_decode_date), _half_variance),
}
