"""Building: what is asked for becomes a run that is ready to be trained, its model built and its record begun."""

from __future__ import annotations

import contextlib
import math
import platform
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import psutil

from aenb.core import backend
from aenb.core.backend import keras, tf
from aenb.core.errors import AenbError
from aenb.core.model_files import bounded_weights
from aenb.core.progress import Silent
from aenb.core.short_form import fewer, most_epochs
from aenb.core.version import __version__
from aenb.data.load import load_data
from aenb.data.record import Data
from aenb.engine import has_convolutions
from aenb.models.players import set_learning_rate
from aenb.models.registry import build_model, families
from aenb.runs.run import Run
from aenb.runs.spec import Spec

COPIES = 4  # of the weights, that a training holds: themselves, their gradients, and Adam's two
STEPS, SMALLEST = 32, 8  # an epoch at least, where it is for us to choose; items a step at least


def new_run(spec: Spec, data: Any, view: Silent, notes: list[str]) -> tuple[Run, Data]:
    """Load the data, start TensorFlow, build the model, and record what all that is."""
    view.stage("Loading the data …")
    loaded = load_data(data, limit=spec.limit)
    limit = len(loaded.train) if loaded.is_subset else None
    spec = replace(spec, data=loaded.name, limit=limit, epochs=fewer(spec.epochs, most_epochs()))
    view.stage("Starting TensorFlow …")
    backend.start()
    _check_keras()
    model, policy, note = build(spec, loaded)
    record = _record(loaded) | {"precision": policy, "items_per_second": 0.0, "learning_rate": learning_rate(spec)}
    record["batch_size"] = batch_size(spec, len(loaded.train))
    record["notes"] += [*getattr(model, "notes", ()), *notes, *([note] if note else [])]
    return Run(spec, model, {}, "queued", 0.0, record, _data=loaded), loaded


def _check_keras() -> None:
    """Refuse global settings of Keras with which losses and layers would not fit each other.

    Raises:
        AenbError: Numbers or images are to be of another kind than models here take.
    """
    given = {"floatx": keras.config.floatx(), "image_data_format": keras.config.image_data_format()}
    for name, expected in {"floatx": "float32", "image_data_format": "channels_last"}.items():
        if given[name] != expected:
            raise AenbError(
                f'Keras: expected {name} "{expected}"; received "{given[name]}". '
                f'Call keras.config.set_{name}("{expected}").'
            )


def learning_rate(spec: Spec) -> float:
    """Return what a spec trains with: the family's own rate unless it asks for another."""
    return spec.learning_rate or families().lookup(spec.family).learning_rate


def batch_size(spec: Spec, n: int) -> int:
    """Return how many items of n a step takes: as many as asked for, else the family's own number or fewer.

    Of few items a power of two of which an epoch has some tens of steps: with one step an epoch, twenty epochs learn
    nothing.
    """
    if spec.batch_size is not None:
        return spec.batch_size
    few = 2 ** int(math.log2(max(1, n / STEPS)))
    return max(SMALLEST, min(families().lookup(spec.family).batch_size, few))


def build(spec: Spec, data: Data) -> tuple[Any, str, str]:
    """Build the model that a spec asks for, in the precision that suits it.

    Returns:
        The model, the name of its precision, and a sentence where that is not as asked.
    """
    hyperparameters = facts(spec, data) | spec.hyperparameters

    most = psutil.virtual_memory().available // COPIES

    def built(policy: str) -> Any:
        with _seeded(spec.seed), _dtype_policy(policy), bounded_weights(most):
            return build_model(spec.family, data.input_shape, **hyperparameters)

    model = built("float32")
    policy, note = backend.mixed_precision(has_convolutions(model)) if spec.mixed_precision else ("float32", "")
    if policy != "float32":
        model = built(policy)
    if data.has_missing and model.loss is not None:
        from aenb.models.masked_loss import observed_only

        observed_only(model)
    set_learning_rate(model, learning_rate(spec))
    return model, policy, note


def facts(spec: Spec, data: Data) -> dict[str, Any]:
    """Return those of a family's hyperparameters that the data tells: its classes, its tokens, its range.

    Raises:
        AenbError: The family does not take such data, or it is to be conditional on labels that there aren't.
    """
    entry = families().lookup(spec.family)
    if data.kind == "text" and "vocabulary" not in entry.fields:
        others = [name for name, other in families().items() if "vocabulary" in other.fields]
        raise AenbError(
            f"Family `{spec.family}` does not take texts; received {data.name}. Families that do: {', '.join(others)}."
        )
    if spec.hyperparameters.get("conditional") and not data.classes:
        raise AenbError(f"`conditional`: expected data with labels; {data.name} has none.")
    if spec.hyperparameters.get("conditional") and data.unseen:
        raise AenbError(
            f"`conditional`: expected held-out examples of the classes that are trained on; received others too, "
            f"such as {data.unseen[0]}, in {data.name}. Leave these out, or take more examples of each class."
        )
    found = {"vocabulary": len(data.vocabulary), "num_classes": len(data.classes)}
    if data.kind != "text" and "support" in entry.fields:
        found["support"] = data.support
    return {name: value for name, value in found.items() if name in entry.fields}


def _record(data: Data) -> dict[str, Any]:
    """Note what a training runs on, for whoever reads it later."""
    versions = {"aenb": __version__, "python": platform.python_version()}
    versions |= {"tensorflow": tf.version.VERSION, "keras": keras.version(), "numpy": np.__version__}
    return {
        "data": {
            "name": data.name, "source": data.source, "kind": data.kind, "training": len(data.train),
            "held_out": len(data.test), "total": data.total, "fingerprint": data.fingerprint,
        },
        "notes": list(data.notes),
        "device": backend.devices(),
        "versions": versions,
    }  # fmt: skip


@contextlib.contextmanager
def _dtype_policy(name: str) -> Iterator[None]:
    """Build layers of a precision in a block."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed Python, NumPy and TensorFlow for a block, and give Python and NumPy their own states back."""
    states = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
