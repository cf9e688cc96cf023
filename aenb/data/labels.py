"""Labels: a class for each example, as whole numbers, booleans or names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.foreign import as_list, reading

EXPECTED = "expected a class for each example: whole numbers, names, or True and False"
LONGEST = 1000  # letters of a name
EXACT = 2**53  # every whole number up to here is exact as a float
DATES = "Turn dates into names with .astype(str)."
UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
)  # control characters, line ends, half characters
MISSING = "Leave out the examples without a label, or give them a class of their own."
TEXT, NUMBER, TRUTH = "names", "numbers", "True or False"


def read_labels(labels: Any, n: int, name: str) -> np.ndarray | None:
    """Return the labels of n examples as an array of whole numbers, booleans or names.

    Args:
        labels: (n,) or (n, 1), an array, a list or a pandas column, of any dtype; floats must be whole numbers; bytes
            are names in UTF-8. None: there are no labels.
        n: The number of examples.
        name: The name of the data, for errors.

    Returns:
        (n,), of integers, bool or str; or None.

    Raises:
        AenbError: They have another length; one is missing, or is not a class (a fraction, a date, an object); names
            and numbers are mixed.

    Example:
        >>> read_labels([1.0, 2.0, 1.0], 3, "x").tolist()
        [1, 2, 1]
    """
    if labels is None:
        return None
    what = f"Labels of `{name}`"
    array = _as_array(labels, what)
    if array.shape == (n, 1):
        array = array[:, 0]
    if array.shape != (n,):
        remedy = (
            " Convert one-hot labels to classes with .argmax(axis=1)." if array.ndim == 2 and len(array) == n else ""
        )
        raise AenbError(f"{what}: expected the shape ({n},); received {array.shape}.{remedy}")
    return _classes(array, what)


def class_numbers(labels: Any, classes: Sequence, name: str) -> np.ndarray:
    """Return the index of each label among the classes: int32, of the shape of the labels.

    Args:
        labels: One label, or an array or list of them.
        classes: All classes, sorted.
        name: The name of the data, for errors.

    Raises:
        AenbError: A label is not one of the classes, or there are no classes.

    Example:
        >>> class_numbers(["cat", "dog", "cat"], ("cat", "dog"), "x").tolist()
        [0, 1, 0]
    """
    if not len(classes):
        raise AenbError(f"`labels`: expected data with labels; {name} has none.")
    given, known = _as_array(labels, "`labels`"), np.asarray(classes)
    given = _classes(given.ravel(), "`labels`").reshape(given.shape)
    if (given.dtype.kind == "U") == (known.dtype.kind == "U"):
        numbers = np.searchsorted(known, given).clip(max=len(known) - 1).astype("int32")
        wrong = known[numbers] != given
    else:
        numbers, wrong = np.zeros(given.shape, "int32"), np.ones(given.shape, bool)
    if wrong.any():
        shown = f"{', '.join(map(str, classes[:20]))}{', …' if len(classes) > 20 else ''}"
        raise AenbError(f"`labels`: expected some of {shown}; received {given[wrong].ravel()[0]}.")
    return numbers


def _as_array(labels: Any, what: str) -> np.ndarray:
    """Return labels as an array; a list with names in it as an object array, since NumPy would turn all into names."""
    with reading(labels, what):
        labels = as_list(labels, what)
        if isinstance(labels, list | tuple) and any(issubclass(kind, str | bytes) for kind in set(map(type, labels))):
            return np.fromiter(labels, object, len(labels))
        try:
            return np.asarray(labels)
        except ValueError as error:
            raise AenbError(f"{what}: expected one flat list; received lists of different lengths.") from error


def _classes(array: np.ndarray, what: str) -> np.ndarray:
    """Return (n,) labels of any dtype as whole numbers, booleans or names."""
    kind = array.dtype.kind
    if kind in "OST":
        return _of_objects(array.astype(object), what)
    if kind == "f":
        return _whole(array, what)
    if kind == "U":
        return _names(array, what)
    if kind not in "biu":
        remedy = f" {DATES}" if kind in "mM" else ""
        raise AenbError(f"{what}: {EXPECTED}; received dtype {array.dtype}.{remedy}")
    return array


def _of_objects(array: np.ndarray, what: str) -> np.ndarray:
    kinds: dict[str, int] = {}  # each kind of label, and the first index of it
    for index, label in enumerate(array):
        kinds.setdefault(_kind(label, index, what), index)
    if TEXT in kinds and len(kinds) > 1:
        one, other = (array[index] for index in list(kinds.values())[:2])
        raise AenbError(
            f"{what}: {EXPECTED}; received both names and numbers, such as {_shown(one)} and {_shown(other)}. "
            "Turn all of them into names: [str(label) for label in labels]."
        )
    if TEXT in kinds:
        return _names(array, what)
    if set(kinds) == {TRUTH}:
        return array.astype(bool)
    try:
        return np.array([int(label) for label in array], "int64")
    except OverflowError as error:
        raise AenbError(f"{what}: expected whole numbers of up to 64 bits; received larger ones.") from error


def _kind(label: Any, index: int, what: str) -> str:
    """Say what kind of label it is, or raise an error if it is not a label."""
    if isinstance(label, str | bytes):
        return TEXT
    if isinstance(label, bool | np.bool_):
        return TRUTH
    if isinstance(label, Integral):
        return NUMBER
    if isinstance(label, Real) and label == label:  # not NaN
        if label in (float("inf"), -float("inf")) or label != int(label):  # type: ignore[call-overload]
            raise _fraction(label, index, what)
        return NUMBER
    if label is None or isinstance(label, Real) or type(label).__name__ in ("NAType", "NaTType"):
        raise AenbError(f"{what}: {EXPECTED}; received a missing one at index {index}. {MISSING}")
    remedy = f" {DATES}" if hasattr(label, "isoformat") else ""
    raise AenbError(f"{what}: {EXPECTED}; received a {type(label).__name__} at index {index}.{remedy}")


def _whole(array: np.ndarray, what: str) -> np.ndarray:
    """Return floats, which must be whole numbers, as integers."""
    if np.isnan(array).any():
        index = int(np.isnan(array).argmax())
        raise AenbError(f"{what}: {EXPECTED}; received a missing one at index {index}. {MISSING}")
    broken = ~(np.abs(array) <= array.dtype.type(EXACT)) if array.itemsize > 2 else np.isinf(array)
    broken[~broken] = array[~broken] % 1 != 0
    if broken.any():
        raise _fraction(array[broken][0], int(broken.argmax()), what)
    return array.astype("int64")


def _fraction(label: Any, index: int, what: str) -> AenbError:
    return AenbError(
        f"{what}: {EXPECTED}; received {label} at index {index}. Bin the numbers into classes with "
        "pandas.cut(y, 5, labels=False), or leave the labels out."
    )


def _names(array: np.ndarray, what: str) -> np.ndarray:
    """Return names as an array of str; bytes are decoded as UTF-8, and unprintable characters are escaped."""
    values, inverse = np.unique(np.array([_name(one, what) for one in array], object), return_inverse=True)
    longest = max(map(len, values), default=0)
    if longest > LONGEST:
        raise AenbError(f"{what}: expected class names of up to {LONGEST:,} letters; received one of {longest:,}.")
    return values.astype(str)[inverse]


def _name(label: str | bytes, what: str) -> str:
    if isinstance(label, bytes):
        try:
            return label.decode()
        except UnicodeDecodeError as error:
            raise AenbError(f"{what}: expected bytes in UTF-8; received {_shown(label)}.") from error
    return printable(label)


def printable(text: str) -> str:
    r"""Return a text on one line that can be written as UTF-8; other characters, as in some file names, are escaped.

    Example:
        >>> printable("caf\udce9")
        'caf\\udce9'
    """
    return UNPRINTABLE.sub(lambda match: match[0].encode("unicode_escape").decode(), str(text))


def _shown(label: Any) -> str:
    text = repr(label)
    return text if len(text) <= 40 else f"{text[:40]}…"
