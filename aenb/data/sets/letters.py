"""Spoken letters and syllables in many languages, recorded for KLettres, a program that teaches the alphabet.

One voice speaks in each language. The recordings come with the Debian and Ubuntu package `klettres-data` (KDE), whose
copyright file has their licences. A recording is called after its file, such as "en/alpha/a".
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.files.listed_sounds import from_sound_files
from aenb.data.files.listing import Listing
from aenb.data.record import Data
from aenb.data.sets.data_sets import dataset

FOLDER = Path("/usr/share/klettres")


def _files() -> list[Path]:
    return sorted(FOLDER.glob("*/*/*.ogg"))


@dataset(
    order=11,
    summary="spoken letters and syllables, labelled by language; as images of mel spectra",
    where="Debian and Ubuntu package klettres-data (/usr/share/klettres)",
    at_hand=lambda: bool(_files()),
)
def letters(form: str = "mel_image") -> Data:
    """Load the spoken letters and syllables; labels are the languages, such as "en", "da" or "hu".

    Args:
        form: What a model gets of a recording: see `aenb.data.sound.sound_forms.FORMS`.
    """
    files = _files()
    if not files:
        raise AenbError(
            f"Expected the data set letters in {FOLDER}; received none. On Debian or Ubuntu: apt-get install "
            "klettres-data."
        )
    languages = [file.parent.parent.name for file in files]
    known = sorted(set(languages))
    names = np.array([file.relative_to(FOLDER).with_suffix("").as_posix() for file in files], object)
    listing = Listing(
        tuple(files), names, "letters", "package klettres-data", "sound",
        labels=np.array([known.index(one) for one in languages]), class_names=tuple(known),
    )  # fmt: skip
    return from_sound_files(listing, form)
