"""Files that are examples, one each: listed by a table of names and labels, by a list of paths, or by a folder.

`aenb.data.files.folder_listing` lists a folder. Names in a table are relative to its file, or to the working folder.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.core.files import named
from aenb.data.files.image_files import SUFFIXES
from aenb.data.labels import printable
from aenb.data.own.frames import LABELS
from aenb.data.split import SPLIT_COLUMNS, SPLITS, own_split
from aenb.data.tables.columns import listed
from aenb.data.values.numeric import is_frame

if TYPE_CHECKING:
    from pandas import DataFrame

TEXT_SUFFIX = ".txt"
MAX_BESIDE = 3  # other columns of a table of files: with more, it is a table that also names files


@dataclass(frozen=True, eq=False)
class Listing:
    """Files that are examples.

    Attributes:
        paths: Where each is.
        names: (n,), what each is called: its path within its folder, as its table has it, or its table's index.
        origin: What listed them, for messages.
        source: The same, in words.
        kind: "image" or "text".
        labels: (n,), the class of each, or None.
        class_names: The name of each class.
        is_held: (n,), whether each is held out; None: the split is not given.
        notes: What was left out or inferred, each a sentence.
    """

    paths: tuple[Path, ...]
    names: Any
    origin: str
    source: str
    kind: str
    labels: Any = None
    class_names: tuple[str, ...] = ()
    is_held: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    def labelled(self, labels: Any) -> Listing:
        """Return the same files with other labels; None: with their own."""
        return self if labels is None else replace(self, labels=labels, class_names=())

    def only(self, kept: np.ndarray) -> Listing:
        """Return some of the files, by their places; labels of another length than the files' stay as they are."""
        n, labels = len(self.paths), self.labels
        if labels is not None and np.ndim(labels) == 1 and len(labels) == n and len(kept) < n:
            labels = np.asarray(labels)[kept]
        return replace(
            self, paths=tuple(self.paths[place] for place in kept), names=self.names[kept], labels=labels,
            is_held=None if self.is_held is None else self.is_held[kept],
        )  # fmt: skip


def listed_files(x: Any, name: str, base: Path | None = None, labels: Any = None) -> Listing | None:
    """Return the files that a list, an array, a column or a table names; None if it holds anything else.

    A column of a table names files if all its values end like images (.png, .jpg, …), or in .txt, and up to three other
    columns are beside it. Of these, the one that is called label, class, target or y has the labels, or the only one;
    and one that is called split, set or subset, with values such as train and test, has the split.

    Args:
        x: What was given.
        name: Its name, for messages.
        base: The folder that paths are relative to; None: the working folder.
        labels: The name of the column that has the labels, or None.

    Raises:
        AenbError: Images and texts are mixed, or no file exists.
    """
    if is_frame(x):
        return _of_table(x, name, base or Path(), labels)
    values = _paths_of(x)
    if values is None:
        return None
    return _listing(values, _names(values, getattr(x, "index", None)), name, base or Path(), "a list of files")


def _names(values: Sequence[Any], index: Any = None) -> Any:
    """Return what files are called: by the index of their table or column, if it has one of its own; else as given."""
    import pandas as pd

    if isinstance(index, pd.Index) and not isinstance(index, pd.RangeIndex):
        return index
    return np.array([printable(os.fsdecode(value)) for value in values], object)


def _of_table(frame: DataFrame, name: str, base: Path, labels: Any) -> Listing | None:
    if getattr(frame.columns, "nlevels", 1) > 1 or not 1 <= frame.shape[1] <= MAX_BESIDE + 1:
        return None
    columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
    place = next((place for place, column in enumerate(columns) if _paths_of(column) is not None), None)
    if place is None:
        return None
    values, others = (
        _paths_of(columns[place]),
        {printable(one.name): one for i, one in enumerate(columns) if i != place},
    )
    found = _listing(values, _names(values, frame.index), name, base, "a table of files")
    notes = [f"The column `{printable(frame.columns[place])}` names the files."]
    split = next((one for one in others if one.lower() in SPLIT_COLUMNS and _is_split(others[one])), None)
    is_held = None
    if split is not None:
        is_held, note = own_split([str(value).lower() for value in others.pop(split)], f"the column `{split}`")
        notes.append(note)
    label = labels if isinstance(labels, str) else next((one for one in others if one.lower() in LABELS), None)
    label = next(iter(others)) if label is None and len(others) == 1 else label
    if label is not None and label not in others:
        raise AenbError(f"`labels`: expected labels, or the name of a column of `{name}`; received {label!r}.")
    if label is not None:
        notes.append(f"The column `{label}` has the labels.")
    unused = [one for one in others if one != label]
    notes += [f"Columns left out: {listed(unused)}; labels=NAME takes one for the labels."] if unused else []
    taken = None if label is None else others[label].to_numpy()
    return replace(found, labels=taken, is_held=is_held, notes=tuple(notes))


def _is_split(column: Any) -> bool:
    values = {str(value).lower() for value in column.unique()}
    return 1 < len(values) <= len(SPLITS) and values <= set(SPLITS)


def _paths_of(x: Any) -> list[Any] | None:
    """Return the paths in a list, an array or a column; None if any of it is no path of an image or a text."""
    dtype = getattr(x, "dtype", None)
    if not isinstance(x, list | tuple) and (dtype is None or getattr(dtype, "kind", "O") in "biufcmMV"):
        return None
    if getattr(x, "ndim", 1) != 1 or not len(x) or not _is_path(next(iter(x))):
        return None
    values = list(x)
    return values if all(map(_is_path, values)) else None


def _is_path(value: Any) -> bool:
    if isinstance(value, os.PathLike):
        return True
    return isinstance(value, str) and "\n" not in value and value.lower().endswith((*SUFFIXES, TEXT_SUFFIX))


def _listing(values: Sequence[Any], names: Any, name: str, base: Path, what: str) -> Listing:
    given = [Path(os.fsdecode(value)).expanduser() for value in values]
    paths = tuple(path if path.is_absolute() else base / path for path in given)
    kinds = {kind_of(path) for path in paths}
    if len(kinds) > 1 or kinds == {None}:
        endings = ", ".join(sorted({named(path.suffix.lower() or path.name) for path in paths})[:5])
        raise AenbError(
            f"`{named(name)}`: expected paths of images ({', '.join(SUFFIXES)}) alone, or of texts ({TEXT_SUFFIX}) "
            f"alone; received {endings}."
        )
    if not any(path.exists() for path in paths):
        raise AenbError(
            f"`{named(name)}`: expected paths of files, relative to the folder {named(base.resolve())}; there is no "
            f"file {named(given[0])}{' there, nor any other' if len(given) > 1 else ''}."
        )
    return Listing(paths, names, named(name), what, kinds.pop())


def kind_of(path: Path) -> str | None:
    """Return "image" or "text", by the ending of a path; None for any other."""
    suffix = path.suffix.lower()
    return "image" if suffix in SUFFIXES else "text" if suffix == TEXT_SUFFIX else None
