"""The images or the texts of a folder and its subfolders: found, and labelled and split by the subfolders' names."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from aenb.core.errors import AenbError
from aenb.core.files import named, reason
from aenb.data.files.image_files import SUFFIXES
from aenb.data.files.listing import TEXT_SUFFIX, Listing, kind_of
from aenb.data.labels import printable
from aenb.data.split import SPLITS, own_split

MAX_ENTRIES = 1_000_000  # files and folders listed
EXPECTED = f"a folder of images ({', '.join(SUFFIXES)}) or of texts ({TEXT_SUFFIX})"


def in_folder(folder: Path) -> Listing:
    """List the images of a folder, or if it has none its texts, in the order of their paths.

    The names of its subfolders are the labels if there are several and they hold all files. Subfolders `train` and
    `test` (or `training`, `testing`, `val`, `valid`, `validation`, `dev`) are the split, if they hold all files; then
    the labels are the names of the folders in these.

    Raises:
        AenbError: There are no such files, the folder cannot be read, or it has more than a million entries.
    """
    try:
        files = {file.relative_to(folder): file for file in _files(folder)}
    except OSError as error:
        raise AenbError(
            f"`{named(folder)}`: expected a folder that can be read; received: {reason(error)}, of "
            f"{named(error.filename or folder)}."
        ) from error
    visible = [path for path in files if not any(part.startswith(".") for part in path.parts)]
    kind = next((one for one in ("image", "text") if any(kind_of(path) == one for path in visible)), None)
    kept = sorted((path for path in visible if kind_of(path) == kind), key=Path.as_posix)
    others = Counter(
        named(path.suffix.lower() or path.name) for path in visible if kind is None or kind_of(path) != kind
    )
    if kind is None:
        received = f"{others.total()} other files ({', '.join(sorted(others)[:5])})" if others else "none"
        raise AenbError(f"`{named(folder)}`: expected {EXPECTED}; received {received}.")
    hidden = sum(kind_of(path) == kind for path in files) - len(kept)
    left_out = [f"{count} {suffix}" for suffix, count in others.most_common(5)]
    left_out += [f"{hidden} hidden"] if hidden else []
    notes = [f"Files left out: {', '.join(left_out)}."] if left_out else []
    is_held, within, split_note = _split(kept)
    labels, class_names, label_note = _labels(within, f"{kind}s")
    return Listing(
        tuple(files[path] for path in kept), np.array([printable(str(path)) for path in kept], object), named(folder),
        f"the folder {named(folder.resolve().name)}", kind, labels, class_names, is_held,
        tuple(note for note in (*notes, split_note, label_note) if note),
    )  # fmt: skip


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and its subfolders; links to folders are skipped, since they may form a cycle.

    Raises:
        OSError: A folder cannot be read.
        AenbError: It is the root of the file system, or it has more than a million files and folders.
    """
    if folder.resolve().parent == folder.resolve():
        raise AenbError(
            f"`{named(folder)}`: expected {EXPECTED}; received the root of the file system. Name the folder that has "
            "the files."
        )
    waiting, seen = [folder], 0
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                seen += 1
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                elif _is_file(entry):
                    yield Path(entry.path)
        if seen > MAX_ENTRIES:
            raise AenbError(
                f"`{named(folder)}`: expected {EXPECTED}; received one of more than {MAX_ENTRIES:,} files and folders. "
                "Name the subfolder that has the files."
            )


def _is_file(entry: os.DirEntry) -> bool:
    """Say whether an entry is a file or a link to one; a broken or cyclic link is not."""
    try:
        return entry.is_file()
    except OSError:
        if entry.is_symlink():
            return False
        raise


def _split(paths: Sequence[Path]) -> tuple[np.ndarray | None, list[Path], str]:
    """Return which files are held out, by their subfolder, their paths within it, and a note."""
    first = [path.parts[0].lower() if len(path.parts) > 1 else "" for path in paths]
    if not set(first) <= set(SPLITS) or len({SPLITS[word] for word in first}) < 2:
        return None, list(paths), ""
    is_held, note = own_split(first, "the subfolders")
    if is_held is None:
        return None, list(paths), ""
    return is_held, [Path(*path.parts[1:]) for path in paths], note


def _labels(paths: Sequence[Path], what: str) -> tuple[np.ndarray | None, tuple[str, ...], str]:
    """Return the labels, the class names, and a note."""
    folders = {path.parts[0] for path in paths if len(path.parts) > 1}
    if len(folders) < 2:
        return None, (), ""
    if any(len(path.parts) == 1 for path in paths):
        return None, (), f"Some {what} are outside of the subfolders: the {what} have no labels."
    number = {name: index for index, name in enumerate(sorted(folders))}
    names = tuple(map(printable, number))
    shown = f"{', '.join(names[:5])}{', …' if len(names) > 5 else ''}"
    return np.array([number[path.parts[0]] for path in paths]), names, f"Labels are the subfolders: {shown}."
