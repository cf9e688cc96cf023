"""What the points of the explorer can be coloured by: errors, features, labels, and columns of a user's own table."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from aenb.core.errors import AenbError, shown
from aenb.data.labels import printable
from aenb.data.values.numeric import is_frame
from aenb.data.values.scaling import units
from aenb.evaluation.scorers.anomaly import item_scores
from aenb.figures.views.view_inputs import MAX_CLASSES, ViewInputs

Column = tuple[np.ndarray, list[str]]  # a number for each point, and the names of classes; none: the numbers are values


class PointColumns:
    """Columns, each computed when it is asked for.

    Args:
        inputs: The run with the held-out examples that are shown.
        table: A DataFrame with a row for each held-out example, or None.

    Raises:
        AenbError: The table is no DataFrame, or has another number of rows.
    """

    def __init__(self, inputs: ViewInputs, table: Any = None):
        self._inputs, self._columns = inputs, dict[str, Callable[[], Column]]()
        self.row_names: list[str] = []
        if not inputs.run.is_generator:
            self._add_own()
        if table is not None:
            self._add_table(table)

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return list(self._columns)

    def column(self, number: int) -> Column:
        """Return a column by its number: (n,), float32, NaN where a value is missing, and the names of classes."""
        values, classes = list(self._columns.values())[number]()
        return values.astype("<f4"), classes

    def _add(self, name: str, values: Callable[[], Column]) -> None:
        while name in self._columns:
            name += " (table)"
        self._columns[name] = values

    def _add_own(self) -> None:
        labels, data = self._inputs.labels, self._inputs.data
        if labels is not None and self._inputs.classes is None and labels.dtype.kind in "biuf":
            self._add("label", lambda: (labels, []))
        self._add("reconstruction error", self._errors)
        if data.kind == "tabular":
            for place, name in enumerate(data.feature_names or range(1, data.input_shape[-1] + 1)):
                self._add(str(name) if data.feature_names else f"column {name}", partial(self._feature, place))

    def _errors(self) -> Column:
        inputs = self._inputs
        x = units(inputs.data.test[inputs.index])
        return item_scores(inputs.run, x, inputs.conditions, "reconstruction"), []

    def _feature(self, place: int) -> Column:
        """Return a column of the data in its original units."""
        return self._inputs.data.preprocessing.to_raw(units(self._inputs.data.test[self._inputs.index]))[:, place], []

    def _add_table(self, table: Any) -> None:
        import pandas as pd

        n = len(self._inputs.data.test)
        received = f"{len(table):,} rows" if is_frame(table) else f"a {type(table).__name__}"
        if not is_frame(table) or len(table) != n or not isinstance(table, pd.DataFrame):
            raise AenbError(
                f"`table`: expected a pandas DataFrame with a row for each of the {n:,} held-out examples, in the "
                f"order of run.data.x_test; received {received}."
            )
        index = self._inputs.index
        if not table.index.equals(pd.RangeIndex(n)):
            self.row_names = [printable(shown(name)) for name in table.index[index]]
        for place, name in enumerate(table.columns):
            column = table.iloc[:, place]
            values = column.iloc[index]
            if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_complex_dtype(values):
                self._add(printable(name), partial(_numbers, values))
            elif column.astype(str).nunique() <= MAX_CLASSES:
                self._add(printable(name), partial(_groups, values))


def _numbers(values: Any) -> Column:
    return values.to_numpy("float64", na_value=np.nan), []


def _groups(values: Any) -> Column:
    """Return the numbers of a column's values in their order."""
    names, numbers = np.unique(values.astype(str), return_inverse=True)
    return numbers, [printable(name) for name in names]
