"""Conversion of examples from the units of one preprocessing to those of another."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.preprocessing import Preprocessing
from aenb.data.tables.columns import in_order
from aenb.data.tables.mixed_table import same_units
from aenb.data.values.scaling import SIGNED, UNIT, to_unit, units

Convert = Callable[[np.ndarray], np.ndarray]


def have_same_units(one: Preprocessing, other: Preprocessing) -> bool:
    """Say whether two preprocessings give the same examples the same inputs."""
    try:
        return conversion(one, other) is None
    except AenbError:  # of another kind or shape
        return False


def conversion(source: Preprocessing, target: Preprocessing) -> Convert | None:
    """Return the function that converts examples that `source` prepared to the units of `target`.

    Args:
        source: How the examples were prepared.
        target: How those of a model are, that is to take them.

    Returns:
        (n, *source.input_shape) → (n, *target.input_shape), for examples as `Data.train` holds them; None if both have
        the same units.

    Raises:
        AenbError: The examples have another kind or shape, or a table has other columns.
    """
    if source.columns or target.columns:
        return _recoding(source, target)
    exact = {"image": 0, "tabular": 0, "signal": 1, "text": 1}.get(target.kind)
    if source.kind != target.kind or source.input_shape[exact:] != target.input_shape[exact:]:
        raise AenbError(f"`data`: expected {target.what}; received {source.what}.")
    if target.kind == "text":
        return _rewording(source, target)
    if target.kind == "image":
        return _rescaling(source, target)
    return _restandardising(source, target)


def _restandardising(source: Preprocessing, target: Preprocessing) -> Convert | None:
    """Return the conversion of rows of numbers, in the order of the target's columns, or of signals."""
    names = source.feature_names if target.kind == "tabular" else ()
    order = in_order(names, target.feature_names if names else (), "data") or list(range(target.input_shape[-1]))
    kept = order == sorted(order) and (source.mean, source.scale) == (target.mean, target.scale)
    if kept and source.input_shape == target.input_shape:
        return None

    def convert(examples: np.ndarray) -> np.ndarray:
        raw = source.to_raw(examples)[..., order]
        return target.from_raw(list(raw) if target.kind == "signal" else raw, "data")

    return convert


def _recoding(source: Preprocessing, target: Preprocessing) -> Convert | None:
    """Return the conversion of a mixed table, by way of its original units."""
    if source.kind != "tabular" or target.kind != "tabular":
        raise AenbError(f"`data`: expected {target.what}; received {source.what}.")
    if same_units(source.columns, target.columns):
        return None
    return lambda examples: target.from_raw(source.to_frame(examples), "data")


def _rewording(source: Preprocessing, target: Preprocessing) -> Convert | None:
    """Return the conversion of token ids: by the words, of which the target doesn't know all."""
    if (source.vocabulary, source.input_shape) == (target.vocabulary, target.input_shape):
        return None
    number = {word: place for place, word in enumerate(target.vocabulary)}
    table = np.array([number.get(word, 1) for word in source.vocabulary], "uint16")
    (length,) = target.input_shape

    def convert(ids: np.ndarray) -> np.ndarray:
        new = table[ids[:, :length]]
        return np.pad(new, ((0, 0), (0, length - new.shape[1])))

    return convert


def _rescaling(source: Preprocessing, target: Preprocessing) -> Convert | None:
    """Return the conversion of images: whole numbers of other ranges are scaled by the target's."""
    ranges = {target.pixel_range, source.pixel_range}
    if len(ranges) == 1 or ranges & {UNIT, SIGNED}:
        return None

    def convert(images: np.ndarray) -> np.ndarray:
        raw = np.rint(units(images) * source.pixel_range[1]).astype("uint32")
        return to_unit(raw, target.pixel_range, target.reach, "data")

    return convert
