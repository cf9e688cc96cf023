"""aenb: autoencoders in the notebook, on TensorFlow and Keras.

`%load_ext aenb`, then a cell `%%autoencoder vae v2 --data fashion_mnist` trains, evaluates and shows a model.
The names below are imported when first used, so that `import aenb` does not wait for TensorFlow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from aenb.core.version import __version__

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_HOME = {
    "AenbError": "core.errors",
    "AttentionExplorer": "notebook.widgets.attention_explorer",
    "Data": "data.record",
    "LatentExplorer": "notebook.widgets.explorer",
    "Run": "runs.run",
    "Spec": "runs.spec",
    "Trainer": "notebook.widgets.panel",
    "build_model": "models.registry",
    "compare": "comparison.compare",
    "dataset": "data.sets.data_sets",
    "datasets": "data.sets.data_sets",
    "families": "models.registry",
    "family": "models.registry",
    "load_data": "data.load",
    "load_run": "runs.run",
    "score": "evaluation.scorers.score_parts",
    "train": "training.train",
    "view": "figures.views.view",
}

__all__ = [*_HOME, "__version__", "sklearn"]


def __getattr__(name: str) -> Any:
    """Import a public name from its module (PEP 562)."""
    if name == "sklearn":
        return importlib.import_module("aenb.sklearn")  # which sets the attribute
    if name not in _HOME:
        raise AttributeError(f"module 'aenb' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"aenb.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, for completion."""
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add `%%autoencoder`, `%aenb`, completion and `%config AENB` to the shell."""
    from aenb.notebook.magic import extension

    extension.load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Remove all that loading added, and restore what it replaced."""
    from aenb.notebook.magic import extension

    extension.unload(shell)
