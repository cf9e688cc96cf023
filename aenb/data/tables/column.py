"""`Column`: what is known of a column of a mixed table; plain values, so that a saved run has them too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from aenb.core.layout import Block

if TYPE_CHECKING:
    from pandas import DataFrame

ColumnKind = Literal["numeric", "quantile", "count", "binary", "categorical", "ordinal", "date", "constant", "drop"]
Level = bool | int | float | str
SHOWN = 6  # levels in the table
EXACT = 2**53  # whole numbers below it are exact as floats


@dataclass(frozen=True)
class Column:
    """A column, and how its values become entries of a model's inputs.

    Attributes:
        name: Its name.
        kind: How it is modelled: "drop" is left out; "constant" has no entries, and comes back in outputs.
        dtype: The pandas dtype of its values, which outputs have too.
        why: Why it has this kind.
        is_asked: Whether the kind was asked for.
        missing: The share of training values that are missing.
        levels: Of a category: its levels, in order; of a constant, its value.
        pooled: Of a category: rare levels, as text, that count as one level, the last of `levels`.
        categories: Of a pandas category: all its levels.
        is_ordered: Of a pandas category: whether they have an order.
        mean: Subtracted from numbers, days, and logarithms of counts.
        scale: The divisor of the same.
        low: The smallest training value: outputs are not below.
        high: The largest.
        decimals: How many decimals the numbers have, to which outputs are rounded; None: more than six.
        knots: Of a quantile-normalised column: its quantiles, evenly spaced.
        dispersion: Of a count: α of its negative binomial distribution; 0: Poisson.
        cycles: Of a date: the cycles whose sine and cosine are entries: "year", "week", "day".
        step: Of a date: the seconds that outputs are rounded to.
        format: Of a date in text: its format.
        weight: The weight of its loss.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid", "allow_inf_nan": False}

    name: int | str
    kind: ColumnKind
    dtype: str = "float64"
    why: str = ""
    is_asked: bool = False
    missing: float = 0.0
    levels: tuple[Level, ...] = ()
    pooled: tuple[str, ...] = ()
    categories: tuple[Level, ...] = ()
    is_ordered: bool = False
    mean: float = 0.0
    scale: float = 1.0
    low: float = 0.0
    high: float = 0.0
    decimals: int | None = None
    knots: tuple[float, ...] = ()
    dispersion: float = 0.0
    cycles: tuple[str, ...] = ()
    step: float = 1.0
    format: str = ""
    weight: float = 1.0

    @property
    def is_modelled(self) -> bool:
        """Whether a model has entries of it."""
        return self.kind not in ("drop", "constant")

    @property
    def block(self) -> Block:
        """Its entries, for a model."""
        kind = {"numeric": "gaussian", "quantile": "gaussian", "date": "gaussian", "binary": "bernoulli"}
        block = Block(kind.get(self.kind, self.kind), len(self.entries), self.weight)
        if self.kind != "count":
            return block
        return replace(block, shift=self.mean, scale=self.scale, dispersion=self.dispersion)

    @property
    def entries(self) -> tuple[str, ...]:
        """The names of its entries."""
        if self.kind == "date":
            return (
                str(self.name),
                *(f"{self.name}: {part} of {one}" for one in self.cycles for part in ("sin", "cos")),
            )
        if self.kind == "categorical":
            words = [*map(level_text, self.levels)]
            return tuple(f"{self.name}={word}" for word in ([*words[:-1], "other"] if self.pooled else words))
        if self.kind == "ordinal":
            return tuple(f"{self.name}>{level_text(level)}" for level in self.levels[:-1])
        return (str(self.name),) if self.is_modelled else ()

    @property
    def asked(self) -> Any:
        """What to pass to `load_data` to get this kind again."""
        return list(self.levels) if self.kind == "ordinal" and self.dtype in TEXTS else self.kind


TEXTS = ("object", "str", "string")


def level_text(level: Any) -> str:
    """Return a level as text, the same for 1, 1.0 and "1": pandas turns whole numbers to floats if one is missing.

    Example:
        >>> level_text(np.float64(1.0)), level_text("a"), level_text(True)
        ('1', 'a', 'True')
    """
    if isinstance(level, bool | np.bool_ | str):
        return str(level)
    number = float(level) if isinstance(level, float | np.floating) else math.nan
    return str(int(number)) if number.is_integer() and abs(number) < EXACT else str(level)


def plain_level(level: Any) -> Level:
    """Return a level as a plain value: a bool, a number, or text."""
    level = level.item() if isinstance(level, np.generic) else level
    return level if isinstance(level, bool | int | float | str) else str(level)


def in_layout(columns: Sequence[Column]) -> list[int]:
    """Return the positions of the modelled columns, in the order of their entries: see `core.layout`."""
    from aenb.core.layout import KINDS

    blocks = {place: column.block for place, column in enumerate(columns) if column.is_modelled}
    return sorted(blocks, key=lambda place: (KINDS.index(blocks[place].kind), blocks[place].width, place))


def as_frame(columns: Sequence[Column]) -> DataFrame:
    """Return what is known of columns as a table, one row for each."""
    import pandas as pd

    rows = [
        {
            "kind": column.kind,
            "dtype": column.dtype,
            "values": _values(column),
            "missing": column.missing,
            "entries": len(column.entries),
            "weight": round(column.weight, 3),
            "why": "asked for" if column.is_asked else column.why,
        }
        for column in columns
    ]
    index = pd.Index([column.name for column in columns], name="column")
    return pd.DataFrame(rows, index=index, columns=["kind", "dtype", "values", "missing", "entries", "weight", "why"])


def _values(column: Column) -> str:
    if column.levels:
        words = [*map(level_text, column.levels)]
        words = [*words[:-1], f"{len(column.pooled)} rare ones"] if column.pooled else words
        return ", ".join(words) if len(words) <= SHOWN else f"{', '.join(words[: SHOWN - 1])}, … ({len(words)} levels)"
    if column.kind == "date":
        low, high = (np.datetime64(int(one), "s").astype(str) for one in (column.low, column.high))
        return f"{low[:10]} to {high[:10]}"
    return f"{column.low:g} to {column.high:g}" if column.is_modelled else ""
