"""NumPy's default handling of floating-point errors, whatever a notebook sets with `np.seterr`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numpy as np

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def usual_errors(compute: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Make a function compute with NumPy's defaults: underflow gives 0, all other errors warn.

    Example:
        >>> import numpy as np
        >>> with np.errstate(all="raise"):
        ...     usual_errors(np.exp)(-1000.0).item()
        0.0
    """

    @functools.wraps(compute)
    def computed(*arguments: Parameters.args, **keywords: Parameters.kwargs) -> Result:
        with np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"):
            return compute(*arguments, **keywords)

    return computed
