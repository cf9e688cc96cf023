"""The Free Spoken Digit Dataset: six speakers say the digits 0 to 9, 50 times each, at 8 kHz (Jackson et al. 2018).

Its own split is kept: recordings 0 to 4 of each speaker and digit are held out. The licence is CC BY-SA 4.0. A
recording is called after its file, such as "7_jackson_32", from which `speakers` takes who says it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.files.listed_sounds import from_sound_files
from aenb.data.files.listing import Listing
from aenb.data.record import Data
from aenb.data.sets.data_sets import dataset
from aenb.data.sets.download import cache, fetch

NAME = re.compile(r"(\d)_([a-z]+)_(\d+)\.wav")
HELD = 5  # recordings of each speaker and digit that are held out, the first ones
URL = "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/26eb9aaf76e81b692f806f9140c2d2777410d7a1.tar.gz"
RECORDINGS_SHA256 = "ddb17656a0bca4c5ddace082be188ca630516dc2ef1110afe3c4e9cc71173de4"  # of all, by name
REMEDY = "Offline: set the environment variable AENB_DATA to a folder that has spoken_digits/recordings/*.wav."
BYTES = 2**28  # that the recordings may take
DIGITS = tuple("0123456789")


@dataset(
    order=10,
    summary="3,000 recordings of the digits 0 to 9, six speakers, 8 kHz; as images of mel spectra",
    where="AENB_DATA/spoken_digits, Keras's cache; download (16 MB)",
    at_hand=lambda: _at_hand() is not None,
)
def spoken_digits(form: str = "mel_image") -> Data:
    """Load the Free Spoken Digit Dataset in its own split of 2,700 and 300 recordings.

    Args:
        form: What a model gets of a recording: see `aenb.data.sound.sound_forms.FORMS`.
    """
    folder = _at_hand() or _downloaded()
    files = [file for file in sorted(folder.glob("*.wav")) if NAME.fullmatch(file.name)]
    if not files:
        raise AenbError(f"Expected recordings such as 7_jackson_32.wav in {folder}; received none. {REMEDY}")
    names = np.array([file.stem for file in files], object)
    parts = [NAME.fullmatch(file.name) for file in files]
    listing = Listing(
        tuple(files), names, "spoken_digits", "Free Spoken Digit Dataset, CC BY-SA 4.0", "sound",
        labels=np.array([int(part[1]) for part in parts]), class_names=DIGITS,
        is_held=np.array([int(part[3]) < HELD for part in parts]),
    )  # fmt: skip
    return from_sound_files(listing, form)


def speakers(names: Sequence[str]) -> np.ndarray:
    """Return who says each recording: names such as "7_jackson_32", (n,) → (n,), str.

    Example:
        >>> speakers(["7_jackson_32", "0_theo_1"]).tolist()
        ['jackson', 'theo']
    """
    return np.array([str(name).split("_")[1] for name in names])


def _at_hand() -> Path | None:
    """Return the folder of the recordings: that of `AENB_DATA`, or the cache; None if there is neither."""
    given = os.environ.get("AENB_DATA")
    folders = [Path(given, "spoken_digits", "recordings")] if given else []
    return next((folder for folder in [*folders, _cached()] if folder.is_dir()), None)


def _cached() -> Path:
    return cache() / "aenb-spoken-digits" / "recordings"


def _downloaded() -> Path:
    """Download the recordings, check them, and return their folder."""
    archive, folder = _cached().parent / "spoken_digits.tar.gz", _cached()
    path = fetch(URL, archive, "", REMEDY)
    new = folder.with_suffix(f".new-{os.getpid()}")
    try:
        _extract(path, new)
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
        archive.unlink(missing_ok=True)
    return folder


def _extract(archive: Path, folder: Path) -> None:
    """Write the recordings of an archive to a folder, if they are those of the data set.

    The host compresses the archive on request, so its bytes are not pinned, but those of the recordings are.

    Raises:
        AenbError: The archive is broken, or has other recordings.
    """
    folder.mkdir(parents=True)
    digest, total = hashlib.sha256(), 0
    try:
        with tarfile.open(archive, "r:gz") as tar:
            members = {Path(one.name).name: one for one in tar if one.isfile() and NAME.fullmatch(Path(one.name).name)}
            for name in sorted(members):
                total += members[name].size
                if total > BYTES:
                    raise AenbError(f"Expected recordings of up to {BYTES / 2**20:.0f} MB in {URL}; received more.")
                content = tar.extractfile(members[name]).read()
                digest.update(content)
                (folder / name).write_bytes(content)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise AenbError(f"Expected an archive of recordings at {URL}; received a broken one: {error}.") from error
    if digest.hexdigest() != RECORDINGS_SHA256:
        raise AenbError(
            f"Expected recordings of the SHA-256 {RECORDINGS_SHA256[:12]}… at {URL}; received others. {REMEDY}"
        )
