"""Synthetic words of two vowels, in six voices: they take the place of recordings that cannot be had.

A voice has a source, the harmonics of a pitch, and a filter, the vocal tract, whose resonances are called formants
(Fant 1960, "Acoustic theory of speech production"). Here the formants move from those of one vowel to those of the
next. Their frequencies are the means of 33 men in Peterson & Barney (1952), "Control methods used in a study of the
vowels", Journal of the Acoustical Society of America 24(2).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

RATE = 8000
VOWELS = {
    "i": (270, 2290, 3010), "e": (530, 1840, 2480), "a": (730, 1090, 2440), "o": (570, 840, 2410),
    "u": (300, 870, 2240),
}  # fmt: skip
WORDS = ("ai", "ia", "au", "ua", "eo", "oe", "iu", "ui", "ei", "oa")
VOICES = {
    "alan": (95, 0.95), "bert": (110, 1.0), "carl": (130, 1.05), "dora": (180, 1.1), "edna": (205, 1.15),
    "fran": (230, 1.2),
}  # fmt: skip  # the pitch in Hz, and the factor of the formants of a shorter vocal tract
LEVELS, BANDWIDTHS = (1.0, 0.5, 0.25), (80, 110, 160)  # of the formants; Hz
SECONDS, NOISE = (0.3, 0.6), 0.003


def word(number: int, voice: str, random: np.random.Generator) -> np.ndarray:
    """Return a word, each time a little different in length, pitch and vowels.

    Args:
        number: Which of `WORDS`, from 0 to 9.
        voice: One of `VOICES`.
        random: A NumPy generator.

    Returns:
        (samples,), float64, at 8 kHz, with a peak of 0.7.

    Example:
        >>> import numpy as np
        >>> wave = word(3, "dora", np.random.default_rng(0))
        >>> wave.shape, round(float(np.abs(wave).max()), 6)
        ((3929,), 0.7)
    """
    base, tract = VOICES[voice]
    seconds, before = random.uniform(*SECONDS), random.uniform(0.4, 0.6)
    part = np.linspace(0, 1, round(seconds * RATE))
    pitch = base * random.normal(1, 0.05) * (1.1 - 0.25 * part)  # Hz, falling
    first, second = (np.array(VOWELS[vowel]) for vowel in WORDS[number])
    moved = 1 / (1 + np.exp(-12 * (part - before)))
    formants = tract * random.normal(1, 0.03) * (first + (second - first) * moved[:, None])  # (samples, 3)
    harmonics = np.arange(1, int(RATE / 2 / pitch.min()) + 1)
    frequencies = harmonics * pitch[:, None]  # (samples, harmonics)
    gains = sum(
        level / (1 + np.square((frequencies - formants[:, [place]]) / width))
        for place, (level, width) in enumerate(zip(LEVELS, BANDWIDTHS, strict=True))
    )
    gains = np.where(frequencies < RATE / 2, gains / harmonics**0.5, 0)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    wave = (gains * np.sin(harmonics * phase[:, None])).sum(axis=1) * np.sin(np.pi * part) ** 0.5
    wave = wave / np.abs(wave).max() + NOISE * random.standard_normal(len(part))
    return 0.7 * wave / np.abs(wave).max()


def write_words(folder: Path, each: int = 10, seed: int = 0) -> None:
    """Write words under the names of the Free Spoken Digit Dataset, such as 7_dora_3.wav.

    Args:
        folder: It is made if it does not exist.
        each: How many of each word and voice; the data set `spoken_digits` holds out the first five.
        seed: The random seed.
    """
    from scipy.io import wavfile

    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(len(WORDS)):
        for voice in VOICES:
            for index in range(each):
                samples = np.rint(32767 * word(number, voice, random)).astype("int16")
                wavfile.write(folder / f"{number}_{voice}_{index}.wav", RATE, samples)
