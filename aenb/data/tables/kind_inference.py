"""Which kind a column of a table is: what was asked for, or what its values look like, with the reason."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from aenb.core.errors import AenbError, shown, unknown
from aenb.data.tables.column import TEXTS, Column, level_text, plain_level
from aenb.data.tables.column_dates import seconds
from aenb.data.tables.column_kinds import KINDS
from aenb.data.tables.column_numbers import numbers

if TYPE_CHECKING:
    from pandas import Series

SURE = 0.95  # share of the texts that have to be numbers, or dates
FEW, ROWS_PER_LEVEL = 10, 10  # whole numbers with so few values are levels, if each has so many rows
SKEWED = 1.0  # skewness above which whole numbers from 0 are counts
ID = re.compile(r"(^|[_\s.-])(id|idx|index|key|uuid|guid|rowid|row)$|^unnamed: 0$|Id$|ID$")
DATE = re.compile(r"^\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|^\s*\d{8}T|\d{1,2}:\d{2}|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}")
CHOICES = (*KINDS, "drop")


def infer(values: Series, name: int | str, asked: Any = None) -> Column:
    """Find the kind of a column.

    Args:
        values: (n,), the column.
        name: Its name.
        asked: The kind that was asked for, the levels of an ordinal column in order, or None.

    Returns:
        The `Column`, without what is fitted to the training values.

    Raises:
        AenbError: The kind does not exist, or the values are of no kind.
    """
    column = _described(values, name)
    if asked is None:
        kind, why, format = _guess(values, column)
        return replace(column, kind=kind, why=why, format=format)
    if isinstance(asked, Sequence) and not isinstance(asked, str):
        levels = [plain_level(level) for level in asked]
        if len(levels) < 2 or len({level_text(level) for level in levels}) < len(levels):
            raise AenbError(f"`columns`: expected at least two different levels of `{name}`; received {shown(asked)}.")
        return replace(column, kind="ordinal", levels=tuple(levels), is_asked=True)
    if asked not in CHOICES:
        raise unknown("kind of column", str(asked), CHOICES, f" for `{name}`")
    format = _date_format(values) if asked == "date" and column.dtype in TEXTS else ""
    return _checked(values, replace(column, kind=asked, is_asked=True, format=format))


def _described(values: Series, name: int | str) -> Column:
    import pandas as pd

    if not isinstance(values.dtype, pd.CategoricalDtype):
        return Column(name, "drop", str(values.dtype))
    levels = tuple(plain_level(level) for level in values.dtype.categories)
    return Column(name, "drop", "category", categories=levels, is_ordered=bool(values.dtype.ordered))


def _checked(values: Series, column: Column) -> Column:
    """Return a column whose kind was asked for, if enough of its values can be read as that kind."""
    read = {"numeric": numbers, "quantile": numbers, "count": numbers, "date": lambda x: seconds(x, column.format)}
    if column.kind not in read:
        return column
    is_observed = values.notna().to_numpy()
    share = (~np.isnan(read[column.kind](values)[is_observed])).mean() if is_observed.any() else 1.0
    if share < 0.5:
        example = values[is_observed].iloc[0]
        raise AenbError(
            f"`columns`: expected another kind of `{column.name}` than {column.kind}, since most values, such as "
            f"{shown(example)!r}, can't be read as one."
        )
    return column


def _guess(values: Series, column: Column) -> tuple[Any, str, str]:
    """Return a kind, the reason, and the format of dates in text."""
    import pandas as pd

    observed = values.dropna()
    if not len(observed):
        return "drop", "no value is observed", ""
    dtype = values.dtype
    if dtype.kind == "M" or isinstance(dtype, pd.DatetimeTZDtype | pd.PeriodDtype):
        return _of_dates(observed, "its values are dates", "")
    if dtype.kind == "m":
        return "numeric", "its values are durations", ""
    if dtype.kind == "b":
        return _of_levels(observed, column, "its values are True and False")
    if getattr(dtype, "kind", "O") in "uif":
        return *_of_numbers(numbers(observed), column), ""
    if column.categories or isinstance(dtype, pd.CategoricalDtype):
        if column.is_ordered and observed.nunique() > 1:
            return "ordinal", "a pandas category with an order", ""
        return _of_levels(observed, column, "a pandas category")
    if dtype.kind == "c":
        raise AenbError(f"`{column.name}`: expected numbers, text or dates; received complex numbers. Leave it out.")
    return _of_objects(observed, column)


def _of_objects(observed: Series, column: Column) -> tuple[Any, str, str]:
    """Guess the kind of text, or of objects of any classes."""
    types = {*map(type, observed)}
    if any(kind.__hash__ is None for kind in types):
        return "drop", "its values are collections, such as lists", ""
    is_text = {str} & types
    if not is_text and not types <= {bool, np.bool_}:
        x = numbers(observed)
        if not np.isnan(x).any():
            return *_of_numbers(x, column), ""
        if all(hasattr(kind, "isoformat") for kind in types):
            return _of_dates(observed, "its values are dates", "")
    if is_text:
        x = numbers(observed)
        share = float((~np.isnan(x)).mean())
        if share >= SURE:
            words = observed[np.isnan(x)].unique()[:3]
            rest = f"; {', '.join(repr(shown(word, 20)) for word in words)} count as missing" if len(words) else ""
            return *_with(_of_numbers(x[~np.isnan(x)], column), f"text of numbers{rest}"), ""
        if share == 0 and observed.head(20).map(lambda one: bool(DATE.search(str(one)))).all():
            format = _date_format(observed)
            if (~np.isnan(seconds(observed, format))).mean() >= SURE:
                return _of_dates(observed, "text of dates", format)
    mixed = len(types) > 1
    return _of_levels(observed, column, "mixes text with other values: all count as text" if mixed else "text")


def _with(found: tuple[Any, str], why: str) -> tuple[Any, str]:
    return found[0], f"{why}; {found[1]}" if found[0] != "numeric" else why


def _of_dates(observed: Series, why: str, format: str) -> tuple[Any, str, str]:
    if observed.nunique() == 1:
        return "constant", "one value", format
    return "date", why, format


def _of_numbers(x: np.ndarray, column: Column) -> tuple[Any, str]:
    different = np.unique(x)
    if len(different) == 1:
        return "constant", "one value"
    is_whole = bool((x % 1 == 0).all()) if np.isfinite(x).all() else False
    if is_whole and is_row_number(x, column.name):
        return "drop", "it numbers the rows"
    if len(different) == 2 and is_whole:
        return "binary", "two values"
    if is_whole and len(different) <= FEW and len(x) >= ROWS_PER_LEVEL * len(different):
        return "ordinal", f"{len(different)} different whole numbers"
    if is_whole and different[0] >= 0 and _skewness(x) > SKEWED:
        return "count", "whole numbers from 0 with a long tail"
    return "numeric", "numbers"


def is_row_number(x: np.ndarray, name: int | str) -> bool:
    """Say whether whole numbers identify the rows: 0, 1, 2, …, or all different and called an id."""
    if len(x) < 2 or len(np.unique(x)) < len(x):
        return False
    in_order = bool((np.diff(x) == 1).all()) and x[0] in (0, 1)
    return in_order or bool(ID.search(str(name)) or ID.search(str(name).lower()))


def _skewness(x: np.ndarray) -> float:
    deviations = x - x.mean()
    spread = deviations.std()
    return float((deviations**3).mean() / spread**3) if spread else 0.0


def _of_levels(observed: Series, column: Column, why: str) -> tuple[Any, str, str]:
    number = len({level_text(level) for level in observed.unique()})
    if number == 1:
        return "constant", "one value", ""
    if number == 2:
        return "binary", why, ""
    if number == len(observed):
        return "drop", "all its values are different: an identifier", ""
    if number > len(observed) / 2:
        return "drop", f"{number:,} different texts in {len(observed):,} rows: free text", ""
    return "categorical", why, ""


def _date_format(values: Series) -> str:
    """Return the format that most texts have; "" if pandas has to infer each."""
    from pandas.tseries.api import guess_datetime_format

    observed = values.dropna().astype(str)
    with warnings.catch_warnings():  # of a text whose first number can't be a month
        warnings.simplefilter("ignore", UserWarning)
        formats = {guess_datetime_format(text, dayfirst=first) for text in observed.head(50) for first in (False, True)}
    shares = {one: float((~np.isnan(seconds(observed, one))).mean()) for one in sorted(filter(None, formats))}
    best = max(shares, key=lambda one: shares[one], default="")
    return best if best and shares[best] >= SURE else ""


def check_names(columns: Mapping[Any, Any], names: Sequence[int | str]) -> None:
    """Raise an error if a kind is asked for a column that the table does not have."""
    known = [str(name) for name in names]
    for name in columns:
        if name not in names and str(name) not in known:
            raise unknown("column", str(name), known, " in `columns`")
