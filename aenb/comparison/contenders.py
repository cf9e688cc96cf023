"""What is compared: runs that are there, and specs that are to be trained."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aenb.core.errors import AenbError
from aenb.models.registry import families
from aenb.runs.run import Run
from aenb.runs.spec import Spec, options
from aenb.training.train import make_spec


@dataclass
class Contender:
    """One of those that are compared.

    Attributes:
        name: What it is called in the table.
        spec: What to train for each seed; None where the runs are there.
        runs: Its runs, one for each seed.
    """

    name: str
    spec: Spec | None = None
    runs: list[Run] = field(default_factory=list)


def contenders(given: Iterable[Any], settings: dict[str, Any]) -> list[Contender]:
    """Make a contender of each thing that is given; runs that differ in their seeds only are one.

    Args:
        given: Runs, specs, names of families, or what `aenb.train` takes as dicts with the key "family".
        settings: Options and hyperparameters for all that are to be trained; a family takes those that it has.

    Raises:
        AenbError: Something is none of these; no family takes a setting; a run is still in training.
    """
    found: list[Contender] = []
    by_spec: dict[str, Contender] = {}
    taken: set[str] = set()
    for one in given:
        if isinstance(one, Run):
            if one.is_alive:
                raise AenbError("`compare`: expected runs whose training is over; received one that is under way.")
            spec = dataclasses.replace(one.spec, name=None, seed=0).to_dict()
            # as JSON, since the tuples of a run that was loaded are lists
            key = json.dumps([spec, one.record["data"]["fingerprint"]], sort_keys=True)
            if key not in by_spec:
                by_spec[key] = Contender(one.name or one.spec.family)
                found.append(by_spec[key])
            by_spec[key].runs.append(one)
        else:
            spec, used = _spec(one, settings)
            taken |= used
            found.append(Contender(spec.name or spec.family, spec))
    if not found:
        raise AenbError('`compare`: expected runs, or names of families such as "deep"; received none.')
    if left := settings.keys() - taken:
        raise AenbError(f"`compare`: no family here has {', '.join(f'`{name}`' for name in sorted(left))}.")
    for contender, name in zip(found, _told_apart(found), strict=True):
        contender.name = name
    return found


def _spec(one: Any, settings: dict[str, Any]) -> tuple[Spec, set[str]]:
    """Make a spec of what is given, and say which of the settings it takes."""
    if isinstance(one, Spec):
        return one, set(settings)
    if isinstance(one, str):
        one = {"family": one}
    if not isinstance(one, Mapping) or not isinstance(one.get("family"), str):
        raise AenbError(
            '`compare`: expected runs, specs, names of families, or dicts such as {"family": "deep", "latent_dim": 8}; '
            f"received {type(one).__name__}."
        )
    own = {name: value for name, value in one.items() if name not in ("family", "name")}
    fields = families().lookup(one["family"]).fields
    shared = {name: value for name, value in settings.items() if name in fields or name in options()}
    return make_spec(one["family"], one.get("name"), shared | own), set(shared)


def _told_apart(found: list[Contender]) -> list[str]:
    """Name contenders of one name by the hyperparameters in which they differ, or else by numbers."""
    told: list[str] = []
    for contender in found:
        name, alike = contender.name, [other for other in found if other.name == contender.name]
        if len(alike) > 1:
            chosen = [_chosen(other) for other in alike]
            own = _chosen(contender)
            differing = {key: value for key, value in own.items() if any(c.get(key) != value for c in chosen)}
            name = ", ".join([name, *(f"{key}={value}" for key, value in differing.items())])
        told.append(name)
    return [
        f"{name} ({told[: place + 1].count(name)})" if told.count(name) > 1 else name for place, name in enumerate(told)
    ]


def _chosen(contender: Contender) -> dict[str, Any]:
    spec = contender.spec or contender.runs[0].spec
    plain = {name: getattr(spec, name) for name in options() if name not in ("seed", "data")}
    return spec.hyperparameters | plain
