"""Words and token ids: a vocabulary numbers the words, and a text is a row of these ids, padded with 0.

Words are lower-cased, punctuation is removed, and an apostrophe inside a word is kept: "Don't!" is the word "don't".
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
NONE, UNKNOWN = "", "<unk>"  # the first two of each vocabulary: padding, and any unknown word


def are_texts(x: Any) -> bool:
    """Say whether something is a list, an array or a column of texts, by its first element."""
    if isinstance(x, str | Mapping) or hasattr(x, "columns") or getattr(x, "ndim", 1) != 1 or not hasattr(x, "__len__"):
        return False
    return len(x) > 0 and isinstance(next(iter(x), None), str)


def split_words(texts: Any, name: str) -> list[list[str]]:
    """Return the words of each text.

    Raises:
        AenbError: One is not a text.

    Example:
        >>> split_words(["He couldn't—could he?—spend $5"], "x")
        [['he', "couldn't", 'could', 'he', 'spend', '5']]
    """
    with reading(texts, f"`{name}`"):
        texts = as_list(texts, f"`{name}`")
        strings = list(itertools.islice(texts, len(texts))) if are_texts(texts) else None
    if strings is None:
        raise AenbError(f"`{name}`: expected a list of texts; received a {type(texts).__name__}. Put it in a list.")
    for place, text in enumerate(strings):
        if not isinstance(text, str):
            raise AenbError(
                f"`{name}`: expected texts; received a {type(text).__name__} at index {place}. Leave it out."
            )
    return [WORD.findall(text.lower().replace("’", "'")) for text in strings]


def make_vocabulary(texts: Iterable[Sequence[str]], max_words: int) -> tuple[str, ...]:
    """Return `NONE`, `UNKNOWN`, and the most frequent words of texts that are lists of words."""
    counts = Counter(word for text in texts for word in text)
    return (NONE, UNKNOWN, *sorted(counts, key=lambda word: (-counts[word], word))[:max_words])


def to_ids(texts: Sequence[Sequence[str]], vocabulary: Sequence[str], length: int) -> np.ndarray:
    """Return the token ids of words: (n, length), uint16, 0 after the end, 1 for unknown words.

    Example:
        >>> to_ids([["a", "cat"], ["a"]], ("", "<unk>", "a"), 3).tolist()
        [[2, 1, 0], [2, 0, 0]]
    """
    number = {word: place for place, word in enumerate(vocabulary)}
    ids = np.zeros((len(texts), length), "uint16")
    for row, text in zip(ids, texts, strict=True):
        tokens = [number.get(word, 1) for word in text[:length]]
        row[: len(tokens)] = tokens
    return ids


def to_text(ids: Sequence[int], vocabulary: Sequence[str]) -> str:
    """Return the text that token ids stand for; "_" marks an empty position before the end.

    Example:
        >>> to_text([2, 0, 3, 0, 0], ("", "<unk>", "a", "cat"))
        'a _ cat'
    """
    end = int(max(np.flatnonzero(ids), default=-1)) + 1
    return " ".join(vocabulary[number] or "_" for number in ids[:end])
