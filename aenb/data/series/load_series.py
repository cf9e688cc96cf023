"""A series becomes `Data`: windows in the order of time, the last part of the series held out."""

from __future__ import annotations

from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.record import Data
from aenb.data.series import windows
from aenb.data.series.autocorrelation import DEFAULT, natural_length
from aenb.data.series.recording import Recording, read
from aenb.data.series.windowed import Windowed
from aenb.data.split import HELD_OUT, MIN_EXAMPLES
from aenb.data.values.numeric import is_frame
from aenb.data.values.standardised import fit_scaler, standardise

MOST_WINDOWS = 20_000  # training windows that the default stride gives
PART = 4  # the default window is at most this part of the training part; a series is scored with this many a window
SHORTEST = 2


def from_series(
    x: Any,
    labels: Any = None,
    name: str = "array",
    source: str = "the notebook",
    *,
    window: int | None = None,
    stride: int | None = None,
    training: int | None = None,
    notes: tuple[str, ...] = (),
) -> Data:
    """Cut a series into windows, and hold out the last fifth of its steps.

    No window has steps of both parts. The windows of the training part standardise each channel.

    Args:
        x: (steps,) or (steps, channels), NaN for missing values; a pandas Series, or a DataFrame with times as its
            index or in a column.
        labels: (rows,), whether each is anomalous, or None; those of the held-out part are kept to score by.
        name: The name of the data.
        source: Where it came from, in words.
        window: Steps of a window; None: by `natural_length`, or 125 without a period, and at most a quarter of the
            training part.
        stride: Steps between the starts of two windows; None: 1, or what gives 20,000 windows of a longer series.
        training: Steps of the training part; None: the first four fifths.
        notes: What was done before.

    Raises:
        AenbError: The series is too short for the window, constant, not numeric or has an infinite value; too few
            windows have observed values.
    """
    recording = read(x, name, longest_gap=window or 4 * DEFAULT)
    values, is_anomaly = recording.values, _labels(labels, len(recording.places), name)
    cutoff = training or _cutoff(len(values), window or SHORTEST, name)
    _check_varies(values[:cutoff], name)
    chosen, why = (window, "") if window else _length(values[:cutoff], cutoff)
    cutoff = training or _cutoff(len(values), chosen, name)
    scaler, scaling_notes = fit_scaler(values[None, :cutoff], name, recording.channels)
    inputs = standardise(values, scaler.mean_, scaler.scale_)
    _check_representable(inputs, name)
    step = stride or max(1, -(-(cutoff - chosen + 1) // MOST_WINDOWS))
    first, train = _observed(inputs[:cutoff], chosen, step, name)
    _, test = _observed(inputs[cutoff:], chosen, step, name)
    is_held = recording.places >= cutoff
    series = Windowed(
        step, min(step, max(1, chosen // PART)), recording.step, first, _rows(x, recording, is_held),
        None if is_anomaly is None else is_anomaly[is_held],
    )  # fmt: skip
    return Data(
        train, test, kind="signal", name=name, source=source, feature_names=recording.channels, scaler=scaler,
        series=series,
        notes=(
            *notes, *recording.notes, _cut_note(chosen, step, why), _split_note(recording, cutoff), *scaling_notes,
        ),
    )  # fmt: skip


def _cutoff(steps: int, window: int, name: str) -> int:
    """Return the first held-out step: the last fifth is held out, and at least a window.

    Raises:
        AenbError: The training part has too few windows.
    """
    cutoff = steps - max(window, round(HELD_OUT * steps))
    if cutoff < window + MIN_EXAMPLES - 2:
        most = (steps - MIN_EXAMPLES + 2) // 2
        fix = f"Choose a `window` of at most {most}." if most >= SHORTEST else "Give a longer series."
        raise AenbError(
            f"`{name}`: expected at least {2 * window + MIN_EXAMPLES - 2} steps for windows of {window}; received "
            f"{steps}. {fix}"
        )
    return cutoff


def _check_varies(values: np.ndarray, name: str) -> None:
    if np.isnan(values).all():
        raise AenbError(f"`{name}`: expected observed values in the training part; received only NaN.")
    observed = values[:, ~np.isnan(values).all(axis=0)]
    if (np.nanmax(observed, axis=0) == np.nanmin(observed, axis=0)).all():
        raise AenbError(
            f"`{name}`: expected a series that varies; received the value {observed[~np.isnan(observed)][0]:g} at "
            "every step of the training part."
        )


def _check_representable(inputs: np.ndarray, name: str) -> None:
    if np.isinf(inputs).any():
        raise AenbError(
            f"`{name}`: expected numbers that float32 can hold after standardisation by the training part's mean and "
            f"deviation; received larger ones, first at step {int(np.isinf(inputs).any(axis=1).argmax()):,}."
        )


def _length(values: np.ndarray, steps: int) -> tuple[int, str]:
    """Return the length of windows, and where it comes from."""
    longest = max(SHORTEST, steps // PART)
    found = natural_length(values)
    if found is None:
        return min(DEFAULT, longest), "the default, since the autocorrelation has no peak"
    if found > longest:
        return longest, f"a quarter of the training part, shorter than the period of {found}"
    return found, "the highest peak of the autocorrelation"


def _observed(values: np.ndarray, window: int, stride: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the first step of each window with enough observed values, and the windows."""
    first = windows.starts(len(values), window, stride)
    found = windows.cut(values, first, window)
    kept = windows.are_observed(found)
    if kept.sum() < 1:
        raise AenbError(
            f"`{name}`: expected windows of {window} steps with at least half of their values; received none in a part "
            "of the series. Choose a shorter `window`, or fill in the missing values."
        )
    return first[kept], found[kept]


def _rows(x: Any, recording: Recording, is_held: np.ndarray) -> Any:
    """Return the held-out rows as a table if one was given, else as an array."""
    if recording.index is None:
        return recording.values[recording.places[is_held]]
    return (x if is_frame(x) else x.to_frame(name=recording.channels[0]))[is_held]


def _labels(labels: Any, rows: int, name: str) -> np.ndarray | None:
    if labels is None:
        return None
    found = np.asarray(labels)
    if found.shape != (rows,) or not np.isin(found, (0, 1)).all():
        raise AenbError(
            f"`labels`: expected True or False for each of the {rows:,} rows of `{name}`; received the shape "
            f"{found.shape}, {found.dtype}."
        )
    return found.astype(bool)


def _cut_note(window: int, stride: int, why: str) -> str:
    reason = f" ({why})" if why else ""
    return f"The series was cut into windows of {window} steps{reason}, each {stride} after the one before."


def _split_note(recording: Recording, cutoff: int) -> str:
    begin = ""
    if recording.has_times:
        rows = np.flatnonzero(recording.places >= cutoff)
        begin = f", from {recording.index[rows[recording.places[rows].argmin()]]}"
    return (
        f"The last {len(recording.values) - cutoff:,} of {len(recording.values):,} steps are held out{begin}; no "
        "window has steps of both parts."
    )
