"""A folder of images: listed, converted to one size, decoded once."""

from __future__ import annotations

import os
import statistics
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from aenb.core.errors import AenbError
from aenb.core.files import named, reason
from aenb.data.arrays import from_arrays
from aenb.data.growing_array import GrowingArray
from aenb.data.image_files import CHANGES, SUFFIXES, Header, look, pixels
from aenb.data.labels import printable
from aenb.data.record import Data

MAX_SIDE = 256  # pixels up to which images of one size are not resized
SIDES = (128, 64, 32)  # pixels that other images are resized to
CHUNK = 64  # files given to threads at a time
MAX_ENTRIES = 1_000_000  # files and folders listed

Result = TypeVar("Result")


def from_folder(folder: Path, labels: Any = None) -> Data:
    """Make `Data` from the images in a folder and its subfolders, in the order of their paths.

    Images that all have one size, up to 256×256, are left as they are. Others are resized: to squares, cropped around
    the centre, if their sizes differ; otherwise in proportion. If any image has colour, all get three channels.

    Args:
        folder: A folder with `.png`, `.jpg`, `.jpeg`, `.bmp`, `.gif` or `.webp` files. The names of its subfolders
            are the labels if there are several and they hold all images.
        labels: (n,), to use instead.

    Raises:
        AenbError: There are no images, some cannot be read, or the disk for temporary files is full.
    """
    files, notes = _find(folder)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")  # sizes are checked
        headers = list(_each(look, files, folder, "Looking at"))
        size, size_notes = _size(headers)
        mode = "RGB" if any(header.has_colour for header in headers) else "L"
        array, change_notes = _decode(partial(pixels, size=size, mode=mode, resized=bool(size_notes)), files, folder)
    notes += [*size_notes, *change_notes]
    y, class_names, label_note = _labels([file.relative_to(folder) for file in files])
    if labels is not None:
        y, class_names, label_note = labels, (), ""
    return from_arrays(
        array, y, name=named(folder), source=f"the folder {named(folder.resolve().name)}", class_names=class_names,
        notes=[*notes, *([label_note] if label_note else [])],
    )  # fmt: skip


def read_images(folder: Path, shape: tuple[int, ...]) -> tuple[np.ndarray, list[str]]:
    """Read the images of a folder at the size of a model's inputs.

    Args:
        folder: The folder; images of another size are cropped around the centre and resized.
        shape: (height, width, channels), with one channel or three.

    Returns:
        (n, *shape), uint8, and the paths of the images within the folder.

    Raises:
        AenbError: There are no images, or some cannot be read.
    """
    files, _ = _find(folder)
    size, mode = (shape[0], shape[1]), "L" if shape[-1] == 1 else "RGB"

    def decode(path: Path) -> np.ndarray:
        header = look(path)
        return pixels(path, size, mode, resized=(header.height, header.width) != size)[0]

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")  # sizes are checked
        images = np.stack(list(_each(decode, files, folder, "Decoding")))
    return images.reshape(len(images), *shape), [named(file.relative_to(folder)) for file in files]


