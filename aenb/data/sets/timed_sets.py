"""Small data sets of signals and a series with an anomaly, which come with the package aeon; it is not imported.

power       ItalyPowerDemand: days of electricity demand (Keogh et al. 2006, "Intelligent icons", ICDM)
gunpoint    GunPoint: motions of a hand (Ratanamahatana & Keogh 2005, SDM)
kdd_tsad    the series 135, InternalBleeding16, of KDD 2021's anomaly contest (Wu & Keogh 2021, arXiv 2009.13807)
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.record import Data
from aenb.data.series.load_series import from_series
from aenb.data.sets.aeon_files import WHERE, at_hand, found, read_ts
from aenb.data.sets.data_sets import dataset
from aenb.data.values.standardised import fit_scaler, to_units


def _signals(name: str, folder_name: str, class_names: tuple[str, ...]) -> Data:
    """Load signals of one length in their original split."""
    folder = found(name, folder_name)
    (train, y_train), (test, y_test) = (read_ts(folder / f"{folder_name}_{part}.ts") for part in ("TRAIN", "TEST"))
    x_train, x_test = np.stack(train), np.stack(test)
    scaler, notes = fit_scaler(x_train, name)
    convert = to_units(scaler)
    return Data(
        convert(x_train), convert(x_test), y_train.astype("int64") - 1, y_test.astype("int64") - 1, kind="signal",
        name=name, source="PyPI package aeon", class_names=class_names, scaler=scaler, notes=tuple(notes),
    )  # fmt: skip


@dataset(
    order=8,
    summary="1,096 days of electricity demand in Italy, 24 hours each, in winter and summer",
    where=WHERE,
    at_hand=lambda: at_hand("ItalyPowerDemand") is not None,
)
def power() -> Data:
    """Load days of electricity demand in their original split: 67 training and 1,029 held-out days."""
    return _signals("power", "ItalyPowerDemand", ("October to March", "April to September"))


@dataset(
    order=8,
    summary="200 motions of a hand, 150 steps each, with a gun or pointing",
    where=WHERE,
    at_hand=lambda: at_hand("GunPoint") is not None,
)
def gunpoint() -> Data:
    """Load motions of a hand in their original split: 50 training and 150 held-out ones."""
    return _signals("gunpoint", "GunPoint", ("gun", "point"))


@dataset(
    order=8,
    summary="a series of 7,501 steps (blood pressure) with one anomaly, to find after the first 1,200",
    where=WHERE,
    at_hand=lambda: at_hand("KDD-TSAD_135") is not None,
)
def kdd_tsad() -> Data:
    """Load the series 135 of KDD 2021's contest: it begins with 1,200 normal steps; the others are held out."""
    folder = found("kdd_tsad", "KDD-TSAD_135")
    parts = [folder / f"135_UCR_Anomaly_InternalBleeding16_{part}.csv" for part in ("TRAIN", "TEST")]
    train, whole = (_read(part) for part in parts)
    return from_series(
        whole[:, 1], whole[:, 2].astype(bool), "kdd_tsad", "PyPI package aeon", training=len(train),
    )  # fmt: skip


def _read(file: Path) -> np.ndarray:
    """Read steps, values and labels: (steps, 3)."""
    try:
        return np.loadtxt(file, delimiter=",", skiprows=1, ndmin=2, usecols=(0, 1, 2))
    except (OSError, ValueError) as error:
        raise AenbError(f"Expected a series in {file}; received a broken file: {error}.") from error
