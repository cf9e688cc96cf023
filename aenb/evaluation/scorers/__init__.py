"""Scorers: evaluate a run on held-out examples, compared with baselines.

Each part is a function from a run and data to floats by name; a part that does not apply to a run returns none.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from typing import Any

from aenb.core.backend import give_back_memory
from aenb.core.errors import AenbError, shown, unknown
from aenb.core.numerics import usual_errors
from aenb.data.labels import printable
from aenb.data.load import load_data
from aenb.data.own.texts import from_texts
from aenb.data.preprocessing import Preprocessing
from aenb.data.record import Data
from aenb.data.tables.mixed_table import asked_again
from aenb.data.text.pairs import are_pairs, from_pairs
from aenb.data.text.subwords import Subwords
from aenb.data.text.written import from_written
from aenb.data.values.numeric import is_frame
from aenb.data.values.words import are_texts
from aenb.evaluation.scorers.score_parts import parts as known_parts
from aenb.evaluation.scorers.scores import Scores
from aenb.latent.trained_run import TrainedRun

MAX_PARTS = 100


@usual_errors
def evaluate(
    run: TrainedRun,
    data: Any = None,
    parts: str | Iterable[str] | None = None,
    say: Callable[[str], object] = lambda text: None,
) -> Scores:
    """Evaluate a run.

    Args:
        run: The `Run`; it keeps the scores on its own data.
        data: As for `Run.evaluate`.
        parts: As for `Run.evaluate`.
        say: Called with a progress message.
    """
    wanted, keeps = chosen_parts(parts), run.keeps()
    missing = wanted if data is not None else [part for part in wanted if part not in run.scores]
    scores = {} if data is not None else dict(run.scores)
    if missing and (chosen := _data(run, data)) is not None:
        scores |= {part: known_parts()[part].measure(run, chosen, partial(_say, say)) for part in missing}
        give_back_memory()
        if data is None and keeps:
            run.scores = scores
    return Scores(
        (name, score) for part in known_parts() if part in wanted for name, score in scores.get(part, {}).items()
    )


def _say(say: Callable[[str], object], text: str) -> None:
    """Report the next step, after returning the memory of the last one to the system."""
    give_back_memory()
    say(text)


def _data(run: TrainedRun, data: Any) -> Data | None:
    """Return the data to score on, in the run's units; None if it is not available but scores were saved."""
    try:
        return run.data if data is None else _in_units(data, run.preprocessing)
    except AenbError as error:
        if data is not None or not run.scores:
            raise
        warnings.warn(f"These are the scores that were saved with the run. {error}", stacklevel=4)
        return None


def _in_units(data: Any, preprocessing: Preprocessing) -> Data:
    """Load other data, and bring it to the run's units with its scaler and vocabulary."""
    if preprocessing.target_length and are_pairs(data):
        lengths = preprocessing.input_shape[0], preprocessing.target_length
        return from_pairs(data, subwords=Subwords(preprocessing.merges), lengths=lengths)
    x, labels = data if isinstance(data, tuple) and len(data) == 2 else (data, None)
    if preprocessing.kind == "text" and are_texts(x):
        (length,) = preprocessing.input_shape
        if preprocessing.merges is not None:
            return from_written(x, labels, subwords=Subwords(preprocessing.merges), length=length)
        return from_texts(x, labels, vocabulary=preprocessing.vocabulary, length=length)
    kind = "signal" if preprocessing.kind == "signal" and not isinstance(data, Data) else None
    names = set(map(printable, x.columns)) if is_frame(x) else set()
    asked = {name: kind for name, kind in asked_again(preprocessing.columns, every=True).items() if str(name) in names}
    return load_data(data, kind=kind, columns=asked).within(preprocessing)


def chosen_parts(parts: str | Iterable[str] | None) -> list[str]:
    """Return the names of the requested parts: one, several, or None for all.

    Raises:
        AenbError: A part of this name does not exist.
    """
    known = known_parts()
    try:
        names = list(known) if parts is None else [parts] if isinstance(parts, str) else list(islice(parts, MAX_PARTS))
    except Exception:  # it is not iterable
        raise AenbError(
            f"`parts`: expected some of {', '.join(known)}, or None for all; received {shown(parts)}."
        ) from None
    for name in names:
        if not isinstance(name, str) or name not in known:
            raise unknown("part", name, known, " of the scores")
    return names
