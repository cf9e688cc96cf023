"""Dtypes of columns: decoded values as a series of their column's dtype, and missing values filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aenb.data.tables.column import TEXTS, Column, level_text

if TYPE_CHECKING:
    from pandas import Series


def typed(values: np.ndarray, column: Column, index: Any) -> Series:
    """Return decoded values, numbers or positions of levels (NaN if missing), with the column's dtype."""
    import pandas as pd

    missing = np.isnan(values.astype("float64"))
    if column.levels:
        levels = np.empty(len(column.levels), object)
        levels[:] = column.levels
        objects = levels[np.where(missing, 0, values).astype("int64")]
        objects[missing] = None
        series = pd.Series(objects, index=index, dtype=object)
    elif column.kind == "date":
        stamps = pd.to_datetime(np.where(missing, 0, values), unit="s")
        series = pd.Series(stamps, index=index).mask(missing)
        return _date_typed(series, column)
    elif column.dtype.startswith("timedelta"):
        series = pd.Series(pd.to_timedelta(values, unit="s"), index=index)
    else:
        series = pd.Series(values, index=index)
    return as_dtype(series, column)


def _date_typed(series: Series, column: Column) -> Series:
    if column.dtype in TEXTS:
        texts = series.dt.strftime(column.format or ("%Y-%m-%d" if column.step >= 86_400 else "%Y-%m-%d %H:%M:%S"))
        return as_dtype(texts, column)
    if column.dtype.startswith("period"):
        return series.dt.to_period(column.dtype[7:-1])
    if "," in column.dtype:
        return series.dt.tz_localize("UTC").dt.tz_convert(column.dtype.partition(",")[2].strip(" ]"))
    return as_dtype(series, column)


def as_dtype(series: Series, column: Column) -> Series:
    """Return a series with a column's dtype, or as it is if that can't hold its values: whole numbers with gaps."""
    import pandas as pd

    if column.dtype == "category":
        return series.astype(pd.CategoricalDtype(list(column.categories), ordered=column.is_ordered))
    try:
        dtype = pd.api.types.pandas_dtype(column.dtype)
        has_no_gaps = isinstance(dtype, np.dtype) and dtype.kind in "biu"
        return series if has_no_gaps and series.isna().any() else series.astype(dtype)
    except (TypeError, ValueError):
        return series


def merged(values: Series, decoded: Series) -> Series:
    """Return a column with its missing values filled in, of its own dtype if that can hold them."""
    import pandas as pd

    if isinstance(values.dtype, pd.CategoricalDtype):
        own = {level_text(level): level for level in values.dtype.categories}  # of any class, such as intervals
        found = decoded.astype(object).map(lambda level: own.get(level_text(level), level))
        known = [*own.values(), *(level for level in found.unique() if level not in own.values())]
        merged = values.astype(object).where(values.notna(), found)
        return merged.astype(pd.CategoricalDtype(known, ordered=values.dtype.ordered))
    merged = values.astype(object).where(values.notna(), decoded.astype(object))
    try:
        return merged.astype(values.dtype)
    except (TypeError, ValueError):
        return merged.infer_objects()
