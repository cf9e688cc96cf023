"""The gate: what training accepted becomes a model's inputs, and results go back in the form of what was given.

    given                                      inputs                  results
    a DataFrame, a .csv or .parquet file       coded, standardised     DataFrames with its index, in its units
    a folder of images, sounds or texts, a     resized, in [0, 1];     codes and scores with the files' names
    list of paths, a table of file names       spectra; token ids
    recordings, a list of (samples,)           spectra                 arrays in the model's units
    raw rows or signals, in an array           standardised            arrays in its units
    a series, to a run of a series' windows    windows, standardised   a row for each of its rows
    images, texts, or an array in              in the model's units    arrays in the model's units
    the model's units, such as `x_test`

All of `encode`, `decode`, `score`, `reconstruct`, `impute` and `generate` pass here, and nothing else checks or scales
what they are given: `Preprocessing` does it, as in training.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.core.files import expanded, named
from aenb.data.files import sound_files
from aenb.data.files.data_files import FORMATS, read_file
from aenb.data.files.folder_listing import in_folder
from aenb.data.files.image_files import SUFFIXES
from aenb.data.files.listed_examples import read_listing
from aenb.data.files.listed_sounds import are_recordings, recorded
from aenb.data.files.listing import listed_files
from aenb.data.foreign import reading
from aenb.data.own.containers import contents
from aenb.data.preprocessing import Preprocessing
from aenb.data.series.given import GivenSeries, given_series, is_given_series
from aenb.data.tables.rows import are_rows, as_rows
from aenb.data.values.numeric import is_frame
from aenb.data.values.words import are_texts


@dataclass(frozen=True)
class Admitted:
    """What was given, as a model's inputs.

    Attributes:
        inputs: (n, *input_shape), in the model's units.
        preprocessing: That of the run.
        index: What names the examples: the index of a table, the names of files; None: nothing.
        frame: The table that was given, or None.
        is_raw: Whether an array of original units was given.
        are_texts: Whether texts were given, or files of texts.
        series: The series that the inputs are windows of, or None.
    """

    inputs: np.ndarray
    preprocessing: Preprocessing
    index: Any = None
    frame: Any = None
    is_raw: bool = False
    are_texts: bool = False
    series: GivenSeries | None = None

    def codes(self, codes: np.ndarray) -> Any:
        """Return latent codes: (n, latent_dim), or a DataFrame of them if the examples have an index."""
        return codes if self.index is None else code_frame(codes, self.index)

    def scores(self, scores: np.ndarray) -> Any:
        """Return a score for each example: (n,), or a Series if the examples have an index."""
        import pandas as pd

        return scores if self.index is None else pd.Series(scores, index=self.index, name="score")

    def examples(self, x: np.ndarray) -> Any:
        """Return examples in the form and the units of those given: (n, *input_shape), a DataFrame, or texts."""
        if self.are_texts:
            return self._texts(x)
        if self.series is not None:
            return self.series.in_rows(self.preprocessing.to_raw(x))
        if self.frame is not None:
            return self.preprocessing.to_frame(x, self.index)
        return self.preprocessing.to_raw(x) if self.is_raw else x

    def _texts(self, x: np.ndarray) -> Any:
        import pandas as pd

        texts = self.preprocessing.texts(x)
        return texts if self.index is None else pd.Series(texts, index=self.index, name="text")

    def filled(self, x: np.ndarray) -> Any:
        """Return the examples with their missing values filled in from others, as `examples` does."""
        return self.examples(x) if self.frame is None else self.preprocessing.restore(x, like=self.frame)


def admit(x: Any, preprocessing: Preprocessing, name: str = "x") -> Admitted:
    """Turn anything that training accepted into a model's inputs.

    Args:
        x: Examples: an array, raw or in the model's units; a DataFrame; a file or a folder; texts; a list of series, a
            sparse matrix or a scikit-learn Bunch.
        preprocessing: That of the run.
        name: The name of what was given, for errors.

    Raises:
        AenbError: The examples do not fit the run, or a file can't be read.
    """
    index = None
    if isinstance(x, str) and not x.strip() and preprocessing.kind != "text":
        raise AenbError(
            f"`{name}`: expected examples, a file or a folder; received no name. The current folder is `.`."
        )
    if _is_path(x, preprocessing.kind):
        x, index = _read(expanded(x), preprocessing)
    elif preprocessing.sound and are_recordings(x, preprocessing.sound):
        x = preprocessing.from_raw(recorded(x, preprocessing.sound, name), name)
    elif preprocessing.kind in ("image", "text") or preprocessing.sound:
        with reading(x, f"`{name}`"):
            listing = listed_files(x, name)
        x, index = (x, None) if listing is None else read_listing(listing, preprocessing)
    if preprocessing.stride and is_given_series(x):
        series, inputs = given_series(x, preprocessing, name)
        return Admitted(inputs, preprocessing, series.begins, series=series)
    if preprocessing.kind != "text":
        x = contents(x, name, preprocessing.kind).x
    if preprocessing.columns and are_rows(x, preprocessing.input_shape[0]):
        x = as_rows(x, preprocessing.columns, name)
    if is_frame(x):
        return Admitted(preprocessing.inputs(x, name), preprocessing, x.index, x)
    if index is None and hasattr(x, "to_frame") and preprocessing.kind == "text":
        index = x.index
    inputs, is_text = preprocessing.inputs(x, name), preprocessing.kind == "text" and are_texts(x)
    return Admitted(inputs, preprocessing, index, None, preprocessing.is_raw(x), is_text)


def code_frame(codes: np.ndarray, index: Any) -> Any:
    """Return latent codes as a DataFrame with the columns z1, z2, …: (n, *code_shape) → n rows."""
    import pandas as pd

    flat = codes.reshape(len(codes), math.prod(codes.shape[1:]))  # of no rows too
    return pd.DataFrame(flat, index=index, columns=[f"z{number + 1}" for number in range(flat.shape[1])])


def _is_path(x: Any, kind: str) -> bool:
    if isinstance(x, os.PathLike):
        return True
    return isinstance(x, str) and (kind != "text" or os.path.isdir(x) or (x.endswith(FORMATS) and os.path.exists(x)))


def _read(path: Path, preprocessing: Preprocessing) -> tuple[Any, Any]:
    """Read a file or a folder: return its examples, and the names of its files or None."""
    takes_files = preprocessing.kind in ("image", "text") or preprocessing.sound is not None
    if path.is_dir():
        if not takes_files:
            raise AenbError(f"`{named(path)}`: expected {preprocessing.what}; received a folder.")
        return read_listing(in_folder(path), preprocessing)
    if not path.exists():
        raise AenbError(f"`x`: expected examples, a file or a folder; there is no file or folder {named(path)}.")
    is_one = takes_files and path.suffix.lower() in (*SUFFIXES, *sound_files.SUFFIXES)
    x, base = ([path], Path()) if is_one else (read_file(path).x, path.parent)
    listing = listed_files(x, str(path), base) if is_one or (takes_files and is_frame(x)) else None
    return (x, None) if listing is None else read_listing(listing, preprocessing)
