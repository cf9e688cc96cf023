"""µ-law: the classical code of speech, eight bits a sample, whose steps are finer for quiet samples.

ITU-T G.711 (1972), here with its continuous curve: f(x) = sgn x · ln(1 + µ |x|) / ln(1 + µ), with µ = 2ᵇ − 1 for b
bits, as in van den Oord et al. (2016), "WaveNet", arXiv 1609.03499. At 8 kHz, 8 bits are 64 kbit/s.
"""

from __future__ import annotations

import numpy as np

from aenb.core.errors import AenbError


def encode(wave: np.ndarray, bits: int = 8) -> np.ndarray:
    """Return the levels of samples: floats from −1 to 1 → the same shape, int32, from 0 to 2ᵇ − 1.

    Args:
        wave: Any shape; values beyond are clipped.
        bits: b, from 1 to 16.

    Raises:
        AenbError: `bits` is out of range.

    Example:
        >>> import numpy as np
        >>> encode(np.array([-1.0, 0.0, 1.0])).tolist()
        [0, 128, 255]
    """
    most = _levels(bits) - 1
    curve = np.sign(wave) * np.log1p(most * np.minimum(np.abs(wave), 1)) / np.log1p(most)
    return np.floor((curve + 1) / 2 * most + 0.5).astype("int32")


def decode(levels: np.ndarray, bits: int = 8) -> np.ndarray:
    """Return the samples of levels: the same shape, float64, from −1 to 1."""
    most = _levels(bits) - 1
    curve = 2 * np.asarray(levels) / most - 1
    return np.sign(curve) * np.expm1(np.abs(curve) * np.log1p(most)) / most


def _levels(bits: int) -> int:
    if not 1 <= bits <= 16:
        raise AenbError(f"`bits`: expected 1 to 16; received {bits}.")
    return 2**bits
