"""%aenb: list what is available, and work with runs."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from aenb.core.errors import AenbError, shown, unknown
from aenb.core.files import expanded
from aenb.core.naming import check_free, check_name
from aenb.core.queue import stop_all
from aenb.core.version import __version__
from aenb.data.sets.data_sets import datasets
from aenb.models.registry import families
from aenb.notebook.chapters import copy_chapters
from aenb.notebook.magic.line import words as split

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell
    from pandas import DataFrame

    from aenb.comparison.result import Comparison
    from aenb.figures.views import Gallery
    from aenb.notebook.widgets.attention_explorer import AttentionExplorer
    from aenb.notebook.widgets.explorer import LatentExplorer
    from aenb.runs.run import Run


def aenb(shell: InteractiveShell, line: str, variables: Mapping[str, Any] | None = None) -> Any:
    """Run a line of `%aenb`, with variables replaced by their values, and return what it displays."""
    words = split(line, shell.user_ns if variables is None else variables)
    if not words:
        return _overview(shell)
    if words[0] in ("--help", "-h", "help"):
        print(usage())
        return None
    if words[0] not in COMMANDS:
        raise unknown("command", words[0], COMMANDS, " of %aenb")
    return COMMANDS[words[0]][0](shell, *words[1:]) if _fits(*words) else None


def usage() -> str:
    """Return the help of `%aenb`."""
    rows = [f"  {' '.join([name, *arguments]).ljust(30)}{text}" for name, (_, arguments, text) in COMMANDS.items()]
    return "\n".join(["%aenb [command]", "", f"  {''.ljust(30)}version, devices, data sets at hand, runs", *rows])


def _fits(name: str, *given: str) -> bool:
    """Check the number of words that a command was given."""
    expected = COMMANDS[name][1]
    required = [word for word in expected if word != "…" and not word.startswith("[")]
    limit = float("inf") if "…" in expected else len(expected)
    if not len(required) <= len(given) <= limit:
        form = " ".join(["%aenb", name, *expected])
        raise AenbError(f"Expected `{form}`; received {len(given)} words after `{name}`.")
    return True


def runs_of(shell: InteractiveShell) -> dict[str, Run]:
    """Return the runs that are bound to names in the notebook."""
    from aenb.runs.run import Run

    return {name: value for name, value in shell.user_ns.items() if isinstance(value, Run) and name[0] != "_"}


def _run(shell: InteractiveShell, name: str) -> Run:
    runs = runs_of(shell)
    if name not in runs:
        raise unknown("run", name, runs) if runs else AenbError(f"Unknown run `{shown(name)}`. There are no runs yet.")
    return runs[name]


def _overview(shell: InteractiveShell) -> None:
    from aenb.core.backend import devices

    rows = {
        "aenb": lambda: __version__,
        "families": lambda: ", ".join(families()),
        "data at hand": lambda: ", ".join(name for name, entry in datasets().items() if entry.at_hand()),
        "runs": lambda: ", ".join(runs_of(shell)) or "none yet",
        "help": lambda: "%aenb --help, %%autoencoder --help",
        "devices": lambda: ", ".join(devices()),  # last, since this may have to start TensorFlow
    }
    for name, words in rows.items():
        print(name.ljust(14) + words(), flush=True)


def _runs(shell: InteractiveShell) -> DataFrame | None:
    """Show the runs as a table."""
    import pandas as pd

    runs = runs_of(shell)
    if not runs:
        print("No runs yet: %%autoencoder deep d trains one.")
        return None
    scores = {name: {} if run.is_alive else run.evaluate(parts="reconstruction") for name, run in runs.items()}
    return pd.DataFrame(
        [
            {
                "family": run.spec.family,
                "data": run.spec.data,
                "code": run.latent_dim,
                "epochs": run.epochs,
                "status": run.status,
                "MSE": scores[name].get("mse"),
                "PCA's MSE": scores[name].get("pca_mse"),
                "seconds": round(run.seconds, 1),
            }
            for name, run in runs.items()
        ],
        index=list(runs),
    ).round({"MSE": 4, "PCA's MSE": 4})


def _data(shell: InteractiveShell, word: str | None = None) -> Any:
    """Show the data sets; or data as it would be trained on: examples, what was inferred, and what would be done."""
    if word is None:
        return datasets()
    from aenb.data.load import find_data, load_data
    from aenb.notebook.widgets.data_preview import DataOverview

    found, remarks = find_data(word, shell.user_ns)
    return DataOverview(load_data(found), tuple(remarks))


def _devices(shell: InteractiveShell) -> None:
    from aenb.core.backend import devices

    print("\n".join(devices()))


def _save(shell: InteractiveShell, name: str, path: str, overwrite: str | None = None) -> None:
    if overwrite not in (None, "--overwrite"):
        raise unknown("option", overwrite, ["--overwrite"], " of %aenb save")
    print(f"Saved {name} in {_run(shell, name).save(expanded(path), overwrite=overwrite is not None)}.")


def _load(shell: InteractiveShell, path: str, name: str) -> Run:
    from aenb.runs.run import Run, load_run

    check_free(check_name(name), shell.user_ns, Run)
    shell.user_ns[name] = load_run(expanded(path))
    return shell.user_ns[name]


def _compare(shell: InteractiveShell, *names: str) -> Comparison:
    """Compare runs of the notebook."""
    from aenb.comparison.compare import compare

    return compare(*(_run(shell, name) for name in dict.fromkeys(names)))


def _show(shell: InteractiveShell, name: str, *views: str) -> Gallery:
    """Show views of what a run's model learnt."""
    return _run(shell, name).show(*views)


