"""NumPy's own ways with floating-point errors: what a notebook sets by `np.seterr` is not for what is computed here."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numpy as np

Parameters, Found = ParamSpec("Parameters"), TypeVar("Found")


def usual_errors(compute: Callable[Parameters, Found]) -> Callable[Parameters, Found]:
    """Let a function compute as NumPy does unless told otherwise: what underflows is 0, all else warns.

    Example:
        >>> import numpy as np
        >>> with np.errstate(all="raise"):
        ...     usual_errors(np.exp)(-1000.0).item()
        0.0
    """

    @functools.wraps(compute)
    def computed(*arguments: Parameters.args, **keywords: Parameters.kwargs) -> Found:
        with np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"):
            return compute(*arguments, **keywords)

    return computed
