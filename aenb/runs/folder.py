"""A run's folder: written aside and moved into place; checked, and never unpickled, when it is read."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from aenb.core.array_files import read_npz
from aenb.core.atomic_write import sweep, written_aside
from aenb.core.backend import Model
from aenb.core.catalogue import load_plugins
from aenb.core.errors import AenbError
from aenb.core.files import expanded, named, read_bytes, regular
from aenb.core.json_files import plain, read_json
from aenb.core.model_files import load_model
from aenb.core.version import __version__
from aenb.latent import coding

FORMAT = 1
FACTS, MODEL, FIGURE, HISTORY = "run.json", "model.keras", "figure.png", "history.csv"
TIMELINE, FITTED = "timeline", "fitted"  # files of arrays
OWN = {"format", "aenb", "spec", "sha256"}  # keys of every run.json
MAX_PICTURE = 2**26  # bytes


def write(
    path: str | Path,
    facts: dict[str, Any],
    parts: dict[str, Any],
    pictures: dict[str, bytes],
    arrays: dict[str, dict[str, np.ndarray]],
    *,
    overwrite: bool,
) -> Path:
    """Write a run's folder.

    Args:
        path: The folder to write.
        facts: Plain values for `run.json`.
        parts: Keras models by file name.
        pictures: PNG files by caption, the run's figure first.
        arrays: Dicts of arrays by file name.
        overwrite: Replace a saved run in this place; any other folder is left alone.

    Raises:
        AenbError: The place is taken or cannot be written, or a value could not be read again. Nothing half-written is
            left behind.
    """
    path = expanded(path)
    _check_place(path, overwrite)
    with written_aside(path) as aside:
        aside.mkdir()
        for name, model in parts.items():
            model.save(aside / f"{name}.keras")
        for file, picture in zip(_files(pictures), pictures.values(), strict=True):
            (aside / file).write_bytes(picture)
        for name, members in arrays.items():
            if members:
                np.savez_compressed(aside / f"{name}.npz", **members)  # type: ignore[arg-type]
        _write_history(aside / HISTORY, facts["history"])
        sums = {file.name: _sha256(file) for file in sorted(aside.iterdir())}
        sizes = {name: (aside / name).stat().st_size for name in sums}
        about = {
            "format": FORMAT,
            "aenb": __version__,
            **facts,
            "pictures": list(pictures),
            "sha256": sums,
            "sizes": sizes,
        }
        (aside / FACTS).write_text(_as_json(about, path), encoding="utf-8")
    return path


def read(path: str | Path) -> tuple[dict[str, Any], Any, dict[str, bytes], dict[str, dict]]:
    """Read a run's folder.

    Returns:
        The plain values, the compiled model, the pictures by caption, and the arrays by file: the timeline's samples by
        epoch, and what was fitted by name.

    Raises:
        AenbError: It is not a saved run, or a file of it is missing, truncated, changed or invalid.
    """
    path = expanded(path)
    facts = _read_facts(path)
    for name, sha256 in facts["sha256"].items():
        file = path / name
        if (state := _state(file, sha256, facts["sizes"].get(name))) is not None:
            raise AenbError(f"The run in {named(path)}: expected {name} as it was saved; it is {state}.")
    files = zip(facts["pictures"], _files(facts["pictures"]), strict=True)
    pictures = {caption: read_bytes(path / file, "a picture of a saved run", MAX_PICTURE) for caption, file in files}
    import aenb.models.custom_objects  # noqa: F401, registers our classes with Keras

    load_plugins("aenb.custom_objects")

    model = load_model(path / MODEL)
    timeline = _read_timeline(path / f"{TIMELINE}.npz", _example_shape(model, path))
    return facts, model, pictures, {TIMELINE: timeline, FITTED: _read_fitted(path / f"{FITTED}.npz")}


def _files(captions: Iterable[str]) -> list[str]:
    """Return the file names of pictures, of which the first is the run's figure."""
    return [FIGURE if number == 0 else f"figure-{number + 1}.png" for number, _ in enumerate(captions)]


def _state(file: Path, sha256: str, size: int | None) -> str | None:
    """Say what is wrong with a file; None if it is unchanged. Older runs have no sizes: theirs is None."""
    if not os.path.lexists(file):
        return "missing"
    has_size = size is None or not file.is_file() or file.stat().st_size == size
    return None if has_size and _sha256(file) == sha256 else "changed or truncated"


