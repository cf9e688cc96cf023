"""Texts as they are written, from a list, a column, a file with one text per line, or a folder of files."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from aenb.core.errors import AenbError
from aenb.core.files import expanded, named
from aenb.data.files.data_files import read_file
from aenb.data.files.folder_listing import in_folder
from aenb.data.files.listed_texts import read_texts
from aenb.data.foreign import reading
from aenb.data.labels import printable
from aenb.data.record import Data
from aenb.data.split import MIN_EXAMPLES
from aenb.data.text.written import from_written
from aenb.data.values.words import are_texts


def load_written(data: Any, labels: Any, name: str, tokens: str) -> Data:
    """Load texts as they are written.

    Args:
        data: A list, an array or a column of texts, a pair (texts, labels), or the path of a `.txt` file in UTF-8 with
            one text per line, or of a folder of `.txt` files.
        labels: (n,), as for `aenb.load_data`.
        name: The name of a list.
        tokens: "subwords" or "bytes".

    Raises:
        AenbError: It holds no texts, or can't be read.
    """
    with reading(data, f"`{name}`"):
        if isinstance(data, tuple) and len(data) == 2 and are_texts(data[0]):
            data, labels = data
        is_list = are_texts(data)
    if isinstance(data, str | os.PathLike):
        return replace(_by_path(os.fsdecode(data), labels, tokens), name=printable(os.fsdecode(data)))
    if not is_list:
        raise AenbError(f'`tokens`: expected a list, a file or a folder of texts, for "{tokens}"; received other data.')
    return from_written(data, labels, name, tokens=tokens)


def _by_path(name: str, labels: Any, tokens: str) -> Data:
    path = expanded(name)
    if path.is_dir():
        texts, kept, notes = read_texts(in_folder(path), MIN_EXAMPLES)
        return from_written(
            texts, kept.labels if labels is None else labels, tokens=tokens, source=kept.source,
            class_names=kept.class_names, names=kept.names, is_held=kept.is_held, notes=(*kept.notes, *notes),
        )  # fmt: skip
    if path.suffix != ".txt":
        raise AenbError(f'`tokens`: expected a .txt file or a folder of them, for "{tokens}"; received {named(name)}.')
    found = read_file(path)
    return from_written(found.x, labels, tokens=tokens, source=f"the file {named(path.name)}", notes=found.notes)
