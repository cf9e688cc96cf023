"""A run's folder: written aside and renamed, checked when it is read, nothing in it unpickled."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import os
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from aenb.checkpoint import reason
from aenb.errors import AenbError
from aenb.version import __version__

FORMAT = 1
FACTS, MODEL, FIGURE, HISTORY, ARRAYS = "run.json", "model.keras", "figure.png", "history.csv", "timeline.npz"
KEYS = ("spec", "status", "seconds", "metrics", "scored", "history", "record", "sha256")


def write(
    path: Path,
    facts: dict[str, Any],
    parts: dict[str, Any],
    pictures: dict[str, bytes],
    arrays: dict[str, np.ndarray],
    *,
    overwrite: bool,
) -> Path:
    """Write a run's folder.

    Args:
        path: Where it is to stand.
        facts: Plain values for `run.json`.
        parts: Keras models by the names of their files.
        pictures: PNG files by their words, the run's figure first.
        arrays: Items by name.
        overwrite: Replace a saved run that stands there; any other folder is left alone.

    Raises:
        AenbError: The place is taken, or cannot be written. Nothing half-done is left behind.
    """
    path = path.expanduser()
    _check_place(path, overwrite)
    aside = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        for name, model in parts.items():
            model.save(aside / f"{name}.keras")
        for file, picture in zip(_files(pictures), pictures.values(), strict=True):
            (aside / file).write_bytes(picture)
        if arrays:
            np.savez_compressed(aside / ARRAYS, **arrays)
        _write_history(aside / HISTORY, facts["history"])
        sums = {file.name: _sha256(file) for file in sorted(aside.iterdir())}
        about = {"format": FORMAT, "aenb": __version__, **facts, "pictures": list(pictures), "sha256": sums}
        (aside / FACTS).write_text(json.dumps(about, indent=1), encoding="utf-8")
        _put_in_place(aside, path)
    except (OSError, RuntimeError, ValueError) as error:  # h5py gives a full disk as any of these
        raise AenbError(f"Expected to write the run to {path}; received: {reason(error)}.") from error
    finally:
        if aside is not None and aside.exists():
            shutil.rmtree(aside, ignore_errors=True)
    return path


def read(path: Path) -> tuple[dict[str, Any], Any, dict[str, bytes], dict[str, np.ndarray]]:
    """Read a run's folder.

    Returns:
        The plain values, the compiled model, the pictures by their words, and the arrays by name.

    Raises:
        AenbError: It is not a saved run, or a file of it is missing, truncated or changed.
    """
    path = path.expanduser()
    facts = _read_facts(path)
    for name, sha256 in facts["sha256"].items():
        file = path / Path(name).name
        if not file.is_file() or _sha256(file) != sha256:
            state = "changed or truncated" if file.is_file() else "missing"
            raise AenbError(f"The run in {path}: expected {name} as it was saved; it is {state}.")
    words = facts.get("pictures", ["The run's figure"])
    pictures = {one: (path / file).read_bytes() for one, file in zip(words, _files(words), strict=True)}
    return facts, _load_model(path / MODEL), pictures, _read_arrays(path / ARRAYS)


def _files(words: Iterable[str]) -> list[str]:
    """Name the files of pictures: the first is the run's figure."""
    return [FIGURE if number == 0 else f"figure-{number + 1}.png" for number, _ in enumerate(words)]


def _read_arrays(file: Path) -> dict[str, np.ndarray]:
    if not file.is_file():
        return {}
    with np.load(file, allow_pickle=False) as arrays:
        return dict(arrays)


def _check_place(path: Path, overwrite: bool) -> None:
    if not path.exists():
        return
    if not (path / FACTS).is_file():
        raise AenbError(f"Expected a new folder; {path} exists and is not a saved run. Choose another place.")
    if not overwrite:
        raise AenbError(f"Expected a new folder; {path} holds a saved run. Choose another, or pass overwrite=True.")


def _put_in_place(aside: Path, path: Path) -> None:
    """Rename the new folder to its place, keeping what stood there until that is done."""
    os.chmod(aside, 0o755)
    old = aside.with_name(f"{aside.name}-old")
    if path.exists():
        os.replace(path, old)
    try:
        os.replace(aside, path)
    except OSError:
        if old.exists():
            os.replace(old, path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _read_facts(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads((path / FACTS).read_text(encoding="utf-8"))
    except OSError as error:
        raise AenbError(f"Expected a saved run in {path}; received no readable {FACTS} ({error.strerror}).") from error
    except ValueError as error:
        raise AenbError(f"The run in {path}: expected JSON in {FACTS}; it is broken: {error}.") from error
    if not isinstance(facts, dict) or "format" not in facts:
        raise AenbError(f"Expected a saved run in {path}; its {FACTS} is not one of aenb's.")
    if facts["format"] != FORMAT:
        raise AenbError(f"The run in {path}: expected format {FORMAT}; received {facts['format']!r}. Update aenb.")
    missing = [key for key in KEYS if key not in facts]
    if missing:
        raise AenbError(f"The run in {path}: expected {', '.join(missing)} in {FACTS}; it is not there.")
    return facts


def _load_model(file: Path) -> Any:
    import aenb.models.classes  # noqa: F401
    from aenb.backend import keras

    try:
        with warnings.catch_warnings():  # tied weights are one variable in training, and two in the file
            warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")
            return keras.models.load_model(file)  # in safe mode: no code is loaded
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        raise AenbError(f"Expected a Keras model in {file}; received: {str(error).splitlines()[0]}") from error


def _write_history(file: Path, history: dict[str, list[float]]) -> None:
    with open(file, "w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(["epoch", *history])
        table.writerows([epoch, *row] for epoch, row in enumerate(itertools.zip_longest(*history.values()), 1))


def _sha256(file: Path) -> str:
    with open(file, "rb") as stream:
        return hashlib.sha256(stream.read()).hexdigest()
