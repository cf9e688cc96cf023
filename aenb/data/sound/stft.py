"""The short-time Fourier transform and its inverse, and the waveform of given magnitudes (Griffin & Lim 1984).

Frames of `n_fft` samples are `hop` apart, weighted by a Hann window, and centred: half a window of zeros is added to
both ends. The inverse weights each frame by the window again, adds the frames up, and divides by the sum of squared
windows: it is the least-squares estimate of a waveform from any array of frames (Griffin & Lim 1984, "Signal estimation
from modified short-time Fourier transform", IEEE Transactions on ASSP 32(2), equation 6), and exact for a transform of
one.
"""

from __future__ import annotations

import functools

import numpy as np

from aenb.core.errors import AenbError

ITERATIONS, MOMENTUM = 60, 0.99
SMALLEST = 1e-8  # sum of squared windows below which there is nothing to divide


def num_frames(samples: int, hop: int) -> int:
    """Return how many frames a waveform has: a frame every `hop` samples, and one at its end."""
    return 1 + -(-samples // hop)


@functools.lru_cache(maxsize=16)
def hann(n_fft: int) -> np.ndarray:
    """Return the periodic Hann window: (n_fft,), float64."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)


def stft(waves: np.ndarray, n_fft: int, hop: int) -> np.ndarray:
    """Return the short-time Fourier transform of waveforms.

    Args:
        waves: (…, samples), real.
        n_fft: Samples of a frame, a multiple of `hop`.
        hop: Samples from one frame to the next, at most half of `n_fft`.

    Returns:
        (…, frames, n_fft // 2 + 1), complex128.

    Raises:
        AenbError: `hop` does not divide `n_fft` at least twice.

    Example:
        >>> import numpy as np
        >>> wave = np.sin(np.arange(1000) / 5)
        >>> spectrum = stft(wave, 256, 64)
        >>> spectrum.shape, bool(np.allclose(istft(spectrum, 64, 1000), wave))
        ((17, 129), True)
    """
    _check(n_fft, hop)
    samples = waves.shape[-1]
    after = (num_frames(samples, hop) - 1) * hop + n_fft // 2 - samples
    sides = [(0, 0)] * (waves.ndim - 1) + [(n_fft // 2, after)]
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(waves, sides), n_fft, axis=-1)[..., ::hop, :]
    return np.fft.rfft(frames * hann(n_fft), axis=-1)


def istft(spectra: np.ndarray, hop: int, samples: int) -> np.ndarray:
    """Return the waveforms whose transform is nearest to given frames, in the sense of least squares.

    Args:
        spectra: (…, frames, n_fft // 2 + 1), complex.
        hop: Samples from one frame to the next.
        samples: The length of the waveforms.

    Returns:
        (…, samples), float64.

    Raises:
        AenbError: `hop` does not divide `n_fft` at least twice.
    """
    n_fft = 2 * (spectra.shape[-1] - 1)
    _check(n_fft, hop)
    window, frames = hann(n_fft), spectra.shape[-2]
    waves = _added(np.fft.irfft(spectra, n_fft, axis=-1) * window, hop)
    weights = _added(np.broadcast_to(window**2, (frames, n_fft)), hop)
    waves = waves / np.maximum(weights, SMALLEST)
    return waves[..., n_fft // 2 : n_fft // 2 + samples]


def griffin_lim(
    magnitudes: np.ndarray,
    hop: int,
    samples: int,
    iterations: int = ITERATIONS,
    momentum: float = MOMENTUM,
    seed: int = 0,
) -> np.ndarray:
    """Return waveforms whose transforms have nearly the given magnitudes; their phases are found by iteration.

    Griffin & Lim (1984) alternate between the waveform nearest to the frames, and the frames with the given magnitudes
    and that waveform's phases; the spectral distance never increases. Perraudin, Balazs & Søndergaard (2013), "A fast
    Griffin-Lim algorithm", WASPAA, add a part of the last step to each new one, which ends at a smaller distance.

    Args:
        magnitudes: (…, frames, n_fft // 2 + 1), not negative.
        hop: Samples from one frame to the next.
        samples: The length of the waveforms.
        iterations: How often to alternate.
        momentum: The part of the last step that is added; 0: the original algorithm.
        seed: Of the random phases at the beginning.

    Returns:
        (…, samples), float64.

    Example:
        >>> import numpy as np
        >>> wave = np.sin(np.arange(2000) / 5)
        >>> magnitudes = np.abs(stft(wave, 256, 64))
        >>> found = griffin_lim(magnitudes, 64, 2000)
        >>> bool(spectral_distance(found, magnitudes, 64) < 0.1)
        True
    """
    n_fft = 2 * (magnitudes.shape[-1] - 1)
    phases = np.exp(2j * np.pi * np.random.default_rng(seed).random(magnitudes.shape))
    before = np.zeros_like(phases)
    for _ in range(iterations):
        consistent = stft(istft(magnitudes * phases, hop, samples), n_fft, hop)
        moved = consistent + momentum * (consistent - before)
        phases, before = moved / np.maximum(np.abs(moved), SMALLEST), consistent
    return istft(magnitudes * phases, hop, samples)


def spectral_distance(waves: np.ndarray, magnitudes: np.ndarray, hop: int) -> float:
    """Return how far the magnitudes of waveforms are from given ones, as a part of their norm: 0 if they agree.

    Args:
        waves: (…, samples).
        magnitudes: (…, frames, n_fft // 2 + 1).
        hop: Samples from one frame to the next.
    """
    found = np.abs(stft(waves, 2 * (magnitudes.shape[-1] - 1), hop))
    return float(np.linalg.norm(found - magnitudes) / np.linalg.norm(magnitudes))


def _check(n_fft: int, hop: int) -> None:
    if hop < 1 or n_fft % hop or n_fft < 2 * hop:
        raise AenbError(f"`hop`: expected a divisor of n_fft = {n_fft}, at most half of it; received {hop}.")


def _added(frames: np.ndarray, hop: int) -> np.ndarray:
    """Add frames up where they overlap: (…, frames, n_fft) → (…, (frames − 1) · hop + n_fft)."""
    *outer, count, n_fft = frames.shape
    parts = frames.reshape(*outer, count, n_fft // hop, hop)
    total = np.zeros((*outer, count + n_fft // hop - 1, hop))
    for place in range(n_fft // hop):
        total[..., place : place + count, :] += parts[..., place, :]
    return total.reshape(*outer, -1)
