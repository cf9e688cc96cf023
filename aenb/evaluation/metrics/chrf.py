"""chrF: how many sequences of up to six characters translations share with their references.

Popović (2015), "chrF: character n-gram F-score for automatic MT evaluation", WMT, with β = 2, so recall counts twice as
much as precision. Of a corpus, without white space, as sacrebleu computes it (Post 2018, arXiv 1804.08771):

    chrF = (1 + β²) P R / (β² P + R),   P, R = means over n of shared n-grams / n-grams of translations, of references

An order n of which no text has any is left out. Unlike BLEU, it gives credit to the parts of a word, such as its stem.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from aenb.core.errors import AenbError

ORDERS, BETA = 6, 2.0


def chrf(texts: Sequence[str], references: Sequence[str], orders: int = ORDERS, beta: float = BETA) -> float:
    """Return the chrF of a corpus.

    Args:
        texts: n translations.
        references: n references, one for each.
        orders: The longest n-grams of characters.
        beta: How much more recall counts than precision.

    Returns:
        A number in [0, 1]: 1 if each text is its reference. In papers it is usually multiplied by 100.

    Raises:
        AenbError: There are no texts, or not as many references.

    Example:
        >>> round(chrf(["a red cat"], ["a red dog"]), 4)
        0.2869
    """
    if not len(texts) or len(texts) != len(references):
        raise AenbError(f"`references`: expected one for each text; received {len(references)} for {len(texts)} texts.")
    precisions, recalls = [], []
    squeezed = [("".join(text.split()), "".join(other.split())) for text, other in zip(texts, references, strict=True)]
    for order in range(1, orders + 1):
        shared = own = others = 0
        for text, reference in squeezed:
            first, second = _ngrams(text, order), _ngrams(reference, order)
            shared += sum((first & second).values())
            own, others = own + sum(first.values()), others + sum(second.values())
        if own and others:
            precisions.append(shared / own)
            recalls.append(shared / others)
    precision, recall = (sum(part) / max(1, len(part)) for part in (precisions, recalls))
    if precision + recall == 0:
        return 0.0
    return (1 + beta**2) * precision * recall / (beta**2 * precision + recall)


def _ngrams(text: str, order: int) -> Counter[str]:
    return Counter(text[begin : begin + order] for begin in range(len(text) - order + 1))
