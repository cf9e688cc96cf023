"""What a model gets of a recording: its waveform, its mel spectra, as signals or images, or its complex spectra."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.sound.mel import FLOOR, from_log_mel, log_mel
from aenb.data.sound.stft import griffin_lim, istft, num_frames, stft

Form = Literal["log_mel", "mel_image", "complex", "waveform"]
FORMS: Mapping[str, str] = {
    "log_mel": "signals (frames, bands): mel spectra in decibels",
    "mel_image": "images (bands, frames, 1) of mel spectra in [0, 1], the lowest band at the bottom",
    "complex": "signals (frames, 2 (n_fft / 2 + 1)): real and imaginary parts of spectra",
    "waveform": "signals (samples, 1)",
}
BANDS, FRAME = 40, 0.032  # mel bands, and seconds of a frame


@dataclass(frozen=True)
class Sound:
    """How recordings become raw examples, and examples become recordings again.

    Attributes:
        sample_rate: Samples a second.
        samples: The length that recordings are cut or padded to.
        form: "log_mel", "mel_image", "complex" or "waveform": see `FORMS`.
        n_fft: Samples of a frame of the spectra.
        hop: Samples from one frame to the next.
        bands: How many mel bands there are.

    Example:
        >>> import numpy as np
        >>> sound = Sound(8000, 4000)
        >>> examples = sound.examples(np.sin(np.arange(4000) / 3)[None])
        >>> examples.shape, sound.waves(examples).shape
        ((1, 64, 40), (1, 4000))
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    sample_rate: int
    samples: int
    form: Form = "log_mel"
    n_fft: int = 256
    hop: int = 64
    bands: int = BANDS

    @property
    def frames(self) -> int:
        """How many frames a recording has."""
        return num_frames(self.samples, self.hop)

    @property
    def kind(self) -> str:
        """The kind of data that the examples are: "image" or "signal"."""
        return "image" if self.form == "mel_image" else "signal"

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example."""
        return {
            "log_mel": (self.frames, self.bands),
            "mel_image": (self.bands, self.frames, 1),
            "complex": (self.frames, self.n_fft + 2),
            "waveform": (self.samples, 1),
        }[self.form]

    def padded(self, waves: list[np.ndarray]) -> np.ndarray:
        """Cut or pad recordings to the length: n arrays (samples,) → (n, samples), float32, NaN after the end."""
        array = np.full((len(waves), self.samples), np.nan, "float32")
        for row, wave in zip(array, waves, strict=True):
            row[: len(wave)] = wave[: self.samples]
        return array

    def examples(self, waves: np.ndarray) -> np.ndarray:
        """Return raw examples of recordings.

        Mel spectra do not depend on the level: each recording is scaled to a peak of 1 before. Frames whose centre is
        after the end of a recording are NaN; in an image, they are silent.

        Args:
            waves: (n, samples), NaN after the end of a shorter recording.

        Returns:
            (n, *input_shape), float32.
        """
        if self.form == "waveform":
            return waves[..., None].astype("float32")
        heard = np.nan_to_num(waves)
        if self.form != "complex":
            heard = heard / np.maximum(np.abs(heard).max(axis=-1, keepdims=True), 1e-6)
        spectra = stft(heard, self.n_fft, self.hop)  # (n, frames, n_fft // 2 + 1)
        if self.form == "complex":
            found = np.concatenate([spectra.real, spectra.imag], axis=-1).astype("float32")
            return np.where(self._after(waves), np.nan, found)
        found = log_mel(np.abs(spectra), self.sample_rate, self.bands)
        if self.form == "log_mel":
            return np.where(self._after(waves), np.float32(np.nan), found)
        return np.clip(1 - found / FLOOR, 0, 1).transpose(0, 2, 1)[:, ::-1, :, None]

    def _after(self, waves: np.ndarray) -> np.ndarray:
        """Return which frames are after the end of a recording: (n, frames, 1)."""
        ends = (~np.isnan(waves)).sum(axis=-1)
        return (np.arange(self.frames) * self.hop > ends[:, None])[..., None]

    def waves(self, examples: np.ndarray, seed: int = 0) -> np.ndarray:
        """Return recordings of raw examples; of mel spectra with phases by `griffin_lim`, and a peak of 1.

        Args:
            examples: (n, *input_shape), NaN after the end of a recording, which becomes silent.
            seed: Of the phases at the beginning.

        Returns:
            (n, samples), float32.

        Raises:
            AenbError: The examples have another shape.
        """
        examples = np.asarray(examples)
        if examples.shape[1:] != self.input_shape:
            raise AenbError(
                f"`examples`: expected {FORMS[self.form]}, (n, {', '.join(map(str, self.input_shape))}); received "
                f"{examples.shape}."
            )
        if self.form == "waveform":
            return np.nan_to_num(examples[..., 0]).astype("float32")
        if self.form == "complex":
            real, imaginary = np.split(np.nan_to_num(examples), 2, axis=-1)
            return istft(real + 1j * imaginary, self.hop, self.samples).astype("float32")
        decibels = np.nan_to_num(self.decibels(examples), nan=FLOOR)
        magnitudes = from_log_mel(decibels, self.sample_rate, self.n_fft)
        waves = griffin_lim(magnitudes, self.hop, self.samples, seed=seed)
        return (waves / np.maximum(np.abs(waves).max(axis=-1, keepdims=True), 1e-6)).astype("float32")

    def decibels(self, examples: np.ndarray) -> np.ndarray:
        """Return the mel spectra in decibels, (n, frames, bands), of raw examples that are mel spectra."""
        if self.form == "log_mel":
            return examples
        return ((np.asarray(examples)[:, ::-1, :, 0] - 1) * -FLOOR).transpose(0, 2, 1)


def choose(sample_rate: int, samples: int, form: str = "log_mel") -> Sound:
    """Choose frames for a sample rate: of the power of two that is nearest to 32 ms, a quarter of it apart.

    Raises:
        AenbError: The form is unknown, or the recordings are shorter than a frame.
    """
    if form not in FORMS:
        raise AenbError(f"`kind`: expected one of {', '.join(FORMS)} for sound; received {form!r}.")
    n_fft = max(16, 2 ** round(np.log2(FRAME * sample_rate)))
    return Sound(sample_rate, samples, form, n_fft, n_fft // 4)  # type: ignore[arg-type]
