"""Mel spectra: the energy of a spectrum in bands that are equally wide to the ear, in decibels, and back.

A frequency f in Hz has the pitch m = 2595 log₁₀(1 + f / 700) (O'Shaughnessy 1987, "Speech communication"). Bands are
triangles with a peak of 1, whose corners are equally spaced in mel (Davis & Mermelstein 1980, IEEE Transactions on ASSP
28(4)).
"""

from __future__ import annotations

import functools

import numpy as np

FLOOR = -80.0  # decibels of silence, below a sine of amplitude 1
UPDATES = 60  # of the spectrum that has given mel energies


def to_mel(frequency: np.ndarray | float) -> np.ndarray:
    """Return the pitch in mel of frequencies in Hz."""
    return 2595 * np.log10(1 + np.asarray(frequency) / 700)


def to_hertz(mel: np.ndarray | float) -> np.ndarray:
    """Return the frequencies in Hz of pitches in mel."""
    return 700 * (10 ** (np.asarray(mel) / 2595) - 1)


@functools.lru_cache(maxsize=16)
def filter_bank(sample_rate: int, n_fft: int, bands: int) -> np.ndarray:
    """Return the weights of the frequencies of a spectrum in each mel band, from 0 Hz to half the sample rate.

    Args:
        sample_rate: Samples a second.
        n_fft: Samples of a frame.
        bands: How many bands.

    Returns:
        (bands, n_fft // 2 + 1), in [0, 1]. A band that is narrower than the distance of two frequencies has the
        nearest.

    Example:
        >>> filter_bank(8000, 256, 40).shape
        (40, 129)
    """
    frequencies = np.arange(n_fft // 2 + 1) * sample_rate / n_fft
    corners = to_hertz(np.linspace(0, to_mel(sample_rate / 2), bands + 2))
    low, centre, high = (corners[place : place + bands, None] for place in range(3))
    weights = np.clip(np.minimum((frequencies - low) / (centre - low), (high - frequencies) / (high - centre)), 0, None)
    empty = np.flatnonzero(weights.sum(axis=1) < 0.05)
    weights[empty, np.abs(frequencies - centre[empty]).argmin(axis=1)] = 1.0
    weights.setflags(write=False)
    return weights


def log_mel(magnitudes: np.ndarray, sample_rate: int, bands: int) -> np.ndarray:
    """Return mel spectra in decibels: 0 for a sine of amplitude 1, and no less than −80.

    Args:
        magnitudes: (…, frames, n_fft // 2 + 1), of a transform with a Hann window.
        sample_rate: Samples a second.
        bands: How many bands.

    Returns:
        (…, frames, bands), float32, at least −80.
    """
    n_fft = 2 * (magnitudes.shape[-1] - 1)
    amplitude = np.asarray(magnitudes) / (
        n_fft / 4
    )  # of a sine of amplitude 1, the sum of the window by 2 is n_fft / 4
    energy = np.square(amplitude) @ filter_bank(sample_rate, n_fft, bands).T
    return (10 * np.log10(np.maximum(energy, 10 ** (FLOOR / 10)))).astype("float32")


def from_log_mel(decibels: np.ndarray, sample_rate: int, n_fft: int) -> np.ndarray:
    """Return magnitudes that have given mel spectra; the band energies determine them up to details within a band.

    The energies of the frequencies p ≥ 0 minimise ‖W p − m‖² by multiplicative updates (Lee & Seung 2001, "Algorithms
    for non-negative matrix factorization", NIPS).

    Args:
        decibels: (…, frames, bands).
        sample_rate: Samples a second.
        n_fft: Samples of a frame.

    Returns:
        (…, frames, n_fft // 2 + 1), float64; 0 where the spectrum is silent.
    """
    weights = filter_bank(sample_rate, n_fft, decibels.shape[-1])
    silence = 10 ** (FLOOR / 10)
    energy = np.where(decibels <= FLOOR + 1e-3, 0.0, 10 ** (np.minimum(decibels, 20.0) / 10).astype("float64"))
    found, target = np.maximum(energy, silence) @ (weights / weights.sum(axis=1, keepdims=True)), energy @ weights
    square = weights.T @ weights
    for _ in range(UPDATES):
        found *= target / np.maximum(found @ square, silence * 1e-6)
    return np.sqrt(found) * (n_fft / 4)
