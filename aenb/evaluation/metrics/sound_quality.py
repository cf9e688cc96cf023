"""Scores of restored sound: SI-SDR, and the correlation of its band envelopes, which follows intelligibility."""

from __future__ import annotations

import numpy as np

from aenb.data.sound.stft import stft

LEAST = 1e-10
FRAME, SEGMENT = 0.0256, 0.384  # seconds
LOWEST, THIRD, BANDS = 150.0, 2 ** (1 / 3), 15  # Hz of the first band's centre, and the ratio of two centres
DYNAMIC = 40.0  # dB below the loudest frame, from which a frame is silent
CLIP = -15.0  # dB, the lower bound of a band's signal-to-distortion ratio


def si_sdr(target: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return the scale-invariant signal-to-distortion ratio, in dB: higher is better.

    Le Roux, Wisdom, Erdogan & Hershey (2019), "SDR — half-baked or well done?", arXiv 1811.02508:
    10 log₁₀ ‖α s‖² / ‖α s − ŝ‖² with α = ŝᵀs / ‖s‖². The means are subtracted before. A scale of ŝ does not matter.

    Args:
        target: s, (…, samples), NaN after the end of a shorter recording.
        found: ŝ, the same shape; only samples at which the target is observed count.

    Returns:
        (…,), float64, −100 to 100 dB; NaN if the target is silent.

    Example:
        >>> import numpy as np
        >>> s, n = np.sin(np.arange(1000)), np.cos(np.arange(1000))
        >>> round(float(si_sdr(s, 5 * (s + 0.1 * n))), 1)
        20.0
    """
    heard = ~np.isnan(target)
    count = np.maximum(heard.sum(axis=-1, keepdims=True), 1)
    s, estimate = (np.where(heard, np.nan_to_num(x), 0.0).astype("float64") for x in (target, found))
    s, estimate = (np.where(heard, x - x.sum(axis=-1, keepdims=True) / count, 0.0) for x in (s, estimate))
    energy = np.square(s).sum(axis=-1)
    scale = (s * estimate).sum(axis=-1) / np.maximum(energy, LEAST)
    projected = scale[..., None] * s
    signal, error = np.square(projected).sum(axis=-1), np.square(projected - estimate).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):  # of a perfect, a useless and a silent one
        ratio = 10 * np.log10(signal / error)
    return np.where(energy > LEAST, np.clip(ratio, -100, 100), np.nan)


def envelope_correlation(target: np.ndarray, found: np.ndarray, sample_rate: int) -> float:
    """Return the mean correlation of short envelopes in third-octave bands: −1 to 1, and 1 for a perfect restoration.

    The steps are those of STOI (Taal, Hendriks, Heusdens & Jensen 2011, "An algorithm for intelligibility prediction of
    time-frequency weighted noisy speech", IEEE Transactions on ASLP 19(7)): silent frames are removed; the norms of
    spectra in 15 third-octave bands from 150 Hz are cut to segments of 384 ms; found segments are scaled to the energy
    of the target's, and clipped where they are over 15 dB off; and the correlations are averaged. It is not STOI
    itself, which is defined at 10 kHz with frames of its own: sounds are not resampled here, and bands above half the
    sample rate are left out. A recording shorter than a segment is one segment.

    Args:
        target: (samples,), the clean recording, finite.
        found: (samples,), the restored one.
        sample_rate: Samples a second, at least 1,000.

    Returns:
        The mean correlation; NaN if the target is silent.
    """
    n_fft = 2 ** round(np.log2(FRAME * sample_rate))
    spectra = [np.abs(stft(np.asarray(x, "float64"), n_fft, n_fft // 2)) for x in (target, found)]
    energy = 20 * np.log10(np.linalg.norm(spectra[0], axis=-1) + LEAST)
    kept = energy > energy.max() - DYNAMIC
    if np.abs(target).max() == 0:
        return float("nan")
    bands = _third_octaves(sample_rate, n_fft)
    x, y = (np.sqrt(np.square(one[kept]) @ bands.T) for one in spectra)  # (frames, bands)
    length = min(round(SEGMENT * sample_rate / (n_fft // 2)), len(x))
    x, y = (np.lib.stride_tricks.sliding_window_view(one, length, axis=0) for one in (x, y))  # (…, bands, length)
    y = y * np.linalg.norm(x, axis=-1, keepdims=True) / (np.linalg.norm(y, axis=-1, keepdims=True) + LEAST)
    y = np.minimum(y, x * (1 + 10 ** (-CLIP / 20)))
    x, y = (one - one.mean(axis=-1, keepdims=True) for one in (x, y))
    norms = np.linalg.norm(x, axis=-1) * np.linalg.norm(y, axis=-1)
    return float(((x * y).sum(axis=-1) / (norms + LEAST)).mean())


def _third_octaves(sample_rate: int, n_fft: int) -> np.ndarray:
    """Return which frequencies are in each band: (bands, n_fft // 2 + 1), 0 and 1, of bands that have any."""
    frequencies = np.arange(n_fft // 2 + 1) * sample_rate / n_fft
    centres = LOWEST * THIRD ** np.arange(BANDS)
    inside = (frequencies >= centres[:, None] * THIRD**-0.5) & (frequencies < centres[:, None] * THIRD**0.5)
    return inside[inside.any(axis=1)].astype("float64")
