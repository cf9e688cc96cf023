"""load_data: one door for data sets by name, arrays, tables, files, folders and pipelines."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from aenb.core.arguments import checked
from aenb.core.errors import AenbError, nearest, shown
from aenb.core.files import expanded, named, reason
from aenb.core.short_form import fewer, most_items
from aenb.data.arrays import from_arrays
from aenb.data.data_files import FORMATS, from_file
from aenb.data.data_sets import datasets
from aenb.data.foreign import reading
from aenb.data.image_folder import from_folder
from aenb.data.labels import printable
from aenb.data.pipeline import from_pipeline, is_pipeline
from aenb.data.record import Data
from aenb.data.split import LEAST

EXPECTED = f"expected a data set, a file ({', '.join(FORMATS)}) or a folder of images"


@checked
def load_data(
    data: Any = "mnist_5k",
    labels: Any = None,
    *,
    limit: int | None = None,
    name: str = "array",
    kind: str | None = None,
) -> Data:
    """Load data, by the name of a data set or from what is given.

    What takes more than 512 MB on a disk (a `.npy` file, a memory map, a folder's or a pipeline's items) is not read
    into memory: its training items are read when they are needed.

    Args:
        data: A name of `aenb.datasets()`; an array, a memory map or nested lists, (n, features), (n, height, width) or
            (n, height, width, channels); a pandas DataFrame of numbers; a list of arrays (steps, channels) of different
            lengths, signals; a list of texts; a finite `tf.data.Dataset` of items x or pairs (x, label), batched or
            not; a pair (data, labels); a path to a `.npy`, `.npz`, `.csv`, `.parquet` or `.txt` file (a text a line),
            or to a folder of images (png, jpg, bmp, gif, webp), whose subfolders' names are the labels; or `Data`,
            which comes back as it is. "fashion_mnist:Shirt" is one class of a data set (`Data.one_class`). Tables and
            signals may have missing values, NaN.
        labels: Labels of the items, (n,), in the place of those that a file or a folder may have: whole numbers, names,
            or True and False, in an array, a list or a column of pandas.
        limit: Keep this many training items, and as large a part of those held out; of each class at least one.
        name: What to call an array.
        kind: "signal" for an array (n, length, channels) that is not of grey images.

    Returns:
        `Data`: images in [0, 1], tables and signals standardised, texts as the numbers of their words, with a part held
        out; what was changed is in its notes.

    Raises:
        AenbError: The name is unknown, the file is broken, or the array is not one that a model can learn from; an
            image cannot be read; a pipeline has no end, or items of different shapes; the temporary disk is full;
            a label is missing, or no class; reading an object of another class raised an exception, which is the
            error's `__cause__`.

    Example:
        >>> import aenb
        >>> data = aenb.load_data("digits")
        >>> data.x_train.shape
        (1437, 8, 8, 1)
    """
    if limit is not None and limit < LEAST:
        raise AenbError(f"`limit`: expected at least {LEAST} training items; received {limit}.")
    if kind not in (None, "signal"):
        raise AenbError(f'`kind`: expected "signal", or None for all that tells its own; received {kind!r}.')
    return _find(data, labels, name, kind).limit(fewer(limit, most_items()))


def find_data(word: str, variables: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """Find what `--data` names: a variable of the notebook before a data set or a file.

    Args:
        word: What was typed.
        variables: The notebook's names.

    Returns:
        What `load_data` takes, and what the reader should know.
    """
    value = variables.get(word)
    with reading(value, f"`{word}`"):
        is_data = hasattr(value, "__array__") or isinstance(value, list | tuple | Data)
    if value is None or (word in datasets() and not is_data):
        return word, []
    taken = [f"The variable `{word}` was used, not the data set of that name."] if word in datasets() else []
    return load_data(value, name=word), taken


def _find(data: Any, labels: Any, name: str, kind: str | None) -> Data:
    with reading(data, f"`{name}`"):
        if isinstance(data, tuple) and len(data) == 2:
            data, labels = data
    if isinstance(data, Data) or (isinstance(data, str | Path) and str(data) in datasets()):
        if labels is not None:
            raise AenbError("`labels`: expected none, since this data has its own; received some. Leave them out.")
        return data if isinstance(data, Data) else datasets()[str(data)].load()
    if isinstance(data, str) and data.partition(":")[0] in datasets() and not os.path.exists(data):
        whole, _, label = data.partition(":")
        return datasets()[whole].load().one_class(printable(label))
    if isinstance(data, str | Path):
        return _by_path(str(data), labels, kind)
    if is_pipeline(data):
        return from_pipeline(data, labels, name)
    return from_arrays(data, labels, name, kind=kind)


def _by_path(name: str, labels: Any, kind: str | None) -> Data:
    if not name.strip():
        raise AenbError(f"`--data`: {EXPECTED}; received an empty name. The folder that you are in is called `.`.")
    path = expanded(name)
    try:
        is_folder = stat.S_ISDIR(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError) as error:
        if path.suffix or len(path.parts) > 1 or name.endswith(("/", "\\")):
            raise AenbError(f"`--data`: {EXPECTED}; there is no file or folder {named(name)}.") from error
        guess = nearest(name, datasets())
        hint = f" Did you mean `{guess}`?" if guess else f" The data sets are {', '.join(datasets())}."
        raise AenbError(f"No data set, notebook variable or file is called `{shown(name)}`.{hint}") from error
    except (OSError, ValueError) as error:
        raise AenbError(f"`--data`: {EXPECTED}; received {named(name)}: {reason(error)}.") from error
    return replace(from_folder(path, labels) if is_folder else from_file(path, labels, kind), name=printable(name))