def _find(folder: Path) -> tuple[list[Path], list[str]]:
    """List the images of a folder, and report which files were left out."""
    try:
        files = {file.relative_to(folder): file for file in _files(folder)}
    except OSError as error:
        raise AenbError(
            f"`{named(folder)}`: expected a folder that can be read; received: {reason(error)}, of "
            f"{named(error.filename or folder)}."
        ) from error
    visible = {path: file for path, file in files.items() if not any(part.startswith(".") for part in path.parts)}
    images = sorted((p for p in visible if p.suffix.lower() in SUFFIXES), key=Path.as_posix)
    others = Counter(
        named(path.suffix.lower() or path.name) for path in visible if path.suffix.lower() not in SUFFIXES
    )  # fmt: skip
    if not images:
        received = f"{others.total()} other files ({', '.join(sorted(others)[:5])})" if others else "none"
        raise AenbError(f"`{named(folder)}`: expected a folder of images ({', '.join(SUFFIXES)}); received {received}.")
    left_out = [f"{count} {suffix}" for suffix, count in others.most_common(5)]
    hidden = sum(path.suffix.lower() in SUFFIXES for path in files) - len(images)
    left_out += [f"{hidden} hidden"] if hidden else []
    return [visible[path] for path in images], [f"Files left out: {', '.join(left_out)}."] if left_out else []


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and its subfolders; links to folders are skipped, since they may form a cycle.

    Raises:
        OSError: A folder cannot be read.
        AenbError: It is the root of the file system, or it has more than a million files and folders.
    """
    if folder.resolve().parent == folder.resolve():
        raise AenbError(
            f"`{named(folder)}`: expected a folder of images; received the root of the file system. Name the folder "
            "that has the images."
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
                f"`{named(folder)}`: expected a folder of images; received one of more than {MAX_ENTRIES:,} files and "
                "folders. Name the subfolder that has the images."
            )


def _is_file(entry: os.DirEntry) -> bool:
    """Say whether an entry is a file or a link to one; a broken or cyclic link is not."""
    try:
        return entry.is_file()
    except OSError:
        if entry.is_symlink():
            return False
        raise


def _decode(decode: Callable, files: Sequence[Path], folder: Path) -> tuple[np.ndarray, list[str]]:
    """Return the pixels of all images, and notes on what was changed."""
    changes: Counter[str] = Counter()
    block: list[np.ndarray] = []
    with GrowingArray(named(folder)) as rows:
        for image, changed in _each(decode, files, folder, "Decoding"):
            block.append(image)
            changes.update(changed)
            if len(block) == CHUNK:
                rows.append(np.stack(block))
                block.clear()
        if block:
            rows.append(np.stack(block))
        notes = [CHANGES[change].format(_counted(changes[change])) for change in CHANGES if changes[change]]
        return rows.array(), [*notes, *([rows.note] if rows.note else [])]


def _each(work: Callable[[Path], Result], files: Sequence[Path], folder: Path, what: str) -> Iterator[Result]:
    """Process the files in threads, yield the results in order, and at the end raise an error that names failures."""
    from tqdm import tqdm

    def attempt(path: Path) -> Result | Exception:
        try:
            return work(path)
        except MemoryError:
            raise
        except Exception as error:  # Pillow raises anything for a broken file
            return error

    broken = []
    bar = tqdm(
        total=len(files), desc=f"{what} {named(folder.resolve().name)}", unit=" images", file=sys.stdout,
        leave=False, delay=1,
    )  # fmt: skip
    with bar, ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for start in range(0, len(files), CHUNK):
            part = files[start : start + CHUNK]
            for path, result in zip(part, pool.map(attempt, part), strict=True):
                bar.update()
                if isinstance(result, Exception):
                    broken.append(f"{named(path.relative_to(folder))} ({_reason(result, path)})")
                else:
                    yield result
    if broken:
        more = f" and {len(broken) - 3} more" if len(broken) > 3 else ""
        raise AenbError(
            f"`{named(folder)}`: expected images that can be read; {len(broken)} of {len(files)} cannot: "
            f"{', '.join(broken[:3])}{more}. Take them out of the folder, or save them anew."
        )


def _reason(error: Exception, path: Path) -> str:
    text = str(getattr(error, "strerror", None) or error).replace(f" {str(path)!r}", "")
    return printable(text.splitlines()[0]) if text else type(error).__name__


def _size(headers: Sequence[Header]) -> tuple[tuple[int, int], list[str]]:
    """Choose the height and width of all images; return it with notes on any resizing."""
    sizes = {(header.height, header.width) for header in headers}
    if len(sizes) == 1:
        (height, width) = sizes.pop()
        if max(height, width) <= MAX_SIDE:
            return (height, width), []
        scale = SIDES[0] / max(height, width)
        small = max(1, round(height * scale)), max(1, round(width * scale))
        return small, [f"Images of {height}×{width} were resized to {small[0]}×{small[1]}."]
    shorter = [min(size) for size in ((header.height, header.width) for header in headers)]
    median = int(statistics.median(shorter))
    side = next((side for side in SIDES if side <= median), median)
    low, high = min(sizes, key=np.prod), max(sizes, key=np.prod)
    note = (
        f"Images of {len(sizes)} sizes, {low[0]}×{low[1]} to {high[0]}×{high[1]}, were cropped to a square around "
        f"the centre and resized to {side}×{side}."
    )
    num_enlarged = sum(one < side for one in shorter)
    return (side, side), [note, f"That enlarged {_counted(num_enlarged)}."] if num_enlarged else [note]


def _labels(paths: Sequence[Path]) -> tuple[np.ndarray | None, tuple[str, ...], str]:
    """Return the labels, the class names, and a note."""
    folders = {path.parts[0] for path in paths if len(path.parts) > 1}
    if len(folders) < 2:
        return None, (), ""
    if any(len(path.parts) == 1 for path in paths):
        return None, (), "Some images are outside of the subfolders: the images have no labels."
    number = {name: index for index, name in enumerate(sorted(folders))}
    names = tuple(map(printable, number))
    shown = f"{', '.join(names[:5])}{', …' if len(names) > 5 else ''}"
    return np.array([number[path.parts[0]] for path in paths]), names, f"Labels are the subfolders: {shown}."


def _counted(number: int) -> str:
    return f"{number:,} image" if number == 1 else f"{number:,} images"
