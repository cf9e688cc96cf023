"""load_data: loads data sets by name, arrays, tables, files, folders and pipelines."""

from __future__ import annotations

import inspect
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple, cast

import numpy as np

from aenb.core.arguments import checked
from aenb.core.errors import AenbError, nearest, shown
from aenb.core.fields import Field
from aenb.core.files import expanded, named, reason
from aenb.core.short_form import max_examples, smaller
from aenb.data.corruption import PAIRED
from aenb.data.files.data_files import FORMATS, from_file, read_file
from aenb.data.files.folder_listing import in_folder
from aenb.data.files.listed_examples import from_listing
from aenb.data.files.listed_sounds import from_waves, refuse_sound_options
from aenb.data.files.listing import Listing, listed_files
from aenb.data.files.sound_files import RATES, SUFFIXES
from aenb.data.foreign import reading
from aenb.data.labels import printable
from aenb.data.own.arrays import from_arrays
from aenb.data.own.containers import contents
from aenb.data.own.pipeline import from_pipeline, is_pipeline
from aenb.data.record import Data
from aenb.data.series.load_series import from_series
from aenb.data.series.recording import is_series
from aenb.data.sets.data_sets import datasets
from aenb.data.sound.sound_forms import FORMS
from aenb.data.split import MIN_EXAMPLES
from aenb.data.text.pairs import are_pairs
from aenb.data.text.read import load_written
from aenb.data.text.read_pairs import load_pairs
from aenb.data.text.written import UNITS
from aenb.data.values.numeric import is_frame

MAX_NAME = 100  # characters of a name that may be that of a variable
EXPECTED = f"expected a data set, a file ({', '.join(FORMATS)}) or a folder of images, sounds or texts"


Window = Annotated[int | None, Field("steps of a window; None: by the autocorrelation", low=2, high=10**5)]
Stride = Annotated[int | None, Field("steps between two windows; None: by the length", low=1, high=10**5)]


class Asked(NamedTuple):
    """How data was asked to be taken: its kind, the kinds of columns, the windows of a series, the rate of sounds."""

    kind: str | None = None
    columns: Mapping[Any, Any] | None = None
    window: int | None = None
    stride: int | None = None
    sample_rate: int | None = None

    @property
    def is_series(self) -> bool:
        """Whether a series was asked for."""
        return self.kind == "series" or self.window is not None or self.stride is not None


