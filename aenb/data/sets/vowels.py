"""Japanese vowels: nine speakers say /ae/ (Kudo, Toyama & Shimbo 1999, Pattern Recognition Letters 20).

Each utterance is a signal of 12 cepstral coefficients, from a linear prediction analysis, over 7 to 29 steps. The files
come with the package aeon, which is not imported.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.record import Data
from aenb.data.sets.data_sets import dataset
from aenb.data.values.signals import padded
from aenb.data.values.standardised import fit_scaler, to_units

STEPS = 29


def _folder() -> Path | None:
    spec = importlib.util.find_spec("aeon")  # does not import it
    roots = [] if spec is None else list(spec.submodule_search_locations or ())
    folders = [Path(root, "datasets", "data", "JapaneseVowels") for root in roots]
    return next((folder for folder in folders if folder.is_dir()), None)


@dataset(
    order=8,
    summary="640 utterances, 12 cepstral coefficients over 7 to 29 steps, 9 speakers",
    where="PyPI package aeon, offline",
    at_hand=lambda: _folder() is not None,
)
def vowels() -> Data:
    """Load the Japanese vowels in their original split: 270 training and 370 held-out utterances."""
    folder = _folder()
    if folder is None:
        raise AenbError(
            "Expected the data set vowels in the PyPI package aeon, which is not installed. "
            "Run pip install --no-deps aeon: only its data files are read."
        )
    (train, y_train), (test, y_test) = (read_ts(folder / f"JapaneseVowels_{part}.ts") for part in ("TRAIN", "TEST"))
    x_train, x_test = (padded(signals, "vowels", STEPS) for signals in (train, test))
    scaler, notes = fit_scaler(x_train, "vowels")
    convert = to_units(scaler)
    return Data(
        convert(x_train), convert(x_test), y_train.astype("int64") - 1, y_test.astype("int64") - 1, kind="signal",
        name="vowels", source="PyPI package aeon", class_names=tuple(f"speaker {number}" for number in range(1, 10)),
        scaler=scaler, notes=("Shorter utterances are padded with NaN, which counts as missing.", *notes[:1]),
    )  # fmt: skip


def read_ts(file: Path) -> tuple[list[np.ndarray], np.ndarray]:
    """Read a `.ts` file of signals: a line is a signal; colons separate its channels, and then its label.

    Returns:
        Arrays (steps, channels), and the labels, (n,), str.

    Raises:
        AenbError: It cannot be read, or has another format.
    """
    try:
        _, marker, body = file.read_text(encoding="utf-8").partition("@data\n")
        rows = [line.split(":") for line in body.splitlines() if line]
        signals = [np.array([channel.split(",") for channel in row[:-1]], "float64").T for row in rows]
        if not marker or not rows:
            raise ValueError("no @data in it")
    except (OSError, ValueError) as error:
        raise AenbError(f"Expected signals in {file}; received a broken file: {error}.") from error
    return signals, np.array([row[-1].strip() for row in rows])
