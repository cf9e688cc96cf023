"""A speech denoiser: a convolutional autoencoder of spectra whose decoder gives a mask for the noisy spectrum.

    X = STFT(x),    f = log |X|²,    z = E(f, f − floor),    M = σ(D(z)) in [0, 1],    ŝ = iSTFT(M ⊙ X)

It is trained to reconstruct clean speech s from x = s + n, as a denoising autoencoder (Vincent et al. 2008), with noise
drawn anew for each batch. The mask multiplies the magnitudes, and the noisy phases stay (Narayanan & Wang 2013, "Ideal
ratio mask estimation using deep neural networks for robust speech recognition", ICASSP). The loss is the negative
scale-invariant signal-to-distortion ratio (Le Roux et al. 2019, arXiv 1811.02508), in dB. Convolutions along time are
dilated (van den Oord et al. 2016, arXiv 1609.03499), so that the receptive field covers about a word. The floor is a
low quantile of each frequency over time: a crude measure of the noise (minimum statistics: Martin 2001, IEEE
Transactions on Speech and Audio Processing 9(5)), given to the network as in noise-aware training (Seltzer, Yu & Wang
2013, ICASSP).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from aenb.core.backend import Model, Tensor, keras

SILENT = 1e-6  # power that is added before a logarithm or a division, relative to the mean
SPREAD = 3.0  # of log powers relative to the mean
FLOOR = 0.2  # quantile over time that is the floor of a frequency


def build(bins: int, units: int = 96, dilations: Sequence[int] = (1, 2, 4), latent_dim: int = 64) -> Model:
    """Build the network from log magnitudes to a mask.

    Args:
        bins: Frequencies of a spectrum, n_fft // 2 + 1.
        units: Filters of each convolution.
        dilations: Of the encoder's convolutions, and in reverse of the decoder's.
        latent_dim: Size of the latent code of a frame.

    Returns:
        A `keras.Model` of stock layers with the parts "encoder", (batch, frames, 2 · bins) → (batch, frames,
        latent_dim), and "decoder", to a mask (batch, frames, bins) in (0, 1).

    Example:
        >>> build(129, units=16).output_shape
        (None, None, 129)
    """
    inputs = keras.Input((None, 2 * bins), name="log_power_and_above_floor")
    x = keras.layers.Dense(units, name="bands")(inputs)
    code = keras.layers.Dense(latent_dim, name="code")(_dilated(x, units, dilations))
    encoder = keras.Model(inputs, code, name="encoder")
    codes = keras.Input((None, latent_dim), name="codes")
    x = keras.layers.Dense(units, name="spread")(codes)
    mask = keras.layers.Dense(bins, "sigmoid", dtype="float32", name="mask")(_dilated(x, units, tuple(dilations)[::-1]))
    decoder = keras.Model(codes, mask, name="decoder")
    return keras.Model(inputs, decoder(encoder(inputs)), name="spectral_mask")


def _dilated(x: Tensor, units: int, dilations: Sequence[int]) -> Tensor:
    """Add residual blocks of dilated convolutions along time: (batch, frames, units) → the same shape."""
    for number, dilation in enumerate(dilations, 1):
        y = keras.layers.LayerNormalization(name=f"norm_{number}")(x)
        y = keras.layers.Conv1D(
            units, 3, padding="same", dilation_rate=dilation, activation="relu", name=f"conv_{number}"
        )(y)
        x = keras.layers.Add(name=f"add_{number}")([x, keras.layers.Dense(units, name=f"mix_{number}")(y)])
    return x


def features(power: np.ndarray) -> np.ndarray:
    """Return the network's inputs: power spectra (batch, frames, bins) → (batch, frames, 2 · bins), float32.

    They are the log power, of recordings scaled to the same mean power, so that the level does not matter; and the log
    power above the floor of its frequency.
    """
    mean = power.mean(axis=(-2, -1), keepdims=True) + 1e-20
    level = np.log(power / mean + SILENT).astype("float32") / SPREAD
    floor = np.partition(level, int(FLOOR * level.shape[-2]), axis=-2)[..., int(FLOOR * level.shape[-2]), :]
    return np.concatenate([level, level - floor[..., None, :]], axis=-1)


def products(noisy: np.ndarray, clean: np.ndarray) -> np.ndarray:
    """Return what the loss needs of two spectra: |X|², Re S̄X and |S|², (batch, frames, bins, 3), float32.

    Args:
        noisy: X, (batch, frames, bins), complex.
        clean: S, the same shape.
    """
    mean = np.mean(np.abs(noisy) ** 2, axis=(-2, -1), keepdims=True) + 1e-20
    parts = (np.abs(noisy) ** 2, (np.conj(clean) * noisy).real, np.abs(clean) ** 2)
    return np.stack([part / mean for part in parts], axis=-1).astype("float32")


def negative_si_sdr(terms: Tensor, mask: Tensor) -> Tensor:
    """Return −SI-SDR in dB of masked spectra: `products`, (batch, frames, bins, 3), and a mask → (batch,).

    With a = Σ M Re S̄X / Σ|S|², the target is aS, and the squared error Σ|MX − aS|² = Σ M²|X|² − a² Σ|S|². The
    transform of a waveform keeps inner products (up to the weights of windows), and the waveform of MX is no further
    from the target than MX is.
    """
    ops = keras.ops
    noisy, product, clean = (terms[..., place] for place in range(3))
    total = ops.sum(clean, (-2, -1)) + SILENT
    signal = ops.square(ops.sum(mask * product, (-2, -1))) / total
    error = ops.sum(ops.square(mask) * noisy, (-2, -1)) - signal
    return -10 / math.log(10) * (ops.log(signal + SILENT) - ops.log(ops.maximum(error, 0.0) + SILENT))
