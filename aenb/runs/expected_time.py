"""How long a training will take, by trainings before it that were alike; nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterable

from aenb.data.record import Data
from aenb.runs.run import Run
from aenb.runs.spec import Spec

ALIKE = 0.1  # relative difference of the number of parameters up to which two models of a family are as fast
SAME = ("family", "task", "mixed_precision", "xla")


def expected_seconds(spec: Spec, data: Data, parameters: int, batch_size: int, runs: Iterable[Run]) -> float | None:
    """Return the seconds that a training will take, by the speed of the last run that was alike.

    Args:
        spec: What to train.
        data: The data to train on.
        parameters: The number of the model's parameters.
        batch_size: Examples per step.
        runs: Earlier runs on this machine, in their order.

    Returns:
        Seconds, without evaluation; None if no run was alike: of the same family, task, shape of examples, batch size
        and precision, with nearly as many parameters, and with epochs after the first one, which compiles.
    """
    for run in reversed(list(runs)):
        if _is_alike(run, spec, data, parameters, batch_size):
            first = run.record["first_epoch"]
            later = (run.seconds - first) / (run.epochs - 1) * len(data.train) / run.record["data"]["training"]
            compiling = max(0.0, first - later)
            return spec.restarts * (compiling + spec.num_epochs * later)
    return None


def _is_alike(run: Run, spec: Spec, data: Data, parameters: int, batch_size: int) -> bool:
    if run.is_alive or run.epochs < 2 or run.record.get("first_epoch") is None:
        return False
    return (
        all(getattr(run.spec, name) == getattr(spec, name) for name in SAME)
        and run.spec.restarts == 1
        and abs(run.model.count_params() - parameters) <= ALIKE * parameters
        and run.preprocessing.input_shape == data.input_shape
        and run.record["batch_size"] == batch_size
    )
