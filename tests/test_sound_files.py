"""Sound files: read, resampled, cut or padded with a mask, labelled by folders; broken ones are named and left out."""

from __future__ import annotations

import numpy as np
import pytest

import aenb
from aenb import AenbError
from aenb.data.files.sound_files import look, oddities, read_sound, resampled
from aenb.data.gate import admit
from aenb.data.sound.sound_forms import Sound, choose

soundfile = pytest.importorskip("soundfile")
RATE = 8000


def tone(hertz=440.0, seconds=0.3, rate=RATE, level=0.5):
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def saved(path, wave, rate=RATE, **how):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, wave, rate, **how)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twelve tones in two subfolders, of different formats, depths and lengths, and bad files among them."""
    root = tmp_path_factory.mktemp("sounds")
    kinds = [
        (".wav", "PCM_U8"),
        (".wav", "PCM_16"),
        (".wav", "PCM_24"),
        (".wav", "FLOAT"),
        (".flac", "PCM_16"),
        (".ogg", "VORBIS"),
    ]
    for number in range(12):
        ending, subtype = kinds[number % 6]
        where = root / ("low", "high")[number % 2] / f"{number:02}{ending}"
        saved(where, tone(300 * (1 + number % 2), 0.2 + 0.01 * number), subtype=subtype)
    stereo = np.stack([tone(300), np.zeros(2400)], axis=1)
    saved(root / "low" / "stereo.wav", stereo)
    saved(root / "low" / "fast.wav", tone(300, rate=16000), 16000)
    saved(root / "high" / "clipped.wav", np.clip(tone(600, level=3.0), -1, 1))
    saved(root / "high" / "silent.wav", np.zeros(2000))
    (root / "low" / "empty.wav").write_bytes(b"")
    (root / "low" / "noise.flac").write_bytes(bytes(range(256)) * 4)
    saved(root / "high" / "one.wav", np.zeros(1))
    return root


def test_a_folder_of_all_sorts_is_read_and_what_is_odd_is_named(folder):
    data = aenb.load_data(folder)
    assert (data.kind, data.n, data.class_names) == ("signal", 16, ("high", "low"))
    assert data.sound.sample_rate == RATE
    assert data.input_shape == data.sound.input_shape
    notes = " ".join(data.notes)
    for words in ("low/empty.wav (it is empty)", "high/one.wav (it has a single sample)", "low/noise.flac"):
        assert words in notes
    assert "1 recording silent throughout: high/silent.wav." in notes
    assert "high/clipped.wav." in notes
    assert "1 recording of several channels" in notes
    assert "1 recording resampled to 8,000 Hz" in notes
    for name, label in zip([*data.names_train, *data.names_test], [*data.y_train, *data.y_test], strict=True):
        assert name.startswith(("high", "low")[label])


def test_shorter_recordings_have_a_mask(folder):
    data = aenb.load_data(folder, kind="waveform")
    waves = dict(zip([*data.names_train, *data.names_test], [*data.x_train, *data.x_test], strict=True))
    heard = (~np.isnan(waves["low/00.wav"][:, 0])).sum()
    assert heard == 1600
    assert np.isfinite(waves["low/00.wav"][:1600]).all()
    raw = data.preprocessing.to_raw(waves["low/02.wav"])[: round(0.22 * RATE), 0]
    assert np.abs(raw - tone(300, 0.22)).max() < 1e-3  # 24 bits


def test_none_that_can_be_read_is_an_error(tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.wav").write_bytes(b"RIFF")
    with pytest.raises(AenbError, match=r"3 of 3 cannot: 0\.wav"):
        aenb.load_data(tmp_path)


def test_a_header_that_lies_does_not_take_memory(tmp_path):
    path = saved(tmp_path / "x.wav", tone())
    content = bytearray(path.read_bytes())
    content[40:44] = (2**31 - 2).to_bytes(4, "little")
    path.write_bytes(content)
    assert len(read_sound(path, RATE).wave) <= 2400


def test_values_that_are_not_finite_are_refused(tmp_path):
    path = saved(tmp_path / "x.wav", np.array([0.0, np.nan, 0.1] * 100), subtype="FLOAT")
    with pytest.raises(ValueError, match="not finite"):
        read_sound(path, RATE)


def test_a_format_of_another_kind_is_refused_whatever_its_name(tmp_path):
    path = tmp_path / "x.wav"
    soundfile.write(path, tone(), RATE, format="AIFF")
    with pytest.raises(ValueError, match="format AIFF"):
        look(path)


def test_resampling_keeps_a_tone_and_removes_what_would_be_aliased():
    assert np.abs(resampled(tone(440, 0.5, 16000), 16000, RATE) - tone(440, 0.5))[100:-100].max() < 1e-3
    assert np.abs(resampled(tone(7000, 0.5, 16000), 16000, RATE))[100:-100].max() < 1e-3


def test_what_is_odd():
    assert oddities(np.zeros(10)) == ("silent",)
    assert oddities(tone()) == ()
    assert oddities(np.clip(tone(level=2), -1, 1)) == ("clipped",)


def test_recordings_in_memory(folder):
    waves = [tone(200 + 20 * number, 0.2 + 0.01 * number) for number in range(12)]
    data = aenb.load_data(waves, np.arange(12) % 2, sample_rate=RATE)
    assert (data.kind, data.n, data.sound.form) == ("signal", 12, "log_mel")
    whole, parts = (
        aenb.load_data(given, sample_rate=RATE, kind="waveform")
        for given in ([(wave * 32768).astype("int16") for wave in waves], waves)
    )
    assert (
        np.nanmax(np.abs(whole.preprocessing.to_raw(whole.x_train) - parts.preprocessing.to_raw(parts.x_train))) < 1e-4
    )
    rows = aenb.load_data(np.stack([tone(200 + 9 * n) for n in range(10)]), sample_rate=RATE, kind="waveform")
    assert rows.input_shape == (2432, 1)
    with pytest.raises(AenbError, match=r"x\[1\].*received float64 of the shape \(3, 4, 5\)"):
        aenb.load_data([tone(), np.zeros((3, 4, 5))] * 6, sample_rate=RATE, name="x")
    with pytest.raises(AenbError, match="values that are not finite"):
        aenb.load_data([tone(), np.full(9, np.inf)] * 6, sample_rate=RATE)


@pytest.mark.parametrize("how", [{"sample_rate": RATE}, {"kind": "mel_image"}])
def test_settings_of_sound_are_refused_for_other_data(how):
    with pytest.raises(AenbError, match="expected recordings" if "kind" in how else "expected a recording"):
        aenb.load_data(np.random.default_rng(0).random((20, 4, 4, 3)), **how)


def test_a_long_recording_becomes_windows_whose_last_fifth_is_held_out(tmp_path):
    saved(tmp_path / "long.wav", np.concatenate([tone(300 + n, 1.0) for n in range(30)]))
    data = aenb.load_data(tmp_path / "long.wav")
    assert (len(data.train), len(data.test), data.sound.samples) == (24, 6, RATE)
    assert data.names_test[0] == f"{tmp_path / 'long.wav'} 24 s"
    inputs = admit(tmp_path / "long.wav", data.preprocessing)
    assert list(inputs.index[[0, 29]]) == [f"{tmp_path / 'long.wav'} {second} s" for second in (0, 29)]
    assert np.allclose(inputs.inputs[24:], data.x_test, atol=1e-4)


def test_lists_and_tables_of_files(folder, tmp_path):
    files = sorted(folder.glob("*/0*.*")) + sorted(folder.glob("*/1*.*"))
    assert aenb.load_data([str(file) for file in files]).n == 12
    table = tmp_path / "table.csv"
    table.write_text("file,label\n" + "".join(f"{file},{file.parent.name}\n" for file in files))
    assert aenb.load_data(table).classes == ("high", "low")


def test_a_run_takes_files_recordings_and_its_own_inputs(folder, tmp_path):
    data = aenb.load_data(folder)
    run = aenb.train("shallow", data, latent_dim=3, epochs=1, verbose=False)
    codes = run.encode(sorted((folder / "low").glob("0*.*")))
    assert list(codes.index) == [str(file) for file in sorted((folder / "low").glob("0*.*"))]
    wave = soundfile.read(folder / "low" / "02.wav")[0]
    assert np.allclose(run.encode([wave])[0], codes.iloc[1], atol=1e-3)
    kept = aenb.load_run(run.save(tmp_path / "kept"))
    assert kept.preprocessing.sound == data.sound
    assert np.allclose(kept.encode([wave]), run.encode([wave]), atol=1e-5)
    with pytest.raises(AenbError, match="received files of sounds"):
        aenb.train("shallow", "digits", latent_dim=2, epochs=1, limit=50, verbose=False).encode(str(folder))


@pytest.mark.parametrize("form", ["complex", "waveform"])
def test_spectra_and_waveforms_go_there_and_back_exactly(form):
    sound, wave = choose(RATE, 2432, form), tone(500, 0.304)
    assert np.abs(sound.waves(sound.examples(wave[None])) - wave).max() < 1e-5


@pytest.mark.parametrize("form", ["log_mel", "mel_image"])
def test_mel_spectra_come_back_as_a_sound_with_the_same_ones(form):
    sound = choose(RATE, 4096, form)
    wave = sum(tone(140 * harmonic, 0.512) / harmonic for harmonic in range(1, 15))
    given = sound.examples(wave[None])
    found = sound.decibels(sound.examples(sound.waves(given)))
    loud = sound.decibels(given) > -40
    difference = (found - sound.decibels(given))[loud]
    assert np.abs(difference - np.median(difference)).mean() < 2  # other phases have another peak, so another level
    assert np.abs(sound.decibels(given)[loud] + 40).mean() > 8  # silence would be found out


def test_a_form_that_is_unknown_or_of_another_shape():
    with pytest.raises(AenbError, match="log_mel"):
        choose(RATE, 2432, "mfcc")
    with pytest.raises(AenbError, match="expected"):
        aenb.load_data("digits", kind="mfcc")
    with pytest.raises(AenbError, match=r"received \(1, 3\)"):
        Sound(RATE, 2432).waves(np.zeros((1, 3)))
