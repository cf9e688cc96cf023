"""Word for word: a baseline of translation that has learnt which words stand for which, and no order.

Brown et al. (1993), "The mathematics of statistical machine translation", IBM model 1: each word t of a target stands
for one of the l words s of its source, or for none (s₀), with equal probability. Its dictionary p(t|s) is found by
expectation maximisation, over the pairs of texts:

    c(t, s) = Σ p(t|s) / Σᵢ p(t|sᵢ),   p(t|s) = c(t, s) / Σₜ c(t, s)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aenb.core.errors import AenbError
from aenb.evaluation.metrics.bleu import words_and_marks

ROUNDS = 8  # of expectation maximisation
NOTHING = ""  # the source of target words that stand for no word


class WordDictionary:
    """A dictionary of words, learnt from pairs of texts.

    Args:
        sources: n texts.
        targets: n texts, one for each.
        rounds: Of expectation maximisation.

    Raises:
        AenbError: There are no pairs, or not as many targets.

    Example:
        >>> english = ["the house", "the book", "a house", "a book"]
        >>> spanish = ["la casa", "el libro", "una casa", "un libro"]
        >>> WordDictionary(english, spanish).translate(["house", "big book"])
        ['Casa', 'Big libro']
    """

    def __init__(self, sources: Sequence[str], targets: Sequence[str], rounds: int = ROUNDS):
        if not len(sources) or len(sources) != len(targets):
            raise AenbError(f"`targets`: expected one for each source; received {len(targets)} for {len(sources)}.")
        first, second = ([words_and_marks(text.lower()) for text in texts] for texts in (sources, targets))
        known, others = _numbered([[NOTHING]], first), _numbered(second)
        places, owners = _links(first, second, known, others)
        keys, numbers = np.unique(places[0] * len(others) + places[1], return_inverse=True)
        source = keys // len(others)
        share = np.ones(len(keys))
        for _ in range(rounds):
            weights = share[numbers]
            weights = weights / np.bincount(owners, weights)[owners]
            counts = np.bincount(numbers, weights, len(keys))
            share = counts / np.bincount(source, counts, len(known))[source]
        order = np.lexsort((keys, -share, source))
        firsts = order[np.unique(source[order], return_index=True)[1]]
        words, targets_of = list(known), list(others)
        self._best = {words[keys[one] // len(others)]: targets_of[keys[one] % len(others)] for one in firsts}

    def translate(self, texts: Sequence[str]) -> list[str]:
        """Put the likeliest word in place of each, in the same order; unknown words, such as names, stay."""
        return [self._translated(words_and_marks(text)) for text in texts]

    def _translated(self, words: Sequence[str]) -> str:
        text = " ".join(self._best.get(word.lower(), word) for word in words)
        return text[:1].upper() + text[1:]


def _numbered(*groups: Sequence[Sequence[str]]) -> dict[str, int]:
    words = dict.fromkeys(word for texts in groups for text in texts for word in text)
    return {word: number for number, word in enumerate(words)}


def _links(
    sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]], known: dict[str, int], others: dict[str, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return each link of a target word with a source word of its pair, or with none.

    Returns:
        (2, links), the numbers of both words, and (links,), the number of the target word's occurrence.
    """
    firsts, seconds, owners, occurrence = [], [], [], 0
    for text, other in zip(sources, targets, strict=True):
        ids = np.array([known[NOTHING], *(known[word] for word in text)])
        words = np.array([others[word] for word in other], int)
        firsts.append(np.tile(ids, len(words)))
        seconds.append(np.repeat(words, len(ids)))
        owners.append(np.repeat(occurrence + np.arange(len(words)), len(ids)))
        occurrence += len(words)
    return np.stack([np.concatenate(firsts), np.concatenate(seconds)]), np.concatenate(owners)
