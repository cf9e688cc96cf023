"""Defaults that fit the data: what a spec leaves open is chosen by the number of examples and their size.

A spec that names its epochs gets exactly the family's textbook defaults. One that leaves them open is completed here,
and the result is part of the run's spec: `run.to_cell()` shows it, and asks for the same again.

    budget     20 epochs, but at least 2,000 optimiser steps: 20 passes over 100 examples are far too few
    patience   a fifth of these epochs, and the best weights are kept; none for texts, whose accuracy rises even when
               their cross-entropy does, and for adversarial training
    code       32 dimensions, but at most half as many as an example has values
    widths     hidden units about half as many as there are examples; filters that halve the image down to 8 pixels
    tanh       in place of ReLU, except on images: it does not extrapolate far out where a value is an outlier
    linear     a path that begins as PCA (`aenb.models.architecture.linear_path`), except of mixed tables

Large sets of images keep the textbook's model: there a network finds more than PCA does.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from aenb.data.record import Data
from aenb.data.small import is_small
from aenb.models.registry import Family, families
from aenb.runs.spec import EPOCHS, Spec
from aenb.training.session import validation_size

MIN_STEPS, MIN_BATCH = 32, 8  # per epoch, and examples per step, of the default batch size
STEPS = 2000  # optimiser steps of a training, at least
PATIENCE = 5  # the part of the epochs after which a training stops if nothing improves is one in so many
LEAST_UNITS, MOST_UNITS = 16, 512  # of the first hidden layer
SMALLEST_MAP = 8  # pixels of the shorter side of the last feature map
FREE = {"latent_dim", "linear_path", "activation"}  # hyperparameters that leave the rest of the architecture open


def batch_size(spec: Spec, n: int) -> int:
    """Return the batch size for n examples: the spec's, or by default the family's or a smaller one.

    On small data the default is a power of two that gives an epoch some tens of steps: with one step per epoch, twenty
    epochs learn nothing.
    """
    if spec.batch_size is not None:
        return spec.batch_size
    largest = 2 ** int(math.log2(max(1, n / MIN_STEPS)))
    return max(MIN_BATCH, min(families().lookup(spec.family).batch_size, largest))


def fitted(spec: Spec, data: Data) -> tuple[Spec, list[str]]:
    """Complete a spec whose epochs are not given by defaults that fit the data.

    Args:
        spec: What was asked for.
        data: What to train on.

    Returns:
        The spec with its epochs, and sentences to report on what was chosen.
    """
    if spec.epochs is not None:
        return spec, []
    if not is_small(data):
        return replace(spec, epochs=EPOCHS), []
    entry = families().lookup(spec.family)
    kept = len(data.train) - validation_size(data)
    steps = math.ceil(kept / batch_size(spec, len(data.train)))
    epochs = max(EPOCHS, math.ceil(STEPS / steps))
    added = _architecture(entry, spec, data)
    notes = [f"The training examples are few, so there are {epochs} epochs: {steps * epochs:,} steps."]
    if added.get("linear_path"):
        notes.append(
            "Beside its layers there is a linear path that begins as PCA of all training examples, those for "
            "validation included (`linear_path = False` leaves it out)."
        )
    notes = notes if epochs > EPOCHS else notes[1:]
    return replace(spec, epochs=epochs, hyperparameters=spec.hyperparameters | added), notes


def patience(epochs: int) -> int:
    """Return the default patience of a training on small data."""
    return max(1, epochs // PATIENCE)


def _architecture(entry: Family, spec: Spec, data: Data) -> dict[str, Any]:
    """Return hyperparameters that fit the data; none if the family has no linear path, or others are given."""
    asked = spec.hyperparameters
    if "linear_path" not in entry.fields or not set(asked) <= FREE or asked.get("linear_path") is False:
        return {}
    if data.kind == "text":
        return {}
    values = math.prod(data.input_shape)
    chosen: dict[str, Any] = {"latent_dim": min(entry.fields["latent_dim"].default, math.ceil(values / 2))}
    if not data.table:  # the columns of a mixed table have losses of their own, which PCA does not minimise
        chosen["linear_path"] = True
    if "hidden_units" in entry.fields:
        first = min(MOST_UNITS, max(LEAST_UNITS, 2 ** int(math.log2(max(1, len(data.train) / 2)))))
        chosen["hidden_units"] = (first, max(LEAST_UNITS, first // 2))
    if data.kind != "image":
        chosen["activation"] = "tanh"
    if "filters" in entry.fields:
        levels = max(1, round(math.log2(max(2, min(data.input_shape[:2]) / SMALLEST_MAP))))
        chosen["filters"] = tuple(min(64, 16 * 2**level) for level in range(levels))
    return {name: value for name, value in chosen.items() if name not in asked}
