"""Pairs of texts, such as a sentence and its translation, become `Data` whose examples are the first texts.

Both sides have one vocabulary, learnt from the training pairs of both (Sennrich, Haddow & Birch 2015, arXiv 1508.07909:
joint byte-pair encoding), so names are split alike on both sides.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.record import Data, named_parts
from aenb.data.split import MIN_EXAMPLES, split
from aenb.data.text.subwords import SIZE, Subwords, learn, without_surrogates
from aenb.data.text.written import MAX_LENGTH, fitting_length, padded


def are_pairs(x: Any) -> bool:
    """Say whether something is a list or an array of pairs of texts, by its first element.

    Example:
        >>> are_pairs([("a cat", "un gato")]), are_pairs(["a cat", "a dog"]), are_pairs(("ab", "cd"))
        (True, False, False)
    """
    if not isinstance(x, list | np.ndarray) or len(x) == 0:
        return False
    first = x[0]
    return (
        isinstance(first, tuple | list | np.ndarray) and len(first) == 2 and all(isinstance(one, str) for one in first)
    )


def usual_units() -> str:
    """Return what pairs are split into by default: "subwords" if the library `tokenizers` is there, else "bytes"."""
    return "subwords" if importlib.util.find_spec("tokenizers") else "bytes"


def from_pairs(
    pairs: Sequence[Sequence[str]],
    name: str = "array",
    source: str = "the notebook",
    *,
    tokens: str = "subwords",
    size: int = SIZE,
    subwords: Subwords | None = None,
    lengths: tuple[int, int] = (0, 0),
    longest: int = MAX_LENGTH,
    notes: Sequence[str] = (),
    names: Any = None,
    is_held: np.ndarray | None = None,
    total: int = 0,
) -> Data:
    """Make `Data` from pairs of texts, and hold out a fifth, at most 10,000.

    Args:
        pairs: n pairs (source, target); those with an empty side are left out.
        name: The name of the data.
        source: Where they came from, in words.
        tokens: "subwords", learnt from the training pairs, or "bytes".
        size: How many subword units to learn, those of bytes included, at most.
        subwords: Units that are known already, in place of `tokens`.
        lengths: How many units of a source and of a target to keep; 0: as many as all but one of a thousand have.
        longest: If `lengths` is 0: pairs with a side of more units are left out.
        notes: What was done to them before.
        names: (n,), what each pair is called; None: nothing.
        is_held: (n,), which pairs are held out; None: a fifth.
        total: How many pairs the whole data set has, if these are only a part; 0: these are all.

    Returns:
        `Data` of texts, whose `train` and `test` are the sources, and `targets_train` and `targets_test` the targets.

    Raises:
        AenbError: One is not a pair of texts, there are too few, or a library is not installed.

    Example:
        >>> data = from_pairs([("a cat", "un gato"), ("a dog", "un perro")] * 3, tokens="bytes")
        >>> data.input_shape, data.targets_train.shape, data.texts(data.targets_test)
        ((5,), (5, 8), ['un perro'])
    """
    texts, places = _cleaned(pairs, name)
    names, is_held = (None if one is None else np.asarray(one)[places] for one in (names, is_held))
    train, test, split_notes = split(len(texts), longest, None, is_held)
    known = _learnt([texts[place] for place in train], tokens, size) if subwords is None else subwords
    sides = [known.split([pair[side] for pair in texts]) for side in (0, 1)]
    is_short = np.ones(len(texts), bool)
    if lengths == (0, 0):
        is_short = np.array([max(map(len, both)) <= longest for both in zip(*sides, strict=True)])
        short = [[side[place] for place in np.flatnonzero(is_short)] or side for side in sides]
        lengths = fitting_length(short[0]), fitting_length(short[1])
    train, test = train[is_short[train]], test[is_short[test]]
    _require(len(train) + len(test), name)
    if min(len(train), len(test)) == 0:  # of very few pairs
        train, test = (np.flatnonzero(is_short)[part] for part in split(int(is_short.sum()), longest)[:2])
    first, second = (padded(side, length) for side, length in zip(sides, lengths, strict=True))
    kept = [[side[place] for place in (*train, *test)] for side in sides]
    return Data(
        first[train], first[test], kind="text", name=name, source=source, vocabulary=known.vocabulary,
        merges=known.merges, total=total, targets_train=second[train], targets_test=second[test],
        notes=(
            *notes, *_left_out(len(pairs) - len(texts), "with an empty side"), *split_notes,
            *_left_out(int((~is_short).sum()), f"with a side of more than {longest} units"), _described(known, kept),
        ),
        **named_parts(names, train, test),
    )  # fmt: skip


def _cleaned(pairs: Sequence[Sequence[str]], name: str) -> tuple[list[tuple[str, str]], np.ndarray]:
    """Return the pairs without an empty side, and their indices."""
    given = [_checked(pair, place, name) for place, pair in enumerate(pairs)]
    kept = [place for place, (one, other) in enumerate(given) if one and other]
    _require(len(kept), name)
    return [given[place] for place in kept], np.array(kept, int)


def _learnt(pairs: Sequence[tuple[str, str]], tokens: str, size: int) -> Subwords:
    return learn((text for pair in pairs for text in pair), size) if tokens == "subwords" else Subwords()


def _checked(pair: Sequence[str], place: int, name: str) -> tuple[str, str]:
    is_sequence = isinstance(pair, tuple | list | np.ndarray) and len(pair) == 2
    if not is_sequence or not all(isinstance(one, str) for one in pair):
        raise AenbError(
            f"`{name}`: expected pairs of texts, (source, target); received other data at index {place}. Leave it out."
        )
    return without_surrogates(str(pair[0])), without_surrogates(str(pair[1]))


def _require(count: int, name: str) -> None:
    if count < MIN_EXAMPLES:
        raise AenbError(f"`{name}`: expected at least {MIN_EXAMPLES} pairs of texts; received {count}.")


def _left_out(count: int, why: str) -> list[str]:
    return [f"Pairs {why} were left out: {count:,}."] if count else []


def _described(subwords: Subwords, sides: Sequence[Sequence[np.ndarray]]) -> str:
    first, second = (float(np.mean([len(one) for one in side])) for side in sides)
    units = f"{len(subwords.vocabulary):,} subword units of one vocabulary" if subwords.merges else "the bytes of UTF-8"
    return (
        f"These are pairs of texts, split into {units}: {first:.1f} a source and {second:.1f} a target. "
        'task="translate" learns the targets; any other task has the sources alone.'
    )