def _example_shape(model: Model, path: Path) -> tuple[int, ...]:
    """Return the shape of a loaded model's examples, and check that the model fits a run."""
    try:
        example, code = coding.item_shape(model), coding.code_shape(model)
        count = model.count_params()
    except Exception as error:  # a model that anyone may have built can raise anything
        raise AenbError(f"The run in {named(path)}: expected a model with an encoder or a generator.") from error
    if not (count and all(isinstance(side, int) and side > 0 for side in (*example, *code))):
        raise AenbError(
            f"The run in {named(path)}: expected a model with fixed shapes of examples and codes; "
            f"received {example}, {code}."
        )
    return example


def _read_timeline(file: Path, shape: tuple[int, ...]) -> dict[int, np.ndarray]:
    if not os.path.lexists(file):
        return {}
    arrays = read_npz(file, "the timeline of a saved run")
    for name, samples in arrays.items():
        if not re.fullmatch("[0-9]{1,6}", name) or samples.shape[1:] != shape or samples.dtype.kind not in "fiu":
            raise AenbError(
                f"`{named(file)}`: expected samples of the shape {shape} by epoch; received `{name}`, "
                f"{samples.dtype} {samples.shape}."
            )
    return {int(name): samples for name, samples in arrays.items()}


def _read_fitted(file: Path) -> dict[str, np.ndarray]:
    return read_npz(file, "what was fitted for a saved run") if os.path.lexists(file) else {}


def _check_place(path: Path, overwrite: bool) -> None:
    """Check that a path is free, or holds only a saved run that may be overwritten.

    Raises:
        AenbError: It is taken.
    """
    sweep(path.parent)
    if not os.path.lexists(path):
        return
    place = named(path)
    try:
        facts = read_json(path / FACTS, "the facts of a saved run")
    except AenbError:
        facts = None
    if not isinstance(facts, dict) or not facts.keys() >= OWN or not isinstance(facts["sha256"], dict):
        raise AenbError(f"Expected a new folder; {place} exists and is not a saved run. Choose another place.")
    if not overwrite:
        raise AenbError(
            f"Expected a new folder; {place} holds a saved run. Choose another, or pass overwrite=True "
            "(in `%aenb save`: --overwrite)."
        )
    if foreign := [file.name for file in sorted(path.iterdir()) if not _is_ours(file, facts["sha256"])]:
        shown = ", ".join(map(named, foreign[:5])) + (f" and {len(foreign) - 5} more" if len(foreign) > 5 else "")
        raise AenbError(
            f"Expected a folder that may be overwritten; {place} has files that are not part of the saved run: "
            f"{shown}. Move them away, or choose another place."
        )


def _is_ours(file: Path, sha256: dict[str, Any]) -> bool:
    names = re.fullmatch(r"[\w -]+\.keras|figure(-\d+)?\.png|history\.csv|(timeline|fitted)\.npz", file.name)
    return file.name == FACTS or bool(names and file.name in sha256 and file.is_file())


def _read_facts(path: Path) -> dict[str, Any]:
    from aenb.core.schema import Facts, check

    if not os.path.lexists(path):
        sweep(path.parent)  # puts back what a killed process moved away
    facts = read_json(path / FACTS, f"the {FACTS} of a saved run")
    if not isinstance(facts, dict) or "format" not in facts:
        raise AenbError(f"Expected a saved run in {named(path)}; its {FACTS} is not one of aenb's.")
    if facts["format"] != FORMAT:
        received = ascii(facts["format"])[:40]
        raise AenbError(f"The run in {named(path)}: expected format {FORMAT}; received {received}. Update aenb.")
    values = check(Facts, facts, f"The run in {named(path)}: {FACTS}").model_dump(exclude_unset=True)
    return {"pictures": ["The run's figure"], "sizes": {}} | values


def _as_json(facts: dict[str, Any], path: Path) -> str:
    """Return the facts of a run as JSON that can be read again.

    Raises:
        AenbError: A value is not plain, such as an object that was put into the record.
    """
    from aenb.core.schema import Facts, check

    where = f"The run to be saved in {named(path)}: {FACTS}"
    try:
        text = json.dumps(plain(facts), indent=1, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise AenbError(f"{where}: expected plain values; received: {error}.") from error
    check(Facts, json.loads(text), where)
    return text


def _write_history(file: Path, history: dict[str, list[float]]) -> None:
    with open(file, "w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(["epoch", *history])
        table.writerows([epoch, *row] for epoch, row in enumerate(itertools.zip_longest(*history.values()), 1))


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with regular(file, "a file of a saved run") as stream:
        while block := stream.read(2**20):
            digest.update(block)
    return digest.hexdigest()
