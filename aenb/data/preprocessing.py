"""Preprocessing: turns raw examples into a model's inputs, and back; plain values, so a saved run stores it too."""

from __future__ import annotations

import functools
import os
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.labels import class_numbers
from aenb.data.sound.sound_forms import Sound
from aenb.data.tables import mixed_table
from aenb.data.tables.column import Column
from aenb.data.tables.columns import in_order
from aenb.data.tables.rows import are_rows, as_rows
from aenb.data.tables.unseen_levels import warn_of_unseen
from aenb.data.text.subwords import Subwords
from aenb.data.values.numeric import as_array, extent, is_frame, is_masked
from aenb.data.values.scaling import UNIT, add_channel, to_unit, units
from aenb.data.values.signals import padded
from aenb.data.values.standardised import is_likelier_raw, standardise, to_raw
from aenb.data.values.words import are_texts, listed_texts, split_words, to_ids, to_text

if TYPE_CHECKING:
    from pandas import DataFrame

LARGEST = 1e15  # standardised value allowed: sums of squares stay finite in float32
Kind = Literal["image", "tabular", "signal", "text"]


@dataclass(frozen=True)
class Preprocessing:
    """How raw examples become the inputs of a trained model, and how its outputs are converted back.

    Attributes:
        kind: "image", "tabular", "signal" or "text".
        input_shape: The shape of one input.
        name: The name of the training data.
        pixel_range: The raw pixel values that become 0 and 1, inferred from the training images.
        reach: The smallest and the largest input value of images, usually 0 and 1.
        mean: The mean subtracted from each column of a table or channel of a signal; none: nothing is subtracted.
        scale: The number that each is then divided by.
        feature_names: The names of a table's columns, in the order of the inputs; of a mixed table, those of inputs.
        columns: The columns of a mixed table, and how their values become inputs.
        left_out: Columns of a table of numbers that are not among the inputs.
        sound: Of recordings: how they become raw examples, and these recordings; else None.
        vocabulary: The words of a text, in the order of their ids.
        merges: Of texts as they are written: the pairs of subword units that are joined; None: texts are split into
            words.
        target_length: Of pairs of texts: the length of the second ones, in tokens; 0: there are none.
        classes: The labels, in the order of their numbers.
        class_names: The name of each class.
        stride: Of windows of a series: the steps between the starts of two; 0: examples are no windows.
        step: Of a series with times: the usual time between two steps, in seconds.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid", "allow_inf_nan": False}

    kind: Kind
    input_shape: tuple[int, ...]
    name: str = "array"
    pixel_range: tuple[float, float] = UNIT
    reach: tuple[float, float] = UNIT
    mean: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    feature_names: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()
    classes: tuple[bool | int | str, ...] = ()
    class_names: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    left_out: tuple[str, ...] = ()
    merges: tuple[str, ...] | None = None
    target_length: int = 0
    stride: int = 0
    step: float = 0.0
    sound: Sound | None = None

    def inputs(self, x: Any, name: str = "x") -> np.ndarray:
        """Convert what a run is given to the model's units.

        Args:
            x: Raw examples, as for `from_raw`: a DataFrame, texts, a list of signals, or an array of integers; or an
                array of floats that is in the model's units already, as `Data.x_train` is. Float images far outside the
                model's units, but within the raw range of the training images, count as raw, and so do rows and signals
                for which `is_raw` holds. NaN and masked values are missing; token ids are integers.
            name: Its name, for errors.

        Returns:
            (n, *input_shape), float32; int32 for texts.

        Raises:
            AenbError: The examples do not fit.

        Example:
            >>> import aenb
            >>> preprocessing = aenb.load_data("digits").preprocessing
            >>> float(preprocessing.inputs([[[255, 0, 0, 0, 0, 0, 0, 0]] * 8]).max())
            1.0
        """
        if self.kind == "text":
            return self.from_raw(x, name) if are_texts(x) else self._tokens(x, name)
        if self.kind == "image" or is_frame(x) or self._is_list_of_signals(x) or self._are_rows(x):
            return self.from_raw(x, name)
        array = self._fitted(x, name)
        return self.from_raw(array, name) if self.is_raw(x) else self._checked(array, array, name)

    def is_raw(self, x: Any) -> bool:
        """Say whether an array of rows or signals is in its original units, rather than in the model's.

        Integers are. Floats are if `is_likelier_raw` holds.

        Args:
            x: (n, *input_shape), or a list of signals.
        """
        if self.kind not in ("tabular", "signal") or self.columns or is_frame(x):
            return False
        if self._is_list_of_signals(x):
            return True
        array = as_array(x, "x")
        if array.dtype.kind != "f" or (is_masked(x) and x.dtype.kind != "f"):
            return True
        if not self.mean or array.shape[-1:] != (len(self.mean),) or not array.size:
            return False
        return is_likelier_raw(array, self.mean, self.scale)

    def input(self, x: Any, name: str = "x") -> np.ndarray:
        """Convert one example to the model's units: (*input_shape). It may have the batch axis or not; see `inputs`."""
        if self.kind == "tabular" and hasattr(x, "to_frame"):  # a row of a DataFrame
            x = x.to_frame().T.infer_objects()
        elif self.is_one(x):
            x = [x] if isinstance(x, str) else as_array(x, name)[None]
        inputs = self.inputs(x, name)
        if len(inputs) != 1:
            raise AenbError(f"`{name}`: expected one example, {self.input_shape}; received {len(inputs)}.")
        return inputs[0]

    def is_one(self, x: Any) -> bool:
        """Say whether something is one example, without a batch axis."""
        if isinstance(x, str):
            return self.kind == "text"
        if are_texts(x) or is_frame(x):
            return False
        try:
            shape = np.shape(x)
        except Exception:  # ragged, or no array at all: `inputs` raises the error
            return False
        return shape == self.input_shape or (self._is_grey and shape == self.input_shape[:-1])

    @property
    def _is_grey(self) -> bool:
        return self.kind == "image" and self.input_shape[-1] == 1

    def from_raw(self, x: Any, name: str = "x") -> np.ndarray:
        """Convert raw examples to the model's units.

        Args:
            x: A table in its original units, NaN where a value is missing: the columns of a DataFrame are matched by
                name, those of an array by position. Images in the range of the training images, or in [0, 1]. Signals
                in their original units, an array (n, length, channels) or a list of arrays (steps, channels). Or a
                list of texts, whose unknown words become 1.
            name: Its name, for errors.

        Returns:
            (n, *input_shape), float32; int32 for texts.

        Raises:
            AenbError: The examples do not fit.
        """
        if self.kind == "text" and self.merges is not None:
            return units(self._subwords.encode(listed_texts(x, name), *self.input_shape))
        if self.kind == "text":
            return units(to_ids(split_words(x, name), self.vocabulary, *self.input_shape))
        if self.columns:
            rows = as_rows(x, self.columns, name)
            inputs = mixed_table.encode(rows, self.columns, name)
            warn_of_unseen(rows, self.columns, name)
            return inputs
        if self._is_list_of_signals(x):
            x = padded(x, name, self.input_shape[0])
        elif self.kind == "tabular" and is_frame(x):
            x = x.iloc[:, in_order(x.columns, self.feature_names, name, self.left_out)]
        array = self._fitted(x, name)
        if self.kind == "image":
            return to_unit(array, self.pixel_range, self.reach, name)
        return self.scaled(array, name)

    def scaled(self, values: np.ndarray, name: str = "x") -> np.ndarray:
        """Standardise raw values, (…, features) or (…, channels): the same shape, float32.

        Raises:
            AenbError: A value is infinite, or too large.
        """
        return self._checked(standardise(values, self.mean, self.scale), values, name)

    def to_raw(self, x: np.ndarray) -> np.ndarray:
        """Convert tables and signals from the model's units back to their original ones: the same shape, float64."""
        return to_raw(x, self.mean, self.scale)

    def to_frame(
        self, x: np.ndarray, index: Any = None, *, draw: np.random.Generator | None = None, noise: Any = None
    ) -> DataFrame:
        """Convert rows of a table from the model's units to a DataFrame in the original ones.

        Args:
            x: (n, features).
            index: Its index; None: 0, 1, 2, ….
            draw: For a mixed table: a generator to draw levels and counts with; None: the most probable ones are taken.
            noise: For a mixed table, with `draw`: (features,), the deviation of the noise that is added to numbers.
        """
        import pandas as pd

        if self.columns:
            return mixed_table.decode(np.asarray(x), self.columns, index, draw=draw, noise=noise)
        return pd.DataFrame(self.to_raw(x), index=index, columns=list(self.feature_names) or None)

    def restore(self, x: np.ndarray, like: Any) -> Any:
        """Convert rows of a table to their original units, and fill in the missing values of a DataFrame with them.

        Args:
            x: (n, features), in the model's units.
            like: The DataFrame that they came from; its observed values are kept.

        Returns:
            A DataFrame with the same columns and index.
        """
        import pandas as pd

        if self.columns:
            return mixed_table.fill(like, mixed_table.decode(x, self.columns, like.index))
        order = in_order(like.columns, self.feature_names, "x", self.left_out)
        raw = dict(zip(order, self.to_raw(x).T, strict=True))
        filled = [
            column.astype("float64").where(column.notna(), raw[place])
            if place in raw and column.isna().any()
            else column
            for place, (_, column) in enumerate(like.items())
        ]
        return pd.concat(filled, axis=1)

    @property
    def owners(self) -> tuple[int, ...]:
        """Of a mixed table: the number of the column that each input belongs to, in the order of the inputs."""
        return mixed_table.layout(self.columns).owners if self.columns else ()

    def texts(self, tokens: np.ndarray) -> list[str]:
        """Return the texts of token ids: (n, length) → n texts; "_" marks an empty position between words."""
        if self.merges is not None:
            return self._subwords.decode(tokens)
        return [to_text(row, self.vocabulary) for row in np.asarray(tokens)]

    @functools.cached_property
    def _subwords(self) -> Subwords:
        return Subwords(self.merges or ())

    @property
    def tokens(self) -> str | None:
        """What texts are split into: "words", "subwords" or "bytes"; None for other data."""
        if self.kind != "text":
            return None
        return "words" if self.merges is None else "subwords" if self.merges else "bytes"

    @property
    def class_words(self) -> tuple[str, ...]:
        """What to call the classes, in the order of `classes`: their names if each has one, else their labels."""
        has_names = len(self.class_names) == len(self.classes)
        return tuple(map(str, self.class_names if has_names else self.classes))

    def class_numbers(self, labels: Any) -> np.ndarray:
        """Return the numbers of labels in `classes`: (n,), int32.

        Raises:
            AenbError: A label does not occur in this data, or the data has no labels.
        """
        return class_numbers(labels, self.classes, self.name)

    @property
    def what(self) -> str:
        """What the examples are, in words."""
        if self.kind == "text":
            return self._described_texts()
        shape = "×".join(map(str, self.input_shape))
        return {
            "image": f"images of {shape}",
            "tabular": f"rows of {shape} features" if not self.columns else f"rows of {self._counted_columns()}",
            "signal": f"signals of up to {self.input_shape[0]} steps and {self.input_shape[-1]} channels",
        }[self.kind]

    def _described_texts(self) -> str:
        (length,) = self.input_shape
        if self.target_length:
            return f"pairs of texts of up to {length} and {self.target_length} {self.tokens}"
        return f"texts of up to {length} {self.tokens if self.merges is not None else 'words'}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        values = {field.name: getattr(self, field.name) for field in fields(self)} | {
            "columns": [_as_plain(column) for column in self.columns],
            "sound": None if self.sound is None else asdict(self.sound),
        }
        return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}

    @classmethod
    def from_dict(cls, values: object) -> Preprocessing:
        """Build a preprocessing from what `to_dict` returned.

        Raises:
            AenbError: A value is missing, unknown, or has another type.
        """
        from pydantic import TypeAdapter, ValidationError

        try:
            preprocessing = TypeAdapter(cls).validate_python(values)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "it"
            raise AenbError(f"A preprocessing: expected other values; received {place}: {first['msg']}.") from None
        preprocessing._check()
        return preprocessing

    def _check(self) -> None:
        """Raise an error if the values of a file do not fit each other."""
        if self.merges is not None:
            self._subwords.check()
        widths = {"image": (3,), "tabular": (1,), "signal": (2,), "text": (1,)}[self.kind]
        size = self.input_shape[-1] if self.input_shape else 0
        wrong = [
            ("input_shape", len(self.input_shape) not in widths or min(self.input_shape, default=0) < 1),
            ("pixel_range", self.pixel_range[0] >= self.pixel_range[1]),
            ("reach", self.reach[0] > self.reach[1]),
            ("mean", len(self.mean) not in (0, size) or len(self.mean) != len(self.scale)),
            ("scale", any(scale <= 0 for scale in self.scale)),
            ("feature_names", self.kind == "tabular" and len(self.feature_names) not in (0, size)),
            ("columns", bool(self.columns) and (self.kind != "tabular" or self._width() != size)),
            ("vocabulary", self.kind == "text" and len(self.vocabulary) < 2),
            ("target_length", self.target_length < 0 or (self.target_length > 0 and self.merges is None)),
            ("merges", self.merges is not None and self._subwords.vocabulary != self.vocabulary),
            (
                "stride",
                self.stride < 0 or (self.stride > 0 and (self.kind != "signal" or self.stride > self.input_shape[0])),
            ),
            ("step", self.step < 0),
            ("sound", self.sound is not None and self.sound.input_shape != self.input_shape),
        ]
        for name, is_wrong in wrong:
            if is_wrong:
                raise AenbError(f"A preprocessing of {self.kind} data: received a {name} that does not fit.")

    def _width(self) -> int:
        return sum(len(column.entries) for column in self.columns)

    def _counted_columns(self) -> str:
        modelled = sum(column.is_modelled for column in self.columns)
        return f"{modelled} columns, {self.input_shape[0]} features"

    def _are_rows(self, x: Any) -> bool:
        return bool(self.columns) and are_rows(x, self.input_shape[0])

    def _is_list_of_signals(self, x: Any) -> bool:
        is_list = isinstance(x, list | tuple) or (isinstance(x, np.ndarray) and x.dtype == object and x.ndim == 1)
        return self.kind == "signal" and is_list and len(x) > 0

    def _fitted(self, x: Any, name: str) -> np.ndarray:
        """Return an array of numbers of the shape (n, *input_shape), or raise an error that says what is wrong."""
        if isinstance(x, str | os.PathLike):
            raise AenbError(f"`{name}`: expected {self.what}; received the text {str(x)!r}. Load files with load_data.")
        array = as_array(x, name)
        if self._is_grey and array.ndim and array.shape[1:] == self.input_shape[:-1]:
            array = add_channel(array)
        if array.ndim and array.shape[1:] == self.input_shape:
            return array
        shape = f"the shape (n, {', '.join(map(str, self.input_shape))})"
        one = " Add the batch axis: x[None]." if array.shape == self.input_shape else ""
        if self.kind == "image":
            raise AenbError(f"`{name}`: expected {shape}; received {array.shape}.{one}")
        raise AenbError(f"`{name}`: expected {shape}, {self.what}; received the shape {array.shape}.{one}")

    def _checked(self, values: np.ndarray, given: np.ndarray, name: str) -> np.ndarray:
        """Return standardised values as float32, or raise an error if they are infinite or too large."""
        extent(given, name)  # raises an error if it is infinite
        largest = float(np.fmax.reduce(np.abs(values), axis=None, initial=0))
        if largest > LARGEST:
            raise AenbError(
                f"`{name}`: expected values that are at most {LARGEST:g} when standardised; received "
                f"{largest:.3g}. Look for a value that marks a missing one, and put NaN there."
            )
        return values.astype("float32", copy=False)

    def _tokens(self, x: Any, name: str) -> np.ndarray:
        """Return token ids: (n, length), int32."""
        if isinstance(x, str) or not hasattr(x, "__len__"):
            split_words(x, name)  # raises the error
        array = np.asarray(as_array(x, name)) if not is_masked(x) else None
        if array is None or (array.dtype.kind == "f" and not (array == np.floor(array)).all()):
            raise AenbError(f"`{name}`: expected a list of texts, or the ids of words; received other numbers.")
        array = self._fitted(array, name)
        low, high = (array.min(), array.max()) if array.size else (0, 0)
        if low < 0 or high >= len(self.vocabulary):
            raise AenbError(
                f"`{name}`: expected ids of words from 0 to {len(self.vocabulary) - 1}; received {low:g} to {high:g}."
            )
        return array.astype("int32")


def _as_plain(column: Column) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(column).items()}
