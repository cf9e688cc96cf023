"""BLEU: how many sequences of up to four tokens texts share with references, and self-BLEU, how alike texts are.

Papineni et al. (2002), "BLEU: a method for automatic evaluation of machine translation", of a corpus, with clipped
counts and the brevity penalty:

    BLEU = min(1, e^(1 − r/c)) exp(1/N Σₙ log pₙ),   pₙ = shared n-grams / n-grams of the texts

where c and r are the lengths of all texts and of the references nearest in length. Texts that are too short have no
n-grams; an order n of which no text has any is left out. Self-BLEU is that of each text with all others as its
references (Zhu et al. 2018, arXiv 1802.01886): 1 if all are the same.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from aenb.core.errors import AenbError

ORDERS = 4  # of n-grams
TOKEN = re.compile(r"\w+|[^\w\s]")


def words_and_marks(text: str) -> list[str]:
    """Return the words and punctuation marks of a text.

    Example:
        >>> words_and_marks("It's 5 o'clock.")
        ['It', "'", 's', '5', 'o', "'", 'clock', '.']
    """
    return TOKEN.findall(text)


def bleu(texts: Sequence[Sequence[str]], references: Sequence[Sequence[Sequence[str]]], orders: int = ORDERS) -> float:
    """Return the BLEU of a corpus.

    Args:
        texts: n texts, each a list of tokens.
        references: n lists of references, each a list of tokens.
        orders: The longest n-grams.

    Returns:
        A number in [0, 1]: 1 if each text is one of its references.

    Raises:
        AenbError: There are no texts, or not as many lists of references.

    Example:
        >>> bleu([["a", "red", "cat"]], [[["a", "red", "dog"]]], orders=2)  # p₁ = 2/3, p₂ = 1/2
        0.5773502691896257
    """
    if not texts or len(texts) != len(references) or not all(references):
        raise AenbError(
            f"`references`: expected some for each text; received {len(references)} lists for {len(texts)} texts."
        )
    shared, total, length, nearest = Counter[int](), Counter[int](), 0, 0
    for text, others in zip(texts, references, strict=True):
        length += len(text)
        nearest += min((abs(len(other) - len(text)), len(other)) for other in others)[1]
        for order in range(1, orders + 1):
            allowed: Counter[tuple[str, ...]] = Counter()
            for other in others:
                allowed |= _ngrams(other, order)
            _count(text, order, allowed, shared, total)
    return _score(shared, total, length, nearest)


def self_bleu(texts: Sequence[Sequence[str]], orders: int = ORDERS) -> float:
    """Return the BLEU of each text with all others as its references, as one corpus.

    Args:
        texts: n ≥ 2 texts, each a list of tokens.
        orders: The longest n-grams.

    Returns:
        A number in [0, 1]: 1 if all are the same, 0 if they share nothing. Compare it with that of real texts.

    Raises:
        AenbError: There are fewer than two texts.

    Example:
        >>> self_bleu([["a", "b"], ["a", "b"]]), self_bleu([["a", "b"], ["c", "d"]])
        (1.0, 0.0)
    """
    if len(texts) < 2:
        raise AenbError(f"`texts`: expected at least two; received {len(texts)}.")
    shared, total = Counter[int](), Counter[int]()
    for order in range(1, orders + 1):
        counts = [_ngrams(text, order) for text in texts]
        largest = _two_largest(counts)
        for place, (text, own) in enumerate(zip(texts, counts, strict=True)):
            allowed = Counter({one: largest[one][1] if largest[one][2] == place else largest[one][0] for one in own})
            _count(text, order, allowed, shared, total)
    lengths = sorted(map(len, texts))
    return _score(shared, total, sum(lengths), sum(_nearest_other(lengths, place) for place in range(len(lengths))))


def _ngrams(tokens: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(tokens[begin : begin + order]) for begin in range(len(tokens) - order + 1))


def _count(
    text: Sequence[str], order: int, allowed: Counter[tuple[str, ...]], shared: Counter[int], total: Counter[int]
) -> None:
    """Count the n-grams of a text, and those that are allowed, each as often as it is there."""
    own = _ngrams(text, order)
    shared[order] += sum((own & allowed).values())
    total[order] += sum(own.values())


def _score(shared: Counter[int], total: Counter[int], length: int, nearest: int) -> float:
    orders = [order for order in total if total[order]]
    if not orders or min(shared[order] for order in orders) == 0:
        return 0.0
    precision = sum(math.log(shared[order] / total[order]) for order in orders) / len(orders)
    return math.exp(precision + min(0.0, 1 - nearest / length))


def _two_largest(counts: Sequence[Counter[tuple[str, ...]]]) -> dict[tuple[str, ...], tuple[int, int, int]]:
    """Return the largest and the second largest count of each n-gram in a text, and which text has the largest."""
    found: dict[tuple[str, ...], tuple[int, int, int]] = {}
    for place, own in enumerate(counts):
        for ngram, count in own.items():
            first, second, owner = found.get(ngram, (0, 0, -1))
            found[ngram] = (count, first, place) if count > first else (first, max(second, count), owner)
    return found


def _nearest_other(lengths: Sequence[int], place: int) -> int:
    """Return the length that is nearest to one of sorted lengths, the shorter one of two."""
    beside = [*lengths[max(0, place - 1) : place], *lengths[place + 1 : place + 2]]
    return min((abs(other - lengths[place]), other) for other in beside)[1]
