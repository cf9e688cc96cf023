"""Summaries without references: the words of a text whose latent code is nearest to that of the whole.

An autoencoder's code is what it needs to write a text again. If the code of a few of its words is nearly the same, they
say nearly the same, to the model (word-level extraction: Schumann et al. 2020, arXiv 2005.01791). Words are left out
one after the other, each time the one without which the code stays nearest:

    s₀ = the text,   sᵢ₊₁ = sᵢ without the word that gives the smallest ‖z(sᵢ₊₁) − z(s₀)‖
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Encode = Callable[[list[str]], np.ndarray]


def extracts(texts: Sequence[str], length: int, encode: Encode) -> list[str]:
    """Return the words of each text that a model's code depends on most, in their order.

    Args:
        texts: n texts.
        length: The most words of a summary.
        encode: m texts → their latent codes, (m, …).

    Returns:
        n summaries; a text with no more words is its own.

    Example:
        >>> count = lambda texts: np.array([[text.count("a"), text.count("b")] for text in texts], float)
        >>> extracts(["aaa x b y bb"], 2, count)
        ['aaa bb']
    """
    kept = [text.split() for text in texts]
    long = [place for place, words in enumerate(kept) if len(words) > length]
    if not long:
        return [" ".join(words) for words in kept]
    whole = dict(zip(long, _codes([texts[place] for place in long], encode), strict=True))
    while long:
        owners = [place for place in long for _ in kept[place]]
        shorter = [kept[place][:out] + kept[place][out + 1 :] for place in long for out in range(len(kept[place]))]
        codes = _codes([" ".join(words) for words in shorter], encode)
        distances = np.linalg.norm(codes - np.stack([whole[place] for place in owners]), axis=1)
        best: dict[int, int] = {}
        for number, place in enumerate(owners):
            if place not in best or distances[number] < distances[best[place]]:
                best[place] = number
        for place, number in best.items():
            kept[place] = shorter[number]
        long = [place for place in long if len(kept[place]) > length]
    return [" ".join(words) for words in kept]


def shortened(candidates: Sequence[str], length: int) -> str:
    """Return the first of several texts that has no more words than allowed; if none has, the first one, cut.

    Example:
        >>> shortened(["a big red cat", "a cat"], 2), shortened(["a big red cat"], 2)
        ('a cat', 'a big')
    """
    short = [text for text in candidates if 0 < len(text.split()) <= length]
    return short[0] if short else " ".join(candidates[0].split()[:length])


def _codes(texts: list[str], encode: Encode) -> np.ndarray:
    return np.asarray(encode(texts), "float64").reshape(len(texts), -1)
