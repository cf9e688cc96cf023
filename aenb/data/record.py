"""Data: the arrays, and where they came from."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from aenb.data.numeric import numeric
from aenb.data.scaling import image_units
from aenb.errors import AenbError


@dataclass(frozen=True, eq=False)
class Data:
    """Items to learn from and items held out, with their provenance.

    Attributes:
        x_train: float32 (n, height, width, channels) in [0, 1] for images; (n, features), standardised, for tables.
        x_test: The items held out, of the same shape and units.
        y_train: Labels of the training items, (n,), or None.
        y_test: Labels of the items held out, or None.
        kind: "image" or "tabular".
        name: What `--data` calls it.
        source: Where it came from, in words.
        class_names: What the labels mean.
        feature_names: What the columns of a table are.
        scaler: The scikit-learn scaler that standardised a table, or None.
        notes: What was inferred or changed, each a sentence to be said aloud.
        total: How many items the whole set has; `n` is how many are here.
    """

    x_train: np.ndarray
    x_test: np.ndarray
    y_train: np.ndarray | None = None
    y_test: np.ndarray | None = None
    kind: str = "image"
    name: str = "array"
    source: str = "an array"
    class_names: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()
    scaler: Any = None
    notes: tuple[str, ...] = ()
    total: int = field(default=0)

    def __post_init__(self):
        if not self.total:
            object.__setattr__(self, "total", self.n)

    @property
    def n(self) -> int:
        """How many items are here, held-out ones included."""
        return len(self.x_train) + len(self.x_test)

    @property
    def is_subset(self) -> bool:
        """Whether this is less than the whole set."""
        return self.n < self.total

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one item."""
        return self.x_train.shape[1:]

    @functools.cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of the arrays: equal for equal data."""
        digest = hashlib.sha256()
        for array in (self.x_train, self.x_test):
            digest.update(str(array.shape).encode())
            digest.update(np.ascontiguousarray(array))
        return digest.hexdigest()

    def limit(self, n: int | None) -> Data:
        """Keep `n` training items, drawn at random but always the same, and as large a part of those held out."""
        if n is None or n >= len(self.x_train):
            return self
        draw = np.random.default_rng(0)
        keep = np.sort(draw.permutation(len(self.x_train))[:n])
        share = max(2, round(len(self.x_test) * n / len(self.x_train)))
        held = np.sort(draw.permutation(len(self.x_test))[:share])
        return replace(
            self,
            x_train=self.x_train[keep],
            x_test=self.x_test[held],
            y_train=None if self.y_train is None else self.y_train[keep],
            y_test=None if self.y_test is None else self.y_test[held],
        )

    def prepare(self, x: Any) -> np.ndarray:
        """Bring new raw items into the units that a model trained on this data takes.

        Args:
            x: A table in its original units (a DataFrame or an array), or images as bytes or in [0, 1].

        Returns:
            float32, (n, *input_shape), as `x_train` is.

        Raises:
            AenbError: The items do not fit.
        """
        raw = numeric(x, "x")
        if self.kind == "image":
            raw = image_units(raw)[0]
        elif self.scaler is not None:
            if raw.shape[1:] != self.input_shape:
                raise AenbError(
                    f"`x`: expected rows of {self.input_shape[0]} features; received the shape {raw.shape}."
                )
            raw = self.scaler.transform(raw)
        return np.asarray(raw, "float32").reshape(-1, *self.input_shape)

    def describe(self) -> str:
        """Say in a line what the data is and where it came from."""
        shape = "×".join(map(str, self.input_shape))
        what = f"images of {shape}" if self.kind == "image" else f"rows of {shape} features"
        part = f", {self.n:,} of {self.total:,}" if self.is_subset else ""
        return (
            f"{self.name}: {len(self.x_train):,} training and {len(self.x_test):,} held-out {what}{part} "
            f"({self.source})"
        )

    def __repr__(self) -> str:
        return "\n".join([self.describe(), *(f"  {note}" for note in self.notes)])
