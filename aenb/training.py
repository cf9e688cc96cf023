"""train: a spec becomes a run."""

from __future__ import annotations

import contextlib
import inspect
import platform
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from aenb import backend
from aenb.backend import keras, tf
from aenb.data.load import load_data
from aenb.data.record import Data
from aenb.data.split import hold_out
from aenb.engine import Engine
from aenb.models.registry import build_model, families
from aenb.progress import Silent, open_view
from aenb.run import Run
from aenb.spec import Spec, options
from aenb.tasks import TASKS
from aenb.version import __version__

VALIDATION = 0.1  # of the training items, at most 5,000


def train(
    family: str,
    data: Any = "mnist_5k",
    name: str | None = None,
    *,
    callbacks: Sequence[Any] = (),
    verbose: bool = True,
    **settings: Any,
) -> Run:
    """Train a model of a family on data.

    A tenth of the training items, at most 5,000, is kept for validation; the held-out items of the data are not seen.
    Interrupting keeps what was learnt so far.

    Args:
        family: The family's name, as `aenb.families()` lists them.
        data: What `aenb.load_data` takes: a data set's name, an array, a table, a file, `Data`.
        name: What to call the run, a Python name.
        callbacks: Keras callbacks.
        verbose: Whether to show progress.
        **settings: Options (`epochs`, `batch_size`, `learning_rate`, `seed`, `patience`, `limit`, `task`); every other
            keyword is a hyperparameter of the family.

    Returns:
        The `Run`: model, history, and what one asks of them.

    Raises:
        AenbError: The family, an option, a hyperparameter or the data is not one it takes.

    Example:
        >>> import aenb
        >>> run = aenb.train("deep", "digits", latent_dim=8, epochs=2, seed=0, verbose=False)
        >>> sorted(run.history)
        ['loss', 'val_loss']
    """
    spec = make_spec(family, name, settings)
    with open_view(verbose) as view:
        run = train_spec(spec, data, callbacks, view)
        view.end(run.summary)
    return run


def train_spec(spec: Spec, data: Any, callbacks: Sequence[Any], view: Silent) -> Run:
    """Train what a spec asks for on data, as `train` does, and leave the view open."""
    view.stage("Loading the data …")
    loaded = load_data(data, limit=spec.limit)
    spec = replace(spec, data=loaded.name, limit=len(loaded.x_train) if loaded.is_subset else None)
    view.stage("Starting TensorFlow …")
    backend.start()
    with _seeded(spec.seed):
        model = build_model(spec.family, loaded.input_shape, **spec.hyperparameters)
        model.optimizer.learning_rate = spec.learning_rate
        return _fit(spec, loaded, model, callbacks, view)


def make_spec(family: str, name: str | None, settings: dict[str, Any]) -> Spec:
    """Sort settings into options and the family's hyperparameters, and check them all.

    Raises:
        AenbError: The family or a setting is unknown (the nearest is named), or a value is not one it takes.
    """
    entry = families().lookup(family)
    chosen = {key: value for key, value in settings.items() if key in options()}
    hyperparameters = {key: value for key, value in settings.items() if key not in chosen}
    return Spec(family, name, entry.check(hyperparameters, also=options()), **chosen)


def _fit(spec: Spec, data: Data, model: Any, callbacks: Sequence[Any], view: Silent) -> Run:
    """Run Keras's `fit` on the engine, and record what happened."""
    engine, validation = _prepare(spec, data, model)
    view.start(f"Training {spec.family} on {data.describe()}", spec.epochs, engine.steps)
    history = keras.callbacks.History()
    begin, status = time.perf_counter(), "complete"
    try:
        engine.fit(
            epochs=spec.epochs,
            validation_data=validation,
            callbacks=[history, _watch(model, view), *_early_stopping(spec.patience), *callbacks],
        )
    except KeyboardInterrupt:
        status = "interrupted"
    seconds = time.perf_counter() - begin
    logs = {name: [float(value) for value in values] for name, values in history.history.items()}
    finished = len(logs.get("loss", ()))
    if status == "complete" and finished and not np.isfinite(logs["loss"][-1]):
        status = "diverged"
    elif status == "complete" and finished < spec.epochs:
        status = "stopped early"
    rate = finished * (len(data.x_train) - _validation_size(data)) / seconds
    return Run(spec, model, logs, status, seconds, _record(data, rate), _data=data)


def _prepare(spec: Spec, data: Data, model: Any) -> tuple[Engine, Any]:
    """Hold the training items on the device, once, and make the batches of validation from them.

    Returns:
        The engine, and a `tf.data.Dataset` of (inputs, targets).
    """
    kept, held_out = hold_out(len(data.x_train), _validation_size(data))
    arrays = TASKS[spec.task](data.x_train)
    engine = Engine(model, arrays, kept, batch_size=spec.batch_size, seed=spec.seed)
    validation = tf.data.Dataset.from_tensor_slices(held_out.astype("int32")).batch(1024).map(engine.batch)
    return engine, validation


def _validation_size(data: Data) -> int:
    return min(5000, max(1, round(len(data.x_train) * VALIDATION)))


def _watch(model: Any, view: Silent) -> Any:
    """Make the callback that tells the view of each step, and stops a training that diverged."""
    epoch = 0

    def on_epoch_begin(number, logs=None):
        nonlocal epoch
        epoch = number + 1

    def on_epoch_end(number, logs=None):
        view.step(number + 1, None, logs)
        if not np.isfinite(logs["loss"]):
            model.stop_training = True

    return keras.callbacks.LambdaCallback(
        on_epoch_begin=on_epoch_begin,
        on_train_batch_end=lambda step, logs=None: view.step(epoch, step + 1, logs),
        on_epoch_end=on_epoch_end,
    )


def _early_stopping(patience: int | None) -> list[Any]:
    if patience is None:
        return []
    return [keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)]


def _record(data: Data, rate: float) -> dict[str, Any]:
    """Note what a training ran on, for whoever reads it later."""
    versions = {"aenb": __version__, "python": platform.python_version()}
    versions |= {"tensorflow": tf.version.VERSION, "keras": keras.version(), "numpy": np.__version__}
    return {
        "data": {
            "name": data.name, "source": data.source, "kind": data.kind, "training": len(data.x_train),
            "held_out": len(data.x_test), "total": data.total, "fingerprint": data.fingerprint,
        },
        "notes": list(data.notes),
        "device": backend.devices(),
        "versions": versions,
        "items_per_second": rate,
    }  # fmt: skip


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


def _signature() -> inspect.Signature:
    """Name the options in the signature of `train`, for help and completion."""
    written = inspect.signature(train)
    *named, settings = written.parameters.values()
    named += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=option.default)
        for name, option in options().items()
        if name not in written.parameters
    ]
    return written.replace(parameters=[*named, settings])


train.__signature__ = _signature()
