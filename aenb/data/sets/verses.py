"""Verses of the Bible in English and Spanish, in pairs: the King James Version and the Reina-Valera of 1909.

Both are free of copyright; in the United Kingdom, printing the King James Version needs a permission of the Crown. The
texts are those of eBible.org, as the Debian and Ubuntu packages `sword-text-kjv` and `sword-text-sparv` have them. The
languages are those of 1611 and 1602, revised: a model learns "thou", and that kings beget.

The held-out verses are of other books than those for training. Since books quote each other, above all the gospels, and
Chronicles repeats Kings, the books that are held out are some that have few verses in common with others.
"""

from __future__ import annotations

import importlib.resources
import itertools
import os
from pathlib import Path

import numpy as np

from aenb.core.errors import AenbError
from aenb.core.short_form import max_examples
from aenb.data.record import Data
from aenb.data.sets import sword
from aenb.data.sets.data_sets import dataset
from aenb.data.text.pairs import from_pairs, usual_units
from aenb.data.text.subwords import SIZE
from aenb.data.text.written import MAX_LENGTH

MODULES = ("engKJV2006eb", "spaRV1909eb")
PACKAGES = Path("/usr/share/sword/modules/texts/ztext")
SAMPLE = "verses_sample.tsv"
HELD = frozenset(("Ruth", "Esth", "Eccl", "Mal", "Acts", "Jas"))  # the books that are held out
LONGEST = {"subwords": 64, "bytes": MAX_LENGTH}  # units of a verse
RATIO = 2.2  # of the lengths of two texts above which they are not the same verse
TOTAL = 30_319  # pairs of both modules that fit each other

Verses = dict[str, tuple[str, str]]


def _folder() -> Path | None:
    """Return the folder of both modules: `AENB_DATA`/verses, or that of the packages; None if there is neither."""
    given = os.environ.get("AENB_DATA")
    folders = [*([Path(given, "verses")] if given else []), PACKAGES]
    return next((one for one in folders if all((one / name / "nt.bzv").is_file() for name in MODULES)), None)


@dataset(
    order=10,
    summary="30,000 verses of the Bible in English and Spanish, in pairs, split by book",
    where="AENB_DATA/verses, packages sword-text-kjv and sword-text-sparv; else an embedded sample of 1,000",
)
def verses() -> Data:
    """Load pairs of verses in subword units, or in bytes if `tokenizers` is missing; a sample without the packages."""
    return short_verses(LONGEST[usual_units()])


def short_verses(longest: int, size: int = SIZE) -> Data:
    """Load the pairs of verses that have at most so many units on each side.

    Args:
        longest: Units of a verse.
        size: How many units to learn, those of bytes included, at most.
    """
    folder = _folder()
    found = _sample() if folder is None else _aligned(*(sword.verses(folder / name) for name in MODULES))
    if not found:
        raise AenbError(f"Expected verses that both modules have in {folder}; received none. Reinstall the packages.")
    names = np.array(list(found), object)
    notes = ["The split is by book: the held-out ones are Ruth, Esther, Ecclesiastes, Malachi, Acts and James."]
    if folder is None:
        notes.append(
            "The packages are not installed (apt-get install sword-text-kjv sword-text-sparv): this is a sample of "
            "short verses."
        )
    return from_pairs(
        list(found.values()), "verses", "King James Version and Reina-Valera 1909, eBible.org", tokens=usual_units(),
        size=size, longest=longest, names=names, is_held=np.array([name.split(".")[0] in HELD for name in found]),
        notes=notes, total=0 if folder else TOTAL,
    ).limit(max_examples())  # fmt: skip


def _sample() -> Verses:
    lines = (importlib.resources.files("aenb.data.sets") / SAMPLE).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {name: (english, spanish) for name, english, spanish in rows}


def _aligned(english: dict[str, str], spanish: dict[str, str]) -> Verses:
    """Return the verses that both have, but for those that are numbered otherwise or have titles on one side.

    Chapters whose last verse only one of them has are numbered otherwise, and so is often the chapter after them. The
    first verses of psalms have the psalm's title in Spanish.
    """
    chapters = list(dict.fromkeys(name.rpartition(".")[0] for name in english))
    apart = {name.rpartition(".")[0] for name in english.keys() ^ spanish.keys()}
    apart |= {after for before, after in itertools.pairwise(chapters) if before in apart}
    found = {}
    for name in english.keys() & spanish.keys():
        chapter, _, number = name.rpartition(".")
        pair = english[name], spanish[name]
        longer, shorter = max(map(len, pair)), min(map(len, pair))
        is_titled = chapter.startswith("Ps.") and number == "1"
        if chapter not in apart and not is_titled and longer <= RATIO * shorter:
            found[name] = pair
    return {name: found[name] for name in english if name in found}
