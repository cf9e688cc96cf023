"""The kinds of columns: how each is fitted, becomes entries of a model's inputs, and is read back from its outputs.

A kind has three functions: `fit` finds what its entries need in the training values, `encode` turns values into entries
(NaN if missing), and `decode` turns entries, such as a decoder's outputs, into values: means of numbers and dates,
rounded means of counts, the most probable level. `draw` samples a value in place of that, from the same entries.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from aenb.data.tables.column import Column
from aenb.data.tables.column_dates import decode_date, encode_date, fit_date
from aenb.data.tables.column_levels import (
    binary_baseline,
    categorical_baseline,
    decode_binary,
    decode_categorical,
    decode_ordinal,
    draw_binary,
    draw_categorical,
    draw_ordinal,
    encode_binary,
    encode_categorical,
    encode_ordinal,
    fit_binary,
    fit_categorical,
    fit_ordinal,
    ordinal_baseline,
)
from aenb.data.tables.column_numbers import (
    count_baseline,
    decode_count,
    decode_numeric,
    decode_quantile,
    draw_count,
    encode_count,
    encode_numeric,
    encode_quantile,
    fit_count,
    fit_numeric,
    fit_quantile,
    half_variance,
)

if TYPE_CHECKING:
    from pandas import Series

Draw = np.random.Generator


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


def _as_decoded(decode: Callable) -> Callable:
    return lambda entries, column, draw: decode(entries, column)


KINDS = {
    "numeric": Kind(fit_numeric, encode_numeric, decode_numeric, _as_decoded(decode_numeric), half_variance),
    "quantile": Kind(fit_quantile, encode_quantile, decode_quantile, _as_decoded(decode_quantile), half_variance),
    "count": Kind(fit_count, encode_count, decode_count, draw_count, count_baseline),
    "binary": Kind(fit_binary, encode_binary, decode_binary, draw_binary, binary_baseline),
    "categorical": Kind(
        fit_categorical, encode_categorical, decode_categorical, draw_categorical, categorical_baseline
    ),
    "ordinal": Kind(fit_ordinal, encode_ordinal, decode_ordinal, draw_ordinal, ordinal_baseline),
    "date": Kind(fit_date, encode_date, decode_date, _as_decoded(decode_date), half_variance),
}