@checked
def load_data(
    data: Any = "mnist_5k",
    labels: Any = None,
    *,
    limit: int | None = None,
    name: str = "array",
    kind: str | None = None,
    columns: Mapping[Any, Any] | None = None,
    tokens: str | None = None,
    window: Window = None,
    stride: Stride = None,
    sample_rate: int | None = None,
) -> Data:
    """Load a data set by its name, or your own data.

    Data that takes more than 512 MB on disk (a `.npy` file, a memory map, the examples of a folder or a pipeline) is
    not loaded into memory: its training examples are read when they are needed.

    Args:
        data: A name of `aenb.datasets()`; an array, a memory map or nested lists, (n, features), (n, height, width) or
            (n, height, width, channels); a pandas DataFrame, of numbers, text, categories, True and False or dates; a
            SciPy sparse matrix; a scikit-learn `Bunch`; one long series, (steps,), a pandas Series, or a DataFrame of
            numbers with times as its index; signals, a list of arrays (steps, channels) of different
            lengths, or of pandas Series; a list of texts; a finite `tf.data.Dataset` of examples x or pairs (x, label),
            batched or not; a pair (data, labels); a path to a `.npy`, `.npz`, `.csv`, `.tsv`, `.parquet` or `.txt` file
            (one text per line), or to a folder of images (png, jpg, bmp, gif, webp), of sounds (wav, flac, ogg) or of
            `.txt` files (a text each), whose subfolders' names are the labels, or the split if they are `train` and
            `test`; a list of paths of such files, or a table with a column of them, such as a .csv of file names and
            labels; a list of pairs of texts, (source, target); or `Data`, which is returned unchanged.
            "fashion_mnist:Shirt" is one class of a data set (`Data.one_class`).
            Tables and signals may have missing values, NaN. Files that cannot be read are left out, and named in the
            notes.
        labels: Labels of the examples, (n,), to use instead of those of a file or a folder: whole numbers, names, or
            True and False, in an array, a list or a pandas column; or the name of a table's column that has them.
        limit: Keep this many training examples, and the same fraction of the held-out ones; at least one of each
            class.
        name: The name to give an array.
        kind: "signal" for an array (n, length, channels) that does not hold grey images, or (n, length), one series a
            row. An array (n, length, 1) is signals anyway. "series" for an array (steps, channels), a list of numbers,
            or a table with times in a column, also in a file: one long series. For sounds, what a model gets:
            "log_mel", the default, mel spectra in decibels, (frames, bands); "mel_image", the same as images in [0, 1],
            (bands, frames, 1); "complex", spectra; or "waveform", (samples, 1). "pairs" for a table, also in a file,
            whose two columns of text are sources and targets, such as sentences and their translations; a list of pairs
            of texts is taken as such anyway.
        columns: What the columns of a table are, if not what they look like, by their names: "numeric", "quantile" (its
            ranks, as a normal distribution: for long tails), "count", "binary", "categorical", "ordinal" (of numbers;
            for text, the list of its levels in order), "date", or "drop". `data.columns` shows the kinds, with reasons;
            by default, a column that numbers or names the rows is left out. With `kind="pairs"`: "source" and "target".
        tokens: What texts are split into: "words", lower-cased and without punctuation, at most 32 of the 8,000 most
            frequent ones; "subwords" or "bytes" of texts as they are written, at most 256, of which none is unknown.
            "subwords" needs the library `tokenizers`. None: words; of pairs, subwords, or bytes without the library.
        window: Of a series: how many steps a window has; None: the highest peak of the autocorrelation, usually a
            period, or 125 without one. `window` or `stride` also say that the data is a series.
        stride: Of a series: how many steps after the window before each window begins; None: 1, or what gives 20,000
            training windows of a longer one.
        sample_rate: For sounds: samples a second, to which files are resampled; by default their most frequent one, at
            most 16,000. With a list of arrays (samples,), or an array (n, samples), it says that they are recordings.

    Returns:
        `Data`: images in [0, 1], tables and signals standardised, texts as token ids, with a part held out; its notes
        say what was changed. In a table with other columns than numbers, each column is coded by its kind. Of a series,
        windows (n, window, channels) in the order of time, with the last fifth held out; gaps, duplicate and unsorted
        times are repaired, and named in the notes.

    Raises:
        AenbError: The name is unknown, the file is broken, or a model cannot learn from the array; too few files of a
            folder can be read; a pipeline is infinite, or its examples differ in shape; the disk for temporary files
            is full; a label is missing or not a class; reading an object of another class raised an exception, which
            is the error's `__cause__`.

    Example:
        >>> import aenb
        >>> data = aenb.load_data("digits")
        >>> data.x_train.shape
        (1437, 8, 8, 1)

        >>> import pandas as pd
        >>> table = pd.DataFrame({"city": ["Lyon", "Nice", "Paris"] * 20, "sales": range(3, 183, 3)})
        >>> aenb.load_data(table, columns={"sales": "quantile"}).columns["kind"].to_dict()
        {'city': 'categorical', 'sales': 'quantile'}

        >>> load = pd.Series(range(500), pd.date_range("2024-01-01", periods=500, freq="h")) % 24
        >>> aenb.load_data(load).input_shape
        (24, 1)
    """
    if limit is not None and limit < MIN_EXAMPLES:
        raise AenbError(f"`limit`: expected at least {MIN_EXAMPLES} training examples; received {limit}.")
    if kind not in (None, "signal", "series", "pairs", *FORMS):
        raise AenbError(
            f'`kind`: expected "signal", "series", "pairs", {", ".join(FORMS)} for sounds, or None for any other data; '
            f"received {kind!r}."
        )
    if sample_rate is not None and not RATES[0] <= sample_rate <= RATES[1]:
        raise AenbError(f"`sample_rate`: expected {RATES[0]} to {RATES[1]:,} samples a second; received {sample_rate}.")
    is_known = isinstance(data, Data) or (isinstance(data, str | Path) and str(data) in datasets())
    if not is_known and (kind == "pairs" or are_pairs(data)):
        return load_pairs(data, labels, name, tokens, columns).limit(smaller(limit, max_examples()))
    if tokens in UNITS and not is_known:
        return load_written(data, labels, name, tokens).limit(smaller(limit, max_examples()))
    loaded = _find(data, labels, name, Asked(None if kind == "pairs" else kind, columns, window, stride, sample_rate))
    if kind == "pairs" and not loaded.target_length:
        raise AenbError(f'`kind`: expected data with pairs of texts, for "pairs"; received {loaded.name}, without.')
    if tokens is not None and tokens != loaded.preprocessing.tokens:
        received = loaded.preprocessing.tokens or "no texts"
        raise AenbError(
            f'`tokens`: expected "words", "subwords" or "bytes" of texts that are yet to be split; received {tokens!r} '
            f"for {loaded.name}, which has {received}."
        )
    return loaded.limit(smaller(limit, max_examples()))


