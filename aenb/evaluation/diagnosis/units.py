"""What hidden units tell: those that give the same for every item are dead, and nothing wakes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aenb.core.backend import keras
from aenb.evaluation.diagnosis.case import Case
from aenb.evaluation.diagnosis.finding import Finding
from aenb.latent import coding

DEAD = 0.75  # share of a layer
CONSTANT = 1e-6  # range of what a unit gives, over all items and places


def dead_units(case: Case) -> Iterator[Finding]:
    """Layers half of whose units are dead: rectifiers that are never above 0, or others that are stuck at an end."""
    if case.setting("sparsity") is not None:
        return  # that asks for codes that are mostly silent
    found = dead_shares(case)
    (part, layer), worst = max(found.items(), key=lambda one: one[1], default=(("", ""), 0.0))
    if worst >= DEAD:
        yield Finding(
            "dead-units",
            "error" if worst == 1 else "warning",
            f"{worst:.0%} of the units of layer `{layer}` of the {part} give the same for each of {len(case.x):,} "
            "training items: no gradient goes through them, and they stay dead. "
            "Steps that are too long do that to rectifiers.",
            _gentler(case),
        )


def dead_shares(case: Case) -> dict[tuple[str, str], float]:
    """Measure the share of dead units in each layer that has an activation, by the names of its part and its own."""
    return {
        (name, layer): share
        for name, part in coding.parts(case.model).items()
        for layer, share in _dead(case, part).items()
    }


def _gentler(case: Case) -> str:
    if case.learning_rate <= case.usual_rate and case.setting("activation") == "relu":
        return 'activation = "leaky_relu"'
    return f"--learning-rate {min(case.learning_rate / 10, case.usual_rate):g}"


def _dead(case: Case, part: Any) -> dict[str, float]:
    """Measure the share of dead units in each layer of a part that has an activation, by the layer's name."""
    if not part.trainable or case.inputs_of(part) is None:
        return {}
    inner = _inner(part)
    watched = _hidden(inner, makes_items=case.makes_items(part))
    if not watched:
        return {}
    inputs = inner.inputs if len(inner.inputs) > 1 else inner.inputs[0]
    probe = keras.Model(inputs, [layer.output for layer in watched])
    low, high = [np.inf] * len(watched), [-np.inf] * len(watched)
    for found in case.through(part, probe):
        flat = [array.reshape(-1, array.shape[-1]) for array in found]
        low = [np.minimum(before, array.min(axis=0)) for before, array in zip(low, flat, strict=True)]
        high = [np.maximum(before, array.max(axis=0)) for before, array in zip(high, flat, strict=True)]
    return {
        layer.name: float((most - least <= CONSTANT).mean())
        for layer, least, most in zip(watched, low, high, strict=True)
    }


def _inner(part: Any) -> Any:
    """Return a model of the user's own that does all of a part's work; else the part."""
    work = [layer for layer in part.layers if not isinstance(layer, keras.layers.InputLayer)]
    is_whole = len(work) == 1 and getattr(work[0], "inputs", None)
    return _inner(work[0]) if is_whole else part


def _hidden(part: Any, *, makes_items: bool) -> list[Any]:
    """List the layers of a part whose units may die; entries of an item may well be fixed, such as a black border."""
    layers = part.layers
    if makes_items:
        last = max((place for place, layer in enumerate(layers) if layer.weights), default=0)
        layers = layers[:last]
    return [layer for layer in layers if _name_of_activation(layer) not in ("linear", "softmax")]


def _name_of_activation(layer: Any) -> str:
    if isinstance(layer, keras.layers.ReLU):
        return "relu"
    return getattr(getattr(layer, "activation", None), "__name__", "linear")
