"""Front ends of sound: the short-time Fourier transform and back, mel bands, Griffin-Lim, and noise."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from aenb import AenbError
from aenb.data.sound import mu_law
from aenb.data.sound.mel import FLOOR, filter_bank, from_log_mel, log_mel, to_hertz, to_mel
from aenb.data.sound.noise import COLOURS, babble, noise, scaled
from aenb.data.sound.stft import griffin_lim, hann, istft, num_frames, spectral_distance, stft

RATE = 8000
RANDOM = np.random.default_rng(0)
WAVE = RANDOM.standard_normal(3001)
VOICED = sum(np.sin(2 * np.pi * 130 * h * np.arange(4000) / RATE + h) / h for h in range(1, 20))


@pytest.mark.parametrize(("n_fft", "hop"), [(256, 64), (256, 128), (64, 16), (8, 1)])
@pytest.mark.parametrize("samples", [3001, 64, 1])
def test_the_inverse_gives_the_waveform_back(n_fft, hop, samples):
    spectra = stft(WAVE[:samples], n_fft, hop)
    assert spectra.shape == (num_frames(samples, hop), n_fft // 2 + 1)
    assert np.abs(istft(spectra, hop, samples) - WAVE[:samples]).max() < 1e-10


def test_the_transform_is_that_of_scipy():
    own = stft(WAVE, 256, 64)
    _, _, other = scipy.signal.stft(
        WAVE, window=hann(256), nperseg=256, noverlap=192, boundary="zeros", padded=False, scaling="spectrum"
    )
    frames = min(own.shape[0], other.shape[1])
    assert np.allclose(own[:frames], other.T[:frames] * hann(256).sum(), atol=1e-9)


def test_the_inverse_is_the_least_squares_estimate():
    """Moving any sample of it takes its transform further from frames that no waveform has."""
    frames = RANDOM.standard_normal((9, 33)) + 1j * RANDOM.standard_normal((9, 33))
    best = istft(frames, 16, 128)

    def distance(wave):
        full = np.fft.irfft(frames - stft(wave, 64, 16), axis=-1)  # in frames of samples, as the norm of the paper
        return np.square(full).sum()

    for place in (0, 50, 127):
        for step in (-0.05, 0.05):
            assert distance(best + step * (np.arange(128) == place)) > distance(best)


@pytest.mark.parametrize("hop", [0, 100, 256])
def test_a_hop_that_does_not_fit(hop):
    with pytest.raises(AenbError, match="`hop`: expected a divisor of n_fft = 256"):
        stft(WAVE, 256, hop)


def test_mel_is_its_formula_and_its_inverse():
    assert round(float(to_mel(1000))) == 1000  # the scale is defined to have this pitch
    assert np.allclose(to_hertz(to_mel(np.array([0.0, 60, 440, 4000]))), [0, 60, 440, 4000])


@pytest.mark.parametrize(("rate", "n_fft", "bands"), [(8000, 256, 40), (16000, 512, 40), (8000, 256, 20)])
def test_bands_are_triangles_between_corners(rate, n_fft, bands):
    bank, frequencies = filter_bank(rate, n_fft, bands), np.arange(n_fft // 2 + 1) * rate / n_fft
    corners = [700 * (10 ** (m / 2595) - 1) for m in np.linspace(0, 2595 * np.log10(1 + rate / 1400), bands + 2)]
    for band in range(bands):
        expected = np.interp(frequencies, corners[band : band + 3], [0, 1, 0], left=0, right=0)
        if expected.sum() < 0.05:
            assert bank[band].sum() == 1
        else:
            assert np.allclose(bank[band], expected)
    between = (frequencies > corners[1]) & (frequencies < corners[-2]) if bands == 20 else slice(0, 0)
    assert np.allclose(bank[:, between].sum(axis=0), 1)  # neighbours add up to 1


def test_decibels_have_an_absolute_level():
    tone = np.cos(2 * np.pi * 1000 * np.arange(4000) / RATE)  # at frequency 32 of 256
    level = log_mel(np.abs(stft(tone, 256, 64))[10:-10], RATE, 20).max(axis=-1)
    weight = filter_bank(RATE, 256, 20)[:, 31:34]  # a Hann window spreads it to neighbours, at half the amplitude
    assert np.allclose(level, 10 * np.log10((weight @ [0.25, 1, 0.25]).max()), atol=0.01)
    assert (log_mel(np.zeros((3, 129)), RATE, 20) == FLOOR).all()
    quieter = log_mel(np.abs(stft(tone / 10, 256, 64))[10:-10], RATE, 20).max(axis=-1)
    assert np.allclose(level - quieter, 20, atol=0.01)


def test_magnitudes_from_mel_spectra_have_these_spectra():
    magnitudes = np.abs(stft(VOICED / 4, 256, 64))
    given = log_mel(magnitudes, RATE, 40)
    found = from_log_mel(given, RATE, 256)
    loud = given > -50
    assert np.abs(log_mel(found, RATE, 40) - given)[loud].mean() < 0.5
    assert (from_log_mel(np.full((2, 40), FLOOR), RATE, 256) == 0).all()


def test_griffin_lim_ends_nearer_than_it_began_and_nearer_with_momentum():
    magnitudes = np.abs(stft(VOICED, 256, 64))
    distances = {
        (iterations, momentum): spectral_distance(
            griffin_lim(magnitudes, 64, len(VOICED), iterations, momentum), magnitudes, 64
        )
        for iterations, momentum in ((0, 0.0), (5, 0.0), (60, 0.0), (60, 0.99))
    }
    assert distances[0, 0.0] > distances[5, 0.0] > distances[60, 0.0] > distances[60, 0.99]
    assert distances[60, 0.99] < 0.1


@pytest.mark.parametrize(("colour", "slope"), [("white", 0), ("pink", -1), ("brown", -2), ("blue", 1)])
def test_noise_has_its_slope_and_power_1(colour, slope):
    drawn = noise((40, 8192), colour, RATE, np.random.default_rng(0))
    assert np.allclose(np.square(drawn).mean(axis=-1), 1)
    frequencies, power = scipy.signal.welch(drawn, RATE, nperseg=512)
    inside = (frequencies > 100) & (frequencies < 3500)
    fitted = np.polyfit(np.log(frequencies[inside]), np.log(power.mean(axis=0)[inside]), 1)[0]
    assert abs(fitted - slope) < 0.1


def test_noise_of_another_colour():
    assert {"speech", "any"} < set(COLOURS)
    slopes = [np.diff(np.log(np.abs(np.fft.rfft(one))[[40, 3000]])) for one in noise((9, 8000), "any", RATE, RANDOM)]
    assert np.std(slopes) > 0.5
    with pytest.raises(AenbError, match="colour of noise"):
        noise((2, 100), "green", RATE, RANDOM)


def test_babble_is_of_the_voices():
    tones = [np.sin(2 * np.pi * hertz * np.arange(800) / RATE) for hertz in (500, 1000)]
    spectrum = np.abs(np.fft.rfft(babble(tones, (1, 8000), RANDOM)[0]))
    assert set(np.flatnonzero(spectrum > 0.1 * spectrum.max())) <= {500, 1000}


def test_noise_is_scaled_by_the_samples_of_the_recording_alone():
    wave = np.r_[np.full(500, np.nan), 3 * np.sin(np.arange(1000)), np.full(300, np.nan)]
    added = scaled(RANDOM.standard_normal(1800), wave, 5.0)
    own = slice(500, 1500)
    assert np.isclose(10 * np.log10(np.mean(wave[own] ** 2) / np.mean(added[own] ** 2)), 5)
    assert added[:500].any()
    assert not scaled(RANDOM.standard_normal(10), np.zeros(10), 5.0).any()


def test_mu_law_keeps_small_samples_precise_and_is_its_curve():
    x = np.linspace(-1, 1, 4001)
    found = mu_law.decode(mu_law.encode(x))
    assert np.abs(found - x).max() < 0.025
    quiet = np.abs(x) < 0.01
    assert np.abs(found - x)[quiet].max() < 0.001
    curve = np.sign(x) * np.log(1 + 255 * np.abs(x)) / np.log(256)
    assert np.abs((mu_law.encode(x) / 255 * 2 - 1) - curve).max() <= 1 / 255 + 1e-9
    assert np.array_equal(mu_law.encode(mu_law.decode(np.arange(256))), np.arange(256))
    errors = [np.abs(mu_law.decode(mu_law.encode(x, bits), bits) - x).mean() for bits in (8, 6, 4)]
    assert errors == sorted(errors)
    with pytest.raises(AenbError, match="1 to 16; received 17"):
        mu_law.encode(x, 17)