def asked_kind(task: str, data: Any) -> str | None:
    """Return the kind of data that a task asks for: pairs of texts, if what is given may be a table of them."""
    is_table = is_frame(data) or (isinstance(data, str | Path) and str(data).endswith((".csv", ".tsv", ".parquet")))
    return "pairs" if task in PAIRED and is_table else None


def find_data(
    word: str, variables: Mapping[str, Any], *, tokens: str | None = None, task: str = "reconstruct"
) -> tuple[Any, list[str]]:
    """Find what `--data` names: first a variable of the notebook, then a data set or a file.

    Args:
        word: What was typed.
        variables: The notebook's variables.
        tokens: What texts are split into, as for `load_data`.
        task: What a model is to learn from it.

    Returns:
        What `load_data` takes, and what the reader should know.

    Raises:
        AenbError: A variable is no data, or the name is that of nothing.
    """
    value = variables.get(word)
    with reading(value, f"`{word}`"):
        is_data = hasattr(value, "__array__") or isinstance(value, list | tuple | Data)
    if value is None or (word in datasets() and not is_data):
        is_bare = len(word) <= MAX_NAME and word.isidentifier() and word not in datasets()
        if value is None and is_bare and not os.path.exists(word):
            named_data = [name for name, one in variables.items() if not name.startswith("_") and _may_be_data(one)]
            raise _no_such(word, named_data)
        return word, []
    notes = [f"The variable `{word}` was used, not the data set of that name."] if word in datasets() else []
    return load_data(value, name=word, tokens=tokens, kind=asked_kind(task, value)), notes


def _may_be_data(value: Any) -> bool:
    return is_frame(value) or isinstance(value, np.ndarray | list | tuple | Data)


def _no_such(name: str, variables: Sequence[str] = ()) -> AenbError:
    """Return the error for a name that is nothing, with the nearest data set and the nearest variable."""
    guesses = [guess for guess in (nearest(name, datasets()), nearest(name, variables)) if guess]
    best = nearest(name, guesses)
    guesses = [guess for guess in guesses if guess == best or guess.startswith(name)]
    hint = f" Did you mean {' or '.join(f'`{one}`' for one in dict.fromkeys(guesses))}?"
    others = f" The data sets are {', '.join(datasets())}."
    return AenbError(f"No data set, notebook variable or file is called `{shown(name)}`.{hint if guesses else others}")


