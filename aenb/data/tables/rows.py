"""Rows of a mixed table, with or without the names of its columns."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.tables.column import Column
from aenb.data.tables.columns import single_names
from aenb.data.values.numeric import is_frame

if TYPE_CHECKING:
    from pandas import DataFrame


def are_rows(x: Any, width: int) -> bool:
    """Say whether something holds rows of a mixed table, without the names of its columns.

    Args:
        x: What is given.
        width: How many entries an example has in the model's units: a list of lists of that length has those.
    """
    if isinstance(x, str | os.PathLike):
        return False
    dtype = getattr(x, "dtype", None)
    if dtype is not None:
        return getattr(dtype, "kind", "O") not in "f" and np.ndim(x) == 2
    first = x[0] if isinstance(x, list | tuple) and len(x) else None
    return isinstance(first, list | tuple) and len(first) != width


def as_rows(x: Any, columns: Sequence[Column], name: str) -> DataFrame:
    """Return rows of a mixed table as a DataFrame: those without names have all columns, or all modelled ones.

    Args:
        x: A DataFrame, or rows without the names of their columns.
        columns: Those of the training table.
        name: The name of the rows, for errors.

    Raises:
        AenbError: They have another number of columns, or a name occurs twice.
    """
    import pandas as pd

    if is_frame(x):
        return single_names(x, name)[0]
    frame = pd.DataFrame(x)
    for names in ([one.name for one in columns], [one.name for one in columns if one.is_modelled]):
        if frame.shape[1] == len(names):
            return frame.set_axis(names, axis=1).infer_objects()
    raise AenbError(
        f"`{name}`: expected a DataFrame with the columns of the training table, or rows of all its "
        f"{len(columns)} columns in order; received rows of {frame.shape[1]}."
    )
