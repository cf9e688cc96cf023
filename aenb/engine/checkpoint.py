"""A checkpoint: a training on disk, which can be resumed bit-identically after the process was killed.

One file, `checkpoint.npz`, holds everything: the variables as arrays, and the rest as JSON, without pickles. It is
written atomically: to a temporary file that is then renamed. A training locks its folder; the system releases the lock
when the process dies.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aenb.core.array_files import read_npz
from aenb.core.atomic_write import sweep, written_aside
from aenb.core.errors import AenbError
from aenb.core.files import expanded, reason
from aenb.core.json_files import parse_json, plain
from aenb.core.version import __version__
from aenb.data.record import Data

FORMAT = 2
FILE, LOCK = "checkpoint.npz", "in-use.lock"
INTERVAL = 2.0  # minimum seconds between two writes
SHARE = 0.02  # of a training's time that writing may take
RETRY = 15.0  # seconds to wait after a failed write
PATIENT = 5.0  # seconds of training before an automatic checkpoint is written
ARRAYS = r"(value|best)_[0-9]{4,6}|epoch_[0-9]{6}"  # array names: variables, best weights, samples by epoch
FREE = ("epochs", "name")  # fields of a spec that may change when a training is resumed


@dataclass(frozen=True)
class Saved:
    """The contents of a checkpoint.

    Attributes:
        facts: Plain values: spec, data, labels, epoch, step, history, seconds, versions.
        arrays: Arrays by name.
    """

    facts: dict[str, Any]
    arrays: dict[str, np.ndarray]


class Checkpoint:
    """A training's folder, locked while it is in use.

    Args:
        folder: The folder; it is created if it is missing.
        patient: Seconds before the first write of a training; None: as between two writes.

    Raises:
        AenbError: Another training uses it, or it is not writable.
    """

    def __init__(self, folder: str | Path, patient: float | None = None):
        from filelock import FileLock, Timeout

        self.folder = expanded(folder)
        self.trouble: str | None = None
        self._next = time.perf_counter() + (INTERVAL if patient is None else patient)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # owned by the process: the thread that acquires it need not be the one that trains and releases it
            self._lock = FileLock(self.folder / LOCK, timeout=0, thread_local=False)
            self._lock.acquire()
        except Timeout:
            raise AenbError(
                f"The checkpoint folder {self.folder} is in use by another training. Choose another folder, or stop "
                "that training first."
            ) from None
        except OSError as error:
            raise AenbError(
                f"`checkpoint`: expected a folder that can be written; received {folder}: {reason(error)}."
            ) from error
        sweep(self.folder)

    def __enter__(self) -> Checkpoint:
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    @property
    def file(self) -> Path:
        """The checkpoint's file."""
        return self.folder / FILE

    def read(self) -> Saved | None:
        """Return what is saved, or None if nothing is.

        Raises:
            AenbError: The file is broken, or was written by another version of aenb.
        """
        from aenb.core.schema import CheckpointFacts, check

        if not os.path.lexists(self.file):
            return None
        try:
            arrays = read_npz(self.file, "a checkpoint", self.file.stat().st_size)  # it is not compressed
            facts = parse_json(arrays.pop("facts").tobytes())
            if odd := [name for name in arrays if not re.fullmatch(ARRAYS, name)]:
                raise ValueError(f"an array `{odd[0]}`")
        except (OSError, ValueError, KeyError, RecursionError) as error:
            raise AenbError(
                f"Expected a checkpoint in {self.file}; it is broken: {reason(error)}. Delete it."
            ) from error
        written = {key: facts.get(key) if isinstance(facts, dict) else None for key in ("aenb", "format")}
        if written != {"aenb": __version__, "format": FORMAT}:
            raise AenbError(
                f"The checkpoint in {self.folder} was written by aenb {_short(written['aenb'])} (format "
                f"{_short(written['format'])}); expected aenb {__version__} (format {FORMAT}). Delete it, or use that "
                "version."
            )
        return Saved(check(CheckpointFacts, facts, f"The checkpoint in {self.folder}").model_dump(), arrays)

    def due(self) -> bool:
        """Say whether it is time to write again."""
        return time.perf_counter() >= self._next

    def write(self, facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> bool:
        """Replace the checkpoint; if that fails, record the reason in `trouble`.

        The old checkpoint is safe: it is replaced only when the new file is complete and on disk.

        Returns:
            Whether it was written.
        """
        start = time.perf_counter()
        text = json.dumps(plain({"format": FORMAT, "aenb": __version__, **facts}), allow_nan=False).encode()
        try:
            with written_aside(self.file, parents=False) as temporary, open(temporary, "wb") as stream:
                np.savez(stream, facts=np.frombuffer(text, np.uint8), **arrays)  # type: ignore[arg-type]
        except AenbError as error:
            self.trouble = reason(error.__cause__ or error)
            self._next = time.perf_counter() + RETRY
            return False
        self.trouble = None
        now = time.perf_counter()
        self._next = now + max(INTERVAL, (now - start) / SHARE)
        return True

    def delete(self) -> None:
        """Delete the checkpoint: the training is finished."""
        with contextlib.suppress(OSError):  # a leftover costs little space, and the next one overwrites it
            self.file.unlink(missing_ok=True)


def differences(saved: dict[str, Any], asked: dict[str, Any]) -> list[str]:
    """List the differences between a training and the saved one.

    Args:
        saved: The facts of a checkpoint: "spec", as `Spec.to_dict` gives it, and "data" and "labels", the fingerprints.
        asked: The same facts of the training to resume.

    Returns:
        Sentences without a full stop. The number of epochs and the name may differ.
    """
    before, now = (json.loads(json.dumps(facts["spec"])) for facts in (saved, asked))
    changes = [
        f"`{name}` was {before.get(name)!r} and is {now.get(name)!r}"
        for name in sorted({*before, *now} - {*FREE, "hyperparameters"})
        if before.get(name) != now.get(name)
    ]
    old, new = before["hyperparameters"], now["hyperparameters"]
    for name in sorted({*old, *new}):
        was, is_now = (_nameless(values.get(name, "the default")) for values in (old, new))
        if was != is_now:
            are_models = isinstance(was, dict) or isinstance(is_now, dict)
            changes.append(f"`{name}` is another model" if are_models else f"`{name}` was {was!r} and is {is_now!r}")
    if saved["data"] != asked["data"]:
        changes.append("the data is not the same")
    elif saved["labels"] != asked["labels"]:
        changes.append("the labels are not the same")
    return changes


def labels_fingerprint(data: Data) -> str | None:
    """Return the SHA-256 of the labels of data, held-out ones included; None if it has no labels."""
    if data.y_train is None:
        return None
    digest = hashlib.sha256()
    for labels in (data.y_train, data.y_test):
        labels = np.asarray([] if labels is None else labels)
        digest.update(f"{labels.shape}".encode())
        content = (
            labels.astype("float64") if labels.dtype.kind in "biuf" else "\n".join(map(repr, labels.tolist())).encode()
        )
        digest.update(content)
    return digest.hexdigest()


def _short(value: Any) -> str:
    return str(value)[:40] if isinstance(value, (str, int, float)) else "of another kind"


def _nameless(value: Any) -> Any:
    """Remove the numbers from Keras's automatic layer names, "dense_3": each process counts from 0."""
    if isinstance(value, dict):
        return {key: _nameless(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_nameless(part) for part in value]
    return re.sub(r"_\d+$", "", value) if isinstance(value, str) else value


def default_folder(name: str) -> Path:
    """Return the folder of the automatic checkpoint of a notebook's training with that name.

    It is in the user's cache, separate for each folder of notebooks. The environment variable `AENB_CHECKPOINTS` sets
    another location.
    """
    from platformdirs import user_cache_path

    digest = hashlib.sha256(os.getcwd().encode()).hexdigest()[:12]
    root = os.environ.get("AENB_CHECKPOINTS") or user_cache_path("aenb") / "checkpoints"
    return Path(root) / f"{Path.cwd().name}-{digest}" / name
