"""The parts of an evaluation: what each measures, and the door for parts from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, overload

from aenb.core.catalogue import LAST, Catalogue, summary_of
from aenb.data.record import Data
from aenb.latent.trained_run import TrainedRun

Measure = Callable[[TrainedRun, Data, Callable[[str], object]], dict[str, float]]
M = TypeVar("M", bound=Measure)


@dataclass(frozen=True)
class Part:
    """A part of an evaluation.

    Attributes:
        name: What you type: `run.evaluate(parts="reconstruction")`.
        measure: The function from (run, data, say) to floats by name.
        summary: What it measures, in a line.
        order: Its place among the others.
    """

    name: str
    measure: Measure
    summary: str = ""
    order: int = LAST

    def row(self) -> dict[str, str]:
        """Return the part's row in the catalogue."""
        return {"what": self.summary}


_parts: Catalogue[Part] = Catalogue("part", "aenb.evaluation.scorers", "aenb.scores")


@overload
def score(measure: M) -> M: ...
@overload
def score(*, summary: str = "", order: int = LAST) -> Callable[[M], M]: ...
def score(measure: M | None = None, *, summary: str = "", order: int = LAST) -> M | Callable[[M], M]:
    """Register the decorated function as a part of `Run.evaluate`, under its name.

    The function takes the run, the data to score on, in the run's units, and `say`. It calls `say` with what it does if
    that takes long. It returns floats by name, or nothing if it does not apply to the run. No two parts share a name.

    A package registers its own by naming its module in the entry-point group `aenb.scores`.

    Args:
        measure: The function.
        summary: What it measures, in a line; by default the first line of its docstring.
        order: Its place among the parts.

    Returns:
        The function as it was.

    Raises:
        AenbError: Another module has a part of that name.

    Example:
        >>> import aenb, numpy as np
        >>> @aenb.score(summary="the largest error of a held-out value")
        ... def largest(run, data, say):
        ...     x = data.test[:]
        ...     return {"largest_error": float(np.abs(run.reconstruct(x) - x).max())}
        >>> run = aenb.train("deep", "wine", latent_dim=2, epochs=1, verbose=False)
        >>> list(run.evaluate(parts="largest"))
        ['largest_error']
    """

    def register(measure: M) -> M:
        part = Part(measure.__name__, measure, summary or summary_of(measure), order)
        _parts.add(part.name, part, measure.__module__)
        return measure

    return register if measure is None else register(measure)


def parts() -> Catalogue[Part]:
    """List the parts of an evaluation by name: `Part`s, in their order."""
    return _parts.discover()
