"""Scoring: what a run is worth on held-out examples, compared with baselines.

Each part is a function from a run and data to floats by name; a part that does not apply to a run gives none.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any

from aenb.core.backend import give_back_memory
from aenb.core.errors import AenbError, shown, unknown
from aenb.core.numerics import usual_errors
from aenb.data.load import load_data
from aenb.data.preprocessing import Preprocessing
from aenb.data.record import Data
from aenb.data.texts import from_texts
from aenb.data.words import are_texts
from aenb.evaluation.scorers.anomaly import anomaly
from aenb.evaluation.scorers.generation import generation
from aenb.evaluation.scorers.likelihood import likelihood
from aenb.evaluation.scorers.reconstruction import reconstruction
from aenb.evaluation.scorers.representation import representation
from aenb.evaluation.scorers.scores import Scores

Scorer = Callable[[Any, Data, Callable[[str], object]], dict[str, float]]

MOST = 100  # parts that anyone asks for
PARTS: dict[str, Scorer] = {
    "reconstruction": reconstruction,
    "likelihood": likelihood,
    "representation": representation,
    "generation": generation,
    "anomaly": anomaly,
}


@usual_errors
def evaluate(run: Any, data: Any = None, parts: Any = None, say: Callable[[str], object] = lambda text: None) -> Scores:
    """Score a run.

    Args:
        run: The `Run`; scores on its own data are kept in it.
        data: As for `Run.evaluate`.
        parts: As for `Run.evaluate`.
        say: Called with what is being done.
    """
    wanted, keeps = chosen_parts(parts), run.keeps()
    missing = wanted if data is not None else [part for part in wanted if part not in run.scores]
    scores = {} if data is not None else dict(run.scores)
    if missing and (chosen := _data(run, data)) is not None:
        scores |= {part: PARTS[part](run, chosen, partial(_say, say)) for part in missing}
        give_back_memory()
        if data is None and keeps:
            run.scores = scores
    return Scores((name, score) for part in PARTS if part in wanted for name, score in scores.get(part, {}).items())


def _say(say: Callable[[str], object], text: str) -> None:
    """Say what is done next, and let the system have what was taken for the work before."""
    give_back_memory()
    say(text)


def _data(run: Any, data: Any) -> Data | None:
    """Return what to score on, in the run's units; None if it is not at hand, and there are scores that were saved."""
    try:
        return run.data if data is None else _in_units(data, run.preprocessing)
    except AenbError as error:
        if data is not None or not run.scores:
            raise
        warnings.warn(f"These are the scores that were saved with the run. {error}", stacklevel=4)
        return None


def _in_units(data: Any, preprocessing: Preprocessing) -> Data:
    """Load other data than a run's own, and bring it to the run's units, by the run's scaler and vocabulary."""
    x, labels = data if isinstance(data, tuple) and len(data) == 2 else (data, None)
    if preprocessing.kind == "text" and are_texts(x):
        (length,) = preprocessing.input_shape
        return from_texts(x, labels, vocabulary=preprocessing.vocabulary, length=length)
    kind = "signal" if preprocessing.kind == "signal" and not isinstance(data, Data) else None
    return load_data(data, kind=kind).within(preprocessing)


def chosen_parts(parts: Any) -> list[str]:
    """Return the names of the parts that are asked for: one, several, or None for all.

    Raises:
        AenbError: There is no part of a name.
    """
    try:
        names = list(PARTS) if parts is None else [parts] if isinstance(parts, str) else list(islice(parts, MOST))
    except Exception:  # it can't be listed
        raise AenbError(
            f"`parts`: expected some of {', '.join(PARTS)}, or None for all; received {shown(parts)}."
        ) from None
    for name in names:
        if not isinstance(name, str) or name not in PARTS:
            raise unknown("part", name, PARTS, " of the scores")
    return names
