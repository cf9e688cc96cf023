"""The length of windows, from the autocorrelation of a series."""

from __future__ import annotations

import numpy as np

LAGS, LEAST, MOST = 400, 6, 303  # lags that are looked at; shortest and longest window that a peak may give
LOOKED_AT = 20_000  # steps
DEFAULT = 125  # steps, without a peak


def autocorrelation(series: np.ndarray, lags: int = LAGS) -> np.ndarray:
    """Return the sample autocorrelation, ρ_k = Σₜ (xₜ − x̄)(xₜ₊ₖ − x̄) / Σₜ (xₜ − x̄)², for k = 0, 1, …, lags.

    Args:
        series: (steps,); NaN counts as the mean.
        lags: The longest lag; fewer are returned of a shorter series.

    Returns:
        (min(lags, steps − 1) + 1,), in [−1, 1]; zeros for a constant series.

    Example:
        >>> import numpy as np
        >>> autocorrelation(np.array([1.0, -1.0, 1.0, -1.0]), 2).tolist()
        [1.0, -0.75, 0.5]
    """
    observed = series[np.isfinite(series)]
    if not len(observed):
        return np.zeros(min(lags, len(series) - 1) + 1)
    deviations = np.where(np.isfinite(series), series - observed.mean(), 0.0)
    size = 2 ** int(np.ceil(np.log2(2 * len(series))))
    spectrum = np.fft.rfft(deviations, size)
    covariance = np.fft.irfft(spectrum * spectrum.conj(), size)[: min(lags, len(series) - 1) + 1]
    if observed.min() == observed.max():
        return np.zeros(len(covariance))
    return np.round(covariance / covariance[0], 12)


def natural_length(series: np.ndarray) -> int | None:
    """Return the lag of the highest peak of the autocorrelation: usually one period.

    The rule is that of TSB-AD's `find_length` (Liu & Paparrizos 2024, NeurIPS): of the local maxima of the first 20,000
    steps' autocorrelation, the highest, if its lag is from 6 to 303.

    Args:
        series: (steps,), or (steps, channels), whose autocorrelations are averaged; NaN for missing values.

    Returns:
        The lag in steps; None if there is no such peak.

    Example:
        >>> import numpy as np
        >>> natural_length(np.sin(np.arange(500) * 2 * np.pi / 24))
        24
        >>> natural_length(np.arange(500.0)) is None
        True
    """
    channels = series[:LOOKED_AT].reshape(len(series[:LOOKED_AT]), -1).T
    values = np.mean([autocorrelation(channel) for channel in channels], axis=0)[3:]
    peaks = np.flatnonzero((values[1:-1] > values[:-2]) & (values[1:-1] > values[2:])) + 1
    if not len(peaks):
        return None
    lag = int(peaks[np.argmax(values[peaks])]) + 3
    return lag if LEAST <= lag <= MOST else None
