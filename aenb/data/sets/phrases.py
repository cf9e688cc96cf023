"""WordNet's example phrases as they are written: with capital letters, punctuation, and subword units.

The phrases of the data set `wordnet` are lower-cased words; these are the same ones (Miller 1995, Communications of the
ACM 38) as the dictionary has them.
"""

from __future__ import annotations

from aenb.core.short_form import max_examples
from aenb.data.record import Data
from aenb.data.sets import wordnet
from aenb.data.sets.data_sets import dataset
from aenb.data.text.subwords import SIZE
from aenb.data.text.written import from_written
from aenb.data.values.words import split_words


@dataset(
    order=10,
    summary="46,000 short English example phrases as they are written, in subword units",
    where="package wordnet-base; else an embedded sample of 1,000",
)
def phrases() -> Data:
    """Load the distinct phrases of 2 to 12 words, every fifth held out; a sample if WordNet is not installed."""
    return written_phrases()


def written_phrases(size: int = SIZE) -> Data:
    """Load the phrases in another number of subword units.

    Args:
        size: How many units to learn, those of bytes included, at most.
    """
    if not wordnet._is_installed():
        note = "WordNet is not installed (apt-get install wordnet-base): this is a sample of short, common phrases."
        return from_written(
            wordnet._sample(), name="phrases", source="the sample that comes with aenb", size=size, notes=[note]
        )
    texts = list(dict.fromkeys(wordnet._phrases()))
    is_short = [wordnet.MIN_WORDS <= len(words) <= wordnet.MAX_WORDS for words in split_words(texts, "phrases")]
    kept = [text for text, short in zip(texts, is_short, strict=True) if short]
    found = from_written(kept, name="phrases", source="the system's package wordnet-base", size=size)
    return found.limit(max_examples())
