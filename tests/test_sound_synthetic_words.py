"""Synthetic words: their pitch and formants are where they should be, and they load as the spoken digits do."""

from __future__ import annotations

import numpy as np
import pytest

import aenb
from aenb.data.sets.spoken_digits import speakers
from aenb.data.sound.synthetic_words import RATE, VOICES, VOWELS, WORDS, word, write_words


def spectrum(part):
    """Return the power of each frequency, 5 Hz apart, of a part of a word."""
    return np.square(np.abs(np.fft.rfft(part * np.hanning(len(part)), RATE // 5)))


@pytest.mark.parametrize("number", range(len(WORDS)))
def test_a_word_begins_and_ends_with_its_vowels(number):
    waves = [word(number, "alan", np.random.default_rng(seed)) for seed in range(6)]
    for place, vowel in zip((slice(300, 900), slice(-900, -300)), WORDS[number], strict=True):
        power = sum(spectrum(wave[place]) for wave in waves)
        smooth = np.convolve(power, np.ones(25), "same")  # over a pitch
        first, second, _ = 0.95 * np.array(VOWELS[vowel])
        assert abs(5 * smooth.argmax() - first) < 130
        middle = 5 * np.arange(len(smooth)) > (first + second) / 2
        if second > 1500:  # far from the first
            assert abs(5 * np.flatnonzero(middle)[smooth[middle].argmax()] - second) < 250


@pytest.mark.parametrize("voice", VOICES)
def test_its_period_is_that_of_the_voice(voice):
    wave = word(0, voice, np.random.default_rng(0))[800:1600]
    lags = np.arange(RATE // 300, RATE // 70)
    best = lags[np.argmax([np.corrcoef(wave[lag:], wave[:-lag])[0, 1] for lag in lags])]
    period = RATE / VOICES[voice][0]
    assert min(abs(best / period - many) for many in (1, 2, 3)) < 0.3


@pytest.mark.slow
def test_they_load_as_the_spoken_digits_do(tmp_path, monkeypatch):
    pytest.importorskip("soundfile")
    write_words(tmp_path / "spoken_digits" / "recordings", each=6)
    monkeypatch.setenv("AENB_DATA", str(tmp_path))
    data = aenb.load_data("spoken_digits")
    assert (len(data.train), len(data.test), data.sound.sample_rate) == (60, 300, RATE)
    assert set(speakers(data.names_test)) == set(VOICES)
    assert np.array_equal(np.unique(data.y_test), np.arange(10))


def test_the_seed_determines_them():
    a, b, c = (word(5, "fran", np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(a, b)
    assert len(a) != len(c)
