"""Recordings, in listed files or as arrays: at one sample rate and length, as the examples that a model gets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.core.files import named
from aenb.data.files.file_reader import CHUNK, FileReader
from aenb.data.files.listing import Listing
from aenb.data.files.sound_files import Header, Recording, look, oddities, read_sound, soundfile
from aenb.data.own.arrays import from_arrays
from aenb.data.record import Data
from aenb.data.sound.sound_forms import FORMS, Sound, choose
from aenb.data.split import MIN_EXAMPLES
from aenb.data.values.growing_array import GrowingArray

HIGHEST = 16_000  # Hz: a higher sample rate is reduced to it, unless it is asked for
COVERED = 0.95  # share of the recordings that are not cut
LONG, WINDOW = 10.0, 1.0  # seconds from which recordings are cut to windows, and of these
SHOWN = 3  # recordings named in a note
ODD = {"silent": "silent throughout", "clipped": "clipped: several samples stay at the largest value"}


def from_sound_files(listing: Listing, form: str | None = None, sample_rate: int | None = None) -> Data:
    """Make `Data` from sound files.

    Channels are averaged. Recordings get the most frequent sample rate, at most 16 kHz, and the length that covers 95%
    of them. If that is over 10 s, each is cut into windows of a second, of which the last fifth is held out.

    Args:
        listing: The files; those that cannot be read are left out, and named in a note.
        form: What a model gets: see `sound_forms.FORMS`; None: "log_mel".
        sample_rate: Samples a second; None: the most frequent.

    Raises:
        AenbError: Too few can be read, soundfile is missing, or the disk for temporary files is full.
    """
    soundfile()  # raises the error if it is missing
    form, reader = form or "log_mel", FileReader(listing)
    headers = list(reader.each(look, "Looking at"))
    reader.expect(1)
    rate, notes = _sample_rate(headers, sample_rate)
    seconds = [header.seconds for header in headers]
    if float(np.quantile(seconds, COVERED)) > LONG:
        return _from_long(listing, reader, choose(rate, round(WINDOW * rate), form), notes)
    sound, length_notes = _length(seconds, rate, form)
    read = partial(read_sound, sample_rate=rate, seconds=(sound.samples + 1) / rate)
    array, odd, room = _examples(reader.each(read, "Reading"), sound, listing.origin)
    reader.expect(MIN_EXAMPLES)
    kept = listing.only(reader.kept)
    return _data(
        array, sound, kept.labels, name=kept.origin, source=kept.source, class_names=kept.class_names,
        notes=[*kept.notes, *reader.notes, *notes, *length_notes, *_odd(odd, kept.names), *room],
        names=kept.names, is_held=kept.is_held,
    )  # fmt: skip


def from_waves(
    waves: Sequence[Any],
    labels: Any,
    name: str,
    sample_rate: int,
    form: str | None = None,
    source: str = "the notebook",
) -> Data:
    """Make `Data` from recordings in memory.

    Args:
        waves: Arrays (samples,), of numbers; those of whole numbers are scaled by their dtype's largest value.
        labels: (n,), or None.
        name: The name of the data.
        sample_rate: Samples a second of all of them.
        form: What a model gets; None: "log_mel".
        source: Where they came from, in words.

    Raises:
        AenbError: One is no recording, or there are too few.
    """
    recordings = [as_wave(wave, f"{name}[{place}]") for place, wave in enumerate(waves)]
    if len(recordings) < MIN_EXAMPLES:
        raise AenbError(f"`{name}`: expected at least {MIN_EXAMPLES} recordings; received {len(recordings)}.")
    sound, notes = _length([len(wave) / sample_rate for wave in recordings], sample_rate, form or "log_mel")
    found = (Recording(wave, oddities(wave)) for wave in recordings)
    array, odd, room = _examples(found, sound, name)
    notes = [*notes, *_odd(odd, [f"{name}[{place}]" for place in range(len(recordings))]), *room]
    return _data(array, sound, labels, name=name, source=source, notes=notes)


def as_wave(wave: Any, name: str) -> np.ndarray:
    """Return a recording as (samples,), float32, or raise an error that says what is wrong with it."""
    array = np.asarray(wave)
    if array.ndim == 2 and array.shape[1] <= 8 < array.shape[0]:
        array = array.mean(axis=1) if array.dtype.kind == "f" else array.mean(axis=1) / _largest(array.dtype)
    elif array.dtype.kind in "iu":
        array = (array - (128.0 if array.dtype == np.uint8 else 0.0)) / _largest(array.dtype)
    if array.ndim != 1 or array.dtype.kind != "f" or len(array) < 2 or not np.isfinite(array).all():
        received = (
            f"{array.dtype} of the shape {array.shape}"
            if array.ndim != 1 or len(array) < 2
            else ("values that are not finite" if array.dtype.kind == "f" else str(array.dtype))
        )
        raise AenbError(f"`{name}`: expected a recording, finite numbers (samples,), two or more; received {received}.")
    return array.astype("float32")


def _largest(dtype: np.dtype) -> float:
    if dtype.kind not in "iu":
        raise AenbError(f"Expected recordings of numbers; received {dtype}.")
    return 128.0 if dtype == np.uint8 else float(np.iinfo(dtype).max) + 1


def read_sounds(listing: Listing, sound: Sound) -> tuple[np.ndarray, Any, list[str]]:
    """Read sound files as a run's raw examples; one longer than 10 s is cut into windows, as in training.

    Returns:
        (n, *input_shape), float32; what each is called, (n,), with the time at which a window begins; and notes.

    Raises:
        AenbError: None can be read.
    """
    reader = FileReader(listing)
    parts = list(reader.each(partial(_parts, sound=sound), "Reading"))
    reader.expect(1)
    names, kept = listing.names[reader.kept], [wave for waves in parts for wave in waves]
    if len(kept) > len(parts):
        seconds = sound.samples / sound.sample_rate
        names = np.array([
            f"{name} {number * seconds:g} s" if len(waves) > 1 else str(name)
            for name, waves in zip(names, parts, strict=True)
            for number in range(len(waves))
        ], object)  # fmt: skip
    return sound.examples(sound.padded(kept)), names, reader.notes


def _parts(path: Path, sound: Sound) -> list[np.ndarray]:
    """Return the beginning of a recording, or all whole windows of a long one."""
    if look(path).seconds <= LONG:
        return [read_sound(path, sound.sample_rate, (sound.samples + 1) / sound.sample_rate).wave]
    wave = read_sound(path, sound.sample_rate).wave
    count = max(1, len(wave) // sound.samples)
    return [wave[number * sound.samples : (number + 1) * sound.samples] for number in range(count)]


def _sample_rate(headers: Sequence[Header], asked: int | None) -> tuple[int, list[str]]:
    """Return the sample rate of all recordings, and notes on what was changed."""
    rates = Counter(header.sample_rate for header in headers)
    common = max(rates, key=lambda rate: (rates[rate], -rate))
    rate, notes = asked or min(common, HIGHEST), []
    if others := sum(count for one, count in rates.items() if one != rate):
        found = ", ".join(f"{one:,}" for one in sorted(rates))
        notes.append(f"{_counted(others)} resampled to {rate:,} Hz; the files have {found} Hz.")
    if several := sum(header.channels > 1 for header in headers):
        notes.append(f"{_counted(several)} of several channels: their mean was taken.")
    return rate, notes


def _length(seconds: Sequence[float], rate: int, form: str) -> tuple[Sound, list[str]]:
    """Choose the length that covers most recordings; return what a model gets of them, with notes."""
    samples = max(2, round(float(np.quantile(seconds, COVERED, method="higher")) * rate))
    sound = choose(rate, samples, form)
    sound = replace(sound, samples=-(-samples // sound.hop) * sound.hop)  # whole hops
    length = sound.samples / rate
    cut, shorter = sum(one > length + 0.5 / rate for one in seconds), sum(one < length - 0.5 / rate for one in seconds)
    after = "silence" if form == "mel_image" else "NaN, which counts as missing"
    notes = [f"Recordings of {min(seconds):.2f} to {max(seconds):.2f} s: {length:.2f} s of each were taken."]
    notes += [f"{_counted(cut)} cut at the end."] if cut else []
    notes += [f"Shorter ones are padded with {after}."] if shorter else []
    return sound, notes


def _from_long(listing: Listing, reader: FileReader, sound: Sound, notes: Sequence[str]) -> Data:
    """Make `Data` of windows of long recordings; the last fifth of each recording is held out."""
    names: list[str] = []
    places: list[int] = []
    is_held: list[bool] = []

    def windows() -> Iterator[Recording]:
        for place in reader.kept.tolist():
            only = FileReader(listing.only(np.array([place])))
            for recording in only.each(partial(read_sound, sample_rate=sound.sample_rate), "Reading"):
                count = max(1, len(recording.wave) // sound.samples)
                for number in range(count):
                    names.append(f"{listing.names[place]} {number * WINDOW:g} s")
                    places.append(place)
                    is_held.append(number >= 0.8 * count)
                    part = recording.wave[number * sound.samples : (number + 1) * sound.samples]
                    yield Recording(part, oddities(part))
            reader.broken.update((place, why) for why in only.broken.values())

    array, odd, room = _examples(windows(), sound, listing.origin)
    labels = None if listing.labels is None else np.asarray(listing.labels)[places]
    note = (
        f"Recordings longer than {LONG:g} s were cut into windows of {WINDOW:g} s; the last fifth of each is held out."
    )
    held = np.array(is_held) if listing.is_held is None else listing.is_held[places]
    return _data(
        array, sound, labels, name=listing.origin, source=listing.source, class_names=listing.class_names,
        notes=[*listing.notes, *reader.notes, *notes, note, *_odd(odd, names), *room],
        names=np.array(names, object), is_held=held,
    )  # fmt: skip


def _examples(
    recordings: Iterable[Recording], sound: Sound, name: str
) -> tuple[np.ndarray, dict[str, list[int]], list[str]]:
    """Return the raw examples of recordings, the places of odd ones by what is odd, and a note on where they are."""
    odd: dict[str, list[int]] = {word: [] for word in ODD}
    block: list[np.ndarray] = []
    count = 0
    with GrowingArray(name) as rows:
        for count, recording in enumerate(recordings, 1):
            for word in recording.oddities:
                odd[word].append(count - 1)
            block.append(recording.wave)
            if len(block) == CHUNK:
                rows.append(sound.examples(sound.padded(block)))
                block.clear()
        if block:
            rows.append(sound.examples(sound.padded(block)))
        if not count:
            raise AenbError(f"`{name}`: expected recordings that are long enough; received none.")
        return rows.array(), odd, [rows.note] if rows.note else []


def _odd(odd: Mapping[str, Sequence[int]], names: Sequence[Any]) -> list[str]:
    """Return sentences that name odd recordings."""
    return [
        f"{_counted(len(places))} {ODD[word]}: {_shown([named(str(names[place])) for place in places])}."
        for word, places in odd.items()
        if places
    ]


def _data(array: np.ndarray, sound: Sound, labels: Any, **others: Any) -> Data:
    kind = "signal" if sound.kind == "signal" else None
    return replace(from_arrays(array, labels, kind=kind, **others), sound=sound)


def _shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"


def _counted(number: int) -> str:
    return f"{number:,} recording" if number == 1 else f"{number:,} recordings"


def refuse_sound_options(name: str, form: str | None, sample_rate: int | None) -> None:
    """Raise an error if settings of sounds are given for other data."""
    if form in FORMS or sample_rate is not None:
        received = "`sample_rate`" if sample_rate is not None else f'kind="{form}"'
        raise AenbError(f"`{name}`: expected recordings together with {received}; received other data. Leave it out.")


def are_recordings(x: Any, sound: Sound) -> bool:
    """Say whether something is recordings, arrays (samples,), rather than a run's raw examples."""
    if isinstance(x, list | tuple):
        return len(x) > 0 and all(isinstance(one, np.ndarray) and one.ndim == 1 for one in x)
    return isinstance(x, np.ndarray) and x.ndim == 2 and x.shape[1] > max(sound.bands, 2)


def recorded(x: Sequence[Any], sound: Sound, name: str) -> np.ndarray:
    """Return recordings at a run's sample rate as its raw examples: n arrays (samples,) → (n, *input_shape)."""
    return sound.examples(sound.padded([as_wave(wave, f"{name}[{place}]") for place, wave in enumerate(x)]))
