"""Examples of a user's own at their places in the latent space, as the explorer's page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aenb.core.errors import AenbError, shown
from aenb.data.labels import printable
from aenb.notebook.widgets.explorer_page import packed
from aenb.runs.run import Run

MOST = 50  # with their names, on a plane that is to stay legible
Mark = dict[str, Any]


def encoded(run: Run, x: Any, labels: Any) -> tuple[np.ndarray, np.ndarray]:
    """Preprocess and encode one or a few examples.

    Args:
        run: The `Run`.
        x: (n, *input_shape), as `Run.encode` takes it, or one example without the batch axis.
        labels: Their classes, if the model is conditional; of one example, its class.

    Returns:
        The examples in the model's units, (n, *input_shape), and their codes, (n, latent_dim).

    Raises:
        AenbError: They do not fit, or are none, or too many.
    """
    preprocessing = run.preprocessing
    is_row = preprocessing.kind == "tabular" and hasattr(x, "to_frame")
    is_one = is_row or (preprocessing.is_one(x) if isinstance(x, str | list | tuple | np.ndarray) else False)
    _check_number(1 if is_one else _length(x))
    inputs = preprocessing.input(x)[None] if is_one else preprocessing.inputs(x)
    _check_number(len(inputs))
    return inputs, run.encode(inputs, [labels] if isinstance(labels, str | int | np.integer) else labels)


def _length(x: Any) -> int:
    """Return how many examples something holds, before it becomes an array; 1 if it does not say."""
    try:
        return len(x)
    except Exception:  # a user's object may raise anything: `inputs` raises the error
        return 1


def _check_number(n: int) -> None:
    if not 1 <= n <= MOST:
        raise AenbError(f"`x`: expected 1 to {MOST} examples; received {shown(n)}. Pick some: x[:{MOST}].")


def names_for(n: int, name: Any, taken: Sequence[str]) -> list[str]:
    """Return n names.

    Args:
        n: How many examples.
        name: A name for one, the beginning of the names of several, a list of names, or None.
        taken: Names that are in use: those that None stands for are others.

    Raises:
        AenbError: It is neither a text nor n different texts.
    """
    if name is None:
        free = (f"mine {number}" for number in range(1, len(taken) + n + 1))
        return [one for one in free if one not in taken][:n]
    if isinstance(name, str):
        names = [name] if n == 1 else [f"{name} {number}" for number in range(1, n + 1)]
    else:
        is_list = isinstance(name, list | tuple) or (isinstance(name, np.ndarray) and name.ndim == 1)
        names = list(name) if is_list else []
    if len(names) != n or not all(isinstance(one, str) and one for one in names) or len(set(names)) != n:
        raise AenbError(f"`name`: expected a text, or a list of {n} different texts; received {shown(name)}.")
    return [printable(one) for one in names]


def marks_of(run: Run, inputs: np.ndarray, codes: np.ndarray, names: Sequence[str]) -> list[Mark]:
    """Return what the page needs in order to show the examples: name, code, and the example itself."""
    kind = run.preprocessing.kind
    texts = run.preprocessing.texts(inputs) if kind == "text" else [""] * len(inputs)
    return [
        {"name": name, "code": code.astype("<f4").tobytes(), "example": packed(x, kind), "text": text}
        for name, code, x, text in zip(names, codes, inputs, texts, strict=True)
    ]
