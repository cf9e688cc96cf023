"""Training a speech denoiser, on windows of clean recordings with noise drawn anew for each batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aenb.core.backend import Model, keras
from aenb.core.errors import AenbError
from aenb.core.short_form import most_epochs, smaller
from aenb.data.sound.noise import noise, scaled
from aenb.data.sound.stft import istft, stft
from aenb.models.architecture import spectral_mask

WINDOW = 0.8  # seconds
RATE, LAST_RATE = 3e-3, 0.02  # the learning rate, and the part of it at the end
BLOCK = 64  # recordings that are denoised at a time


@dataclass(frozen=True)
class Noises:
    """The noise that a denoiser learns to remove.

    Attributes:
        colours: Names for `aenb.data.sound.noise.noise`, each equally likely.
        snr: The lowest and the highest signal-to-noise ratio in dB; uniform in between.
        others: Functions (shape, generator) → noise of power 1 of that shape, each as likely as a colour.
    """

    colours: tuple[str, ...] = ("white", "pink", "speech", "any")
    snr: tuple[float, float] = (-7.0, 12.0)
    others: tuple[Any, ...] = ()

    def draw(self, shape: tuple[int, int], sample_rate: int, random: np.random.Generator) -> np.ndarray:
        """Draw noise of power 1, (n, samples), of a random colour for each."""
        kinds = len(self.colours) + len(self.others)
        drawn, kind = np.empty(shape), random.integers(kinds, size=shape[0])
        for number in range(kinds):
            chosen = np.flatnonzero(kind == number)
            size = (len(chosen), shape[1])
            if number < len(self.colours):
                drawn[chosen] = noise(size, self.colours[number], sample_rate, random)
            elif len(chosen):
                drawn[chosen] = self.others[number - len(self.colours)](size, random)
        return drawn


@dataclass(frozen=True)
class Denoiser:
    """A trained speech denoiser.

    Attributes:
        network: The Keras model from log magnitudes to a mask, with the parts "encoder" and "decoder".
        sample_rate: Samples a second of the recordings that it takes.
        n_fft: Samples of a frame.
        hop: Samples from one frame to the next.
        history: The mean loss of each epoch, −SI-SDR in dB.
    """

    network: Model
    sample_rate: int
    n_fft: int
    hop: int
    history: tuple[float, ...] = ()

    def denoise(self, waves: np.ndarray) -> np.ndarray:
        """Denoise recordings: (n, samples) or (samples,), at the sample rate → the same shape, float32.

        Raises:
            AenbError: A recording is not finite, or shorter than a frame.
        """
        waves = np.asarray(waves, "float64")
        if waves.ndim not in (1, 2) or waves.shape[-1] < self.n_fft or not np.isfinite(waves).all():
            raise AenbError(
                f"`waves`: expected finite recordings of at least {self.n_fft} samples, (n, samples); received the "
                f"shape {waves.shape}."
            )
        rows = np.atleast_2d(waves)
        blocks = [self._denoised(rows[start : start + BLOCK]) for start in range(0, len(rows), BLOCK)]
        return np.concatenate(blocks).reshape(waves.shape)

    def _denoised(self, waves: np.ndarray) -> np.ndarray:
        """Mask the frames of the training's distance, and those halfway between: their noise averages out."""
        hop = self.hop // 2
        spectra = stft(waves, self.n_fft, hop).astype("complex64")
        masked = np.empty_like(spectra)
        for first in (0, 1):
            own = spectra[..., first::2, :]
            masked[..., first::2, :] = own * np.asarray(self.network(spectral_mask.features(np.abs(own) ** 2)))
        return istft(masked, hop, waves.shape[-1]).astype("float32")

    def save(self, file: Path) -> None:
        """Write the network to a .keras file of stock layers."""
        self.network.save(file)


def train_denoiser(
    waves: Sequence[np.ndarray],
    sample_rate: int,
    *,
    noises: Noises = Noises(),
    epochs: int = 16,
    seed: int = 0,
    batch_size: int = 16,
    each_epoch: Callable[[int, float, Model], object] = lambda epoch, loss, network: None,
) -> Denoiser:
    """Train a speech denoiser on clean recordings.

    Each recording is placed at random in a window of 0.8 s, in which noise is added everywhere.

    Args:
        waves: Recordings, (samples,) each, finite, at the sample rate.
        sample_rate: Samples a second.
        noises: What to remove.
        epochs: How often each recording is used, each time with other noise; at most `AENB_SHORT`, if that is set.
        seed: Of the weights, the order and the noise.
        batch_size: Recordings a step.
        each_epoch: Called after each epoch with its number, its mean loss and the network.

    Returns:
        The `Denoiser`.

    Raises:
        AenbError: There are fewer recordings than a batch has.

    Example:
        >>> import numpy as np
        >>> waves = [np.sin(np.arange(3000) * (0.1 + 0.01 * number)) for number in range(16)]
        >>> denoiser = train_denoiser(waves, 8000, epochs=1, batch_size=8)
        >>> denoiser.denoise(waves[0]).shape
        (3000,)
    """
    if len(waves) < batch_size:
        raise AenbError(f"`waves`: expected at least {batch_size} recordings, a batch; received {len(waves)}.")
    keras.utils.set_random_seed(seed)
    n_fft = 2 ** round(np.log2(0.032 * sample_rate))
    hop, samples = n_fft // 2, round(WINDOW * sample_rate)
    network = spectral_mask.build(n_fft // 2 + 1)
    steps, epochs = len(waves) // batch_size, smaller(epochs, most_epochs()) or epochs
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps * epochs, alpha=LAST_RATE)
    network.compile(keras.optimizers.Adam(rate, clipnorm=5.0), loss=spectral_mask.negative_si_sdr, jit_compile=False)
    windows = _windows(list(waves), samples, sample_rate, noises, batch_size, np.random.default_rng(seed))
    losses = []
    for epoch in range(epochs):
        found = [float(network.train_on_batch(*_batch(next(windows), n_fft, hop))) for _ in range(steps)]
        losses.append(float(np.mean(found)))
        each_epoch(epoch, losses[-1], network)
    return Denoiser(network, sample_rate, n_fft, hop, tuple(losses))


def _batch(pair: tuple[np.ndarray, np.ndarray], n_fft: int, hop: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the network's inputs and what its loss needs, of noisy and clean windows."""
    noisy, clean = (stft(one, n_fft, hop).astype("complex64") for one in pair)
    return spectral_mask.features(np.abs(noisy) ** 2), spectral_mask.products(noisy, clean)


def _windows(
    waves: Sequence[np.ndarray], samples: int, rate: int, noises: Noises, size: int, random: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pairs of noisy and clean windows, (size, samples) each, without end."""
    while True:
        order = random.permutation(len(waves))
        for start in range(0, len(order) - size + 1, size):
            windows = np.stack([_window(waves[place], samples, random) for place in order[start : start + size]])
            drawn = noises.draw(windows.shape, rate, random)
            added = scaled(drawn, windows, random.uniform(*noises.snr, size=size))
            clean = np.nan_to_num(windows)
            yield clean + added, clean


def _window(wave: np.ndarray, samples: int, random: np.random.Generator) -> np.ndarray:
    """Place a recording at random in a window, NaN outside of it; a longer one is cut."""
    if len(wave) >= samples:
        start = random.integers(len(wave) - samples + 1)
        return wave[start : start + samples]
    window = np.full(samples, np.nan)
    start = random.integers(samples - len(wave) + 1)
    window[start : start + len(wave)] = wave
    return window
