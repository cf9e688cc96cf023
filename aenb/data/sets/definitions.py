"""WordNet's definitions and the words that they define, in pairs: a dictionary the other way round.

Hill, Cho, Korhonen & Bengio (2016), "Learning to understand phrases by embedding the dictionary", arXiv 1504.00548,
look a word up by what it means. WordNet is Miller 1995, Communications of the ACM 38: a gloss is a definition, and the
word is the first of those that share it. Only words with two definitions or more are taken, since a model can hardly
write a word that no other pair has.
"""

from __future__ import annotations

import importlib.resources
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from aenb.core.errors import AenbError
from aenb.data.record import Data
from aenb.data.sets.data_sets import dataset
from aenb.data.sets.wordnet import FILES, FOLDER
from aenb.data.text.pairs import from_pairs, usual_units

SAMPLE = "definitions_sample.tsv"
MOST_WORDS, FEWEST = 16, 2  # words of a definition, and definitions of a word
TOTAL = 39_769  # pairs of WordNet 3.0


def _is_installed() -> bool:
    return all((FOLDER / name).is_file() for name in FILES)


@dataset(
    order=10,
    summary="40,000 English definitions and the words that they define, in pairs",
    where="package wordnet-base; else an embedded sample of 1,000",
)
def definitions() -> Data:
    """Load pairs (definition, word), every fifth held out; a sample if WordNet is not installed."""
    if _is_installed():
        return from_pairs(
            _frequent(list(_glosses())), "definitions", "the system's package wordnet-base", tokens=usual_units()
        )
    note = "WordNet is not installed (apt-get install wordnet-base): this is a sample of common words."
    return from_pairs(
        _sample(), "definitions", "the sample that comes with aenb", tokens=usual_units(), notes=[note], total=TOTAL
    )


def _glosses() -> Iterator[tuple[str, str]]:
    """Yield the definition and the first word of each entry."""
    for name in FILES:
        try:
            lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
            for line in lines:
                if not line.startswith("  "):  # the licence
                    yield _read(line)
        except (OSError, ValueError, IndexError) as error:
            raise AenbError(f"Expected WordNet in {FOLDER / name}; received: {error}. Reinstall it.") from error


def _read(line: str) -> tuple[str, str]:
    r"""Return the definition, without examples, and the first word of a line of WordNet.

    Example:
        >>> _read('00064151 04 n 02 smash 0 smash_hit 0 000 | a conspicuous success; "that song was his first hit"')
        ('a conspicuous success', 'smash')
    """
    head, _, gloss = line.partition(" | ")
    word = re.sub(r"\(.*\)", "", head.split()[4]).replace("_", " ")
    return " ".join(re.sub(r'"[^"]*"', "", gloss).split()).strip(" ;:,"), word


def _frequent(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the pairs of short definitions, whose words have several of them."""
    short = [(text, word) for text, word in dict.fromkeys(pairs) if 0 < len(text.split()) <= MOST_WORDS]
    count = Counter(word for _, word in short)
    return [(text, word) for text, word in short if count[word] >= FEWEST]


def _sample() -> list[tuple[str, str]]:
    lines = (importlib.resources.files("aenb.data.sets") / SAMPLE).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [(text, word) for text, word in rows]
