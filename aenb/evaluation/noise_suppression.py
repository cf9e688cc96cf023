"""Baselines for a speech denoiser: Wiener filtering and spectral gating, with the noise measured where nobody speaks.

Both weight each entry of the noisy spectrum X by a gain in [0, 1], from the power N of the noise at its frequency, the
mean over frames that are known to hold noise alone:

    Wiener     G = ξ / (1 + ξ),  ξ = α |G' X'|² / N + (1 − α) max(|X|² / N − 1, 0),     ': of the frame before
    gate       G = 1 where 20 log₁₀ |X| is above the noise's mean by `threshold` deviations, else a floor; smoothed

ξ is the decision-directed estimate of the signal-to-noise ratio (Ephraim & Malah 1984, IEEE Transactions on ASSP
32(6)), with the Wiener gain as in Scalart & Vieira Filho (1996), "Speech enhancement based on a priori signal to noise
estimation", ICASSP. The gate is that of Sainburg, Thielk & Gentner (2020), PLOS Computational Biology 16(10), for noise
that is stationary.
"""

from __future__ import annotations

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.sound.stft import istft, stft

LEAST = 1e-12


def wiener(
    waves: np.ndarray, lead: int, n_fft: int = 256, hop: int = 64, smoothing: float = 0.95, least: float = 0.003
) -> np.ndarray:
    """Denoise recordings by a Wiener filter.

    Args:
        waves: (…, samples), which begin with noise alone.
        lead: How many samples of noise alone, at least two frames.
        n_fft: Samples of a frame.
        hop: Samples from one frame to the next.
        smoothing: α, in [0, 1): how far ξ follows the frame before.
        least: The smallest ξ.

    Returns:
        The same shape, float64.

    Raises:
        AenbError: `lead` is too short.

    Example:
        >>> import numpy as np
        >>> random = np.random.default_rng(0)
        >>> tone = np.where(np.arange(8000) < 2000, 0.0, np.sin(np.arange(8000) / 3))
        >>> noisy = tone + 0.3 * random.standard_normal(8000)
        >>> bool(np.square(wiener(noisy, 2000) - tone).mean() < 0.2 * np.square(noisy - tone).mean())
        True
    """
    spectra = stft(waves, n_fft, hop)
    noise = np.mean(np.square(np.abs(_noise(spectra, lead, n_fft, hop))), axis=-2) + LEAST  # (…, frequencies)
    gains, before = np.empty(spectra.shape), np.zeros_like(noise)
    for frame in range(spectra.shape[-2]):
        power = np.square(np.abs(spectra[..., frame, :]))
        ratio = smoothing * before + (1 - smoothing) * np.maximum(power / noise - 1, 0)
        ratio = np.maximum(ratio, least)
        gains[..., frame, :] = ratio / (1 + ratio)
        before = np.square(gains[..., frame, :]) * power / noise
    return istft(gains * spectra, hop, waves.shape[-1])


def spectral_gate(
    waves: np.ndarray, lead: int, n_fft: int = 256, hop: int = 64, threshold: float = 1.5, floor: float = 0.1
) -> np.ndarray:
    """Denoise recordings by closing frequencies that are hardly above the noise.

    Args:
        waves: (…, samples), which begin with noise alone.
        lead: How many samples of noise alone, at least two frames.
        n_fft: Samples of a frame.
        hop: Samples from one frame to the next.
        threshold: Deviations of the noise's level, in dB, above its mean.
        floor: The gain of what is closed.

    Returns:
        The same shape, float64.

    Raises:
        AenbError: `lead` is too short.
    """
    from scipy.ndimage import uniform_filter1d

    spectra = stft(waves, n_fft, hop)
    level = 20 * np.log10(np.abs(spectra) + LEAST)
    quiet = _noise(level, lead, n_fft, hop)
    limit = quiet.mean(axis=-2, keepdims=True) + threshold * quiet.std(axis=-2, keepdims=True)
    gains = np.where(level > limit, 1.0, floor)
    for axis, width in ((-1, 5), (-2, 5)):  # frequencies, frames
        gains = uniform_filter1d(gains, width, axis=axis, mode="nearest")
    return istft(gains * spectra, hop, waves.shape[-1])


def _noise(frames: np.ndarray, lead: int, n_fft: int, hop: int) -> np.ndarray:
    """Return the frames that hold noise alone: those that lie within the lead, without the padding before it."""
    first, last = n_fft // 2 // hop, (lead - n_fft // 2) // hop
    if last - first < 1:
        raise AenbError(f"`lead`: expected at least {n_fft + hop} samples of noise alone; received {lead}.")
    return frames[..., first : last + 1, :]
