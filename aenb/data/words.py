"""Words and their numbers: a vocabulary numbers the words, and a text is a row of these numbers, filled up with 0.

Words are lower-cased, punctuation is left out, and an apostrophe inside a word stays: "Don't!" is the word "don't".
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.foreign import as_list, reading

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
NONE, UNKNOWN = "", "<unk>"  # the first two of each vocabulary: what fills up, and a word that it does not have


def are_texts(x: Any) -> bool:
    """Say whether something is a list, an array or a column of texts, by its first item."""
    if isinstance(x, str | Mapping) or hasattr(x, "columns") or getattr(x, "ndim", 1) != 1 or not hasattr(x, "__len__"):
        return False
    return len(x) > 0 and isinstance(next(iter(x), None), str)


def split_words(texts: Any, name: str) -> list[list[str]]:
    """Return the words of each text.

    Raises:
        AenbError: One is no text.

    Example:
        >>> split_words(["He couldn't—could he?—spend $5"], "x")
        [['he', "couldn't", 'could', 'he', 'spend', '5']]
    """
    with reading(texts, f"`{name}`"):
        texts = as_list(texts, f"`{name}`")
        found = list(itertools.islice(texts, len(texts))) if are_texts(texts) else None
    if found is None:
        raise AenbError(f"`{name}`: expected a list of texts; received a {type(texts).__name__}. Put it in a list.")
    for place, text in enumerate(found):
        if not isinstance(text, str):
            raise AenbError(
                f"`{name}`: expected texts; received a {type(text).__name__} at index {place}. Leave it out."
            )
    return [WORD.findall(text.lower().replace("’", "'")) for text in found]


def make_vocabulary(texts: Iterable[Sequence[str]], most: int) -> tuple[str, ...]:
    """Return `NONE`, `UNKNOWN`, and the most frequent words of texts, which are lists of words."""
    counts = Counter(word for text in texts for word in text)
    return (NONE, UNKNOWN, *sorted(counts, key=lambda word: (-counts[word], word))[:most])


def to_ids(texts: Sequence[Sequence[str]], vocabulary: Sequence[str], length: int) -> np.ndarray:
    """Return the numbers of words: (n, length), uint16, 0 after the end, 1 for words that are not known.

    Example:
        >>> to_ids([["a", "cat"], ["a"]], ("", "<unk>", "a"), 3).tolist()
        [[2, 1, 0], [2, 0, 0]]
    """
    number = {word: place for place, word in enumerate(vocabulary)}
    ids = np.zeros((len(texts), length), "uint16")
    for row, text in zip(ids, texts, strict=True):
        known = [number.get(word, 1) for word in text[:length]]
        row[: len(known)] = known
    return ids


def to_text(ids: Sequence[int], vocabulary: Sequence[str]) -> str:
    """Return the words that numbers stand for, and "_" where there is none before the end.

    Example:
        >>> to_text([2, 0, 3, 0, 0], ("", "<unk>", "a", "cat"))
        'a _ cat'
    """
    end = max(np.flatnonzero(ids), default=-1) + 1
    return " ".join(vocabulary[number] or "_" for number in ids[:end])
