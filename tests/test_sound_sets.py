"""Data sets of sounds: found by one setting, or downloaded and checked; with the split of their files."""

from __future__ import annotations

import hashlib
import tarfile

import numpy as np
import pytest

import aenb
from aenb import AenbError
from aenb.data.sets import letters, spoken_digits

soundfile = pytest.importorskip("soundfile")


def tone(number):
    return 0.5 * np.sin(np.arange(2000 + 50 * number) * (0.1 + 0.03 * number))


@pytest.fixture
def at_hand(tmp_path, monkeypatch):
    """Write a small set of the same form to the folder that the setting names."""
    folder = tmp_path / "spoken_digits" / "recordings"
    folder.mkdir(parents=True)
    for digit in range(10):
        for speaker in ("ann", "bob"):
            for index in (0, 4, 5, 49):
                soundfile.write(folder / f"{digit}_{speaker}_{index}.wav", tone(digit), 8000)
    (folder / "notes.wav").write_bytes(b"no recording of the set")
    monkeypatch.setenv("AENB_DATA", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return folder


def test_its_own_split_names_and_labels(at_hand):
    data = aenb.load_data("spoken_digits")
    assert (data.name, data.kind, len(data.train), len(data.test)) == ("spoken_digits", "image", 40, 40)
    assert {name.split("_")[2] for name in data.names_test} == {"0", "4"}
    assert all(int(name[0]) == label for name, label in zip(data.names_train, data.y_train, strict=True))
    assert set(spoken_digits.speakers(data.names_train)) == {"ann", "bob"}
    assert data.class_words == tuple("0123456789")
    assert 0 <= data.x_train.min() < data.x_train.max() <= 1
    assert aenb.datasets()["spoken_digits"].at_hand()


def test_other_forms(at_hand):
    data = aenb.load_data("spoken_digits", kind="waveform")
    assert (data.kind, data.sound.form, data.has_missing) == ("signal", "waveform", True)
    with pytest.raises(AenbError, match="expected recordings"):
        aenb.load_data("digits", kind="waveform")


def test_a_folder_without_recordings(at_hand):
    for file in at_hand.glob("[0-9]*"):
        file.unlink()
    with pytest.raises(AenbError, match="set the environment variable AENB_DATA"):
        aenb.load_data("spoken_digits")


@pytest.fixture
def archive(at_hand, monkeypatch, tmp_path):
    """Pack the small set as the host does, and fetch this in place of a download."""
    file = tmp_path / "archive.tar.gz"
    names = sorted(one.name for one in at_hand.glob("[0-9]*.wav"))
    with tarfile.open(file, "w:gz") as tar:
        tar.add(at_hand / "notes.wav", "set-1/notes.wav")
        for name in names[::-1]:
            tar.add(at_hand / name, f"set-1/recordings/{name}")
    digest = hashlib.sha256(b"".join((at_hand / name).read_bytes() for name in names)).hexdigest()
    monkeypatch.setattr(spoken_digits, "RECORDINGS_SHA256", digest)
    monkeypatch.setattr(spoken_digits, "fetch", lambda url, path, sha256, remedy: file)
    monkeypatch.delenv("AENB_DATA")
    return file


def test_a_download_is_unpacked_once(archive):
    assert not aenb.datasets()["spoken_digits"].at_hand()
    assert aenb.load_data("spoken_digits").n == 80
    archive.unlink()
    assert aenb.load_data("spoken_digits").n == 80


def test_another_content_or_a_broken_archive_is_refused_and_leaves_nothing(archive, monkeypatch, tmp_path):
    content = archive.read_bytes()
    monkeypatch.setattr(spoken_digits, "RECORDINGS_SHA256", "0" * 64)
    with pytest.raises(AenbError, match="SHA-256 000000000000…"):
        aenb.load_data("spoken_digits")
    archive.write_bytes(content[: len(content) // 2])
    with pytest.raises(AenbError, match="received a broken one"):
        aenb.load_data("spoken_digits")
    assert not list((tmp_path / "keras" / "datasets").glob("**/*.wav"))


def test_letters_are_labelled_by_language(tmp_path, monkeypatch):
    monkeypatch.setattr(letters, "FOLDER", tmp_path)
    with pytest.raises(AenbError, match="apt-get install klettres-data"):
        aenb.load_data("letters")
    for number in range(16):
        file = tmp_path / ("da", "en")[number % 2] / "alpha" / f"{number:02}.ogg"
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, tone(number), 16000)
    data = aenb.load_data("letters")
    assert (data.n, data.class_names, data.sound.sample_rate) == (16, ("da", "en"), 16000)
    assert all(
        name.startswith(("da/alpha/", "en/alpha/")[label])
        for name, label in zip(data.names_test, data.y_test, strict=True)
    )
