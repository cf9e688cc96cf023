"""%%autoencoder: text becomes a spec, a run, a name in the notebook, and a view."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from aenb.data.registry import datasets
from aenb.errors import AenbError
from aenb.magic.body import run_body
from aenb.magic.commandline import CommandLine, parse, usage
from aenb.models.registry import families
from aenb.progress import open_view
from aenb.spec import flag, options

PATIENT = 5.0  # seconds of training before a checkpoint that nobody asked for is written


def autoencoder(shell, defaults: dict[str, Any], line: str, body: str | None):
    """Train, evaluate and bind what a cell asks for.

    Args:
        shell: The IPython shell.
        defaults: The options' values where the line gives none.
        line: The first line, after the magic's name.
        body: The lines after it, or None for the line form.

    Returns:
        The `Run`, which shows itself; None where only help was asked for.
    """
    asked = parse(line)
    if asked.help or asked.family is None:
        print(usage(asked.family))
        return None
    families().lookup(asked.family)
    settings = defaults | asked.options
    settings |= _hyperparameters(run_body(shell, line, body or ""))
    from aenb.training import make_spec, train_spec  # NumPy and the rest, when they are needed

    data, note = _data(shell, settings.pop("data"))
    spec = make_spec(asked.family, asked.name, settings)
    checkpoint = _checkpoint(asked)

    def bind(run: Any) -> None:
        run.record["notes"] += note
        if asked.name:
            shell.user_ns[asked.name] = run

    with open_view(not asked.quiet) as view:
        run = train_spec(
            spec, data, (), view, checkpoint=checkpoint, resume=asked.resume, background=asked.background,
            unasked=asked.checkpoint is None, bind=bind,
        )  # fmt: skip
        if asked.background:
            return None
        view.stage("Evaluating on the held-out items …")
        try:
            run.evaluate(parts="reconstruction")
        except KeyboardInterrupt:
            view.end(f"{run.summary} The evaluation was interrupted.")
            return None if asked.name else run
        view.end(run.summary)
    return run


def _checkpoint(asked: CommandLine) -> Callable | None:
    """Return what opens the checkpoint: of the folder given, or for a named run of one in the user's cache."""
    from aenb.checkpoint import Checkpoint, default_folder

    if asked.checkpoint is not None:
        return partial(Checkpoint, asked.checkpoint)
    if asked.name is not None:
        return partial(Checkpoint, default_folder(asked.name), patient=PATIENT)
    if asked.resume or asked.background:
        option = "resume" if asked.resume else "background"
        raise AenbError(
            f"`{flag(option)}`: expected a name for the run: %%autoencoder {asked.family} NAME; received none."
        )
    return None


def _hyperparameters(assigned: dict[str, Any]) -> dict[str, Any]:
    for name in assigned:
        if name in options():
            raise AenbError(
                f"`{name}` is an option: expected on the first line, as {flag(name)} VALUE; received in the body. "
                f"Rename it _{name} if it is the body's own."
            )
    return assigned


def _data(shell, word: str) -> tuple[Any, list[str]]:
    """Find what `--data` names: a variable of the notebook before a data set or a file."""
    from aenb.data.load import load_data
    from aenb.data.record import Data

    value = shell.user_ns.get(word)
    is_data = hasattr(value, "__array__") or isinstance(value, list | tuple | Data)
    if value is None or (word in datasets() and not is_data):
        return word, []
    taken = [f"The variable `{word}` was used, not the data set of that name."] if word in datasets() else []
    return load_data(value, name=word), taken
