"""WordNet's example phrases: short English phrases that show how words are used.

WordNet is Miller 1995, Communications of the ACM 38. Its glosses end with examples in quotation marks: "he spoke kindly
to the boy".
"""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Iterator
from pathlib import Path

from aenb.core.errors import AenbError
from aenb.data.own.texts import from_texts
from aenb.data.record import Data
from aenb.data.sets.data_sets import dataset
from aenb.data.values.words import split_words

FOLDER = Path("/usr/share/wordnet")  # the Debian and Ubuntu package wordnet-base
FILES = ("data.noun", "data.verb", "data.adj", "data.adv")
SAMPLE = "wordnet_sample.txt"
MIN_WORDS, MAX_WORDS = 2, 12  # of a phrase; 96 % of the phrases have no more
TOTAL = 46_350  # distinct phrases of WordNet 3.0 of that length


def _is_installed() -> bool:
    return all((FOLDER / name).is_file() for name in FILES)


@dataset(
    order=9,
    summary="46,000 short English example phrases",
    where="package wordnet-base; else an embedded sample of 1,000",
)
def wordnet() -> Data:
    """Load the distinct phrases of 2 to 12 words, every fifth held out; a sample if WordNet is not installed."""
    if _is_installed():
        return from_texts(_distinct(_phrases()), name="wordnet", source="the system's package wordnet-base")
    return from_texts(
        _sample(), name="wordnet", source="the sample that comes with aenb", total=TOTAL,
        notes=["WordNet is not installed (apt-get install wordnet-base): this is a sample of short, common phrases."],
    )  # fmt: skip


def _phrases() -> Iterator[str]:
    """Yield the example phrases of all glosses."""
    for name in FILES:
        try:
            lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            raise AenbError(f"Expected WordNet in {FOLDER / name}; received: {error}. Reinstall it.") from error
        for line in lines:
            if not line.startswith("  "):  # the licence
                yield from re.findall(r'"([^"]*)"', line.partition(" | ")[2])


def _distinct(phrases: Iterator[str]) -> list[str]:
    """Return the distinct phrases of 2 to 12 words."""
    split = dict.fromkeys(" ".join(text) for text in split_words(list(phrases), "wordnet"))
    return [text for text in split if MIN_WORDS <= len(text.split()) <= MAX_WORDS]


def _sample() -> list[str]:
    lines = (importlib.resources.files("aenb.data.sets") / SAMPLE).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
