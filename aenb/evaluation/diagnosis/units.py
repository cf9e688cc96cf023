"""A check for dead units: hidden units with the same output for every example, which get no gradient."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aenb.core.backend import Layer, Model, keras
from aenb.evaluation.diagnosis.finding import Finding
from aenb.evaluation.diagnosis.measurements import Measurements
from aenb.models.autoencoder import parts

DEAD = 0.75  # share of dead units in a layer
CONSTANT = 1e-6  # range of a dead unit's output, over all examples and positions


def dead_units(measured: Measurements) -> Iterator[Finding]:
    """Check for layers most of whose units are dead: ReLUs that are never active, or saturated units."""
    if measured.setting("sparsity") is not None:
        return  # a sparsity penalty asks for codes that are mostly inactive
    shares = dead_shares(measured)
    (part, layer), worst = max(shares.items(), key=lambda entry: entry[1], default=(("", ""), 0.0))
    if worst >= DEAD:
        yield Finding(
            "dead-units",
            "error" if worst == 1 else "warning",
            f"{worst:.0%} of the units of layer `{layer}` of the {part} give the same for each of {len(measured.x):,} "
            "training examples: no gradient goes through them, so they stay dead. "
            "Steps that are too long do that to rectifiers.",
            _gentler(measured),
        )


def dead_shares(measured: Measurements) -> dict[tuple[str, str], float]:
    """Return the share of dead units in each layer that has an activation, by (part, layer)."""
    return {
        (name, layer): share
        for name, part in parts(measured.model).items()
        for layer, share in _dead(measured, part).items()
    }


def _gentler(measured: Measurements) -> str:
    if measured.learning_rate <= measured.usual_rate and measured.setting("activation") == "relu":
        return 'activation = "leaky_relu"'
    return f"--learning-rate {min(measured.learning_rate / 10, measured.usual_rate):g}"


def _dead(measured: Measurements, part: Model) -> dict[str, float]:
    """Return the share of dead units in each layer of a part that has an activation, by layer."""
    if not part.trainable or measured.inputs_of(part) is None:
        return {}
    inner = _inner(part)
    watched = _hidden(inner, outputs_examples=measured.outputs_examples(part))
    if not watched:
        return {}
    inputs = inner.inputs if len(inner.inputs) > 1 else inner.inputs[0]
    try:
        probe = keras.Model(inputs, [layer.output for layer in watched])
    except ValueError:  # its layers are those of a larger model too, and their outputs belong to that
        return {}
    low, high = [np.array(np.inf)] * len(watched), [np.array(-np.inf)] * len(watched)
    for outputs in measured.through(part, probe):
        flat = [array.reshape(-1, array.shape[-1]) for array in outputs]
        low = [np.minimum(before, array.min(axis=0)) for before, array in zip(low, flat, strict=True)]
        high = [np.maximum(before, array.max(axis=0)) for before, array in zip(high, flat, strict=True)]
    return {
        layer.name: float((maximum - minimum <= CONSTANT).mean())
        for layer, minimum, maximum in zip(watched, low, high, strict=True)
    }


def _inner(part: Model) -> Model:
    """Return the custom model that a part consists of, if it is nothing else; else the part."""
    work = [layer for layer in part.layers if not isinstance(layer, keras.layers.InputLayer)]
    is_whole = len(work) == 1 and getattr(work[0], "inputs", None)
    return _inner(work[0]) if is_whole else part


def _hidden(part: Model, *, outputs_examples: bool) -> list[Layer]:
    """List the layers whose units are checked; the outputs of a decoder may be constant, such as a black border."""
    layers = part.layers
    if outputs_examples:
        last = max((place for place, layer in enumerate(layers) if layer.weights), default=0)
        layers = layers[:last]
    return [layer for layer in layers if _name_of_activation(layer) not in ("linear", "softmax")]


def _name_of_activation(layer: Layer) -> str:
    if isinstance(layer, keras.layers.ReLU):
        return "relu"
    return getattr(getattr(layer, "activation", None), "__name__", "linear")
