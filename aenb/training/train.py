"""train: turns a spec into a run."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from aenb.core.arguments import checked
from aenb.core.backend import Model
from aenb.core.control import Control, Stopped
from aenb.core.errors import AenbError
from aenb.core.progress import Silent, open_view
from aenb.core.queue import Job, jobs
from aenb.engine.checkpoint import Checkpoint
from aenb.models.registry import families
from aenb.runs.run import Run
from aenb.runs.spec import Spec, options
from aenb.training.build import new_run
from aenb.training.restarts import Attempts


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
    place = None if checkpoint is None else partial(Checkpoint, checkpoint)
    with open_view(verbose) as view:
        run = train_spec(spec, data, callbacks, view, checkpoint=place, resume=resume, background=background)
        if not background:
            view.end(run.summary)
    return run


def train_spec(
    spec: Spec,
    data: Any,
    callbacks: Sequence[Any],
    view: Silent,
    *,
    checkpoint: Callable[[], Checkpoint] | None = None,
    resume: bool = False,
    background: bool = False,
    unasked: bool = False,
    bind: Callable[[Run], object] = lambda run: None,
) -> Run:
    """Train the model of a spec on data, as `train` does, and leave the view open.

    Args:
        spec: What to train.
        data: As for `train`.
        callbacks: As for `train`.
        view: Where to show progress.
        checkpoint: Function that opens the checkpoint, which is closed when the training is over.
        resume: As for `train`.
        background: As for `train`; the view is closed when the training is over.
        unasked: Whether the checkpoint is automatic: it may be overwritten, is deleted at the end, and is left out if
            it cannot be opened.
        bind: Called with the run once it is trained; for a background training, before it.
    """
    with contextlib.ExitStack() as open_things:
        notes = _stop_namesake(spec.name, view)
        place = _open(checkpoint, unasked and not resume, notes, open_things)
        run, loaded = new_run(spec, data, view, notes)
        _check_place(place, resume, unasked, view)
        run.job = job = Job(spec.name, Control())
        attempts = Attempts(run, loaded, callbacks, view, place, resume)

        def work(waiting: Callable[[Job], object] = lambda first: None) -> None:
            try:
                with (
                    job.turn(waiting),
                    place or contextlib.nullcontext(),
                ):  # its folder is released before the next training begins
                    attempts.train()
                    if unasked and run.status in ("complete", "stopped early", "diverged"):
                        attempts.delete_checkpoints()
            except Stopped:  # before its turn came
                run.status = "stopped"
            except BaseException:
                run.status = "failed"
                raise

        if background:
            bind(run)
            job.start(_in_background(work, run, view, open_things.pop_all()))
        else:
            work(lambda first: (view.stage(f"Waiting for the training of `{first.name}` …"), job.control.poll()))  # type: ignore[func-returns-value]
            bind(run)
        return run


def _open(
    checkpoint: Callable[[], Checkpoint] | None, unasked: bool, notes: list[str], open_things: contextlib.ExitStack
) -> Checkpoint | None:
    """Open the checkpoint; if an automatic one cannot be opened, add a note and return None."""
    if checkpoint is None:
        return None
    try:
        return open_things.enter_context(checkpoint())
    except AenbError as error:
        if not unasked:
            raise
        notes.append(f"There is no checkpoint of this training: {error}")
        return None


def _check_place(checkpoint: Checkpoint | None, resume: bool, unasked: bool, view: Silent) -> None:
    """Raise an error if a new training would overwrite a checkpoint that the user asked for."""
    if checkpoint is None or resume or not checkpoint.file.exists():
        return
    if not unasked:
        raise AenbError(
            f"The folder {checkpoint.folder} holds a checkpoint: pass resume=True to resume from it, or choose "
            "another folder."
        )
    view.note(
        "An unfinished training of that name has a checkpoint (--resume continues it): this training overwrites it."
    )


def _stop_namesake(name: str | None, view: Silent) -> list[str]:
    """Stop a running training of the same name, and return a note if there was one."""
    running = [job for job in jobs() if name is not None and job.name == name]
    for job in running:
        view.stage(f"Stopping the training of `{name}` that is under way …")
        job.control.stop()
        job.over()
    return [f"The training of `{name}` that was under way was stopped."] if running else []


def _in_background(
    work: Callable[[], None], run: Run, view: Silent, open_things: contextlib.ExitStack
) -> Callable[[], None]:
    """Return the function of a training's thread: it does the work and reports the result to the view."""

    def thread() -> None:
        with open_things:
            try:
                work()
            except BaseException as error:
                view.end(f"It ended with an error: {type(error).__name__}: {error}")
                raise
        view.end(run.summary)

    return thread


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
