"""WordNet's example phrases: how words are used, in short English phrases (Miller 1995, Communications of the ACM 38).

A gloss of WordNet ends with examples in quotation marks: "he spoke kindly to the boy".
"""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Iterator
from pathlib import Path

from aenb.core.errors import AenbError
from aenb.data.data_sets import dataset
from aenb.data.record import Data
from aenb.data.texts import from_texts
from aenb.data.words import split_words

FOLDER = Path("/usr/share/wordnet")  # the package wordnet-base of Debian and Ubuntu
FILES = ("data.noun", "data.verb", "data.adj", "data.adv")
SAMPLE = "wordnet_sample.txt"
FEWEST, MOST = 2, 12  # words of a phrase; 96 % of the phrases have no more
TOTAL = 46_350  # phrases of WordNet 3.0 of that length, each once


def _is_installed() -> bool:
    return all((FOLDER / name).is_file() for name in FILES)


@dataset(
    order=9,
    summary="46,000 short English example phrases",
    where="package wordnet-base; else an embedded sample of 1,000",
)
def wordnet() -> Data:
    """Load the phrases of 2 to 12 words, each once, every fifth held out; a sample where WordNet is not installed."""
    if _is_installed():
        return from_texts(_distinct(_phrases()), name="wordnet", source="the system's package wordnet-base")
    return from_texts(
        _sample(), name="wordnet", source="the sample that comes with aenb", total=TOTAL,
        notes=["WordNet is not installed (apt-get install wordnet-base): this is a sample of short, common phrases."],
    )  # fmt: skip


def _phrases() -> Iterator[str]:
    """Go through the examples of all glosses."""
    for name in FILES:
        try:
            lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            raise AenbError(f"Expected WordNet in {FOLDER / name}; received: {error}. Install it anew.") from error
        for line in lines:
            if not line.startswith("  "):  # the licence
                yield from re.findall(r'"([^"]*)"', line.partition(" | ")[2])


def _distinct(phrases: Iterator[str]) -> list[str]:
    """Return the phrases of a fitting length, each once."""
    split = dict.fromkeys(" ".join(text) for text in split_words(list(phrases), "wordnet"))
    return [text for text in split if FEWEST <= len(text.split()) <= MOST]


def _sample() -> list[str]:
    lines = (importlib.resources.files("aenb.data") / SAMPLE).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
