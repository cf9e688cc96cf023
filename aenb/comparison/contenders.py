"""What is compared: existing runs, and specs to train."""

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
    """A participant of a comparison.

    Attributes:
        name: Its name in the table.
        spec: What to train for each seed; None for existing runs.
        runs: Its runs, one for each seed.
    """

    name: str
    spec: Spec | None = None
    runs: list[Run] = field(default_factory=list)


def contenders(given: Iterable[Run | Spec | str | Mapping[str, Any]], settings: dict[str, Any]) -> list[Contender]:
    """Make a contender of each argument; runs that differ only in their seeds are one.

    Args:
        given: Runs, specs, names of families, or what `aenb.train` takes as dicts with the key "family".
        settings: Options and hyperparameters for all that are trained; a family takes those that it has.

    Raises:
        AenbError: Something is none of these; no family takes a setting; a run is still in training.
    """
    listed: list[Contender] = []
    by_spec: dict[str, Contender] = {}
    taken: set[str] = set()
    for one in given:
        if isinstance(one, Run):
            if one.is_alive:
                raise AenbError("`compare`: expected runs whose training is over; received one that is under way.")
            asked = dataclasses.replace(one.spec, name=None, seed=0).to_dict()
            # as JSON, since tuples become lists in a loaded run
            key = json.dumps([asked, one.record["data"]["fingerprint"]], sort_keys=True)
            if key not in by_spec:
                by_spec[key] = Contender(one.name or one.spec.family)
                listed.append(by_spec[key])
            by_spec[key].runs.append(one)
        else:
            spec, used = _spec(one, settings)
            taken |= used
            listed.append(Contender(spec.name or spec.family, spec))
    if not listed:
        raise AenbError('`compare`: expected runs, or names of families such as "deep"; received none.')
    if left := settings.keys() - taken:
        raise AenbError(f"`compare`: no family here has {', '.join(f'`{name}`' for name in sorted(left))}.")
    for contender, name in zip(listed, _distinct_names(listed), strict=True):
        contender.name = name
    return listed


def _spec(one: Spec | str | Mapping[str, Any], settings: dict[str, Any]) -> tuple[Spec, set[str]]:
    """Make a spec of an argument, and return which of the settings it takes."""
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


def _distinct_names(contenders: list[Contender]) -> list[str]:
    """Distinguish contenders of the same name by the hyperparameters in which they differ, or else by numbers."""
    names: list[str] = []
    for contender in contenders:
        name, alike = contender.name, [other for other in contenders if other.name == contender.name]
        if len(alike) > 1:
            chosen = [_chosen(other) for other in alike]
            own = _chosen(contender)
            differing = {key: value for key, value in own.items() if any(c.get(key) != value for c in chosen)}
            name = ", ".join([name, *(f"{key}={value}" for key, value in differing.items())])
        names.append(name)
    return [
        f"{name} ({names[: place + 1].count(name)})" if names.count(name) > 1 else name
        for place, name in enumerate(names)
    ]


def _chosen(contender: Contender) -> dict[str, Any]:
    spec = contender.spec or contender.runs[0].spec
    plain = {name: getattr(spec, name) for name in options() if name not in ("seed", "data")}
    return spec.hyperparameters | plain
