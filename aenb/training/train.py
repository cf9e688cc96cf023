"""train: turns a spec into a run."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aenb.core.arguments import checked
from aenb.core.backend import Callback, Model
from aenb.core.errors import AenbError
from aenb.core.progress import Silent, open_view
from aenb.models.registry import families
from aenb.runs.run import Run
from aenb.runs.spec import Spec, options
from aenb.training.checkpointing import Checkpointing
from aenb.training.work import Work


@checked
def train(
    family: str | Model,
    data: Any = "mnist_5k",
    name: str | None = None,
    *,
    checkpoint: str | Path | None = None,
    resume: bool = False,
    background: bool = False,
    callbacks: Sequence[Any] = (),
    verbose: bool = True,
    **settings: Any,
) -> Run:
    """Train a model of a family on data.

    A tenth of the training examples, at most 5,000, is used for validation; the held-out examples are never seen. An
    interrupt keeps what was learnt so far. The same seed gives bit-identical results on the same machine with the same
    versions and number of threads. With another number of threads, the gradients of convolutions are summed in another
    order, so convolutional models differ in the last digits.

    Args:
        family: The family's name, as `aenb.families()` lists them; or your own compiled Keras model, from examples to
            examples, which is trained in place, with its own loss and optimiser. Its layers "encoder" and "decoder" are
            its parts; without them it is cut at its narrowest layer.
        data: Anything that `aenb.load_data` takes: a data set's name, an array, a table, a file, `Data`.
        name: The name of the run, a Python name. A running training of that name is stopped.
        checkpoint: A folder to save the training in every few seconds.
        resume: Resume from the folder's checkpoint, bit-identical to an uninterrupted training (your own stateful
            callbacks start afresh); if there is none, start from the beginning.
        background: Train in a thread and return at once: `run.wait()` waits for the end.
        callbacks: Keras callbacks.
        verbose: Whether to show progress.
        **settings: Options (`epochs`, `batch_size`, `learning_rate`, `seed`, `patience`, `limit`, `task`,
            `corruption`, `amount`, `restarts`, `mixed_precision`, `xla`); every other keyword is a hyperparameter of
            the family.

    Returns:
        The `Run`: the model, its history, and methods to use and inspect them.

    Raises:
        AenbError: The family, an option, a hyperparameter or the data is not valid; the checkpoint is in use, cannot be
            written, or belongs to another training.

    Example:
        >>> import aenb
        >>> run = aenb.train("deep", "digits", latent_dim=8, epochs=2, seed=0, verbose=False)
        >>> sorted(run.history)
        ['loss', 'val_loss']
    """
    if isinstance(callbacks, str) or not isinstance(callbacks, Sequence):
        raise AenbError(f"`callbacks`: expected a list of Keras callbacks; received a {type(callbacks).__name__}.")
    if hasattr(family, "compute_loss"):
        family, settings = "custom", {"model": family, **settings}
    spec = make_spec(family, name, settings)
    if resume and checkpoint is None:
        raise AenbError("`resume`: expected `checkpoint`, the folder to resume from; received none.")
    checkpointing = None if checkpoint is None else Checkpointing(checkpoint, resume)
    with open_view(verbose) as view:
        run = train_spec(spec, data, callbacks, view, checkpointing=checkpointing, background=background)
        if not background:
            view.end(run.summary)
    return run


def train_spec(
    spec: Spec,
    data: Any,
    callbacks: Sequence[Callback],
    view: Silent,
    *,
    checkpointing: Checkpointing | None = None,
    background: bool = False,
) -> Run:
    """Train the model of a spec on data, as `train` does.

    Args:
        spec: What to train.
        data: As for `train`.
        callbacks: As for `train`.
        view: Where to show progress; it is left open. For a background training, it ends with the training.
        checkpointing: How to save the training while it runs, or None.
        background: As for `train`.
    """
    work = Work(spec, data, callbacks, view, checkpointing)
    if background:
        work.start()
    else:
        work.train()
    return work.run


def make_spec(family: str, name: str | None, settings: dict[str, Any]) -> Spec:
    """Sort settings into options and the family's hyperparameters, and check them all.

    Raises:
        AenbError: The family or a setting is unknown (the nearest is suggested), or a value is not valid.
    """
    entry = families().lookup(family)
    chosen = {key: value for key, value in settings.items() if key in options()}
    hyperparameters = {key: value for key, value in settings.items() if key not in chosen}
    if entry.trains_a_given_model and chosen.get("restarts", 1) != 1:
        raise AenbError("`restarts`: expected 1 with your own model, which is trained in place; received more.")
    return Spec(family, name, entry.check(hyperparameters, also=options()), **chosen)


def _signature() -> inspect.Signature:
    """Name the options in the signature of `train`, for help and completion."""
    signature = inspect.signature(train)
    *named, settings = signature.parameters.values()
    named += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=option.default)
        for name, option in options().items()
        if name not in signature.parameters
    ]
    return signature.replace(parameters=[*named, settings])


train.__signature__ = _signature()  # type: ignore[attr-defined]
