"""Your own texts: lists and files of texts become `Data`, with a vocabulary of their most frequent words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.labels import read_labels
from aenb.data.record import Data, named_parts
from aenb.data.split import MIN_EXAMPLES, split
from aenb.data.values.words import make_vocabulary, split_words, to_ids

MAX_WORDS = 8000  # of a vocabulary
MAX_LENGTH = 32  # words kept of a text


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
    names: Any = None,
    is_held: np.ndarray | None = None,
) -> Data:
    """Make `Data` from texts, and hold out a fifth, at most 10,000.

    Args:
        texts: Any list, array or column of texts; those without a word are left out.
        labels: (n,), any that `aenb.data.labels.read_labels` accepts, or None.
        name: The name of the data.
        source: Where they came from, in words.
        class_names: The name of each class.
        notes: What was done to them before.
        total: How many texts the whole data set has, if these are only a part; 0: these are all.
        vocabulary: The known words, in the order of their ids; none: the most frequent ones of the training texts.
        length: How many words of a text to keep; 0: as many as the longest has, at most 32.
        names: (n,), what each text is called, such as its file; None: nothing.
        is_held: (n,), which texts are held out; None: a fifth.

    Raises:
        AenbError: One is not a text, there are too few, or the labels do not fit.

    Example:
        >>> data = from_texts(["a red cat", "a dog", "a red dog", "The cat!", "a cat"])
        >>> data.vocabulary
        ('', '<unk>', 'a', 'cat', 'dog', 'red', 'the')
        >>> data.texts(data.x_test)
        ['a red dog']
    """
    every_text = split_words(texts, name)
    y = read_labels(labels, len(every_text), name)
    kept = [place for place, words in enumerate(every_text) if words]
    y = None if y is None else y[kept]
    with_words = [every_text[place] for place in kept]
    if len(with_words) < MIN_EXAMPLES:
        raise AenbError(f"`{name}`: expected at least {MIN_EXAMPLES} texts with a word; received {len(with_words)}.")
    length = length or min(MAX_LENGTH, max(map(len, with_words)))
    names, is_held = (None if one is None else one[kept] for one in (names, is_held))
    train, test, split_notes = split(len(with_words), length, y, is_held)
    vocabulary = tuple(vocabulary) or make_vocabulary((with_words[place] for place in train), MAX_WORDS)
    ids = to_ids(with_words, vocabulary, length)
    num_empty = len(every_text) - len(with_words)
    return Data(
        ids[train], ids[test], *((None, None) if y is None else (y[train], y[test])), kind="text", name=name,
        source=source, class_names=tuple(class_names), vocabulary=vocabulary, total=total,
        **named_parts(names, train, test),
        notes=(*notes, *([f"Texts without a word were left out: {num_empty:,}."] if num_empty else []), *split_notes,
               *_notes(with_words, ids[train], vocabulary)),
    )  # fmt: skip


def _notes(texts: list[list[str]], train: np.ndarray, vocabulary: Sequence[str]) -> list[str]:
    """Report what was done to the words."""
    is_known = train[train > 0] > 1
    known = "All words of the training texts are known"
    if not is_known.all():
        known = (
            f"The {len(vocabulary) - 2:,} most frequent are known, {is_known.mean():.1%} of all in the training texts"
        )
    notes = [f"Texts were split into words, lower-cased and without punctuation. {known}; others are <unk>."]
    num_cut = sum(len(text) > train.shape[1] for text in texts)
    if num_cut:
        notes.append(f"Texts longer than {train.shape[1]} words were cut: {num_cut:,} of {len(texts):,}.")
    return notes