def _find(data: Any, labels: Any, name: str, asked: Asked = Asked()) -> Data:  # noqa: B008
    with reading(data, f"`{name}`"):
        if isinstance(data, tuple) and len(data) == 2:
            data, labels = data
    if isinstance(data, Data) or (isinstance(data, str | Path) and str(data) in datasets()):
        if labels is not None:
            raise AenbError("`labels`: expected none, since this data has its own; received some. Leave them out.")
        _refuse_columns(asked.columns, "data that is loaded already")
        _refuse_windows(asked, "data that is loaded already")
        return data if isinstance(data, Data) else _by_name(str(data), asked.kind)
    if isinstance(data, str) and data.partition(":")[0] in datasets() and not os.path.exists(data):
        data_set, _, label = data.partition(":")
        return _by_name(data_set, asked.kind).one_class(printable(label))
    if isinstance(data, str | os.PathLike):
        return _by_path(os.fsdecode(data), labels, asked)
    if is_pipeline(data):
        _refuse_windows(asked, "a pipeline of examples")
        return from_pipeline(data, labels, name)
    with reading(data, f"`{name}`"):
        if asked.is_series or (asked.kind is None and is_series(data)):
            _refuse_columns(asked.columns, "a series")
            return from_series(data, labels, name, window=asked.window, stride=asked.stride)
        listing = None if asked.columns else listed_files(data, name, labels=labels)
    if listing is not None:
        return from_listing(listing, labels, asked.kind, asked.sample_rate)
    if asked.sample_rate is not None:
        with reading(data, f"`{name}`"):
            return from_waves(list(data), labels, name, asked.sample_rate, asked.kind if asked.kind in FORMS else None)
    refuse_sound_options(name, asked.kind, asked.sample_rate)
    with reading(data, f"`{name}`"):
        found = contents(data, name, asked.kind)
    class_names = found.class_names if labels is None else ()
    labels = found.labels if labels is None else labels
    return from_arrays(
        found.x, labels, name, kind=found.kind, class_names=class_names, notes=found.notes, columns=asked.columns
    )


def _refuse_columns(columns: Mapping[Any, Any] | None, received: str) -> None:
    if columns:
        raise AenbError(f"`columns`: expected a table with named columns; received {received}.")


def _refuse_windows(asked: Asked, received: str) -> None:
    if asked.is_series:
        raise AenbError(
            f'`window`, `stride` and `kind="series"`: expected a series, which they cut; received {received}.'
        )


def _by_name(name: str, kind: str | None = None) -> Data:
    """Load a data set: one from outside may give anything that becomes `Data`, and one of sounds takes `kind`."""
    load = datasets()[name].load
    has_forms = "form" in inspect.signature(load).parameters
    if not has_forms:
        refuse_sound_options(name, kind, None)
    loaded = load(kind) if has_forms and kind in FORMS else load()  # type: ignore[call-arg]
    return loaded if isinstance(loaded, Data) else _find(loaded, None, name)


def _by_path(name: str, labels: Any, asked: Asked) -> Data:
    if not name.strip():
        raise AenbError(f"`--data`: {EXPECTED}; received an empty name. The current folder is `.`.")
    path = expanded(name)
    try:
        is_folder = stat.S_ISDIR(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError) as error:
        if path.suffix or len(path.parts) > 1 or name.endswith(("/", "\\")):
            raise AenbError(f"`--data`: {EXPECTED}; there is no file or folder {named(name)}.") from error
        raise _no_such(name) from error
    except (OSError, ValueError) as error:
        raise AenbError(f"`--data`: {EXPECTED}; received {named(name)}: {reason(error)}.") from error
    if is_folder:
        _refuse_columns(asked.columns, "a folder")
        _refuse_windows(asked, "a folder")
        loaded = from_listing(in_folder(path), labels, asked.kind, asked.sample_rate)
    elif path.suffix.lower() in SUFFIXES:
        _refuse_windows(asked, "a file of sound")
        listing = cast(Listing, listed_files([path], name))
        loaded = from_listing(listing, labels, asked.kind, asked.sample_rate)
    else:
        refuse_sound_options(name, asked.kind, asked.sample_rate)
        loaded = (
            _series_file(path, labels, asked) if asked.is_series else from_file(path, labels, asked.kind, asked.columns)
        )
    return replace(loaded, name=printable(name))


def _series_file(path: Path, labels: Any, asked: Asked) -> Data:
    """Load a file as one long series; labels may be the name of a column."""
    _refuse_columns(asked.columns, "a series")
    found = read_file(path)
    source = f"the file {named(path.name)}"
    return from_series(
        found.x, labels, named(path.stem), source, window=asked.window, stride=asked.stride, notes=found.notes
    )
