"""%%autoencoder: turn a cell into a spec, train it, and bind and show the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aenb.core.errors import AenbError
from aenb.core.naming import check_free, check_name
from aenb.core.progress import open_view
from aenb.models.registry import families
from aenb.notebook.magic.body import run_body
from aenb.notebook.magic.commandline import CommandLine, parse, usage
from aenb.runs.spec import flag, options

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from aenb.notebook.widgets.panel import Trainer
    from aenb.runs.run import Run
    from aenb.training.checkpointing import Checkpointing


def autoencoder(
    shell: InteractiveShell,
    defaults: dict[str, Any],
    line: str,
    body: str | None,
    variables: Mapping[str, Any] | None = None,
) -> Run | Trainer | None:
    """Train, evaluate and bind what a cell describes.

    Args:
        shell: The IPython shell.
        defaults: The values of options that the line does not give.
        line: The first line, after the magic's name.
        body: The lines after it, or None for the line form.
        variables: The names for `{expression}` and `$name` in the line; None: the notebook's.

    Returns:
        The `Run`, which displays itself; None if only help was requested.
    """
    asked = parse(line, shell.user_ns if variables is None else variables)
    if asked.help:
        print(usage(asked.family))
        return None
    if asked.family is None:
        return _panel(defaults | asked.options)
    families().lookup(asked.family)
    if asked.name is not None:
        _check_name(shell, asked.name)
    settings = defaults | asked.options
    settings |= _hyperparameters(run_body(shell, line, body or ""))
    from aenb.data.load import find_data
    from aenb.training.train import make_spec, train_spec  # imports NumPy and more, so not before it is needed

    spec = make_spec(asked.family, asked.name, settings)
    data, note = find_data(spec.data, shell.user_ns, tokens=spec.tokens, task=spec.task)
    checkpointing = _checkpointing(asked)
    with open_view(not asked.quiet) as view:
        run = train_spec(spec, data, (), view, checkpointing=checkpointing, background=asked.background)
        run.record["notes"] += note
        if asked.name:
            shell.user_ns[asked.name] = run
        if asked.background:
            return None
        view.stage("Evaluating on held-out examples …")
        try:
            run.evaluate(parts="reconstruction")
            view.result(run._repr_html_, 1.0)  # drawn now, so that it takes the view's place at once
        except KeyboardInterrupt:
            view.end(f"{run.summary} The evaluation was interrupted.")
            return None if asked.name else run
        view.end(run.summary)
    return run


def _check_name(shell: InteractiveShell, name: str) -> None:
    from aenb.runs.run import Run

    check_free(check_name(name), shell.user_ns, Run)


def _panel(settings: dict[str, Any]) -> Trainer:
    """Open the training panel with these initial options."""
    from aenb.notebook.widgets.panel import Trainer

    return Trainer(**settings)


def _checkpointing(asked: CommandLine) -> Checkpointing | None:
    """Return how to save the training: in the given folder, or for a named run in the user's cache."""
    from aenb.training.checkpointing import Checkpointing, automatic

    if asked.checkpoint is not None:
        return Checkpointing(asked.checkpoint, asked.resume)
    if asked.name is not None:
        return automatic(asked.name, asked.resume)
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
                f"If it is only a helper variable, rename it _{name}."
            )
    return assigned
