"""The settings in which contenders differ, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aenb.core.tables import Rows
from aenb.models.registry import families
from aenb.runs.run import Run
from aenb.runs.spec import Spec, options

NOT_SETTINGS = ("data", "seed")  # all have the same data; seeds are what an interval is over
ABSENT = "–"


def settings_table(runs: Mapping[str, Sequence[Run]]) -> Rows:
    """Lay out the settings that differ: a row for each, a column for each contender.

    A hyperparameter that not all contenders have is listed if it was given.

    Args:
        runs: Runs by the contender's name, at least one for each.

    Returns:
        The header and the rows; the header alone if nothing differs.
    """
    own = {name: _settings(first) for name, (first, *_) in runs.items()}
    given = {setting for first, *_ in runs.values() for setting in first.spec.hyperparameters}
    rows: Rows = [["settings that differ", *own]]
    for setting in dict.fromkeys(setting for settings in own.values() for setting in settings):
        cells = [settings.get(setting, ABSENT) for settings in own.values()]
        values = {cell for cell in cells if cell != ABSENT}
        if len(values) > 1 or (setting in given and ABSENT in cells):
            rows.append([setting, *cells])
    return rows


def _settings(run: Run) -> dict[str, str]:
    """Return all settings of a run as text, with those that were chosen for it."""
    spec, fields = run.spec, options()
    plain: dict[str, Any] = {name: getattr(spec, name) for name in fields if name not in NOT_SETTINGS}
    plain |= {name: run.record[name] for name in ("batch_size", "learning_rate") if name in run.record}
    written = {"family": spec.family} | {name: _written(value) for name, value in _hyperparameters(spec).items()}
    return written | {name: _written(value, fields[name].unset) for name, value in plain.items()}


def _hyperparameters(spec: Spec) -> dict[str, Any]:
    known = families().get(spec.family)
    fields = {} if known is None else known.fields
    defaults = {name: field.default for name, field in fields.items() if not field.of_data and field.kind != "model"}
    return defaults | spec.hyperparameters


def _written(value: Any, unset: str = "automatic") -> str:
    if value is None:
        return unset
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value) if isinstance(value, str | int) else "custom"
