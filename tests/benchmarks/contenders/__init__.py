"""The tools compared, a file each.

A file says `TITLE`, the packages it `NEEDS`, which `BUILDER` of a work it takes, and has `prepare(work, data, seed)`.
That imports the tool, takes the images, and returns `train(epochs, ended)`: a whole training of a new model, from
building it to its last epoch, as the tool's users write it, with all that is traced and compiled. After each epoch it
validates on the held-out images and calls `ended(validation loss)`. It returns `make(images)`, what is made of images
that are not trained on, or None where nothing is made.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from types import ModuleType

CONTENDERS = ("naive", "pipelined", "loop", "engine", "pytorch", "jax_scan", "mlp_regressor", "pythae_trainer", "bound")


def contender(name: str) -> ModuleType:
    """Return the module of a contender."""
    return importlib.import_module(f"tests.benchmarks.contenders.{name}")


def missing(name: str) -> list[str]:
    """List the packages that a contender needs and that are not installed."""
    return [package for package in contender(name).NEEDS if importlib.util.find_spec(package) is None]


def version(name: str) -> str:
    """Name the first package that a contender needs, and its version."""
    module = contender(name)
    package = {"sklearn": "scikit-learn"}.get(module.NEEDS[0], module.NEEDS[0])
    return f"{package} {importlib.metadata.version(package)}"
