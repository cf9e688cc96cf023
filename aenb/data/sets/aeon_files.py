"""The data files that come with the PyPI package aeon, which is not imported: where they are, and how they are read."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from aenb.core.errors import AenbError

WHERE = "PyPI package aeon, offline"


def at_hand(folder: str) -> Path | None:
    """Return where a folder of data is, such as "GunPoint"; None if it is not installed."""
    spec = importlib.util.find_spec("aeon")  # does not import it
    roots = [] if spec is None else list(spec.submodule_search_locations or ())
    folders = [Path(root, "datasets", "data", folder) for root in roots]
    return next((one for one in folders if one.is_dir()), None)


def found(name: str, folder: str) -> Path:
    """Return where the folder of a data set is.

    Args:
        name: The data set's name, for the error.
        folder: The folder's.

    Raises:
        AenbError: The package is not installed.
    """
    place = at_hand(folder)
    if place is None:
        raise AenbError(
            f"Expected the data set {name} in the PyPI package aeon, which is not installed. "
            "Run pip install --no-deps aeon: only its data files are read."
        )
    return place


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
