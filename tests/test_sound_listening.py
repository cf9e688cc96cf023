"""Sounds to see and to listen to: players that load nothing, with labels that are escaped."""

from __future__ import annotations

import base64
import io
import re
import wave

import numpy as np
import pytest

import aenb
from aenb.figures.players import Players, wav_bytes

RATE = 8000


def test_the_bytes_are_a_wav_file():
    given = np.r_[0.5 * np.sin(np.arange(800) / 4), np.nan]
    with wave.open(io.BytesIO(wav_bytes(given, RATE))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()) == (1, 2, RATE, 801)
        found = np.frombuffer(file.readframes(801), "<i2") / 32767
    assert np.abs(found - np.nan_to_num(given)).max() < 1e-4


def test_what_is_too_loud_is_scaled_and_not_clipped():
    with wave.open(io.BytesIO(wav_bytes(3 * np.sin(np.arange(800) / 4), RATE))) as file:
        found = np.frombuffer(file.readframes(800), "<i2") / 32767
    assert np.abs(found - np.sin(np.arange(800) / 4) / np.abs(np.sin(np.arange(800) / 4)).max()).max() < 1e-3


def test_labels_are_escaped():
    page = Players({'<b onclick="x">': np.zeros((1, 9))}, RATE, ['"><script>alert(1)</script>'])._repr_html_()
    assert "<script" not in page
    assert "<b " not in page
    assert page.count("<audio") == 1


@pytest.fixture(scope="module")
def run():
    random = np.random.default_rng(0)
    t = np.arange(1600) / RATE
    waves = [np.sin(2 * np.pi * (300 + 300 * (n % 2)) * t + random.uniform(0, 6)) for n in range(24)]
    labels = np.array(["<low>", "high"])[np.arange(24) % 2]
    data = aenb.load_data(waves, labels, sample_rate=RATE)
    return aenb.train("vae", data, latent_dim=2, hidden_units=(16,), epochs=2, verbose=False)


def test_a_run_on_sound_is_shown_with_players(run):
    shown = run.show("listening")
    titles = [axes.get_title(loc="left") or axes.get_title() for axes in shown["listening"].axes]
    assert titles[:2] == ["<low>", "high"]
    assert len(titles) == 6  # two classes; original, reconstruction, generated
    page = shown._repr_html_()
    assert page.count("<audio") == 6
    assert "&lt;low&gt;" in page
    assert "<low>" not in page
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    first = base64.b64decode(re.search(r'src="data:audio/wav;base64,([^"]*)"', page)[1])
    with wave.open(io.BytesIO(first)) as file:
        assert file.getframerate() == RATE
        original = np.frombuffer(file.readframes(-1), "<i2")
    spectrum = np.abs(np.fft.rfft(original[:1600]))
    assert abs(np.argmax(spectrum) * RATE / 1600 - 300) < 50  # "<low>" is the first class, of 300 Hz


def test_other_runs_have_no_such_view():
    assert "listening" not in aenb.train("shallow", "digits", latent_dim=2, epochs=1, limit=50, verbose=False).show()
