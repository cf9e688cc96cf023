"""Texts as they are written become `Data`: casing and punctuation are kept, and no token is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.labels import read_labels
from aenb.data.record import Data, named_parts
from aenb.data.split import MIN_EXAMPLES, split
from aenb.data.text.subwords import SIZE, Subwords, learn, without_surrogates
from aenb.data.values.words import listed_texts

MAX_LENGTH = 256  # units kept of a text
FITTING = 0.999  # share of the texts that are kept whole, if they are not longer
UNITS = ("subwords", "bytes")


def from_written(
    texts: Any,
    labels: Any = None,
    name: str = "array",
    source: str = "the notebook",
    *,
    tokens: str = "subwords",
    size: int = SIZE,
    subwords: Subwords | None = None,
    length: int = 0,
    class_names: Sequence[str] = (),
    notes: Sequence[str] = (),
    names: Any = None,
    is_held: np.ndarray | None = None,
) -> Data:
    """Make `Data` from texts as they are written, and hold out a fifth, at most 10,000.

    Args:
        texts: Any list, array or column of texts; those of white space only are left out.
        labels: (n,), any that `aenb.data.labels.read_labels` accepts, or None.
        name: The name of the data.
        source: Where they came from, in words.
        tokens: "subwords", learnt from the training texts, or "bytes".
        size: How many subword units to learn, those of bytes included, at most.
        subwords: Units that are known already, in place of `tokens`.
        length: How many units of a text to keep; 0: as many as all but one of a thousand texts have, at
            most 256.
        class_names: The name of each class.
        notes: What was done to them before.
        names: (n,), what each text is called, such as its file; None: nothing.
        is_held: (n,), which texts are held out; None: a fifth.

    Raises:
        AenbError: One is not a text, there are too few, or the labels do not fit; a library is not installed.

    Example:
        >>> data = from_written(["A red cat.", "¿Qué?", "Ça va?", "ένα", "A dog 🐕"], tokens="bytes")
        >>> sorted(data.texts(data.train) + data.texts(data.test))[:2]
        ['A dog 🐕', 'A red cat.']
    """
    given = listed_texts(texts, name)
    y = read_labels(labels, len(given), name)
    cleaned = list(map(without_surrogates, given))
    kept = [place for place, text in enumerate(cleaned) if text]
    if len(kept) < MIN_EXAMPLES:
        raise AenbError(f"`{name}`: expected at least {MIN_EXAMPLES} texts that are not empty; received {len(kept)}.")
    y, names, is_held = (None if one is None else np.asarray(one)[kept] for one in (y, names, is_held))
    train, test, split_notes = split(len(kept), length or MAX_LENGTH, y, is_held)
    if subwords is None:
        subwords = learn((cleaned[kept[place]] for place in train), size) if tokens == "subwords" else Subwords()
    units = subwords.split([cleaned[place] for place in kept])
    ids = padded(units, length or fitting_length(units))
    num_empty, num_cut = len(given) - len(kept), sum(len(one) > ids.shape[1] for one in units)
    return Data(
        ids[train], ids[test], *((None, None) if y is None else (y[train], y[test])), kind="text", name=name,
        source=source, class_names=tuple(class_names), vocabulary=subwords.vocabulary, merges=subwords.merges,
        **named_parts(names, train, test),
        notes=(
            *notes, *([f"Empty texts were left out: {num_empty:,}."] if num_empty else []), *split_notes,
            _described(subwords, [units[place] for place in train]),
            *([f"Texts longer than {ids.shape[1]} tokens were cut: {num_cut:,} of {len(units):,}."] if num_cut else []),
        ),
    )  # fmt: skip


def fitting_length(units: Sequence[np.ndarray]) -> int:
    """Return the length that all but one of a thousand texts fit in, at most 256: all positions cost time."""
    return min(MAX_LENGTH, int(np.quantile([len(one) for one in units], FITTING, method="higher")))


def padded(units: Sequence[np.ndarray], length: int) -> np.ndarray:
    """Return the ids of texts as rows: (n, length), uint16, 0 after the end; longer texts are cut."""
    ids = np.zeros((len(units), length), "uint16")
    for row, one in zip(ids, units, strict=True):
        row[: min(length, len(one))] = one[:length]
    return ids


def _described(subwords: Subwords, train: Sequence[np.ndarray]) -> str:
    mean = sum(map(len, train)) / len(train)
    if not subwords.merges:
        return f"Texts were split into the bytes of UTF-8, {mean:.1f} a text; none is unknown."
    return (
        f"Texts were split into {len(subwords.vocabulary):,} subword units, learnt from the training texts, {mean:.1f} "
        "a text; none is unknown."
    )
