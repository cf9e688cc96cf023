"""Scores of restored sound, by closed forms; the baselines; and the denoiser."""

from __future__ import annotations

import numpy as np
import pytest

from aenb import AenbError
from aenb.data.sound.noise import noise, scaled
from aenb.data.sound.stft import stft
from aenb.evaluation.metrics.sound_quality import envelope_correlation, si_sdr
from aenb.evaluation.noise_suppression import spectral_gate, wiener
from aenb.models.architecture import spectral_mask
from aenb.training.sound_denoiser import train_denoiser

RATE, LEAD = 8000, 2000
S, N = np.sin(np.arange(8000) * 2 * np.pi / 40), np.cos(np.arange(8000) * 2 * np.pi / 40)  # orthogonal, of mean 0


def voice(seconds=0.5, pitch=120.0, seed=0):
    """Return a voice-like sound: harmonics with an envelope that opens and closes."""
    t = np.arange(round(seconds * RATE)) / RATE
    tones = sum(np.sin(2 * np.pi * pitch * h * t + h * seed) * np.exp(-h / 8) for h in range(1, 25))
    return tones * (0.55 - 0.45 * np.cos(2 * np.pi * 4 * t + seed))


@pytest.mark.parametrize("level", [1.0, 0.1, 0.01])
@pytest.mark.parametrize("scale", [1.0, -3.0, 1e-3])
def test_si_sdr_of_orthogonal_noise_is_the_ratio_of_powers(level, scale):
    assert np.isclose(si_sdr(S, scale * (S + level * N)), -20 * np.log10(level), atol=1e-6)


def test_si_sdr_of_a_part_and_of_an_offset():
    assert np.isclose(si_sdr(S, S + 5 + 0.1 * N), 20, atol=1e-6)
    cut = np.r_[S[:4000], np.full(4000, np.nan)]
    assert np.isclose(si_sdr(cut, np.r_[S[:4000] + 0.1 * N[:4000], np.full(4000, 7.0)]), 20, atol=1e-6)
    assert np.isnan(si_sdr(np.zeros(9), np.ones(9)))
    assert si_sdr(S, S) == 100
    assert si_sdr(S, N) < -90
    assert si_sdr(np.stack([S, S]), np.stack([S + N, S + 0.1 * N])).shape == (2,)


def test_the_loss_of_the_denoiser_is_si_sdr():
    """With a mask that does not change over time and frequency; and in the limit of a tight frame, of the waveform."""
    noisy = S + 0.3 * N
    spectra = [stft(one, 256, 64)[None] for one in (noisy, S)]
    loss = spectral_mask.negative_si_sdr(spectral_mask.products(*spectra), np.full((1, 126, 129), 0.7, "float32"))
    assert np.isclose(-float(loss[0]), -20 * np.log10(0.3), atol=0.1)


def test_envelopes_correlate_less_in_more_noise_and_not_at_all_with_another_sound():
    clean = voice()
    added = np.random.default_rng(0).standard_normal(len(clean))
    found = [envelope_correlation(clean, clean + scaled(added, clean, snr), RATE) for snr in (20, 5, -5)]
    assert np.isclose(envelope_correlation(clean, 4 * clean, RATE), 1)
    assert 0.99 > found[0] > found[1] > found[2]
    assert abs(envelope_correlation(clean, added, RATE)) < 0.3
    assert np.isnan(envelope_correlation(np.zeros(4000), added, RATE))


@pytest.fixture(scope="module")
def noisy():
    """Return a voice in pink noise at 0 dB, which begins and ends with noise alone, and the clean one."""
    clean = np.r_[np.full(LEAD, np.nan), voice(), np.full(800, np.nan)]
    drawn = noise((len(clean),), "pink", RATE, np.random.default_rng(0))
    return np.nan_to_num(clean) + scaled(drawn, clean, 0.0), clean


@pytest.mark.parametrize("method", [wiener, spectral_gate])
def test_baselines_remove_noise(method, noisy):
    given, clean = noisy
    assert si_sdr(clean, method(given, LEAD)) > si_sdr(clean, given) + 1
    assert np.allclose(method(np.stack([given, given]), LEAD)[1], method(given, LEAD))
    with pytest.raises(AenbError, match="at least 320 samples of noise alone; received 200"):
        method(given, 200)


def test_a_wiener_filter_without_memory_is_its_formula(noisy):
    given = noisy[0]
    spectra = stft(given, 256, 64)
    frames = np.abs(spectra[2 : (LEAD - 128) // 64 + 1]) ** 2
    ratio = np.maximum(np.abs(spectra) ** 2 / frames.mean(axis=0) - 1, 0.003)
    expected = ratio / (1 + ratio) * spectra
    from aenb.data.sound.stft import istft

    assert np.allclose(wiener(given, LEAD, smoothing=0.0), istft(expected, 64, len(given)), atol=1e-6)


def test_the_denoiser_learns_to_remove_noise(noisy, tmp_path):
    waves = [voice(pitch=90 + 5 * number, seed=number) for number in range(24)]
    losses = []
    denoiser = train_denoiser(waves, RATE, epochs=6, batch_size=8, each_epoch=lambda *now: losses.append(now[1]))
    assert list(denoiser.history) == losses
    assert losses[-1] < losses[0] - 2  # dB
    given, clean = noisy
    found = denoiser.denoise(given)
    assert si_sdr(clean, found) > si_sdr(clean, given) + 2
    assert np.allclose(denoiser.denoise(np.stack([given, 10 * given]))[1], 10 * found, atol=1e-3)  # at any level
    assert [layer.name for layer in denoiser.network.layers if hasattr(layer, "layers")] == ["encoder", "decoder"]
    with pytest.raises(AenbError, match=r"received the shape \(9,\)"):
        denoiser.denoise(np.zeros(9))
    with pytest.raises(AenbError, match="at least 16 recordings"):
        train_denoiser(waves[:3], RATE)


def test_the_short_form_limits_the_epochs_of_the_denoiser(monkeypatch):
    monkeypatch.setenv("AENB_SHORT", "1")
    assert len(train_denoiser([voice(seed=number) for number in range(8)], RATE, epochs=3, batch_size=8).history) == 1
