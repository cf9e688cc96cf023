"""The tools compared, a file each.

A file says `TITLE`, the packages it `NEEDS`, which `BUILDER` of a work it takes, and has `prepare(work, x, seed)`.
That returns what trains one epoch and what is made of images that are not trained on, `epoch()` and `make(images)`; the
second is None where nothing is made. What `epoch` returns is noted beside its time. Tools are imported by `prepare`
only.
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
