"""`Data`: the arrays, and where they came from."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from aenb.core.errors import AenbError, unknown
from aenb.core.tables import text_table
from aenb.data.conversion import conversion
from aenb.data.preprocessing import Kind, Preprocessing
from aenb.data.sound.sound_forms import Sound
from aenb.data.split import draw, spread
from aenb.data.tables.column import Column, as_frame
from aenb.data.values.scaling import BYTES, UNIT, units
from aenb.data.values.streamed import LIMIT, Examples, Rows, blocks, select

if TYPE_CHECKING:
    from pandas import DataFrame

    from aenb.data.series.windowed import Windowed

STREAMED = f"The examples take more than {LIMIT // 2**20} MB: the training examples are read from disk when needed."

SHOWN = 10  # held-out examples in figures
LISTED = 20  # columns in the text of a table
SCANNED = 10_000  # training images whose pixels are scanned for their range


def named_parts(names: Any, train: np.ndarray, test: np.ndarray) -> dict[str, Any]:
    """Return the fields of `Data` for the names of its examples, (n,) or None, from the indices of its two parts."""
    return {} if names is None else {"names_train": np.asarray(names)[train], "names_test": np.asarray(names)[test]}


def _some(array: np.ndarray | None, kept: np.ndarray) -> np.ndarray | None:
    return None if array is None else array[kept]


@dataclass(frozen=True, eq=False)
class Data:
    """Training examples and held-out examples, with their provenance.

    Images stay bytes, which take a quarter of the memory; `x_train` and `x_test` are in a model's units.

    Attributes:
        train: The training examples: uint8 that stands for [0, 1], or float32 in the model's units (NaN for missing
            values), or uint16 token ids. An array, or an object that reads from disk when it is indexed: it has
            `shape`, `dtype`, `len`, and takes an array of indices.
        test: The held-out examples, an array of the same kind.
        y_train: Labels of the training examples, (n,), or None.
        y_test: Labels of the held-out examples, or None.
        kind: "image", "tabular", "signal" (n, length, channels) or "text" (n, length), token ids, 0 after the end.
        name: The name that `--data` takes.
        source: Where it came from, in words.
        class_names: The name of each class.
        feature_names: The names of a table's columns; of a mixed table, those of its entries.
        table: Of a mixed table: its columns, and how their values become entries; `columns` shows them.
        left_out: Of a table of numbers: the names of columns that were left out.
        names_train: What each training example is called, (n,), such as its file within the folder; or None.
        names_test: What each held-out example is called, (n,), or None.
        series: If the examples are windows of a series: its held-out rows, and where the windows begin; or None.
        sound: Of recordings: their sample rate, and what the examples are of them; else None.
        vocabulary: The tokens in the order of their ids; the first stands for no token, the second for any other word.
        merges: Of texts as they are written: the pairs of subword units that are joined, in the order in which they
            were learnt, none for bytes; None: texts are split into words.
        targets_train: Of pairs of texts: the token ids of the second text of each training example, (n, target length),
            uint16; else None.
        targets_test: The same of the held-out examples, or None.
        scaler: The scikit-learn scaler that standardised a table's columns or a signal's channels, or None.
        pixel_range: The raw pixel values that 0 and 1 stand for; those of bytes are fixed.
        notes: What was inferred or changed, each a sentence to report.
        total: How many examples the whole data set has; `n` is how many are here.
        anomalies: For data of one class: held-out examples of the other classes, as `test`.

    Example:
        >>> import aenb
        >>> data = aenb.load_data("digits")
        >>> data.kind, data.input_shape, data.n, data.is_subset
        ('image', (8, 8, 1), 1797, False)
        >>> data.x_train.shape, data.x_train.dtype.name, data.classes[:3]
        ((1437, 8, 8, 1), 'float32', (0, 1, 2))
    """

    train: Examples
    test: np.ndarray
    y_train: np.ndarray | None = None
    y_test: np.ndarray | None = None
    kind: str = "image"
    name: str = "array"
    source: str = "an array"
    class_names: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()
    scaler: Any = None
    pixel_range: tuple[float, float] = UNIT
    notes: tuple[str, ...] = ()
    total: int = field(default=0)
    anomalies: np.ndarray | None = None
    table: tuple[Column, ...] = ()
    left_out: tuple[str, ...] = ()
    names_train: np.ndarray | None = None
    names_test: np.ndarray | None = None
    merges: tuple[str, ...] | None = None
    targets_train: np.ndarray | None = None
    targets_test: np.ndarray | None = None
    series: Windowed | None = None
    sound: Sound | None = None

    def __post_init__(self) -> None:
        if not self.total:
            object.__setattr__(self, "total", self.n)

    @property
    def n(self) -> int:
        """How many examples are here, held-out ones included."""
        return len(self.train) + len(self.test)

    @functools.cached_property
    def x_train(self) -> np.ndarray:
        """The training examples in a model's units.

        float32 (n, height, width, channels) in [0, 1]; (n, features) or (n, length, channels), standardised, NaN for
        missing values; or int32 (n, length), token ids.
        """
        return units(self.train[:])

    @functools.cached_property
    def x_test(self) -> np.ndarray:
        """The held-out examples, of the same shape and units."""
        return units(self.test)

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the training examples in a model's units, a few megabytes at a time."""
        return map(units, blocks(self.train))

    def examples(self) -> np.ndarray:
        """Return the held-out examples to show, in a model's units: one per class, or the first ones if unlabelled."""
        return units(self.test[self.shown])

    @functools.cached_property
    def shown(self) -> np.ndarray:
        """The indices of the held-out examples to show: (n,)."""
        if self.y_test is None:
            return np.arange(min(SHOWN, len(self.test)))
        return np.unique(self.y_test, return_index=True)[1][:SHOWN]

    @functools.cached_property
    def classes(self) -> tuple[bool | int | str, ...]:
        """The distinct labels, sorted; a model that is conditioned on labels counts them from 0."""
        return () if self.y_train is None else tuple(np.unique(self.y_train).tolist())

    @functools.cached_property
    def preprocessing(self) -> Preprocessing:
        """How raw examples become the inputs of a model that was trained on this data."""
        scaler, (least, most) = self.scaler, self.pixel_range
        return Preprocessing(
            cast(Kind, self.kind), self.input_shape, self.name,
            pixel_range=BYTES if self.train.dtype == np.uint8 else (float(least), float(most)),
            reach=self._reach(),
            mean=() if scaler is None else tuple(scaler.mean_.tolist()),
            scale=() if scaler is None else tuple(scaler.scale_.tolist()),
            feature_names=tuple(map(str, self.feature_names)), vocabulary=tuple(self.vocabulary),
            classes=self.classes, class_names=tuple(map(str, self.class_names)), columns=self.table,
            left_out=self.left_out, merges=cast("tuple[str, ...]", self.merges), sound=cast(Sound, self.sound),
            target_length=self.target_length,
            stride=self.series.scoring_stride if self.series else 0, step=self.series.step if self.series else 0.0,
        )  # fmt: skip

    def _reach(self) -> tuple[float, float]:
        """Return the smallest and the largest pixel in a model's units, of the held-out and some training images."""
        if self.kind != "image" or self.train.dtype.kind != "f":
            return UNIT
        samples = (self.train[spread(len(self.train), SCANNED)], self.test)
        return (
            float(min(np.nanmin(images, initial=0) for images in samples)),
            float(max(np.nanmax(images, initial=1) for images in samples)),
        )

    @property
    def unseen(self) -> tuple[bool | int | str, ...]:
        """The labels of held-out examples that no training example has."""
        return () if self.y_test is None else tuple(np.setdiff1d(self.y_test, self.classes).tolist())

    @property
    def class_words(self) -> tuple[str, ...]:
        """What to call the classes, in the order of `classes`: their names if each has one, else their labels."""
        return self.preprocessing.class_words

    def class_numbers(self, labels: Any) -> np.ndarray:
        """Return the numbers of labels in `classes`: (n,), int32.

        Raises:
            AenbError: A label does not occur in this data, or the data has no labels.
        """
        return self.preprocessing.class_numbers(labels)

    @functools.cached_property
    def support(self) -> str:
        """The values that examples take: "binary" for 0 and 1 only, "unit" for those in [0, 1], "real", or "tokens"."""
        if self.kind == "text":
            return "tokens"
        if self.kind != "image":
            return "real"
        is_binary = all(np.isin(block, (0, 1)).all() for block in self.blocks())
        return "binary" if is_binary else "unit"

    @functools.cached_property
    def has_missing(self) -> bool:
        """Whether values are missing: in a table, or as the padding of shorter signals."""
        return self.kind in ("tabular", "signal") and any(np.isnan(block).any() for block in self.blocks())

    @functools.cached_property
    def mean(self) -> np.ndarray:
        """The mean training example, over observed values: (*input_shape), float32; 0 if a value was never observed."""
        sums, counts = np.zeros(self.input_shape), np.zeros(self.input_shape)
        for block in self.blocks():
            sums += np.nansum(block, axis=0, dtype="float64")
            counts += (~np.isnan(block)).sum(axis=0)
        return (sums / np.maximum(counts, 1)).astype("float32")

    @property
    def columns(self) -> DataFrame:
        """The columns of a table: the kind of each, its dtype, values, share of missing values, and why.

        `entries` is the number of a model's inputs that a column has, and `weight` that of its loss. In a table of
        numbers, all columns are "numeric". Other data has none.

        Example:
            >>> import aenb
            >>> aenb.load_data("wine").columns.loc["alcohol", "kind"]
            'numeric'
        """
        left_out = [Column(name, "drop", "int64", why="it numbers the rows") for name in self.left_out]
        return as_frame([*(self.table or self._numeric_columns()), *left_out])

    def _numeric_columns(self) -> list[Column]:
        if self.kind != "tabular" or self.scaler is None:
            return []
        x = self.train[:]
        low, high = (self.preprocessing.to_raw(bound(x, axis=0)) for bound in (np.nanmin, np.nanmax))
        names: Sequence[int | str] = self.feature_names or range(x.shape[1])
        missing = np.isnan(x).mean(axis=0)
        return [
            Column(name, "numeric", why="numbers", missing=float(share), low=float(least), high=float(most))
            for name, share, least, most in zip(names, missing, low, high, strict=True)
        ]

    @property
    def is_subset(self) -> bool:
        """Whether this is only a part of the data set."""
        return self.n < self.total

    @property
    def is_streamed(self) -> bool:
        """Whether the training examples are read from disk when they are needed."""
        return not isinstance(self.train, np.ndarray)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example."""
        return tuple(self.train.shape[1:])

    @property
    def target_length(self) -> int:
        """Of pairs of texts: how many tokens the second ones have, with padding; 0: there are none."""
        return 0 if self.targets_train is None else self.targets_train.shape[1]

    @functools.cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of the arrays: equal for equal data."""
        digest = hashlib.sha256()
        targets = (self.targets_train, self.targets_test) if self.target_length else ()
        for examples in (self.train, self.test, *targets):
            digest.update(f"{examples.shape} {examples.dtype}".encode())
            for block in blocks(examples):
                digest.update(np.ascontiguousarray(block))
        return digest.hexdigest()

    def share(self, train: np.ndarray) -> None:
        """Take the training examples from another array that holds the same, and free the memory of this one."""
        object.__setattr__(self, "train", train)

    def limit(self, n: int | None) -> Data:
        """Keep a fixed random subset of the training examples, and the same fraction of the held-out ones.

        At least one example of each class is kept, as long as `n` is not below the number of classes.

        Args:
            n: How many training examples to keep; None: all.

        Returns:
            The smaller `Data`, of which `total` still is the size of the whole; the data itself if it has no more.

        Example:
            >>> import aenb
            >>> data = aenb.load_data("digits").limit(100)
            >>> data.x_train.shape, data.x_test.shape, data.is_subset
            ((100, 8, 8, 1), (25, 8, 8, 1), True)
        """
        if n is None or n >= len(self.train):
            return self
        random = np.random.default_rng(0)
        keep = draw(random.permutation(len(self.train)), n, self.y_train)
        num_held = max(2, round(len(self.test) * n / len(self.train)))
        labels = None if self.y_train is None else self.y_train[keep]
        held = draw(random.permutation(len(self.test)), num_held, self.y_test, labels)
        train = select(self.train, keep)
        notes = tuple(note for note in self.notes if note != STREAMED or not isinstance(train, np.ndarray))
        return replace(
            self,
            notes=notes,
            train=train,
            test=self.test[held],
            y_train=labels,
            y_test=_some(self.y_test, held),
            names_train=_some(self.names_train, keep),
            names_test=_some(self.names_test, held),
            targets_train=_some(self.targets_train, keep),
            targets_test=_some(self.targets_test, held),
            series=self.series and self.series.only(keep),
        )

    def one_class(self, label: Any) -> Data:
        """Keep the examples of one class, to train an anomaly detector: all other classes are anomalies.

        Args:
            label: The name or the label of the class.

        Returns:
            `Data` called "name:class", whose training and held-out examples are of that class. The held-out examples of
            the other classes are in `anomalies`.

        Raises:
            AenbError: There is no such class.

        Example:
            >>> import aenb
            >>> zeros = aenb.load_data("digits").one_class(0)
            >>> len(zeros.train), len(zeros.test), len(zeros.anomalies)
            (142, 36, 324)
        """
        labels = dict(zip(self.class_words, self.classes, strict=True)) | {str(one): one for one in self.classes}
        if self.y_train is None or self.y_test is None:
            raise AenbError(f"`{self.name}:{label}`: expected data with labels; {self.name} has none.")
        if str(label) not in labels:
            raise unknown("class", str(label), labels, f" of {self.name}")
        kept = np.flatnonzero(self.y_train == labels[str(label)])
        held = self.y_test == labels[str(label)]
        return replace(
            self, train=select(self.train, kept), test=self.test[held], anomalies=self.test[~held],
            y_train=self.y_train[kept], y_test=self.y_test[held], name=f"{self.name}:{label}", total=0,
            names_train=_some(self.names_train, kept), names_test=_some(self.names_test, held),
        )  # fmt: skip

    def prepare(self, x: Any) -> np.ndarray:
        """Convert raw examples to the units of a model trained on this data: see `Preprocessing.from_raw`."""
        return self.preprocessing.from_raw(x)

    def texts(self, tokens: np.ndarray) -> list[str]:
        """Return the texts of token ids: (n, length) → n texts; "_" marks an empty position before the end."""
        return self.preprocessing.texts(tokens)

    def within(self, preprocessing: Preprocessing) -> Data:
        """Return the same examples in the units of a model that was trained on other data.

        Args:
            preprocessing: The preprocessing of the other data.

        Raises:
            AenbError: The examples have another kind or shape, or a table has other columns.
        """
        convert = conversion(self.preprocessing, preprocessing)
        if convert is None:
            return self
        if self.target_length:
            raise AenbError(f"`data`: expected pairs as texts, to be split into the run's units; received {self.name}.")
        is_same = self.input_shape == preprocessing.input_shape
        converted = replace(
            self,
            train=self.train.then(convert) if isinstance(self.train, Rows) and is_same else convert(self.train[:]),
            test=convert(self.test),
            anomalies=None if self.anomalies is None else convert(self.anomalies),
            vocabulary=preprocessing.vocabulary,
            merges=preprocessing.merges,
            feature_names=preprocessing.feature_names,
            table=preprocessing.columns,
            left_out=preprocessing.left_out,
            sound=preprocessing.sound,
        )
        converted.__dict__["preprocessing"] = replace(
            preprocessing, name=self.name, classes=self.classes, class_names=self.class_names
        )
        return converted

    def describe(self) -> str:
        """Describe in a line what the data is and where it came from.

        Returns:
            The line.

        Example:
            >>> import aenb
            >>> aenb.load_data("digits").describe()
            'digits: 1,437 training and 360 held-out images of 8×8×1 (scikit-learn)'
        """
        part = f", {self.n:,} of {self.total:,}" if self.is_subset else ""
        source = f"{self.source}, streamed from the disk" if self.is_streamed else self.source
        counts = f"{len(self.train):,} training and {len(self.test):,} held-out"
        return f"{self.name}: {counts} {self.preprocessing.what}{part} ({source})"

    def __repr__(self) -> str:
        return "\n".join([self.describe(), *(f"  {line}" for line in (*self.notes, *self._listed_columns()))])

    def _listed_columns(self) -> list[str]:
        """List the columns of a mixed table, as lines of text."""
        if not self.table:
            return []
        shown = self.columns.head(LISTED).reset_index()[["column", "kind", "values", "missing", "why"]]
        shown["missing"] = [f"{share:.1%}" if share else "" for share in shown["missing"]]
        more = [f"… and {len(self.table) - LISTED} more columns"] if len(self.table) > LISTED else []
        return [*text_table([list(shown.columns), *shown.astype(str).to_numpy().tolist()]), *more]
