"""Texts of one's own: lists of texts and files of them become Data, with a vocabulary of their most frequent words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.labels import read_labels
from aenb.data.record import Data
from aenb.data.split import LEAST, held_out_size, hold_out
from aenb.data.words import make_vocabulary, split_words, to_ids

MOST = 8000  # words that a vocabulary has at most
LONGEST = 32  # words of a text that are kept at most


def from_texts(
    texts: Any,
    labels: Any = None,
    name: str = "array",
    source: str = "the notebook",
    *,
    class_names: Sequence[str] = (),
    notes: Sequence[str] = (),
    total: int = 0,
    vocabulary: Sequence[str] = (),
    length: int = 0,
) -> Data:
    """Make Data of texts, holding out a fifth, at most 10,000.

    Args:
        texts: Any list, array or column of texts; those without a word are left out.
        labels: (n,), as `aenb.data.labels.read_labels` takes them, or None.
        name: What to call them.
        source: Where they came from, in words.
        class_names: What the labels mean.
        notes: What was done to them before.
        total: How many there are in all, where these are a part; 0: these are all.
        vocabulary: The words that are known, by their ids; none: the most frequent of those to train on.
        length: Words of a text that are kept; 0: as many as the longest has, at most 32.

    Raises:
        AenbError: One is no text, there are too few, or the labels do not fit.

    Example:
        >>> data = from_texts(["a red cat", "a dog", "a red dog", "The cat!", "a cat"])
        >>> data.vocabulary
        ('', '<unk>', 'a', 'cat', 'dog', 'red', 'the')
        >>> data.texts(data.x_test)
        ['a red dog']
    """
    split = split_words(texts, name)
    y = read_labels(labels, len(split), name)
    kept = [place for place, text in enumerate(split) if text]
    y = None if y is None else y[kept]
    found = [split[place] for place in kept]
    if len(found) < LEAST:
        raise AenbError(f"`{name}`: expected at least {LEAST} texts with a word; received {len(found)}.")
    length = length or min(LONGEST, max(map(len, found)))
    size, said = held_out_size(len(found), length)
    train, test = hold_out(len(found), size, y)
    vocabulary = tuple(vocabulary) or make_vocabulary((found[place] for place in train), MOST)
    ids = to_ids(found, vocabulary, length)
    empty = len(split) - len(found)
    return Data(
        ids[train], ids[test], *((None, None) if y is None else (y[train], y[test])), kind="text", name=name,
        source=source, class_names=tuple(class_names), vocabulary=vocabulary, total=total,
        notes=(*notes, *([f"Texts without a word were left out: {empty:,}."] if empty else []), *said,
               *_notes(found, ids[train], vocabulary)),
    )  # fmt: skip


def _notes(found: list[list[str]], train: np.ndarray, vocabulary: Sequence[str]) -> list[str]:
    """Say what became of the words."""
    known = train[train > 0] > 1
    which = "All words of the training texts are known"
    if not known.all():
        which = f"The {len(vocabulary) - 2:,} most frequent are known, {known.mean():.1%} of all in the training texts"
    notes = [f"Texts were split into words, lower-cased and without punctuation. {which}; others are <unk>."]
    cut = sum(len(text) > train.shape[1] for text in found)
    if cut:
        notes.append(f"Texts longer than {train.shape[1]} words were cut: {cut:,} of {len(found):,}.")
    return notes