def _explore(shell: InteractiveShell, name: str) -> LatentExplorer:
    """Open the latent explorer of a run."""
    from aenb.notebook.widgets.explorer import LatentExplorer

    return LatentExplorer(_run(shell, name))


def _attend(shell: InteractiveShell, name: str) -> AttentionExplorer:
    """Open the attention explorer of a run."""
    from aenb.notebook.widgets.attention_explorer import AttentionExplorer

    return AttentionExplorer(_run(shell, name))


def _wait(shell: InteractiveShell, name: str) -> Run:
    """Wait for a background training while its buttons keep working, and return its run."""
    from aenb.notebook.widgets.kernel_messages import Pump

    return _run(shell, name).wait(Pump())


def _stop(shell: InteractiveShell, name: str) -> None:
    run = _run(shell, name)
    print(run.stop().summary if run.is_alive else f"{name} is not in training. {run.summary}")


def _clear(shell: InteractiveShell) -> None:
    """Release every run: its names, IPython's output history, and what Keras keeps."""
    from aenb.core.backend import is_loaded, keras
    from aenb.evaluation.scorers.data_cache import forget
    from aenb.runs.run import Run

    stop_all()
    forget()
    names = list(runs_of(shell))
    for place in (shell.user_ns, shell.user_ns_hidden, shell.user_ns.get("_oh", {})):
        for key in [key for key, value in place.items() if isinstance(value, Run)]:
            del place[key]
    for last in ("_", "__", "___"):
        if isinstance(getattr(shell.displayhook, last, None), Run):
            setattr(shell.displayhook, last, "")
    if is_loaded():
        keras.utils.clear_session(free_memory=False)
    gc.collect()
    print(f"Cleared {', '.join(names) if names else 'nothing: there were no runs'}.")


def _chapters(shell: InteractiveShell, target: str = "aenb-chapters") -> None:
    print(f"Copied {', '.join(path.name for path in copy_chapters(expanded(target)))} to {target}.")


COMMANDS: dict[str, tuple[Callable, tuple[str, ...], str]] = {
    "runs": (_runs, (), "the runs of this notebook, as a table"),
    "data": (_data, ("[DATA]",), "the data sets; or examples of DATA, and what would be done"),
    "families": (lambda shell: families(), (), "the families, with their hyperparameters"),
    "devices": (_devices, (), "what TensorFlow computes on"),
    "compare": (_compare, ("RUN", "RUN", "…"), "compare runs on the same held-out examples"),
    "show": (_show, ("RUN", "[VIEW]", "…"), "pictures of what a run's model learnt"),
    "explore": (_explore, ("RUN",), "explore the latent space of a run, and see what points decode to"),
    "attend": (_attend, ("RUN",), "pick an image patch, time step or word, and see what it attends to"),
    "save": (_save, ("RUN", "DIR", "[--overwrite]"), "save a run as a folder"),
    "load": (_load, ("DIR", "NAME"), "load a saved run"),
    "wait": (_wait, ("RUN",), "wait for a training in the background, and show it"),
    "stop": (_stop, ("RUN",), "stop a training, and keep what was learnt"),
    "clear": (_clear, (), "stop trainings, delete all runs and free their memory"),
    "chapters": (_chapters, ("[DIR]",), "copy the notebooks"),
}
