"""Japanese vowels: nine speakers say /ae/ (Kudo, Toyama & Shimbo 1999, Pattern Recognition Letters 20).

Each utterance is a signal of 12 cepstral coefficients, from a linear prediction analysis, over 7 to 29 steps. The files
come with the package aeon, which is not imported.
"""

from __future__ import annotations

from aenb.data.record import Data
from aenb.data.sets.aeon_files import WHERE, at_hand, found, read_ts
from aenb.data.sets.data_sets import dataset
from aenb.data.values.signals import padded
from aenb.data.values.standardised import fit_scaler, to_units

FOLDER, STEPS = "JapaneseVowels", 29


@dataset(
    order=8,
    summary="640 utterances, 12 cepstral coefficients over 7 to 29 steps, 9 speakers",
    where=WHERE,
    at_hand=lambda: at_hand(FOLDER) is not None,
)
def vowels() -> Data:
    """Load the Japanese vowels in their original split: 270 training and 370 held-out utterances."""
    folder = found("vowels", FOLDER)
    (train, y_train), (test, y_test) = (read_ts(folder / f"{FOLDER}_{part}.ts") for part in ("TRAIN", "TEST"))
    x_train, x_test = (padded(signals, "vowels", STEPS) for signals in (train, test))
    scaler, notes = fit_scaler(x_train, "vowels")
    convert = to_units(scaler)
    return Data(
        convert(x_train), convert(x_test), y_train.astype("int64") - 1, y_test.astype("int64") - 1, kind="signal",
        name="vowels", source="PyPI package aeon", class_names=tuple(f"speaker {number}" for number in range(1, 10)),
        scaler=scaler, notes=("Shorter utterances are padded with NaN, which counts as missing.", *notes[:1]),
    )  # fmt: skip
