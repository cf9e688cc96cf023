"""compare: runs, or families trained at equal budget from several seeds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from aenb.comparison.budget import Budget
from aenb.comparison.contenders import Contender, contenders
from aenb.comparison.result import Comparison
from aenb.comparison.scoring import Scoring
from aenb.core.arguments import checked
from aenb.core.control import Control
from aenb.core.errors import AenbError, failure
from aenb.core.fields import Field
from aenb.core.progress import Counter, Silent, Training, open_view
from aenb.core.short_form import most_epochs
from aenb.data.load import load_data
from aenb.data.record import Data
from aenb.evaluation.scorers import chosen_parts
from aenb.runs.run import Run
from aenb.runs.spec import Spec
from aenb.training.train import train_spec

SEEDS = (0, 1, 2)
_SEEDS = Field("seeds", name="seeds", kind="ints", low=0, high=2**31 - 1)


@checked
def compare(
    *given: Run | Spec | str | Mapping[str, Any],
    data: Any = None,
    epochs: int | None = None,
    seconds: float | None = None,
    steps: int | None = None,
    seeds: Sequence[int] = SEEDS,
    parts: str | Sequence[str] | None = None,
    verbose: bool = True,
    **settings: Any,
) -> Comparison:
    """Compare runs, or train families at equal budget from several seeds and compare those.

    All are scored by `Run.evaluate` on the same held-out examples, reconstructions first. In a notebook, the tables
    fill in as the scores come. An interrupt, or a click on Cancel, ends the trainings or the scoring: the results so
    far are compared, and a note says which scores are absent. If a training or a part of the scores fails, the others
    are kept, and a note says what failed.

    Args:
        *given: Runs; or families' names, specs, or dicts such as `{"family": "vae", "beta": 4.0}`, which are trained.
            Runs that differ only in their seeds are one contender.
        data: What to train on, as `aenb.load_data` takes it; None: what each spec says.
        epochs: The budget of each training in epochs, or
        seconds: in seconds, or
        steps: in steps. If no budget is given: each spec's own epochs.
        seeds: The seeds to train each from.
        parts: Which scores, as for `Run.evaluate`.
        verbose: Whether to show progress.
        **settings: Options of `aenb.train`, and hyperparameters, for the families that have them.

    Returns:
        The `Comparison`, which displays itself as a table and a picture.

    Raises:
        AenbError: An argument is none of these; runs are on different data; several budgets are given; a part is
            unknown.
        Exception: What the first training raised, if none succeeded.

    Example:
        >>> import aenb
        >>> comparison = aenb.compare("shallow", "deep", data="digits", latent_dim=4, epochs=1, seeds=(0,),
        ...                           parts="reconstruction", verbose=False)
        >>> list(comparison.to_frame().index)
        ['shallow', 'deep', 'PCA', 'mean image']
    """
    budget = Budget(epochs, seconds, steps)
    listed = contenders(given, settings)
    seeds = _SEEDS.check(seeds)
    if not seeds:
        raise AenbError("`seeds`: expected at least one; received none.")
    seeds, parts = seeds[:1] if most_epochs() else seeds, chosen_parts(parts)
    with open_view(verbose) as view:
        loaded = _data(listed, data)
        trainings = [(one, one.spec, seed) for one in listed if one.spec is not None for seed in seeds]
        failed = _train_all(trainings, loaded, budget, view)
        done = [contender for contender in listed if contender.runs]
        if failed and not done:
            raise next(iter(failed.values()))
        notes = [failure(f"{name} could not be trained", error) for name, error in failed.items()]
        trained = any(contender.spec is not None for contender in done)
        comparison = scored(done, loaded, parts, view, budget=budget.words if trained else "", notes=notes)
        view.end(f"Compared on {loaded.describe()}.")
    return comparison


def compare_in(view: Silent, runs: Sequence[Run]) -> Comparison:
    """Compare runs as `compare` does, with their progress in a view, which is left open.

    Args:
        view: Where progress and the scores so far are shown.
        runs: The runs.
    """
    listed = contenders(runs, {})
    return scored(listed, _data(listed, None), chosen_parts(None), view)


def scored(
    contenders: Sequence[Contender],
    data: Data,
    parts: Sequence[str],
    view: Silent,
    *,
    budget: str = "",
    notes: Sequence[str] = (),
) -> Comparison:
    """Score contenders and compare them; the view shows the scores as they come.

    Args:
        contenders: What to score, with their runs.
        data: The data to score on.
        parts: Which parts of the scores.
        view: Where progress and the scores so far are shown.
        budget: As for `Comparison`.
        notes: Sentences about what could not be trained.
    """
    scoring = Scoring(contenders, data, parts)

    def so_far() -> Comparison:
        runs = {contender.name: contender.runs for contender in contenders}
        return Comparison(runs, scoring.scores, data, budget, (*notes, *scoring.notes))

    def tables() -> str:
        from aenb.comparison.interactive import unfinished  # imports matplotlib, which a terminal does without

        return unfinished(so_far())

    scoring.work(view, tables)
    comparison = so_far()
    view.result(comparison._repr_html_, 1.0)  # what can be drawn is drawn while the tables are shown
    return comparison


def _data(contenders: list[Contender], data: Any) -> Data:
    """Return the data that all are compared on.

    Raises:
        AenbError: It is not the same for all.
    """
    runs = [run for contender in contenders for run in contender.runs]
    if data is not None:
        loaded = load_data(data)
    elif runs:
        loaded = runs[0].data
    else:
        first = next(contender.spec for contender in contenders if contender.spec is not None)
        loaded = load_data(first.data, limit=first.limit)
    others = {run.record["data"]["name"] for run in runs if run.record["data"]["fingerprint"] != loaded.fingerprint}
    if data is None:
        others |= {
            contender.spec.data for contender in contenders if contender.spec and contender.spec.data != loaded.name
        }
    if others:
        raise AenbError(
            f"`compare`: expected the same data for all; received {loaded.name} and {', '.join(sorted(others))}."
        )
    return loaded


def _train_all(
    trainings: Sequence[tuple[Contender, Spec, int]], data: Data, budget: Budget, view: Silent
) -> dict[str, Exception]:
    """Train each contender from each seed, until an interrupt; return the exceptions of failed trainings by name."""
    failed = {}
    for number, (contender, spec, seed) in enumerate(trainings, 1):
        name = f"{contender.name}, seed {seed}"
        try:
            run = _train(spec, seed, data, budget, _Within(view, f"{name} ({number} of {len(trainings)})"))
        except Exception as error:  # keep the trainings before it
            failed[name] = error
            continue
        contender.runs.append(run)
        if run.status == "interrupted":
            break
    return failed


def _train(spec: Spec, seed: int, data: Data, budget: Budget, view: Silent) -> Run:
    asked = dataclasses.replace(spec, seed=seed, epochs=budget.most_epochs or spec.epochs)
    return train_spec(asked, data, budget.callbacks(), view)


class _Within(Silent):
    """The progress of one of several trainings, shown in the view of them all."""

    def __init__(self, whole: Silent, place: str):
        self._whole, self._place = whole, place
        self._counter: Counter | None = None

    def stage(self, text: str, control: Control | None = None) -> None:
        self._whole.stage(f"{self._place}: {text[:1].lower()}{text[1:]}", control)

    def start(self, training: Training) -> None:
        self._counter = Counter(training)
        self.stage("preparing the first step …")

    def step(self, epoch: int, step: int | None, logs: dict[str, Any]) -> None:
        if self._counter is not None and self._counter.step(epoch, step, logs):
            self.stage(self._counter.words())
