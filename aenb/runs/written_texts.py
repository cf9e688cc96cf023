"""What a run of pairs of texts writes: translations, candidates, and summaries."""

from __future__ import annotations

from typing import Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.gate import Admitted, admit
from aenb.data.text.subwords import Subwords
from aenb.data.values.words import are_texts
from aenb.latent import coding
from aenb.latent.cross_attention import cross_attention
from aenb.latent.summaries import extracts, shortened
from aenb.latent.trained_run import TrainedRun
from aenb.models.autoregressive.writing import Choice

SEARCHED = 8  # beginnings that are searched for a summary that is short enough


def translate(run: TrainedRun, x: Any, beams: int) -> Any:
    """Return the translations of texts: see `Run.translate`."""
    _check(run, "translate")
    given = _admitted(run, x)
    texts = given.examples(_written(run, given.inputs, Choice(beams=beams)))
    return texts[0] if isinstance(x, str) and not isinstance(texts, np.ndarray) else texts


def candidates(run: TrainedRun, x: Any, n: int) -> Any:
    """Return the most probable translations of texts: see `Run.candidates`."""
    _check(run, "candidates")
    given = _admitted(run, x)
    found = _written(run, given.inputs, Choice(beams=max(2, n), every=True))[:, :n]
    texts = [run.preprocessing.texts(rows) for rows in found]
    return texts[0] if isinstance(x, str) else texts


def summarise(run: TrainedRun, x: Any, length: int) -> Any:
    """Return summaries of texts: see `Run.summarise`."""
    if run.preprocessing.kind != "text":
        raise AenbError(f"`summarise`: expected a run on texts; received one on {run.preprocessing.what}.")
    given = [x] if isinstance(x, str) else x
    if not are_texts(given):
        raise AenbError(f"`summarise`: expected a list of texts; received a {type(x).__name__}.")
    if run.translates:
        found = [shortened(texts, length) for texts in candidates(run, list(given), SEARCHED)]
    else:
        found = extracts(list(given), length, lambda texts: _codes(run, texts))
    return found[0] if isinstance(x, str) else found


def between(run: TrainedRun, x: Any, y: Any) -> np.ndarray:
    """Return the attention of targets to their sources: see `Run.attention`."""
    inputs = _admitted(run, x).inputs
    if y is None:
        targets = _written(run, inputs, Choice())
    elif are_texts([y] if isinstance(y, str) else y):
        given = [y] if isinstance(y, str) else list(y)
        targets = Subwords(run.preprocessing.merges).encode(given, run.preprocessing.target_length)
    else:
        targets = np.asarray(y)
    if targets.shape != (len(inputs), run.preprocessing.target_length):
        raise AenbError(
            f"`y`: expected a target for each of {len(inputs)} sources, of {run.preprocessing.target_length} tokens; "
            f"received the shape {targets.shape}."
        )
    with run.turns:
        return cross_attention(run.model, inputs, targets)


def _codes(run: TrainedRun, texts: list[str]) -> np.ndarray:
    codes = run.encode(run.preprocessing.inputs(texts))
    if codes.dtype.kind != "f":
        raise AenbError("`summarise`: expected latent codes that are numbers; the codes of this model are discrete.")
    return codes


def _check(run: TrainedRun, name: str) -> None:
    if not run.translates:
        raise AenbError(
            f'`{name}`: expected a run that learnt pairs of texts, task="translate"; received one with '
            f"the task {run.spec.task}."
        )


def _admitted(run: TrainedRun, x: Any) -> Admitted:
    return admit([x] if isinstance(x, str) else x, run.preprocessing)


def _written(run: TrainedRun, inputs: np.ndarray, choice: Choice) -> np.ndarray:
    with run.turns:
        codes = coding.encode(run.model, inputs)
        if choice == Choice():
            return coding.decode(run.model, codes)
        return coding.write(run.model, codes, choice, 0)
