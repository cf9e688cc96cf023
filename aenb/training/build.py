"""Building: turns a spec into a run that is ready to train, with its model built and its record begun."""

from __future__ import annotations

import contextlib
import platform
import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import psutil

from aenb.core import backend
from aenb.core.backend import Model, keras, tf
from aenb.core.errors import AenbError
from aenb.core.model_files import bounded_weights
from aenb.core.progress import Silent
from aenb.core.short_form import most_epochs, smaller
from aenb.core.version import __version__
from aenb.data.corruption import learns_targets
from aenb.data.load import asked_kind, load_data
from aenb.data.record import Data
from aenb.data.tables import mixed_table
from aenb.engine import has_convolutions
from aenb.models.autoencoder import interface
from aenb.models.registry import build_model, families
from aenb.runs.run import Run
from aenb.runs.spec import Spec
from aenb.training.fitted_defaults import batch_size, fitted, patience
from aenb.training.session import plays

_one_at_a_time = threading.Lock()  # seeds and dtype policy are those of the process, not of a thread
COPIES = 4  # of the weights in a training: the weights, their gradients, and two of Adam's


def new_run(spec: Spec, data: Any, view: Silent, notes: list[str]) -> tuple[Run, Data]:
    """Load the data, start TensorFlow, build the model, and begin the record."""
    view.stage("Loading the data …")
    loaded = load_data(data, limit=spec.limit, tokens=spec.tokens, kind=asked_kind(spec.task, data))
    limit = len(loaded.train) if loaded.is_subset else None
    completed, chosen = fitted(spec, loaded)
    spec = replace(completed, data=loaded.name, limit=limit, epochs=smaller(completed.epochs, most_epochs()))
    view.stage("Building the model …" if backend.is_loaded() else "Starting TensorFlow …")
    backend.start()
    _check_keras()
    model, policy, note = build(spec, loaded)
    if chosen and spec.patience is None and loaded.kind != "text" and not plays(model):
        spec = replace(spec, patience=patience(spec.num_epochs))
    record = _record(loaded) | {"precision": policy, "examples_per_second": 0.0}
    record["learning_rate"] = learning_rate(spec) or float(model.optimizer.learning_rate)
    record["batch_size"] = batch_size(spec, len(loaded.train))
    record["notes"] += [*interface(model).notes, *chosen, *_as_numbers(spec, loaded), *notes, *([note] if note else [])]
    return Run(spec, model, {}, "queued", 0.0, record, _data=loaded), loaded


def _as_numbers(spec: Spec, data: Data) -> list[str]:
    """Return a note if a family has no losses for the kinds of a mixed table's columns."""
    if not data.table or "layout" in families().lookup(spec.family).fields:
        return []
    return [f"The family {spec.family} takes all columns for numbers; deep, vae and aae have a loss for each kind."]


def _check_keras() -> None:
    """Refuse global settings of Keras that aenb's models do not support.

    Raises:
        AenbError: The default float type or image format is another one.
    """
    given = {"floatx": keras.config.floatx(), "image_data_format": keras.config.image_data_format()}
    for name, expected in {"floatx": "float32", "image_data_format": "channels_last"}.items():
        if given[name] != expected:
            raise AenbError(
                f'Keras: expected {name} "{expected}"; received "{given[name]}". '
                f'Call keras.config.set_{name}("{expected}").'
            )


def learning_rate(spec: Spec) -> float | None:
    """Return a spec's learning rate: the family's default unless it sets another."""
    return spec.learning_rate or families().lookup(spec.family).learning_rate


def build(spec: Spec, data: Data) -> tuple[Model, str, str]:
    """Build the model that a spec describes.

    Returns:
        The model, the name of its dtype policy, and a sentence if that is not the one asked for.
    """
    hyperparameters = facts(spec, data) | spec.hyperparameters

    max_bytes = psutil.virtual_memory().available // COPIES

    def built(policy: str) -> Model:
        with _one_at_a_time, _seeded(spec.seed), _dtype_policy(policy), bounded_weights(max_bytes):
            return build_model(spec.family, data.input_shape, **hyperparameters)

    model = built("float32")
    policy, note = backend.mixed_precision(has_convolutions(model)) if spec.mixed_precision else ("float32", "")
    if policy != "float32":
        model = built(policy)
    if data.has_missing and model.loss is not None:
        from aenb.models.losses.masked_loss import observed_only

        observed_only(model)
    if (rate := learning_rate(spec)) is not None:
        interface(model).set_learning_rate(rate)
    return model, policy, note


def facts(spec: Spec, data: Data) -> dict[str, Any]:
    """Return the hyperparameters that depend on the data: the number of classes, the vocabulary size, the support.

    Raises:
        AenbError: The family does not take such data, or the model is conditioned on labels that the data lacks.
    """
    entry = families().lookup(spec.family)
    entry.check_kind(data.kind, f"{data.name}, {data.preprocessing.what}")
    if spec.hyperparameters.get("conditional") and not data.classes:
        raise AenbError(f"`conditional`: expected data with labels; {data.name} has none.")
    if spec.hyperparameters.get("conditional") and data.unseen:
        raise AenbError(
            f"`conditional`: expected held-out examples of the classes trained on; received others too, "
            f"such as {data.unseen[0]}, in {data.name}. Leave these out, or take more examples of each class."
        )
    if spec.task == "translate" or learns_targets(spec.task, data.target_length):
        _check_pairs(spec, data)
    values: dict[str, Any] = {"vocabulary": len(data.vocabulary), "num_classes": len(data.classes)}
    if data.kind != "text" and "support" in entry.fields:
        values["support"] = data.support
    if learns_targets(spec.task, data.target_length):
        values["target_length"] = data.target_length
    if data.table:
        values["layout"] = mixed_table.layout(data.table).to_text()
    return {name: value for name, value in values.items() if name in entry.fields}


def _check_pairs(spec: Spec, data: Data) -> None:
    """Check that there are targets to learn, and that the family can.

    Raises:
        AenbError: There are none, or it can't.
    """
    if not data.target_length:
        raise AenbError(
            f'`task`: expected pairs of texts, such as "verses" or a list of (source, target), for {spec.task}; '
            f"received {data.name}, {data.preprocessing.what}."
        )
    if "target_length" not in families().lookup(spec.family).fields:
        able = ", ".join(name for name, one in families().items() if "target_length" in one.fields)
        raise AenbError(
            f"`task`: expected a family that learns pairs of texts, {able}, for {spec.task}; received {spec.family}."
        )


def _record(data: Data) -> dict[str, Any]:
    """Return the record of what a training runs on: data, device, versions."""
    versions = {"aenb": __version__, "python": platform.python_version()}
    versions |= {"tensorflow": tf.version.VERSION, "keras": keras.version(), "numpy": np.__version__}
    return {
        "data": {
            "name": data.name, "source": data.source, "kind": data.kind, "training": len(data.train),
            "held_out": len(data.test), "total": data.total, "fingerprint": data.fingerprint,
            **({"stride": data.series.stride} if data.series else {}),
        },
        "notes": list(data.notes),
        "device": backend.devices(),
        "versions": versions,
    }  # fmt: skip


@contextlib.contextmanager
def _dtype_policy(name: str) -> Iterator[None]:
    """Set Keras's dtype policy in a block."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed Python, NumPy and TensorFlow for a block, then restore the states of Python and NumPy."""
    states = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
