"""Examples in other containers: a scikit-learn Bunch, a SciPy sparse matrix, a list of series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import psutil

from aenb.core.errors import AenbError


class Contents(NamedTuple):
    """What a container holds.

    Attributes:
        x: The examples: an array, a DataFrame, or a list of signals.
        labels: Its own labels, or None.
        class_names: The name of each class.
        kind: "signal" for series, else None.
        notes: What was done, in sentences.
    """

    x: Any
    labels: Any = None
    class_names: tuple[str, ...] = ()
    kind: str | None = None
    notes: tuple[str, ...] = ()


def contents(x: Any, name: str, kind: str | None = None) -> Contents:
    """Return what a container holds; anything else is its own content.

    Args:
        x: What was given.
        name: Its name, for errors.
        kind: The kind of data that is wanted, or None: for "signal", a table of one series a row gets a channel axis;
            for "tabular", a Bunch of images gives their pixels as rows.

    Raises:
        AenbError: A sparse matrix does not fit into memory.

    Example:
        >>> import numpy as np
        >>> contents([np.zeros(5), np.zeros(7)], "x").kind
        'signal'
    """
    if is_bunch(x):
        return _of_bunch(x, kind)
    if hasattr(x, "toarray") and hasattr(x, "nnz"):
        x = _dense(x, name)
    if isinstance(x, list | tuple) and x and all(_is_series(one) for one in x):
        return _of_series(x, kind, name)
    if kind == "signal" and isinstance(x, np.ndarray) and x.ndim == 2 and x.dtype.kind in "buif":
        x = x[..., None]
    return Contents(x, kind=kind)


def is_bunch(x: Any) -> bool:
    """Say whether something is a scikit-learn `Bunch` of examples."""
    return isinstance(x, Mapping) and "data" in x and hasattr(x, "data")


def _of_bunch(bunch: Any, kind: str | None) -> Contents:
    import pandas as pd

    x, names, notes = bunch["data"], bunch.get("feature_names"), []
    images, target = bunch.get("images"), bunch.get("target")
    if kind != "tabular" and isinstance(images, np.ndarray) and len(images) == len(x):
        x = images
    elif isinstance(x, np.ndarray) and x.ndim == 2 and names is not None and len(names) == x.shape[1]:
        x = pd.DataFrame(x, columns=list(map(str, names)))
    labels: Any = None
    class_names: tuple[str, ...] = ()
    if target is not None:
        classes = np.unique(np.asarray(target)) if np.ndim(target) == 1 else np.zeros(0)
        if classes.dtype.kind in "biuOUS" and len(classes) <= max(2, len(target) // 2):
            labels, given = np.asarray(target), bunch.get("target_names")
            class_names = tuple(map(str, given)) if given is not None and len(given) == len(classes) else ()
        else:
            notes.append("The target of the Bunch is not classes, and was left out.")
    return Contents(x, labels, class_names, kind, tuple(notes))


def _dense(x: Any, name: str) -> np.ndarray:
    needed, free = 8 * int(np.prod(x.shape)), psutil.virtual_memory().available
    if needed > free / 2:
        raise AenbError(
            f"`{name}`: expected a sparse matrix that fits into memory as an array; received {tuple(x.shape)}, "
            f"{needed / 2**20:,.0f} MB. Reduce its columns first, for example with sklearn.decomposition.TruncatedSVD."
        )
    return x.toarray()


def _is_series(x: Any) -> bool:
    is_pandas = hasattr(x, "to_frame") and hasattr(x, "index") and getattr(x, "ndim", 0) == 1
    return is_pandas or (isinstance(x, np.ndarray) and x.ndim == 1 and x.dtype.kind in "buif")


def _of_series(series: Sequence[Any], kind: str | None, name: str) -> Contents:
    """Return a list of series as signals of one channel, or as the rows of a table."""
    import pandas as pd

    indexes = [one.index for one in series if hasattr(one, "to_frame")]
    is_named = bool(indexes) and all(isinstance(label, str) for label in indexes[0])
    if is_named and kind in (None, "tabular") and all(index.equals(indexes[0]) for index in indexes):
        rows = pd.DataFrame(list(series)).infer_objects()
        return Contents(rows, notes=("A list of named series was taken for rows of a table.",))
    lengths = {len(one) for one in series}
    if kind != "signal" and len(lengths) == 1 and (not indexes or kind is not None):
        note = 'Arrays of one length were taken for the rows of a table; load_data(x, kind="signal") takes series.'
        return Contents(np.stack([np.asarray(one) for one in series]), kind=kind, notes=(note,))
    try:
        signals = [np.asarray(one, "float64")[:, None] for one in series]
    except (TypeError, ValueError) as error:
        raise AenbError(f"`{name}`: expected series of numbers; received others: {error}.") from error
    note = "A list of series was taken for signals of one channel."
    if len(lengths) == 1:
        return Contents(np.stack(signals), kind="signal", notes=(note,))
    return Contents(signals, kind="signal", notes=(note,))
