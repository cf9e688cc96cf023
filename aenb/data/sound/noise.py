"""Noise, white or coloured, and its mixture with recordings at a signal-to-noise ratio."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aenb.core.errors import unknown

SLOPES = {"white": 0.0, "pink": 1.0, "brown": 2.0, "blue": -1.0}  # the power of f is proportional to 1 / f^slope
COLOURS = (*SLOPES, "speech", "any")
ANY = (-0.5, 2.2)  # the slopes of "any"
LOWEST = 50.0  # Hz, below which coloured noise has the power that it has there


def noise(shape: tuple[int, ...], colour: str, sample_rate: int, random: np.random.Generator) -> np.ndarray:
    """Draw Gaussian noise whose power falls with the frequency, or rises.

    The Fourier coefficients of white noise are scaled by f^(−slope / 2) (Timmer & König 1995, "On generating power law
    noise", Astronomy and Astrophysics 300).

    Args:
        shape: (…, samples).
        colour: "white"; "pink", whose power is proportional to 1 / f; "brown", to 1 / f²; "blue", to f; or "speech",
        with
            about the long-term spectrum of speech: flat up to 500 Hz, from where it falls by 9 dB an octave. "any": for
            each a random slope, from 1 / f^−0.5 to 1 / f^2.2.
        sample_rate: Samples a second.
        random: A NumPy generator.

    Returns:
        The noise, float64, of power 1.

    Raises:
        AenbError: The colour is unknown.

    Example:
        >>> import numpy as np
        >>> round(float(noise((2, 8000), "pink", 8000, np.random.default_rng(0)).var()), 6)
        1.0
    """
    if colour not in COLOURS:
        raise unknown("colour of noise", colour, COLOURS)
    samples = shape[-1]
    frequencies = np.maximum(np.fft.rfftfreq(samples, 1 / sample_rate), LOWEST)
    gain = _gain(frequencies, colour, shape[:-1], random)
    spectrum = np.fft.rfft(random.standard_normal(shape), axis=-1) * gain
    spectrum[..., 0] = 0
    drawn = np.fft.irfft(spectrum, samples, axis=-1)
    return drawn / np.sqrt(np.mean(np.square(drawn), axis=-1, keepdims=True))


def _gain(frequencies: np.ndarray, colour: str, shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    """Return the factor of each Fourier coefficient: (frequencies,), or (…, frequencies)."""
    if colour == "speech":
        return (1 + (frequencies / 500) ** 3) ** -0.5
    slope = SLOPES[colour] if colour in SLOPES else random.uniform(*ANY, size=(*shape, 1))
    return frequencies ** (-slope / 2)


def babble(
    waves: Sequence[np.ndarray], shape: tuple[int, int], random: np.random.Generator, voices: int = 6
) -> np.ndarray:
    """Mix recorded voices to noise: each is repeated without a pause, from a random place on.

    Args:
        waves: Recordings, (samples,) each, finite and not silent.
        shape: (n, samples).
        random: A NumPy generator.
        voices: How many recordings speak at a time.

    Returns:
        (n, samples), float64, of power 1.
    """
    drawn = np.zeros(shape)
    for row in drawn:
        for place in random.integers(len(waves), size=voices):
            wave = waves[place] / np.sqrt(np.mean(np.square(waves[place])))
            row += np.resize(np.roll(wave, random.integers(len(wave))), shape[1])
    return drawn / np.sqrt(np.mean(np.square(drawn), axis=-1, keepdims=True))


def scaled(noises: np.ndarray, waves: np.ndarray, snr: np.ndarray | float) -> np.ndarray:
    """Scale noise to a signal-to-noise ratio with recordings.

    Args:
        noises: (…, samples), not silent.
        waves: The same shape, NaN before and after the recording.
        snr: 10 log₁₀ of the recording's power by that of the noise, over the recording's own samples; a number, or one
            for each recording.

    Returns:
        The noise, also where there is no recording: the same shape; zeros for a silent recording.

    Example:
        >>> import numpy as np
        >>> wave, other = np.sin(np.arange(800)), np.random.default_rng(0).standard_normal(800)
        >>> added = scaled(other, wave, 10.0)
        >>> round(float(10 * np.log10(np.mean(wave**2) / np.mean(added**2))), 6)
        10.0
    """
    heard = ~np.isnan(waves)
    count = np.maximum(heard.sum(axis=-1, keepdims=True), 1)
    powers = [np.where(heard, np.nan_to_num(x), 0.0) ** 2 for x in (waves, noises)]
    signal, added = (power.sum(axis=-1, keepdims=True) / count for power in powers)
    ratio = 10 ** (np.expand_dims(np.asarray(snr, "float64"), -1) / 10)
    return noises * np.sqrt(signal / np.maximum(added * ratio, 1e-20))
