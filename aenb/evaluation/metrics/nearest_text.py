"""The nearest text: a baseline of translation and definition that copies what belongs to the most similar example.

Similar are texts that share words which are rare in others: the cosine of their TF-IDF vectors (Spärck Jones 1972).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BLOCK = 500  # texts at a time


def nearest_texts(known: Sequence[str], texts: Sequence[str], n: int = 1) -> np.ndarray:
    """Return the indices of the known texts that are most similar to each text, the most similar first.

    Args:
        known: Texts, such as the sources of the training pairs.
        texts: m texts.
        n: How many for each.

    Returns:
        (m, n), or fewer columns if fewer are known. If a text shares no word with any, the first ones.

    Example:
        >>> nearest_texts(["a red cat", "a dog", "the sea"], ["the blue sea", "one cat"]).tolist()
        [[2], [0]]
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(token_pattern=r"\w+|[^\w\s]", sublinear_tf=True)
    matrix = vectors.fit_transform(known).T.tocsr()
    found = []
    for begin in range(0, len(texts), BLOCK):
        similarity = (vectors.transform(texts[begin : begin + BLOCK]) @ matrix).toarray()
        found.append(np.argsort(-similarity, axis=1, kind="stable")[:, :n])
    return np.concatenate(found)
