"""Sound files, read by soundfile (libsndfile): one channel, at one sample rate, as floats from −1 to 1."""

from __future__ import annotations

from math import gcd
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from aenb.core.errors import AenbError

SUFFIXES = (".wav", ".flac", ".ogg")
FORMATS = ("WAV", "WAVEX", "RF64", "FLAC", "OGG")  # libsndfile's, whatever the suffix
BLOCK = 2**18  # frames that are read at a time: the number that a header declares is not believed
RATES = (100, 1_000_000)  # Hz
CLIPPED = 3  # successive samples at the largest value, from which a recording is clipped
INSTALL = "Install it: pip install soundfile (its wheels have libsndfile), or pip install 'aenb[sound]'."


class Header(NamedTuple):
    """What a file declares about its sound."""

    sample_rate: int
    frames: int
    channels: int
    subtype: str

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.frames / self.sample_rate


class Recording(NamedTuple):
    """A recording, and what is odd about it."""

    wave: np.ndarray
    oddities: tuple[str, ...] = ()


def soundfile() -> Any:
    """Import soundfile.

    Raises:
        AenbError: It is not installed, or its library can't be loaded.
    """
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise AenbError(f"Expected soundfile, which reads sound files; received none. {INSTALL}") from error
    return soundfile


def look(path: Path) -> Header:
    """Read what a file declares about its sound.

    Raises:
        ValueError: It is broken, or has fewer than two samples.
    """
    with path.open("rb") as stream, _opened(stream) as file:
        return Header(file.samplerate, file.frames, file.channels, file.subtype)


def read_sound(path: Path, sample_rate: int, seconds: float | None = None) -> Recording:
    """Read a sound file: the mean of its channels, resampled by a polyphase filter.

    Args:
        path: The file.
        sample_rate: The sample rate to convert it to.
        seconds: How much of its beginning to read; None: all.

    Returns:
        (samples,), float32, and what is odd: "silent", or "clipped".

    Raises:
        ValueError: It is broken, too short, or its values are not finite.
    """
    with path.open("rb") as stream, _opened(stream) as file:
        most = None if seconds is None else int(np.ceil(seconds * file.samplerate)) + 1
        blocks, count = [], 0
        while most is None or count < most:
            block = file.read(BLOCK if most is None else min(BLOCK, most - count), "float32", always_2d=True)
            if not len(block):
                break
            blocks.append(block.mean(axis=1))
            count += len(block)
        rate = file.samplerate
    wave = np.concatenate(blocks) if blocks else np.zeros(0, "float32")
    if len(wave) < 2:
        raise ValueError("it is cut off before its samples")
    if not np.isfinite(wave).all():
        raise ValueError("it has values that are not finite")
    return Recording(resampled(wave, rate, sample_rate), oddities(wave))


def resampled(wave: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Resample a recording: (samples,), at `rate` → float32, at `wanted` samples a second.

    SciPy's polyphase filter removes what is above half of the lower of the two rates, so nothing is aliased.
    """
    if rate == wanted:
        return wave.astype("float32")
    from scipy.signal import resample_poly

    common = gcd(rate, wanted)
    return resample_poly(wave.astype("float64"), wanted // common, rate // common).astype("float32")


def oddities(wave: np.ndarray) -> tuple[str, ...]:
    """Say what is odd about a recording: "silent" if all samples are equal, "clipped" if they stay at the largest."""
    largest = float(np.abs(wave).max())
    if float(np.ptp(wave)) == 0:
        return ("silent",)
    at_largest = np.abs(wave) >= largest * (1 - 1e-4)
    runs = np.convolve(at_largest, np.ones(CLIPPED), "valid") == CLIPPED
    return ("clipped",) if runs.sum() > 1 and largest > 0.1 else ()


def _opened(stream: BinaryIO) -> Any:
    library = soundfile()
    try:
        file = library.SoundFile(stream)
    except library.LibsndfileError as error:
        raise ValueError(error.error_string.strip(". ")) from error
    if file.format not in FORMATS:
        raise ValueError(f"it is in the format {file.format}")
    if file.frames < 2:
        raise ValueError("it has a single sample" if file.frames == 1 else "it has no samples")
    if not RATES[0] <= file.samplerate <= RATES[1]:
        raise ValueError(f"its sample rate is {file.samplerate} Hz")
    return file
